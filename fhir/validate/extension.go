package validate

import (
	"strings"

	"caseway/fhir"
)

// checkExtension wants an absolute URL of an extension that isn't within
// another, and holds it to its definition where that is known
// (https://hl7.org/fhir/R4/extensibility.html#Extension).
func checkExtension(w *walk, n fhir.Node, _ *elementPlan) {
	url := child(n, "url")
	if n.Parent().Type().Name == "Extension" && isRelative(url) {
		w.inner(n, url)
		return
	}
	if isRelative(url) {
		w.fail(url, fhir.IssueInvalid, "extension-url", "must be absolute: it says who defines the extension")
		return
	}
	p, err := w.v.profileOf(url.Text())
	if p == nil || err != nil {
		return
	}
	if p.def.Type != "Extension" {
		w.fail(url, fhir.IssueInvalid, "extension-url", "names a definition that isn't an extension's")
		return
	}
	if is := n.Name() == "modifierExtension"; is != p.modifier {
		text := "is no modifier by its definition, and must stand in extension"
		if p.modifier {
			text = "is a modifier by its definition, and must stand in modifierExtension"
		}
		w.fail(n, fhir.IssueStructure, "extension-modifier", text)
	}
	w.placed(n, p)
	w.conform(n, p)
}

// inner checks an extension within another, whose definition must know it.
func (w *walk) inner(n, url fhir.Node) {
	outer := child(n.Parent(), "url")
	if p, err := w.v.profileOf(outer.Text()); p != nil && err == nil && len(p.inner) > 0 && !p.inner[url.Text()] {
		w.fail(url, fhir.IssueStructure, "extension-inner", "names nothing that the definition of the extension around it knows")
	}
}

// places are where definitions that HL7 itself publishes have extensions beside
// what the definitions of these say.
var places = map[string]string{
	structureBase + "structuredefinition-fhir-type":   "ElementDefinition.type",
	structureBase + "capabilitystatement-expectation": "Element",
	// The episode that a resource belongs to: people say it of Coverages and Claims too.
	structureBase + "workflow-episodeOfCare":                "Element",
	structureBase + "regex":                                 "ElementDefinition.type",
	structureBase + "structuredefinition-normative-version": "ElementDefinition",
}

// placed checks where an extension stands
// (https://hl7.org/fhir/R4/defining-extensions.html#context).
func (w *walk) placed(n fhir.Node, p *profile) {
	if len(p.def.Context) == 0 {
		return
	}
	holder := n.Parent()
	if place := places[p.url]; place != "" && w.isElement(holder, place) {
		return
	}
	for _, c := range p.def.Context {
		switch c.Type {
		case "element":
			if w.isElement(holder, c.Expression) {
				return
			}
		case "extension":
			if holder.Type().Name == "Extension" && child(holder, "url").Text() == strings.TrimSuffix(c.Expression, "#") {
				return
			}
		default:
			return // FHIRPath from the root; what it selects isn't followed
		}
	}
	w.fail(n, fhir.IssueStructure, "extension-context", "stands where its definition doesn't allow it")
}

// isElement reports whether an element is what a context names: a type, a path
// of elements, or any.
func (w *walk) isElement(n fhir.Node, expression string) bool {
	expression = strings.TrimSuffix(expression, "[x]")
	if expression == "Element" || expression == "*" {
		return true
	}
	for name := n.Type().Name; name != ""; name = w.v.baseOf(name) {
		if name == expression {
			return true
		}
	}
	if n.Type().Kind == fhir.ResourceType && expression == "CanonicalResource" {
		return true
	}
	e := n.Element()
	if e == nil {
		return false
	}
	if strings.TrimSuffix(e.Path, "[x]") == expression {
		return true
	}
	return strings.Contains(expression, ".") && strings.HasSuffix(definitionPath(n), "."+afterDot(expression)) &&
		strings.HasPrefix(expression, rootOf(n).Type().Name+".")
}

// definitionPath names the elements on the way to a node, without their places.
func definitionPath(n fhir.Node) string {
	if !n.Parent().Valid() || n.Type().Kind == fhir.ResourceType {
		return n.Type().Name
	}
	return definitionPath(n.Parent()) + "." + n.Name()
}

// rootOf is the resource that an element lies in.
func rootOf(n fhir.Node) fhir.Node {
	for n.Type().Kind != fhir.ResourceType {
		n = n.Parent()
	}
	return n
}

func afterDot(expression string) string {
	_, rest, _ := strings.Cut(expression, ".")
	return rest
}
