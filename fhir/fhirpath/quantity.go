package fhirpath

import (
	"math/big"
	"strings"

	"caseway/fhir/ucum"
)

// Quantity is a value with a unit: a UCUM code, '1' where there is none, or
// one of FHIRPath's calendar words in the singular ("day"), none of which is a
// UCUM code.
type Quantity struct {
	Value Decimal
	Unit  string
}

// calendarWords maps FHIRPath's words, in singular and plural, to the singular.
var calendarWords = map[string]string{
	"year": "year", "years": "year", "month": "month", "months": "month", "week": "week", "weeks": "week",
	"day": "day", "days": "day", "hour": "hour", "hours": "hour", "minute": "minute", "minutes": "minute",
	"second": "second", "seconds": "second", "millisecond": "millisecond", "milliseconds": "millisecond",
}

// ucumOfCalendar has the UCUM code that a calendar word equals; year and month
// are only equivalent to theirs.
var ucumOfCalendar = map[string]string{
	"week": "wk", "day": "d", "hour": "h", "minute": "min", "second": "s", "millisecond": "ms",
}

// calendarOfUCUM has the calendar word that FHIR's Quantity of time stands for
// (https://hl7.org/fhir/R4/fhirpath.html#quantity).
var calendarOfUCUM = map[string]string{
	"a": "year", "mo": "month", "d": "day", "h": "hour", "min": "minute", "s": "second",
}

// ParseQuantity reads what toQuantity accepts: a number, then a unit in single
// quotes or a calendar word, or no unit.
func ParseQuantity(s string) (Quantity, bool) {
	end := strings.IndexFunc(s, func(r rune) bool {
		return (r < '0' || r > '9') && r != '.' && r != '+' && r != '-'
	})
	if end < 0 {
		end = len(s)
	}
	value, ok := ParseDecimal(s[:end])
	rest := strings.TrimLeft(s[end:], " \t\r\n")
	if !ok {
		return Quantity{}, false
	}
	if rest == "" {
		return Quantity{value, "1"}, end == len(s)
	}
	if word, ok := calendarWords[rest]; ok {
		return Quantity{value, word}, true
	}
	if len(rest) < 3 || rest[0] != '\'' || strings.IndexByte(rest[1:], '\'') != len(rest)-2 {
		return Quantity{}, false
	}
	return newQuantity(value, rest[1:len(rest)-1]), true
}

func newQuantity(value Decimal, unit string) Quantity {
	if word, ok := calendarWords[unit]; ok {
		unit = word
	}
	return Quantity{value, unit}
}

// String writes the quantity as a literal: 4 days, 4 'mg'.
func (q Quantity) String() string {
	if _, ok := calendarWords[q.Unit]; ok {
		if q.Value.Cmp(decimalOf(1)) == 0 {
			return q.Value.String() + " " + q.Unit
		}
		return q.Value.String() + " " + q.Unit + "s"
	}
	return q.Value.String() + " '" + q.Unit + "'"
}

// measure is a quantity brought to base units.
type measure struct {
	value *big.Rat
	grain *big.Rat // what one in the last written place is worth
	kind  string   // the base units; two measures compare where it is the same
}

// measure brings q to base units. Years and months count in months of their
// own, unless loose, when they are UCUM's. A unit that UCUM doesn't know is a
// kind of its own.
func (q Quantity) measure(loose bool) measure {
	unit := q.Unit
	grain := new(big.Rat).SetFrac(big.NewInt(1), tenTo(q.Value.scale))
	switch {
	case unit == "year" && loose:
		unit = "a"
	case unit == "month" && loose:
		unit = "mo"
	case unit == "year":
		twelve := big.NewRat(12, 1)
		return measure{twelve.Mul(twelve, q.Value.Rat()), grain.Mul(grain, big.NewRat(12, 1)), "month"}
	case unit == "month":
		return measure{q.Value.Rat(), grain, "month"}
	case ucumOfCalendar[unit] != "":
		unit = ucumOfCalendar[unit]
	}
	u, err := ucum.Parse(unit)
	if err != nil {
		return measure{q.Value.Rat(), grain, "unit " + unit}
	}
	return measure{u.Canonical(q.Value.Rat()), grain.Mul(grain, u.Factor()), u.Base()}
}

// compare orders two quantities; ok is false where their units don't measure
// the same.
func (q Quantity) compare(o Quantity) (order int, ok bool) {
	if q.Unit == o.Unit {
		return q.Value.Cmp(o.Value), true
	}
	a, b := q.measure(false), o.measure(false)
	return a.value.Cmp(b.value), a.kind == b.kind
}

// equivalent compares after rounding both to the coarser one's last place.
func (q Quantity) equivalent(o Quantity) bool {
	a, b := q.measure(true), o.measure(true)
	if a.kind != b.kind {
		return false
	}
	grain := a.grain
	if b.grain.Cmp(grain) > 0 {
		grain = b.grain
	}
	return roundRat(a.value, grain).Cmp(roundRat(b.value, grain)) == 0
}

// roundRat gives how many grains v has, to the nearest.
func roundRat(v, grain *big.Rat) *big.Int {
	n := new(big.Rat).Quo(v, grain)
	num := new(big.Int).Lsh(n.Num(), 1)
	num.Add(num, n.Denom())
	return num.Div(num, new(big.Int).Lsh(n.Denom(), 1))
}

// add sums two quantities of one kind in the first one's unit.
func (q Quantity) add(o Quantity) (Quantity, bool) {
	if q.Unit == o.Unit {
		return Quantity{q.Value.add(o.Value), q.Unit}, true
	}
	a, b := q.measure(false), o.measure(false)
	if a.kind != b.kind {
		return Quantity{}, false
	}
	factor := new(big.Rat).Mul(b.grain, new(big.Rat).SetFrac(tenTo(o.Value.scale), tenTo(q.Value.scale)))
	ratio := new(big.Rat).Quo(factor, a.grain) // of the two units
	other, ok := decimalFromRat(ratio.Mul(ratio, o.Value.Rat()))
	return Quantity{q.Value.add(other), q.Unit}, ok
}

// decimalFromRat gives a fraction exactly where it ends, else to 20 places.
func decimalFromRat(r *big.Rat) (Decimal, bool) {
	d, ok := ParseDecimal(r.FloatString(quotientDigits))
	return d.trim(), ok
}

func (q Quantity) mul(o Quantity) Quantity {
	return Quantity{q.Value.mul(o.Value), joinUnits(q.ucum(), ".", o.ucum())}
}

// quo divides; the divisor's value must not be 0.
func (q Quantity) quo(o Quantity) Quantity {
	unit := "1"
	if q.ucum() != o.ucum() {
		unit = joinUnits(q.ucum(), "/", o.ucum())
	}
	return Quantity{q.Value.quo(o.Value), unit}
}

func (q Quantity) ucum() string {
	switch q.Unit {
	case "year":
		return "a"
	case "month":
		return "mo"
	}
	if code := ucumOfCalendar[q.Unit]; code != "" {
		return code
	}
	return q.Unit
}

func joinUnits(a, operator, b string) string {
	if b == "1" {
		return a
	}
	if a == "1" && operator == "." {
		return b
	}
	if operator == "/" && strings.ContainsAny(b, "./") {
		b = "(" + b + ")"
	}
	return a + operator + b
}
