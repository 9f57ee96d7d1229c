package search

import (
	"math/big"

	"caseway/fhir"
	"caseway/fhir/ucum"
)

// number makes the terms of an element that a number parameter leads to.
func (x *indexer) number(p *Parameter, n fhir.Node) {
	switch t := n.Type(); {
	case t.Kind == fhir.PrimitiveType:
		if d, ok := parseDecimal(n.Text()); ok {
			x.span(p, p.prefix, span{low: d.order()}, false)
		}
	case t.Name == "Range":
		low, hasLow := parseDecimal(n.Child("low").Child("value").Text())
		high, hasHigh := parseDecimal(n.Child("high").Child("value").Text())
		if hasLow || hasHigh {
			x.span(p, p.prefix, between(low.order(), hasLow, high.order(), hasHigh), true)
		}
	}
}

func between(low string, hasLow bool, high string, hasHigh bool) span {
	s := span{low: openLow, high: openHigh}
	if hasLow {
		s.low = low
	}
	if hasHigh {
		s.high = high
	}
	return s
}

const (
	ucumSystem     = "http://unitsofmeasure.org"
	currencySystem = "urn:iso:std:iso:4217"
)

// amount is a Quantity or Money as far as search looks at it.
type amount struct {
	value                          decimal
	comparator, system, code, unit string
}

func readAmount(n fhir.Node) (a amount, ok bool) {
	for c := n.First(); c.Valid(); c = c.Next() {
		switch c.Name() {
		case "value":
			a.value, ok = parseDecimal(c.Text())
		case "comparator":
			a.comparator = c.Text()
		case "system":
			a.system = c.Text()
		case "code":
			a.code = c.Text()
		case "unit":
			a.unit = c.Text()
		case "currency":
			a.system, a.code = currencySystem, c.Text()
		}
	}
	return a, ok
}

// quantity makes the terms of an element that a quantity parameter leads to
// (https://hl7.org/fhir/R4/search.html#quantity).
func (x *indexer) quantity(p *Parameter, n fhir.Node) {
	switch t := n.Type(); {
	case t.Name == "Quantity" || t.Base == "Quantity" || t.Name == "Money":
		if a, ok := readAmount(n); ok {
			scale := p.scale(a.system, a.code)
			x.span(p, scale.prefix, compared(scale.order(a.value), a.comparator), a.comparator != "")
			x.keep(p, keptNumber, a.written(compared(a.value.order(), a.comparator)))
		}
	case t.Name == "Range":
		x.amountRange(p, n)
	}
}

// amountRange: an end without a unit has that of the other one. Ends in units
// that don't compare are no range, and ends in two units that do have no
// number to compare irrespective of the unit.
func (x *indexer) amountRange(p *Parameter, n fhir.Node) {
	low, hasLow := readAmount(n.Child("low"))
	high, hasHigh := readAmount(n.Child("high"))
	if !hasLow && !hasHigh {
		return
	}
	if !hasLow || low.bare() {
		low.system, low.code, low.unit = high.system, high.code, high.unit
	}
	if !hasHigh || high.bare() {
		high.system, high.code, high.unit = low.system, low.code, low.unit
	}
	from, to := p.scale(low.system, low.code), p.scale(high.system, high.code)
	if from.prefix != to.prefix {
		return
	}
	x.span(p, from.prefix, between(from.order(low.value), hasLow, to.order(high.value), hasHigh), true)
	if low.system == high.system && low.code == high.code {
		x.keep(p, keptNumber, low.written(between(low.value.order(), hasLow, high.value.order(), hasHigh)))
	}
}

func (a amount) bare() bool { return a.system+a.code+a.unit == "" }

// compared is the span of a value with a comparator: "<" and the like leave
// one end open.
func compared(order, comparator string) span {
	switch comparator {
	case "<":
		return span{low: openLow, high: order, openHigh: true}
	case "<=":
		return span{low: openLow, high: order}
	case ">":
		return span{low: order, high: openHigh, openLow: true}
	case ">=":
		return span{low: order, high: openHigh}
	}
	return span{low: order}
}

// written writes the span of the number as it stands, and its unit.
func (a amount) written(s span) string {
	return "<" + s.String() + "|" + escapeBar(a.system) + "|" + escapeBar(a.code) + "|" + a.unit
}

// scale is a unit by which numbers compare.
type scale struct {
	prefix string     // of the terms
	unit   *ucum.Unit // nil: numbers compare as they are written
}

// scale finds the terms' prefix for a unit: UCUM's base units where it is
// one of UCUM that is known, else the unit itself.
func (p *Parameter) scale(system, code string) scale {
	if system == ucumSystem {
		if u, err := ucum.Parse(code); err == nil {
			return scale{prefix: p.prefix + ":" + u.Base() + "|", unit: &u}
		}
	}
	return scale{prefix: p.prefix + "=" + scope(system) + escapeBar(shorten(code, longestValue)) + "|"}
}

func (s scale) order(d decimal) string {
	if s.unit == nil {
		return d.order()
	}
	return s.orderRat(d.rat())
}

// orderRat brings a value in the scale's unit to base units.
func (s scale) orderRat(r *big.Rat) string {
	if s.unit != nil {
		r = s.unit.Canonical(r)
	}
	return orderRat(r)
}
