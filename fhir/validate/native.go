package validate

import (
	"bytes"

	"caseway/fhir"
	"caseway/fhir/fhirpath"
)

// natives are the invariants that nearly every resource meets, in Go. Each
// reports whether the invariant holds.
var natives = map[string]func(w *walk, n fhir.Node) bool{
	"dom-2": noneContains,
	"dom-3": everyContainedIsUsed,
	"dom-4": func(_ *walk, n fhir.Node) bool { return noContainedMeta(n, "versionId", "lastUpdated") },
	"dom-5": func(_ *walk, n fhir.Node) bool { return noContainedMeta(n, "security", "security") },
	"dom-6": func(_ *walk, n fhir.Node) bool { return n.Child("text").Child("div").Valid() },
	"ext-1": func(_ *walk, n fhir.Node) bool { return has(n, "extension") != has(n, "value") },
	"ref-1": referenceIsContained,
	"per-1": startIsBeforeEnd,
	"qty-3": func(_ *walk, n fhir.Node) bool { return !has(n, "code") || has(n, "system") },
	"cpt-2": func(_ *walk, n fhir.Node) bool { return !has(n, "value") || has(n, "system") },
	"att-1": func(_ *walk, n fhir.Node) bool { return !has(n, "data") || has(n, "contentType") },
	"tim-1": func(_ *walk, n fhir.Node) bool { return !has(n, "duration") || has(n, "durationUnit") },
	"tim-2": func(_ *walk, n fhir.Node) bool { return !has(n, "period") || has(n, "periodUnit") },
	"tim-4": func(_ *walk, n fhir.Node) bool { return !isNegative(n.Child("duration")) },
	"tim-5": func(_ *walk, n fhir.Node) bool { return !isNegative(n.Child("period")) },
	"tim-6": func(_ *walk, n fhir.Node) bool { return !has(n, "periodMax") || has(n, "period") },
	"tim-7": func(_ *walk, n fhir.Node) bool { return !has(n, "durationMax") || has(n, "duration") },
	"tim-8": func(_ *walk, n fhir.Node) bool { return !has(n, "countMax") || has(n, "count") },
	"cpl-3": func(_ *walk, n fhir.Node) bool { return !has(n, "detail") || !has(n, "reference") },
	"obs-6": func(_ *walk, n fhir.Node) bool { return !has(n, "dataAbsentReason") || !has(n, "value") },
}

// has reports whether an element has a child of a name.
func has(n fhir.Node, name string) bool {
	for c := n.First(); c.Valid(); c = c.Next() {
		if c.Name() == name {
			return true
		}
	}
	return false
}

// child is fhir.Node.Child without an iterator.
func child(n fhir.Node, name string) fhir.Node {
	for c := n.First(); c.Valid(); c = c.Next() {
		if c.Name() == name {
			return c
		}
	}
	return fhir.Node{}
}

// isNegative reports whether a decimal is below 0.
func isNegative(n fhir.Node) bool {
	raw := n.Raw()
	return len(raw) > 0 && raw[0] == '-' && bytes.ContainsAny(mantissa(raw), "123456789")
}

// mantissa is a number without its exponent.
func mantissa(raw []byte) []byte {
	if i := bytes.IndexAny(raw, "eE"); i >= 0 {
		return raw[:i]
	}
	return raw
}

// startIsBeforeEnd compares texts where they have one form, else as FHIRPath
// does: what can't be told holds.
func startIsBeforeEnd(w *walk, n fhir.Node) bool {
	start, end := child(n, "start"), child(n, "end")
	if !start.HasValue() || !end.HasValue() {
		return true
	}
	a, b := start.Raw(), end.Raw()
	const day = len(`"2006-01-02"`)
	if len(a) == len(b) && (len(a) <= day || isUTC(a) && isUTC(b)) {
		return bytes.Compare(a, b) <= 0
	}
	holds, err := inOrder.Test(&w.path, fhirpath.OfNode(n))
	return err != nil || holds != fhirpath.False
}

var inOrder = fhirpath.MustCompile("start <= end")

func isUTC(raw []byte) bool { return len(raw) > 2 && raw[len(raw)-2] == 'Z' }

// noneContains: contained resources contain none themselves.
func noneContains(_ *walk, n fhir.Node) bool {
	for c := n.First(); c.Valid(); c = c.Next() {
		if c.Name() == "contained" && has(c, "contained") {
			return false
		}
	}
	return true
}

// noContainedMeta: no contained resource has one of two elements in its meta.
func noContainedMeta(n fhir.Node, one, other string) bool {
	for c := n.First(); c.Valid(); c = c.Next() {
		if c.Name() != "contained" {
			continue
		}
		if meta := child(c, "meta"); meta.Valid() && (has(meta, one) || has(meta, other)) {
			return false
		}
	}
	return true
}

// referenceIsContained: a reference that begins with "#" leads to a contained
// resource.
func referenceIsContained(w *walk, n fhir.Node) bool {
	raw := child(n, "reference").Raw()
	if len(raw) <= len(`"#"`) || raw[1] != '#' {
		return true // "#" alone is the resource itself, or the one that contains it
	}
	return w.containedBy(w.container, raw[2:len(raw)-1]).Valid()
}
