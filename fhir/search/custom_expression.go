package search

import (
	"slices"
	"strings"

	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/fhir/fhirpath"
)

// customExpressions are a custom parameter's expressions for one resource type, as
// FHIRPath spells them: guides write a choice as JSON does, valueDateTime, where
// FHIRPath has value.ofType(dateTime).
type customExpressions struct {
	expression string // "" where it says nothing of the type
	components []string
}

// customExpressionsKey says of which parameter and type they are.
type customExpressionsKey struct {
	definition *definition.SearchParameter
	typ        string
}

// customExpressionsOf reads a custom parameter's expressions for a type. A Problem that
// isn't inert says why they can't work; one that is, what of them gives nothing.
func (r *Registry) customExpressionsOf(typ string, d *definition.SearchParameter) (u customExpressions, p Problem) {
	wrong := func(text string) Problem {
		return Problem{Element: "expression", Text: "the expression can't be used: " + text}
	}
	var parts []string
	var focus []*fhir.Type
	unused := ""
	for _, text := range splitUnion(adjust(d.Expression)) {
		a, err := fhirpath.Analyse(r.set, text, r.set.Type(typ))
		if err != nil {
			return u, wrong(err.Error())
		}
		if a.Empty {
			continue // the part of another type
		}
		if why := whyUseless(d.Type, a); why != "" {
			unused = text + " " + why
			continue
		}
		parts, focus = append(parts, a.Text), append(focus, a.Types...)
	}
	switch {
	case parts == nil && unused == "":
		return u, Problem{}
	case parts == nil:
		return u, wrong(unused)
	case unused != "":
		p = Problem{Inert: true, Element: "expression", Text: "a part of the expression finds nothing: " + unused}
	}
	u.expression = strings.Join(parts, " | ")
	for _, c := range d.Component {
		a, err := fhirpath.Analyse(r.set, adjust(c.Expression), focus...)
		if err != nil {
			return u, wrong("that of a component: " + err.Error())
		}
		if of := r.definitionOf(c.Definition); of != nil {
			if why := whyUseless(of.Type, a); why != "" {
				return u, wrong("that of a component, " + c.Expression + ", " + why)
			}
		}
		u.components = append(u.components, a.Text)
	}
	return u, p
}

// adjust mends an expression of R4's that can't be right as it stands.
func adjust(expression string) string {
	if a := adjusted[expression]; a != "" {
		return a
	}
	return expression
}

// expressionsOf gives a parameter's expressions as they are evaluated.
func (r *Registry) expressionsOf(p *Parameter) (expression string, components []string) {
	if u, ok := r.customExpressions[customExpressionsKey{p.Definition, p.Resource}]; ok {
		return u.expression, u.components
	}
	for _, c := range p.Definition.Component {
		components = append(components, adjust(c.Expression))
	}
	if swapped := adjustedComponents[p.URL]; swapped != nil {
		components = swapped
	}
	return adjust(p.Definition.Expression), components
}

// takes are the types of elements that parameters of each type have terms of.
// Quantity stands for its kinds too.
var takes = map[string][]string{
	"token": {
		"CodeableConcept", "Coding", "ContactPoint", "Identifier", "boolean", "canonical", "code", "id", "integer", "markdown", "oid",
		"positiveInt", "string", "unsignedInt", "uri", "url", "uuid",
	},
	"string":    {"Address", "HumanName", "code", "id", "markdown", "string", "uri", "url"},
	"reference": {"Reference", "canonical", "oid", "uri", "url", "uuid"},
	"date":      {"Period", "Timing", "date", "dateTime", "instant"},
	"number":    {"Range", "decimal", "integer", "positiveInt", "unsignedInt"},
	"quantity":  {"Money", "Quantity", "Range"},
	"uri":       {"canonical", "oid", "uri", "url", "uuid"},
}

// takesSystem are the types of computed values that they have terms of.
var takesSystem = map[string][]string{
	"token":     {"Boolean", "Decimal", "Integer", "String"},
	"string":    {"Boolean", "Decimal", "Integer", "String"},
	"reference": {"String"},
	"date":      {"Date", "DateTime", "String"},
	"number":    {"Decimal", "Integer", "String"},
	"uri":       {"String"},
}

// whyUseless says why parameters of a type can have no value by an expression; ""
// where they can.
func whyUseless(parameterType string, a fhirpath.Analysis) string {
	fits := func(t *fhir.Type) bool {
		return slices.Contains(takes[parameterType], t.Name) || t.Base == "Quantity" && slices.Contains(takes[parameterType], "Quantity") ||
			parameterType == "composite" && t.Kind != fhir.PrimitiveType
	}
	system := func(name string) bool { return slices.Contains(takesSystem[parameterType], name) }
	switch {
	case a.Open || len(a.Types)+len(a.System) == 0:
		return ""
	case slices.ContainsFunc(a.Types, fits) || slices.ContainsFunc(a.System, system):
		return ""
	case slices.ContainsFunc(a.Types, func(t *fhir.Type) bool { return t.Name == "Extension" }):
		return "leads to the extension itself, which has no value to search by: write .value behind it"
	case parameterType == "composite":
		return "leads to " + namesOf(a) + ", which has no elements"
	}
	return "leads to " + namesOf(a) + ", and a parameter of type " + parameterType + " takes " + strings.Join(takes[parameterType], ", ")
}

// namesOf are some of the types that an expression leads to.
func namesOf(a fhirpath.Analysis) string {
	var names []string
	for _, t := range a.Types {
		names = append(names, t.Name)
	}
	for _, name := range a.System {
		names = append(names, "System."+name)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	const most = 5
	if len(names) > most {
		names = append(names[:most], "others")
	}
	return strings.Join(names, ", ")
}
