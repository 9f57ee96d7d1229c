package search

import (
	"strings"

	"caseway/fhir"
)

// text makes the terms of an element that a string parameter leads to: of each
// of its strings, for a name or address
// (https://hl7.org/fhir/R4/search.html#string).
func (x *indexer) text(p *Parameter, n fhir.Node) {
	switch t := n.Type(); {
	case t.Kind == fhir.PrimitiveType:
		switch t.Name {
		case "string", "markdown", "code", "uri", "url", "id":
			x.string(p, n.Text(), isFamily(n))
		}
	case t.Name == "HumanName" || t.Name == "Address":
		for c := n.First(); c.Valid(); c = c.Next() {
			if c.HasValue() && c.Type().Name == "string" && c.Name() != "id" {
				x.string(p, c.Text(), isFamily(c))
				x.compact()
			}
		}
	}
}

func isFamily(n fhir.Node) bool {
	return n.Name() == "family" && n.Element() != nil && n.Element().Path == "HumanName.family"
}

// wholeString and familyString begin a kept string.
const (
	wholeString  = "-"
	familyString = "f"
)

func (x *indexer) string(p *Parameter, text string, family bool) {
	if p.phonetic {
		for _, code := range sounds(text) {
			x.terms = append(x.terms, p.term(valueKind, code))
		}
		return
	}
	mark := wholeString
	x.folded(p, text)
	if family {
		for _, part := range familyNames(text) {
			mark = familyString
			x.folded(p, part)
		}
	}
	x.keep(p, keptString, mark+text)
}

func (x *indexer) folded(p *Parameter, text string) {
	if f := fold(text); f != "" {
		x.terms = append(x.terms, p.term(valueKind, shorten(f, longestString)))
	}
}

// keptStrings gives what a kept string is compared as: itself, and the parts
// of a family name.
func keptStrings(kept string) []string {
	if family, found := strings.CutPrefix(kept, familyString); found {
		return append(familyNames(family), family)
	}
	return []string{kept[len(wholeString):]}
}
