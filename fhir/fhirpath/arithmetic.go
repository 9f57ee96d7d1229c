package fhirpath

// arithmeticExpr is + - * / div mod.
type arithmeticExpr struct {
	operator    string
	left, right expr
	offset      int
}

func (e *arithmeticExpr) eval(m *machine, dst Collection) (Collection, error) {
	a, okA, err := m.single(e.left, e.offset, e.operator)
	if err != nil {
		return dst, err
	}
	b, okB, err := m.single(e.right, e.offset, e.operator)
	if err != nil || !okA || !okB || a.empty() || b.empty() {
		return dst, err
	}
	result, ok := System(nil), false
	if as, bs := a.System(), b.System(); as != nil && bs != nil {
		result, ok = calculate(e.operator, as, bs)
	}
	if !ok {
		return dst, failed(e.offset, "%s has no meaning for %s and %s", e.operator, a.kindName(), b.kindName())
	}
	if result == nil {
		return dst, m.spend(1, e.offset)
	}
	return m.add(dst, result, e.offset)
}

// add appends a computed value, unless it has grown beyond bounds.
func (m *machine) add(dst Collection, s System, offset int) (Collection, error) {
	switch s := s.(type) {
	case String:
		if len(s) > maxText {
			return dst, tooCostly(offset)
		}
		m.steps -= len(s) / charactersPerStep
	case Decimal:
		if s.tooLong() {
			return dst, tooCostly(offset)
		}
	case Quantity:
		if s.Value.tooLong() || len(s.Unit) > maxUnit {
			return dst, tooCostly(offset)
		}
	}
	return append(dst, Of(s)), m.spend(1, offset)
}

// Bounds on values that operators build.
const (
	maxText = 1 << 20
	maxUnit = 1 << 10

	charactersPerStep = 16
)

// calculate gives nil for a result that doesn't exist, such as a quotient by 0
// or one out of range; ok is false where the types don't go together.
func calculate(operator string, a, b System) (result System, ok bool) {
	switch a := a.(type) {
	case String:
		if b, ok := b.(String); ok && operator == "+" {
			return a + b, true
		}
		return nil, false
	case Date, DateTime, Time:
		q, isQuantity := b.(Quantity)
		if !isQuantity || operator != "+" && operator != "-" {
			return nil, false
		}
		if operator == "-" {
			q.Value = q.Value.neg()
		}
		return shift(a, q)
	case Integer:
		if b, ok := b.(Integer); ok {
			return calculateIntegers(operator, int64(a), int64(b))
		}
	}
	x, okX := decimalFrom(a)
	y, okY := decimalFrom(b)
	if okX && okY {
		return calculateDecimals(operator, x, y)
	}
	p, okP := quantityFrom(a)
	q, okQ := quantityFrom(b)
	if !okP || !okQ {
		return nil, false
	}
	return calculateQuantities(operator, p, q)
}

// shift moves a date or time by a duration.
func shift(a System, q Quantity) (result System, ok bool) {
	unit, ok := calendarUnits[q.Unit]
	if !ok {
		return nil, false
	}
	switch a := a.(type) {
	case Date:
		sum, ok := a.plus(q.Value, unit)
		return orNone(Date{sum}, ok), true
	case DateTime:
		sum, ok := a.moment.plus(q.Value, unit)
		return orNone(DateTime{sum}, ok), true
	case Time:
		if unit.kind != Fraction {
			return nil, false
		}
		sum, ok := a.plus(q.Value, unit)
		return orNone(sum, ok), true
	}
	return nil, false
}

func orNone(s System, ok bool) System {
	if !ok {
		return nil
	}
	return s
}

func calculateIntegers(operator string, a, b int64) (System, bool) {
	var n int64
	switch operator {
	case "+":
		n = a + b
	case "-":
		n = a - b
	case "*":
		n = a * b
	case "/":
		return calculateDecimals(operator, decimalOf(Integer(a)), decimalOf(Integer(b)))
	case "div", "mod":
		if b == 0 {
			return nil, true
		}
		n = a / b
		if operator == "mod" {
			n = a % b
		}
	}
	i, ok := integerOf(n)
	return orNone(i, ok), true
}

func calculateDecimals(operator string, a, b Decimal) (System, bool) {
	switch operator {
	case "+":
		return a.add(b), true
	case "-":
		return a.add(b.neg()), true
	case "*":
		return a.mul(b), true
	}
	if b.Sign() == 0 {
		return nil, true
	}
	if operator == "/" {
		return a.quo(b), true
	}
	quotient, rest := a.quoRem(b)
	if operator == "mod" {
		return rest, true
	}
	i, ok := quotient.integer()
	return orNone(i, ok), true
}

// calculateQuantities adds and subtracts what measures the same, and
// multiplies and divides anything; results that don't exist are empty.
func calculateQuantities(operator string, p, q Quantity) (System, bool) {
	switch operator {
	case "+", "-":
		if operator == "-" {
			q.Value = q.Value.neg()
		}
		sum, ok := p.add(q)
		return orNone(sum, ok), true
	case "*":
		return p.mul(q), true
	case "/":
		if q.Value.Sign() == 0 {
			return nil, true
		}
		return p.quo(q), true
	}
	return nil, false
}

// concatExpr is &: like + for Strings, but that empty counts as one without characters.
type concatExpr struct {
	left, right expr
	offset      int
}

func (e *concatExpr) eval(m *machine, dst Collection) (Collection, error) {
	left, err := m.text(e.left, e.offset)
	if err != nil {
		return dst, err
	}
	right, err := m.text(e.right, e.offset)
	if err != nil {
		return dst, err
	}
	return m.add(dst, String(left+right), e.offset)
}

func (m *machine) text(e expr, offset int) (string, error) {
	v, ok, err := m.single(e, offset, "&")
	if err != nil || !ok || v.empty() {
		return "", err
	}
	s, ok := v.System().(String)
	if !ok {
		return "", failed(offset, "& takes Strings, not %s", v.kindName())
	}
	return string(s), nil
}

// signExpr is a unary minus or plus.
type signExpr struct {
	negative bool
	operand  expr
	offset   int
}

func (e *signExpr) eval(m *machine, dst Collection) (Collection, error) {
	v, ok, err := m.single(e.operand, e.offset, "a sign")
	if err != nil || !ok || v.empty() {
		return dst, err
	}
	negated := negate(v.System())
	if negated == nil {
		return dst, failed(e.offset, "a sign stands before a number or quantity, not before %s", v.kindName())
	}
	if !e.negative {
		negated = v.System()
	}
	return append(dst, Of(negated)), m.spend(1, e.offset)
}

func negate(s System) System {
	switch s := s.(type) {
	case Integer:
		if i, ok := integerOf(-int64(s)); ok {
			return i
		}
		return decimalOf(s).neg()
	case Decimal:
		return s.neg()
	case Quantity:
		return Quantity{s.Value.neg(), s.Unit}
	}
	return nil
}
