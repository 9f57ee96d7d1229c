package validate

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"caseway/fhir"
)

// shape checks the content of an element against what a profile says of it.
func (w *walk) shape(n fhir.Node, s *shape) {
	if w.stop() || w.trial > 0 && w.failed {
		return
	}
	w.content(n, s)
	for _, r := range s.rules {
		w.hold(n, r)
	}
	if len(s.children) == 0 {
		return
	}
	defer w.into(n)() // rules on an element that is a resource see the one around it
	for _, c := range s.children {
		w.occurrences(n, c)
	}
}

// content checks what stands in an element itself.
func (w *walk) content(n fhir.Node, s *shape) {
	if s.types != nil {
		w.typed(n, s.types)
	}
	if s.fixed != nil && !s.fixed.matches(n, true) {
		w.fail(n, fhir.IssueValue, "fixed", "isn't the value that the profile fixes")
	}
	if s.pattern != nil && !s.pattern.matches(n, false) {
		w.fail(n, fhir.IssueValue, "pattern", "hasn't all that the profile's pattern has")
	}
	if s.binding != nil {
		w.bound(n, s.binding)
	}
	if s.longest > 0 && utf8.RuneCountInString(n.Text()) > s.longest {
		w.fail(n, fhir.IssueTooLong, "max-length", fmt.Sprintf("has more than the %d characters that the profile allows", s.longest))
	}
}

// occurrences checks all children that a shape is about.
func (w *walk) occurrences(n fhir.Node, s *shape) {
	count := 0
	for c := n.First(); c.Valid(); c = c.Next() {
		if c.Name() != s.name {
			continue
		}
		count++
		w.shape(c, s)
	}
	w.counted(n, s, count)
	if len(s.slices) > 0 {
		w.sliced(n, s)
	}
}

// counted compares how often something occurs with how often it may.
func (w *walk) counted(n fhir.Node, s *shape, count int) {
	if count >= s.min && (s.max == fhir.Many || count <= s.max) {
		return
	}
	name := s.name
	if s.slice != "" {
		name += ":" + s.slice
	}
	switch {
	case count == 0:
		w.failBelow(n, s.name, fhir.IssueRequired, "min", name+" is required by the profile, but missing")
	case count < s.min:
		w.failBelow(n, s.name, fhir.IssueRequired, "min", fmt.Sprintf("%s occurs %d times; the profile wants %d at least", name, count, s.min))
	case s.max == 0:
		w.failBelow(n, s.name, fhir.IssueValue, "max", name+" must not be there by the profile")
	default:
		w.failBelow(n, s.name, fhir.IssueValue, "max", fmt.Sprintf("%s occurs %d times; the profile allows %d at most", name, count, s.max))
	}
}

// typed checks an element's type, and the profiles that go with it.
func (w *walk) typed(n fhir.Node, types []shapeType) {
	own := n.Type()
	i := slices.IndexFunc(types, func(t shapeType) bool { return w.isA(own, t.code) })
	if i < 0 {
		names := make([]string, len(types))
		for i, t := range types {
			names[i] = t.code
		}
		w.fail(n, fhir.IssueStructure, "type", "is a "+own.Name+"; the profile allows "+list(names))
		return
	}
	t := &types[i]
	if len(t.profiles) > 0 && own.Name != "Extension" { // extensions are checked wherever they stand
		w.narrowed(n, t.profiles)
	}
	if t.targets != nil && own.Name == "Reference" {
		w.targeted(n, t.targets)
	}
}

// isA reports whether a type is one of a name, or derives from it.
func (w *walk) isA(t *fhir.Type, code string) bool {
	switch code {
	case t.Name:
		return true
	case t.Base:
		return t.Kind != fhir.PrimitiveType
	case "Resource":
		return t.Kind == fhir.ResourceType
	case "BackboneElement", "Element":
		return t.Kind == fhir.ElementType || t.Kind != fhir.ResourceType && code == "Element"
	case "string":
		return t.Name == "id" || t.Name == "uri" // as definitions call ids and URLs
	}
	return false
}

// narrowed checks an element against the profiles of its type, of which one
// must hold.
func (w *walk) narrowed(n fhir.Node, profiles []string) {
	if len(profiles) == 1 {
		if p, err := w.v.profileOf(profiles[0]); p != nil && err == nil && w.isA(n.Type(), p.def.Type) {
			w.conform(n, p)
			return
		}
	}
	if holds, known := w.conforms(n, profiles); known && !holds {
		w.fail(n, fhir.IssueInvalid, "type-profile", "conforms to none of the profiles that it may have: "+list(profiles))
	}
}

// targeted checks what a reference leads to.
func (w *walk) targeted(n fhir.Node, targets []string) {
	literal := child(n, "reference")
	if !literal.HasValue() {
		return
	}
	text := literal.Text()
	named := w.typeOfReference(text, n)
	if named == "" {
		return
	}
	if !slices.ContainsFunc(targets, func(t string) bool { return w.v.isOfType(t, named) }) {
		w.fail(n, fhir.IssueStructure, "reference-target", "leads to a "+named+", but the profile allows only "+list(targets))
		return
	}
	if target := w.target(text, n); target.Valid() {
		if holds, known := w.conforms(target, targets); known && !holds {
			w.fail(n, fhir.IssueInvalid, "reference-profile", "leads to what conforms to none of "+list(targets))
		}
	}
}

// isOfType reports whether a profile may be of a type: those that aren't known
// may be of any.
func (v *Validator) isOfType(canonical, name string) bool {
	if v.isOwnType(canonical) {
		return ownType(canonical) == name
	}
	p, err := v.profileOf(canonical)
	return p == nil || err != nil || p.def.Type == name
}

// target finds what a reference leads to, where that is at hand.
func (w *walk) target(text string, from fhir.Node) fhir.Node {
	if id, ok := strings.CutPrefix(text, "#"); ok {
		if id == "" {
			return w.container
		}
		return w.containedBy(w.container, []byte(id))
	}
	if entry := w.entryOf(text); entry.Valid() {
		return entry
	}
	if w.path.Resolve == nil {
		return fhir.Node{}
	}
	found, _ := w.path.Resolve(text, from) // what can't be fetched isn't followed
	return found
}
