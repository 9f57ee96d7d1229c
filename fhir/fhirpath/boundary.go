package fhirpath

import "caseway/fhir/ucum"

// boundaryFunctions are of FHIRPath 2.1, but for comparable, FHIR's own.
var boundaryFunctions = map[string]signature{
	"lowBoundary":  {max: 1, fn: scalar(boundary(down))},
	"highBoundary": {max: 1, fn: scalar(boundary(up))},
	"precision":    {fn: scalar(precisionOf)},
	"comparable":   {min: 1, max: 1, fn: scalar(comparable)},
}

// mostPlaces is how many places a boundary is given to at most.
const mostPlaces = 28

// boundary makes lowBoundary and highBoundary: the least and greatest value
// that, rounded, would be written as the input.
func boundary(how rounding) func(m *machine, c *callExpr, v System) (System, error) {
	return func(m *machine, c *callExpr, v System) (System, error) {
		digits, given, err := c.integerArgument(m, 0)
		if err != nil {
			return nil, err
		}
		if !given {
			digits = -1
		} else if digits < 0 {
			return nil, nil
		}
		switch v := v.(type) {
		case Date:
			return dateBoundary(v.moment, digits, how, Day), nil
		case DateTime:
			return dateBoundary(v.moment, digits, how, Fraction), nil
		case Time:
			return timeBoundary(v.moment, digits, how), nil
		case Quantity:
			d, ok := decimalBoundary(v.Value, digits, how)
			return orNone(Quantity{d, v.Unit}, ok), nil
		}
		d, ok := decimalFrom(v)
		if !ok {
			return nil, c.wrongType(Of(v))
		}
		d, ok = decimalBoundary(d, digits, how)
		return orNone(d, ok), nil
	}
}

func decimalBoundary(d Decimal, places int, how rounding) (Decimal, bool) {
	if places < 0 {
		places = max(8, d.scale)
	}
	if places > mostPlaces {
		return Decimal{}, false
	}
	ulp, _ := ParseDecimal("0.5")
	ulp.scale += d.scale
	if how == down {
		ulp = ulp.neg()
	}
	return d.add(ulp).roundTo(places, how), true
}

// datePrecisions are the digits that a date or time has at each precision.
var datePrecisions = map[int]Precision{4: Year, 6: Month, 8: Day, 10: Hour, 12: Minute, 14: Second, 17: Fraction}

var timePrecisions = map[int]Precision{2: Hour, 4: Minute, 6: Second, 9: Fraction}

func dateBoundary(m moment, digits int, how rounding, finest Precision) System {
	to, ok := datePrecisions[digits]
	if digits < 0 {
		to, ok = finest, true
	}
	if !ok {
		return nil
	}
	b := m.fill(how)
	b.precision = to
	if to <= Day {
		b.zoned, b.offset = false, 0
		return Date{b}
	}
	if !m.zoned {
		// The earliest instant is in the easternmost zone, the latest in the westernmost.
		b.zoned, b.offset = true, 14*60
		if how == up {
			b.offset = -12 * 60
		}
	}
	return DateTime{b}
}

func timeBoundary(m moment, digits int, how rounding) System {
	to, ok := timePrecisions[digits]
	if digits < 0 {
		to, ok = Fraction, true
	}
	if !ok {
		return nil
	}
	b := m.fill(how)
	b.precision = to
	return Time{b}
}

// fill sets the components that aren't written to their least or greatest.
func (m moment) fill(how rounding) moment {
	m.places = max(m.places, 3)
	if how == down {
		m.precision = Fraction
		return m // they are at their least already
	}
	switch m.precision {
	case Year:
		m.month = 12
		fallthrough
	case Month:
		m.day = daysIn(m.year, m.month)
		fallthrough
	case Day:
		m.hour = 23
		fallthrough
	case Hour:
		m.minute = 59
		fallthrough
	case Minute:
		m.second = 59
		fallthrough
	case Second:
		m.nanos = 999e6
	case Fraction:
	}
	m.precision = Fraction
	return m
}

func precisionOf(_ *machine, c *callExpr, v System) (System, error) {
	switch v := v.(type) {
	case Date:
		return Integer(4 + 2*int(v.precision)), nil
	case DateTime:
		return Integer(digitsAt(datePrecisions, v.precision)), nil
	case Time:
		return Integer(digitsAt(timePrecisions, v.precision)), nil
	}
	if d, ok := decimalFrom(v); ok {
		return Integer(d.scale), nil
	}
	return nil, c.wrongType(Of(v))
}

func digitsAt(precisions map[int]Precision, p Precision) int {
	for digits, q := range precisions {
		if p == q {
			return digits
		}
	}
	return 0
}

// comparable reports whether two quantities have units of one kind.
func comparable(m *machine, c *callExpr, v System) (System, error) {
	other, ok, err := c.argument(m, 0)
	if err != nil || !ok {
		return nil, err
	}
	p, okP := v.(Quantity)
	q, okQ := other.(Quantity)
	if !okP || !okQ {
		return nil, failed(c.offset, "comparable takes quantities")
	}
	if p.Unit == q.Unit {
		return Boolean(true), nil
	}
	_, errP := ucum.Parse(p.ucum())
	_, errQ := ucum.Parse(q.ucum())
	return Boolean(errP == nil && errQ == nil && p.measure(true).kind == q.measure(true).kind), nil
}
