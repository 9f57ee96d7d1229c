package search

import "strings"

// SortKey gives what a resource with these terms and kept values, sorted, is
// ordered by: of several values the one that comes first in the order
// (https://hl7.org/fhir/R4/search.html#sort). Keys order by bytes. ok is false
// where the resource has no value, which then comes last, and for parameters
// that aren't Sortable.
//
// Strings order by their folded text; tokens by code, references and URIs by
// their text; dates by the start of a period, whichever the direction; numbers
// and quantities by value, quantities of different units apart.
func (p *Parameter) SortKey(terms []Term, descending bool) (key string, ok bool) {
	if !p.Sortable() {
		return "", false
	}
	from, to, keyOf := p.sortRange()
	for _, t := range within(terms, from, to) {
		if t.Kept() != from.Kept() {
			continue // stands between the kinds that count
		}
		k := keyOf(t)
		if !ok || (k > key) == descending && k != key {
			key, ok = k, true
		}
	}
	return key, ok
}

func (p *Parameter) sortRange() (from, to Term, keyOf func(Term) string) {
	switch {
	case p.Type == "string" && !p.phonetic:
		from = p.kept(keptString, "")
		return from, p.kept(keptString+1, ""), func(t Term) string { return fold(string(t[len(from)+1:])) }
	case p.Type == "date" || p.Type == "number":
		return p.term(lowKind, ""), p.term(valueKind, ""), func(t Term) string { return parseSpan(p.spanOf(t)).low }
	case p.Type == "quantity":
		return p.term(scopedKind, ""), p.term(presentKind, ""), p.quantityKey
	}
	return p.term(valueKind, ""), p.term(highKind, ""), p.value
}

func (p *Parameter) spanOf(t Term) string { return string(t[len(p.prefix):]) }

// quantityKey is the unit and the lower end.
func (p *Parameter) quantityKey(t Term) string {
	text := p.spanOf(t)
	i := strings.LastIndexAny(text, "<>")
	return text[:i] + parseSpan(text[i:]).low
}
