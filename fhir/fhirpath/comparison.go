package fhirpath

import "strings"

// compareExpr is < > <= >=.
type compareExpr struct {
	operator    string
	left, right expr
	offset      int
}

func (e *compareExpr) eval(m *machine, dst Collection) (Collection, error) {
	a, okA, err := m.single(e.left, e.offset, e.operator)
	if err != nil {
		return dst, err
	}
	b, okB, err := m.single(e.right, e.offset, e.operator)
	if err != nil || !okA || !okB {
		return dst, err
	}
	if a.empty() || b.empty() {
		return dst, nil
	}
	as, bs := a.System(), b.System()
	order, comparable, sure := 0, false, false
	if as != nil && bs != nil {
		order, comparable, sure = compareSystem(as, bs)
	}
	if !comparable {
		return dst, failed(e.offset, "%s can't order %s and %s", e.operator, a.kindName(), b.kindName())
	}
	if !sure {
		return dst, m.spend(1, e.offset)
	}
	return append(dst, Of(Boolean(holds(e.operator, order)))), m.spend(1, e.offset)
}

func holds(operator string, order int) bool {
	switch operator {
	case "<":
		return order < 0
	case ">":
		return order > 0
	case "<=":
		return order <= 0
	}
	return order >= 0
}

// empty reports whether v is an element that has no value of its own to
// compare, only extensions, or a quantity that doesn't convert.
func (v Value) empty() bool {
	if v.system != nil {
		return false
	}
	switch kindOf(v.node) {
	case notPrimitive:
		return false
	case quantityKind:
		return v.System() == nil
	}
	return !v.node.HasValue()
}

// kindName names the type of a value in an error.
func (v Value) kindName() string {
	if v.system != nil {
		return v.system.TypeName()
	}
	if t := v.node.Type(); t != nil {
		return t.Name
	}
	return "nothing"
}

// compareSystem orders two values. comparable is false for types that have no
// common order; sure is false where precision or units leave the order open.
func compareSystem(a, b System) (order int, comparable, sure bool) {
	switch a := a.(type) {
	case String:
		b, ok := b.(String)
		return strings.Compare(string(a), string(b)), ok, ok
	case Date:
		return compareDates(a.moment, b)
	case DateTime:
		return compareDates(a.moment, b)
	case Time:
		b, ok := b.(Time)
		order, sure = a.compare(b.moment)
		return order, ok, sure
	case Quantity:
		return compareQuantities(a, b)
	}
	if _, ok := b.(Quantity); ok {
		if a, ok := quantityFrom(a); ok {
			return compareQuantities(a, b)
		}
		return 0, false, false
	}
	x, okX := decimalFrom(a)
	y, okY := decimalFrom(b)
	if !okX || !okY {
		return 0, false, false
	}
	return x.Cmp(y), true, true
}

func compareDates(a moment, b System) (order int, comparable, sure bool) {
	switch b := b.(type) {
	case Date:
		order, sure = a.compare(b.moment)
		return order, true, sure
	case DateTime:
		order, sure = a.compare(b.moment)
		return order, true, sure
	}
	return 0, false, false
}

func compareQuantities(a Quantity, b System) (order int, comparable, sure bool) {
	q, ok := quantityFrom(b)
	if !ok {
		return 0, false, false
	}
	order, sure = a.compare(q)
	return order, true, sure
}

// decimalFrom widens numbers.
func decimalFrom(s System) (Decimal, bool) {
	switch s := s.(type) {
	case Integer:
		return decimalOf(s), true
	case Decimal:
		return s, true
	}
	return Decimal{}, false
}

// quantityFrom widens numbers to quantities without a unit.
func quantityFrom(s System) (Quantity, bool) {
	if q, ok := s.(Quantity); ok {
		return q, true
	}
	d, ok := decimalFrom(s)
	return Quantity{d, "1"}, ok
}
