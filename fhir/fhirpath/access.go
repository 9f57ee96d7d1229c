package fhirpath

import "caseway/fhir"

// The expressions that read without computing: $this, literals, members,
// indexes, variables.
type (
	thisExpr    struct{}
	indexVar    struct{}
	totalVar    struct{}
	literalExpr struct{ values Collection }

	// pathExpr is a chain of member names from a source.
	pathExpr struct {
		source expr
		names  []string
		offset int
	}
	// rootExpr is a chain whose first name may be the type of $this.
	rootExpr struct {
		of     string
		names  []string
		offset int
	}
	// indexExpr is source[index].
	indexExpr struct {
		source, index expr
		offset        int
	}
)

func (thisExpr) eval(m *machine, dst Collection) (Collection, error) {
	return append(dst, m.scope.this...), nil
}

func (indexVar) eval(m *machine, dst Collection) (Collection, error) {
	i, _ := integerOf(int64(m.scope.index))
	return append(dst, Of(i)), nil
}

func (totalVar) eval(m *machine, dst Collection) (Collection, error) {
	return append(dst, m.scope.total...), nil
}

func (e *literalExpr) eval(_ *machine, dst Collection) (Collection, error) {
	return append(dst, e.values...), nil
}

func (e *pathExpr) eval(m *machine, dst Collection) (Collection, error) {
	in, own, err := m.take(e.source)
	if err != nil {
		return dst, err
	}
	for _, v := range in {
		dst = m.walkValue(v, e.names, dst)
	}
	m.done(in, own)
	return dst, m.spend(1, e.offset)
}

func (e *rootExpr) eval(m *machine, dst Collection) (Collection, error) {
	for _, v := range m.scope.this {
		if v.node.Valid() && isType(v.node.Type(), e.of, m.ctx.Schema) {
			dst = m.walk(v.node, e.names, dst)
		}
	}
	return dst, m.spend(1, e.offset)
}

// walkValue appends what a chain of names leads to from a value.
func (m *machine) walkValue(v Value, names []string, dst Collection) Collection {
	if v.node.Valid() {
		return m.walk(v.node, names, dst)
	}
	if info, ok := v.system.(TypeInfo); ok && len(names) == 1 {
		return info.member(names[0], dst)
	}
	return dst
}

// walk follows names down from a node, depth first, which keeps document
// order. It stops at the first child where an element can't repeat.
func (m *machine) walk(n fhir.Node, names []string, dst Collection) Collection {
	if len(names) == 0 {
		return append(dst, OfNode(n))
	}
	name, passed := names[0], 1
	for c := n.First(); c.Valid(); c = c.Next() {
		passed++
		e := c.Element()
		if e.Name != name {
			continue
		}
		if len(names) == 1 {
			dst = append(dst, OfNode(c))
		} else {
			dst = m.walk(c, names[1:], dst)
		}
		if !e.List {
			break
		}
	}
	m.steps -= (passed + siblingsPerStep - 1) / siblingsPerStep
	return dst
}

// siblingsPerStep is how many children are passed over for a step.
const siblingsPerStep = 8

func (e *indexExpr) eval(m *machine, dst Collection) (Collection, error) {
	v, ok, err := m.single(e.index, e.offset, "an index")
	if err != nil || !ok {
		return dst, err
	}
	i, isInteger := v.System().(Integer)
	if !isInteger {
		return dst, failed(e.offset, "an index is an Integer")
	}
	in, own, err := m.take(e.source)
	if err != nil {
		return dst, err
	}
	if i >= 0 && int(i) < len(in) {
		dst = append(dst, in[i])
	}
	m.done(in, own)
	return dst, m.spend(1, e.offset)
}
