package model

import (
	"math/big"
	"strings"

	"caseway/fhir"
	"caseway/fhir/ucum"
)

// numbers are a range of numbers; nil is an end that is open. The ends belong
// to it but for those that a comparator leaves out.
type numbers struct {
	low, high       *big.Rat
	without, beyond bool // the low end doesn't belong to it, the high end neither
}

func rat(text string) *big.Rat {
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		panic("model: not a number: " + text)
	}
	return r
}

// half is half of what the last digit counts.
func half(text string) *big.Rat {
	mantissa, power, exponential := strings.Cut(strings.ToLower(text), "e")
	unit := big.NewRat(1, 2)
	_, decimals, _ := strings.Cut(mantissa, ".")
	for range decimals {
		unit.Quo(unit, big.NewRat(10, 1))
	}
	if exponential {
		unit.Mul(unit, rat("1e"+power))
		if strings.TrimLeft(strings.NewReplacer("-", "", ".", "", "+", "").Replace(mantissa), "0") == "" ||
			len(strings.TrimLeft(strings.NewReplacer("-", "", ".", "", "+", "").Replace(mantissa), "0")) == 1 {
			unit.Quo(unit, big.NewRat(10, 1)) // the page has 1e2 stand for 95 to 105
		}
	}
	return unit
}

func (n numbers) compare(prefix, text string, change func(*big.Rat) *big.Rat) bool {
	value, by := rat(text), new(big.Rat)
	switch prefix {
	case "eq", "ne":
		by = half(text)
	case "ap":
		by = new(big.Rat).Quo(new(big.Rat).Abs(value), big.NewRat(10, 1))
	}
	low, high := change(new(big.Rat).Sub(value, by)), change(new(big.Rat).Add(value, by))
	inside := n.low != nil && n.low.Cmp(low) >= 0 && n.high != nil && (n.high.Cmp(high) < 0 || n.beyond && n.high.Cmp(high) == 0)
	switch prefix {
	case "eq":
		return inside
	case "ne":
		return !inside
	case "gt":
		return n.high == nil || n.high.Cmp(high) > 0
	case "lt":
		return n.low == nil || n.low.Cmp(low) < 0
	case "ge":
		return n.reaches(low)
	case "le":
		return n.begins(high)
	case "sa":
		return !n.begins(high)
	case "eb":
		return !n.reaches(low)
	}
	return n.reaches(low) && n.begins(high) // ap
}

func (n numbers) reaches(at *big.Rat) bool {
	return n.high == nil || n.high.Cmp(at) > 0 || !n.beyond && n.high.Cmp(at) == 0
}

func (n numbers) begins(at *big.Rat) bool {
	return n.low == nil || n.low.Cmp(at) < 0 || !n.without && n.low.Cmp(at) == 0
}

func same(r *big.Rat) *big.Rat { return r }

func (p *param) number(n fhir.Node, value string) bool {
	prefix, text := prefixOf(value)
	if n.Type().Name == "Range" {
		have := numbers{low: valueOf(n.Child("low")), high: valueOf(n.Child("high"))}
		return (have.low != nil || have.high != nil) && have.compare(prefix, text, same)
	}
	r := rat(n.Text())
	return numbers{low: r, high: r}.compare(prefix, text, same)
}

func valueOf(quantity fhir.Node) *big.Rat {
	if v := quantity.Child("value"); v.HasValue() {
		return rat(v.Text())
	}
	return nil
}

func (p *param) quantity(n fhir.Node, value string) bool {
	switch t := n.Type(); {
	case t.Name == "Money":
		r := valueOf(n)
		u := measure{system: "urn:iso:std:iso:4217", code: n.Child("currency").Text()}
		return r != nil && u.holds(numbers{low: r, high: r}, u, value)
	case t.Name == "Quantity" || t.Base == "Quantity":
		have, u := valueOf(n), measureOf(n)
		return have != nil && u.holds(withComparator(have, n.Child("comparator").Text()), u, value)
	case t.Name == "Range":
		low, high := n.Child("low"), n.Child("high")
		have := numbers{low: valueOf(low), high: valueOf(high)}
		of, to := measureOf(low), measureOf(high)
		if have.low == nil || of == (measure{}) {
			of = to
		}
		if have.high == nil || to == (measure{}) {
			to = of
		}
		return (have.low != nil || have.high != nil) && of.holds(have, to, value)
	}
	return false
}

func withComparator(r *big.Rat, comparator string) numbers {
	switch comparator {
	case "<":
		return numbers{high: r, beyond: true}
	case "<=":
		return numbers{high: r}
	case ">":
		return numbers{low: r, without: true}
	case ">=":
		return numbers{low: r}
	}
	return numbers{low: r, high: r}
}

// measure is a unit as it is written.
type measure struct{ system, code, unit string }

func measureOf(n fhir.Node) measure {
	return measure{n.Child("system").Text(), n.Child("code").Text(), n.Child("unit").Text()}
}

const units = "http://unitsofmeasure.org"

// holds compares numbers, of which the low end has the unit m and the high end
// the unit to, with number[|system|code].
func (m measure) holds(have numbers, to measure, value string) bool {
	parts := split(value, '|')
	prefix, text := prefixOf(parts[0])
	want := measure{}
	if len(parts) > 1 {
		want = measure{system: plain(parts[1]), code: plain(parts[2])}
	}
	theirs, err := ucum.Parse(want.code)
	if want.system == units && want.code != "" && err == nil {
		low, errLow := ucum.Parse(m.code)
		high, errHigh := ucum.Parse(to.code)
		if m.system != units || to.system != units || errLow != nil || errHigh != nil || !low.Comparable(theirs) || !high.Comparable(theirs) {
			return false
		}
		if have.low != nil {
			have.low = low.Canonical(have.low)
		}
		if have.high != nil {
			have.high = high.Canonical(have.high)
		}
		return have.compare(prefix, text, theirs.Canonical)
	}
	if m.system != to.system || m.code != to.code {
		return false
	}
	named := (want.system == "" || m.system == want.system) &&
		(want.code == "" || m.code == want.code || want.system == "" && m.unit == want.code)
	return named && have.compare(prefix, text, same)
}
