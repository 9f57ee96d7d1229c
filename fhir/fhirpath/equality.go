package fhirpath

import (
	"bytes"
	"strings"

	"caseway/fhir"
)

// equalityExpr is = != ~ !~.
type equalityExpr struct {
	left, right expr
	equivalent  bool
	negated     bool
	offset      int
}

func (e *equalityExpr) eval(m *machine, dst Collection) (Collection, error) {
	left, ownLeft, err := m.take(e.left)
	if err != nil {
		return dst, err
	}
	right, ownRight, err := m.take(e.right)
	if err != nil {
		return dst, err
	}
	var t Truth
	if e.equivalent {
		t = truthOf(m.equivalentAll(left, right))
	} else {
		t = m.equalAll(left, right)
	}
	m.done(left, ownLeft)
	m.done(right, ownRight)
	if e.negated {
		t = t.not()
	}
	return t.append(dst), m.spend(1+len(left)+len(right), e.offset)
}

// equalAll compares collections in order; an empty one leaves it open.
func (m *machine) equalAll(a, b Collection) Truth {
	if len(a) == 0 || len(b) == 0 {
		return Unknown
	}
	if len(a) != len(b) {
		return False
	}
	all := True
	for i := range a {
		switch m.equal(a[i], b[i]) {
		case False:
			return False
		case Unknown:
			all = Unknown
		case True:
		}
	}
	return all
}

// equal compares two items (http://hl7.org/fhirpath/N1/#equals).
func (m *machine) equal(a, b Value) Truth {
	m.steps--
	if a.node.Valid() && a.node == b.node {
		return True
	}
	if at, ok := a.rawText(); ok {
		if bt, ok := b.rawText(); ok {
			return truthOf(bytes.Equal(at, bt))
		}
		if s, ok := b.system.(String); ok {
			return truthOf(string(at) == string(s))
		}
	} else if bt, ok := b.rawText(); ok {
		if s, ok := a.system.(String); ok {
			return truthOf(string(bt) == string(s))
		}
	}
	as, bs := a.System(), b.System()
	if as != nil && bs != nil {
		return equalSystem(as, bs)
	}
	if as == nil && bs == nil && a.node.Valid() && b.node.Valid() {
		return m.equalNodes(a.node, b.node)
	}
	return False
}

// rawText is the text of a string element without escapes, as it stands in the
// JSON, so that comparing costs no copy.
func (v Value) rawText() ([]byte, bool) {
	if v.system != nil || kindOf(v.node) != stringKind {
		return nil, false
	}
	raw := v.node.Raw()
	if len(raw) < 2 || bytes.IndexByte(raw, '\\') >= 0 {
		return nil, false
	}
	return raw[1 : len(raw)-1], true
}

func equalSystem(a, b System) Truth {
	switch a := a.(type) {
	case Boolean, String, TypeInfo:
		return truthOf(a == b)
	case Integer:
		if b, ok := b.(Integer); ok {
			return truthOf(a == b)
		}
	}
	if order, comparable, sure := compareSystem(a, b); comparable {
		if !sure {
			return Unknown
		}
		return truthOf(order == 0)
	}
	return False
}

// equalNodes compares elements of one type child by child. The order of
// different children doesn't matter.
func (m *machine) equalNodes(a, b fhir.Node) Truth {
	if a.Type().Name != b.Type().Name || a.HasValue() != b.HasValue() {
		return False
	}
	if a.Type().Kind == fhir.PrimitiveType && a.HasValue() {
		return truthOf(bytes.Equal(a.Raw(), b.Raw()))
	}
	n := 0
	for c := a.First(); c.Valid(); c = c.Next() {
		n++
	}
	for c := b.First(); c.Valid(); c = c.Next() {
		n--
	}
	if n != 0 {
		return False
	}
	all := True
	for c := a.First(); c.Valid(); c = c.Next() {
		d := sameChild(b, c)
		if !d.Valid() {
			return False
		}
		switch m.equal(OfNode(c), OfNode(d)) {
		case False:
			return False
		case Unknown:
			all = Unknown
		case True:
		}
	}
	return all
}

// sameChild finds the child of n with c's name and index.
func sameChild(n, c fhir.Node) fhir.Node {
	name, index := c.Name(), c.Index()
	for d := n.First(); d.Valid(); d = d.Next() {
		if d.Index() == index && d.Name() == name {
			return d
		}
	}
	return fhir.Node{}
}

// equivalentAll compares collections regardless of order
// (http://hl7.org/fhirpath/N1/#equivalent).
func (m *machine) equivalentAll(a, b Collection) bool {
	if len(a) != len(b) {
		return false
	}
	if len(a) == 1 {
		return m.equivalent(a[0], b[0])
	}
	used := make([]bool, len(b))
	for _, v := range a {
		found := false
		for i, w := range b {
			if !used[i] && m.equivalent(v, w) {
				used[i], found = true, true
				break
			}
			if m.steps < 0 {
				return false
			}
		}
		if !found {
			return false
		}
	}
	return true
}

func (m *machine) equivalent(a, b Value) bool {
	m.steps--
	as, bs := a.System(), b.System()
	if as != nil && bs != nil {
		return equivalentSystem(as, bs)
	}
	if as != nil || bs != nil || !a.node.Valid() || !b.node.Valid() {
		return false
	}
	return m.equivalentNodes(a.node, b.node)
}

func equivalentSystem(a, b System) bool {
	switch a := a.(type) {
	case String:
		b, ok := b.(String)
		return ok && normalized(string(a)) == normalized(string(b))
	case Quantity:
		b, ok := quantityFrom(b)
		return ok && a.equivalent(b)
	}
	if q, ok := b.(Quantity); ok {
		a, ok := quantityFrom(a)
		return ok && a.equivalent(q)
	}
	x, okX := decimalFrom(a)
	y, okY := decimalFrom(b)
	if okX && okY {
		places := min(x.trim().scale, y.trim().scale)
		return x.roundTo(places, half).Cmp(y.roundTo(places, half)) == 0
	}
	return equalSystem(a, b) == True
}

// normalized folds case and runs of white space.
func normalized(s string) string {
	return strings.ToLower(strings.Join(strings.Fields(s), " "))
}

// equivalentNodes compares elements of one type; children of one name match in
// any order.
func (m *machine) equivalentNodes(a, b fhir.Node) bool {
	if a.Type().Name != b.Type().Name {
		return false
	}
	done := map[string]bool{}
	count := 0
	for c := a.First(); c.Valid(); c = c.Next() {
		count++
		name := c.Name()
		if done[name] {
			continue
		}
		done[name] = true
		if !m.equivalentAll(m.walk(a, []string{name}, nil), m.walk(b, []string{name}, nil)) {
			return false
		}
	}
	for c := b.First(); c.Valid(); c = c.Next() {
		count--
	}
	return count == 0 && m.steps >= 0
}
