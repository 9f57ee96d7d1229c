package reconcile

import (
	"math/big"
	"slices"
	"strings"
	"unicode"

	"caseway/fhir"
	"caseway/fhir/ucum"
)

// folded is a text without regard to case and space.
func folded(text string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(text), unicode.IsSpace), " ")
}

// comparing compares values of two plans.
type comparing struct {
	here, there *Plan
	work        int // values that have been compared
}

// mostWork bounds how many values are compared: members of members, each with
// each, could cost any time.
const mostWork = 1_000_000

// spent reports whether there has been too much work.
func (c *comparing) spent() bool { return c.work > mostWork }

// same reports whether two values, one of each plan, mean the same.
func (c *comparing) same(a, b fhir.Node) bool {
	if c.work++; c.spent() {
		return false
	}
	if a.Type() != b.Type() {
		from, to, ok := spanOf(a)
		start, end, also := spanOf(b)
		return ok && also && within(from, to, start, end)
	}
	switch a.Type().Name {
	case "CodeableConcept":
		return sameConcept(a, b)
	case "Coding":
		return codingOf(a) == codingOf(b)
	case "Reference":
		return c.sameReference(a, b)
	case "Identifier":
		return identifierOf(a) == identifierOf(b)
	case "Quantity", "Duration", "Age", "Count", "Distance", "Money":
		return sameQuantity(a, b)
	}
	if a.Type().Kind == fhir.PrimitiveType {
		return samePrimitive(a, b)
	}
	return c.sameParts(a, b)
}

// sameParts compares values with elements of their own: each of one must be
// among the other's.
func (c *comparing) sameParts(a, b fhir.Node) bool {
	parts, others := meaningful(a), meaningful(b)
	if len(parts) != len(others) {
		return false
	}
	for _, p := range parts {
		i := slices.IndexFunc(others, func(o fhir.Node) bool { return o.Name() == p.Name() && c.same(p, o) })
		if i < 0 {
			return false
		}
		others = slices.Delete(others, i, i+1)
	}
	return true
}

// meaningful are the elements of a value but for its id, what a server says of
// it, its narrative, and extensions, which nobody has to understand.
func meaningful(n fhir.Node) []fhir.Node {
	var all []fhir.Node
	for c := range n.Children() {
		switch c.Name() {
		case "id", "extension":
		case "meta", "text":
			if n.Type().Kind != fhir.ResourceType {
				all = append(all, c)
			}
		default:
			all = append(all, c)
		}
	}
	return all
}

func samePrimitive(a, b fhir.Node) bool {
	x, y := a.Text(), b.Text()
	switch a.Type().Name {
	case "string", "markdown":
		return folded(x) == folded(y)
	case "decimal", "integer", "positiveInt", "unsignedInt":
		return sameNumber(x, y)
	case "date", "dateTime", "instant":
		from, to, ok := spanOf(a)
		start, end, also := spanOf(b)
		return ok && also && within(from, to, start, end) || x == y
	}
	return x == y
}

func sameNumber(x, y string) bool {
	m, ok := number(x)
	n, also := number(y)
	return ok && also && m.Cmp(n) == 0
}

// number reads a decimal. One with a huge exponent is none: it would cost more
// than it says.
func number(text string) (*big.Rat, bool) {
	const most = 40
	if len(text) > most || strings.ContainsAny(text, "eE") {
		return nil, false
	}
	return new(big.Rat).SetString(text)
}

// spanOf is the time that a date leaves open, in milliseconds of Unix time, or
// a Period of which both ends are known.
func spanOf(n fhir.Node) (from, to int64, ok bool) {
	switch n.Type().Name {
	case "date", "dateTime", "instant":
		start, end, ok := fhir.TimeRange(n.Text())
		return start.UnixMilli(), end.UnixMilli(), ok
	case "Period":
		start, _, ok := fhir.TimeRange(n.Child("start").Text())
		_, end, also := fhir.TimeRange(n.Child("end").Text())
		return start.UnixMilli(), end.UnixMilli(), ok && also
	}
	return 0, 0, false
}

// within reports whether one span lies in the other: the less precise date says
// nothing against the more precise one.
func within(from, to, start, end int64) bool {
	return from <= start && end <= to || start <= from && to <= end
}

func sameQuantity(a, b fhir.Node) bool {
	if a.Child("comparator").Text() != b.Child("comparator").Text() || a.Child("currency").Text() != b.Child("currency").Text() {
		return false
	}
	x, y := a.Child("value").Text(), b.Child("value").Text()
	const unified = "http://unitsofmeasure.org"
	if a.Child("system").Text() == unified && b.Child("system").Text() == unified {
		m, ok := number(x)
		n, also := number(y)
		if ok && also {
			v, unit, err := ucum.Canonical(m, a.Child("code").Text())
			w, other, wrong := ucum.Canonical(n, b.Child("code").Text())
			if err == nil && wrong == nil {
				return unit == other && v.Cmp(w) == 0
			}
		}
	}
	return (x == y || sameNumber(x, y)) && folded(unitOf(a)) == folded(unitOf(b))
}

func unitOf(n fhir.Node) string {
	if code := n.Child("code").Text(); code != "" {
		return code
	}
	return n.Child("unit").Text()
}

func codingOf(n fhir.Node) string { return n.Child("system").Text() + "|" + n.Child("code").Text() }

func identifierOf(n fhir.Node) string {
	return n.Child("system").Text() + "|" + n.Child("value").Text()
}

// sameConcept: concepts share a code; those that have none in a common system
// may share their words.
func sameConcept(a, b fhir.Node) bool {
	common := false
	for x := range a.All("coding") {
		for y := range b.All("coding") {
			if x.Child("code").Text() != "" && codingOf(x) == codingOf(y) {
				return true
			}
			common = common || x.Child("system").Text() == y.Child("system").Text()
		}
	}
	return !common && slices.ContainsFunc(wordsIn(a), func(w string) bool { return slices.Contains(wordsIn(b), w) })
}

// wordsIn are a concept's words: its text, and the displays of its codes.
func wordsIn(concept fhir.Node) []string {
	var all []string
	add := func(text string) {
		if text = folded(text); text != "" && !slices.Contains(all, text) {
			all = append(all, text)
		}
	}
	add(concept.Child("text").Text())
	for c := range concept.All("coding") {
		add(c.Child("display").Text())
	}
	return all
}

// sameReference: references lead to the same resource, or to resources of one
// type that are about the same.
func (c *comparing) sameReference(a, b fhir.Node) bool {
	x, y := c.here.name(a.Child("reference").Text()), c.there.name(b.Child("reference").Text())
	if x != "" && x == y {
		return true
	}
	if i, j := a.Child("identifier"), b.Child("identifier"); i.Child("value").HasValue() && identifierOf(i) == identifierOf(j) {
		return true
	}
	m, n := item{plan: c.here, value: a}, item{plan: c.there, value: b}
	m.learn()
	n.learn()
	if s, t := m.subject, n.subject; s.Valid() && t.Valid() && s.Type() != t.Type() {
		return false
	}
	_, is := m.matches(&n)
	return is
}
