package validate

import (
	"slices"
	"strings"

	"caseway/fhir"
)

// checkReference holds a reference to the types that its element allows
// (https://hl7.org/fhir/R4/references.html#Reference).
func checkReference(w *walk, n fhir.Node, e *elementPlan) {
	literal, stated := child(n, "reference"), child(n, "type")
	named, targets := "", []string(nil)
	if e != nil {
		targets = e.targets["Reference"]
	}
	if literal.HasValue() {
		text := literal.Text()
		if strings.ContainsAny(text, " \t\r\n") {
			w.fail(literal, fhir.IssueInvalid, "reference-form", "must be a URI, in which there is no white space")
			return
		}
		w.within(literal, text)
		named = w.typeOfReference(text, n)
	}
	if named != "" && targets != nil && !slices.Contains(targets, named) {
		w.fail(n, fhir.IssueStructure, "reference-target", "leads to a "+named+", but may lead only to "+list(targets))
	}
	if !stated.HasValue() {
		return
	}
	typ := strings.TrimPrefix(stated.Text(), "http://hl7.org/fhir/StructureDefinition/")
	switch {
	case named != "" && named != typ:
		w.fail(n, fhir.IssueStructure, "reference-type", "leads to a "+named+", but its type says otherwise")
	case named == "" && targets != nil && w.v.set.IsResourceType(typ) && !slices.Contains(targets, typ):
		w.fail(n, fhir.IssueStructure, "reference-target", "names the type "+typ+", but may lead only to "+list(targets))
	}
}

// within wants a relative reference within a Bundle to be Type/id; in a
// transaction, it may be a search (https://hl7.org/fhir/R4/http.html#trules). In a
// document it leads to one resource.
func (w *walk) within(literal fhir.Node, text string) {
	if w.entries == nil || strings.HasPrefix(text, "#") {
		return
	}
	if w.document && w.entries.ambiguous(text, w.base) {
		w.fail(literal, fhir.IssueMultipleMatches, "reference-version", "leads to several versions in the document, and must name one")
	}
	if isAbsolute(text) {
		return
	}
	switch searches := strings.Contains(text, "?"); {
	case searches && w.literal:
		w.fail(literal, fhir.IssueInvalid, "reference-form", "is a search, which only references within a transaction may be")
	case !searches && !strings.Contains(text, "/"):
		w.fail(literal, fhir.IssueInvalid, "reference-form", "must be a type and an id, such as Patient/1, or an absolute URL")
	}
}

// list writes names as a person would.
func list(names []string) string { return strings.Join(names, ", ") }

// typeOfReference is the type of what a literal reference leads to, as far as
// that is known; "" otherwise.
func (w *walk) typeOfReference(text string, n fhir.Node) string {
	if id, ok := strings.CutPrefix(text, "#"); ok {
		if id == "" {
			return w.container.Type().Name
		}
		if found := w.containedBy(w.container, []byte(id)); found.Valid() {
			return found.Type().Name
		}
		return ""
	}
	if entry := w.entryOf(text); entry.Valid() {
		return entry.Type().Name
	}
	if name := w.typeInText(text); name != "" {
		return name
	}
	if w.path.Resolve != nil {
		if found, err := w.path.Resolve(text, n); err == nil && found.Valid() {
			return found.Type().Name
		}
	}
	return ""
}

// typeInText reads [base/]Type/id[/_history/version] and Type?criteria.
func (w *walk) typeInText(text string) string {
	if name, _, ok := strings.Cut(text, "?"); ok {
		if w.v.set.IsResourceType(name) {
			return name
		}
		return ""
	}
	path, _, _ := strings.Cut(text, "/_history/")
	i := strings.LastIndexByte(path, '/')
	if i < 0 || !fhir.IsID(path[i+1:]) {
		return ""
	}
	name := path[:i]
	name = name[strings.LastIndexByte(name, '/')+1:]
	if !w.v.set.IsResourceType(name) {
		return ""
	}
	return name
}

// entryOf finds what a reference leads to in the Bundle that is checked.
func (w *walk) entryOf(text string) fhir.Node {
	if w.entries == nil {
		return fhir.Node{}
	}
	return w.entries.find(text, w.base)
}
