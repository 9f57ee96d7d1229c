package fhirpath

import "caseway/fhir"

var navigationFunctions = map[string]signature{
	"children":    {fn: children},
	"descendants": {fn: descendants},
}

func children(m *machine, c *callExpr, in, dst Collection) (Collection, error) {
	for _, v := range in {
		before := len(dst)
		for n := v.node.First(); n.Valid(); n = n.Next() {
			dst = append(dst, OfNode(n))
		}
		if err := m.spend(1+len(dst)-before, c.offset); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

// descendants gives all elements below, a parent before its children.
func descendants(m *machine, c *callExpr, in, dst Collection) (Collection, error) {
	for _, v := range in {
		dst = m.below(v.node, dst)
		if m.steps < 0 {
			return dst, tooCostly(c.offset)
		}
	}
	return dst, nil
}

func (m *machine) below(n fhir.Node, dst Collection) Collection {
	for c := n.First(); c.Valid() && m.steps >= 0; c = c.Next() {
		m.steps--
		dst = m.below(c, append(dst, OfNode(c)))
	}
	return dst
}
