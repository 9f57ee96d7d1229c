package fhir

import (
	"bytes"
	"slices"
	"strings"
)

// Summary is a value of the parameter _summary that leaves elements out
// (https://hl7.org/fhir/R4/search.html#summary).
type Summary string

// The summaries.
const (
	NoSummary   Summary = ""
	SummaryTrue Summary = "true" // what the definition marks as part of the summary
	SummaryText Summary = "text" // text, id, meta and mandatory elements
	SummaryData Summary = "data" // all but text
)

// Subset says which elements of a resource a reader wants. The zero Subset is
// all of them. What is mandatory is always there, and what can change the
// meaning of the rest.
type Subset struct {
	Summary  Summary
	Elements []string // names of the resource's own elements, or of its members in JSON; nil: not asked for
}

// Whole reports whether nothing is left out.
func (s Subset) Whole() bool { return s.Summary == NoSummary && s.Elements == nil }

// subsetted marks a resource as incomplete.
var subsetted = Tag{"http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "SUBSETTED"}

// Of gives the subset of a resource of a type, tagged as SUBSETTED. What is
// kept stays as it is written. The text is compact JSON that has been decoded
// before, and isn't changed.
func (s Subset) Of(typ *Type, text []byte) []byte {
	if s.Whole() {
		return text
	}
	w := subsetWriter{text: text, json: append(make([]byte, 0, len(text)/2+64), '{')}
	for m := range members(text, 0) {
		switch string(m.name) {
		case "resourceType", "id", "meta":
			w.member(m)
		default:
			if p, known := typ.Property(m.name); known && s.keeps(m.name, p.Element) {
				w.property(m, p, s.Elements == nil && s.Summary == SummaryTrue)
			}
		}
	}
	return WithTags(append(w.json, '}'), subsetted)
}

// keeps decides on a member of the resource itself.
func (s Subset) keeps(member []byte, e *Element) bool {
	switch {
	case e.Min > 0 || e.Name == "implicitRules" || e.Name == "modifierExtension":
		return true
	case s.Elements != nil:
		return slices.ContainsFunc(s.Elements, func(name string) bool {
			return name == e.Name || strings.TrimPrefix(name, "_") == string(bytes.TrimPrefix(member, []byte{'_'}))
		})
	case s.Summary == SummaryTrue:
		return e.Summary
	case s.Summary == SummaryText:
		return e.Name == "text"
	}
	return e.Name != "text"
}

// subsetWriter writes some of a text's members.
type subsetWriter struct{ text, json []byte }

// comma separates members.
func (w *subsetWriter) comma() {
	if w.json[len(w.json)-1] != '{' {
		w.json = append(w.json, ',')
	}
}

// member copies a member.
func (w *subsetWriter) member(m jsonMember) {
	w.comma()
	w.json = append(w.json, w.text[m.start:m.end]...)
}

// property copies a member, of a summary only what is part of it in turn.
func (w *subsetWriter) property(m jsonMember, p Property, summary bool) {
	typ := p.Type.Type()
	if !summary || p.Twin || typ == nil || typ.Kind != ComplexType && typ.Kind != ElementType || typ.Name == "Extension" {
		w.member(m)
		return
	}
	w.comma()
	w.json = append(w.json, w.text[m.start:m.value]...)
	if w.text[m.value] == '{' {
		w.object(typ, m.value, m.end)
		return
	}
	w.json = append(w.json, '[')
	for at := m.value + 1; w.text[at] != ']'; {
		end := valueEnd(w.text, at)
		w.object(typ, at, end)
		if at = end; w.text[at] == ',' {
			w.json = append(w.json, ',')
			at++
		}
	}
	w.json = append(w.json, ']')
}

// object copies the summary of an object, all of it where that would be
// nothing.
func (w *subsetWriter) object(typ *Type, at, end int) {
	if w.text[at] != '{' { // null
		w.json = append(w.json, w.text[at:end]...)
		return
	}
	start := len(w.json)
	w.json = append(w.json, '{')
	for m := range members(w.text, at) {
		p, known := typ.Property(m.name)
		if known && (p.Element.Summary || p.Element.Min > 0 || p.Element.Name == "modifierExtension") {
			w.property(m, p, true)
		}
	}
	if len(w.json) == start+1 {
		w.json = append(w.json[:start], w.text[at:end]...)
		return
	}
	w.json = append(w.json, '}')
}
