package search

import (
	_ "embed"
	"encoding/json"
	"slices"
	"strings"
	"sync"

	"caseway/fhir/definition"
	"caseway/fhir/fhirpath"
)

// ownNDJSON holds Caseway's own search parameters, in the form in which R4's
// are embedded: what belongs to a case, and an episode's team and phase.
//
//go:embed data/own.ndjson
var ownNDJSON string

var ownParameters = sync.OnceValue(func() []*definition.SearchParameter {
	var list []*definition.SearchParameter
	for line := range strings.Lines(ownNDJSON) {
		d := new(definition.SearchParameter)
		if err := json.Unmarshal([]byte(line), d); err != nil {
			panic(err) // the data is part of the program
		}
		list = append(list, d)
	}
	return list
})

// OwnParameters lists Caseway's own search parameters.
func OwnParameters() []*definition.SearchParameter { return slices.Clone(ownParameters()) }

// addCustom takes the custom parameters in, but for those with problems.
func (r *Registry) addCustom() []Problem {
	var problems []Problem
	for _, c := range r.custom {
		if element, text := r.unusable(c.Definition); text != "" {
			problems = append(problems, Problem{
				Definition: c.Definition, URL: c.Definition.URL, Element: element, Text: text, Inert: r.builtIn(c.Definition),
			})
			continue
		}
		r.byURL[c.Definition.URL] = c.Definition
		problems = append(problems, r.addToTypes(c)...)
	}
	return problems
}

// addToTypes takes a custom parameter in for all types that it is for.
func (r *Registry) addToTypes(c CustomParameter) (problems []Problem) {
	used := false
	for _, typ := range r.set.ResourceTypes() {
		if !slices.ContainsFunc(c.Definition.Base, func(base string) bool { return r.isA(typ, base) }) {
			continue
		}
		p := r.addTo(typ, c)
		used = used || p.Text != "" || r.customExpressions[customExpressionsKey{c.Definition, typ}].expression != ""
		if p.Text != "" {
			p.Definition, p.URL, p.Resource = c.Definition, c.Definition.URL, typ
			problems = append(problems, p)
		}
	}
	if !used {
		problems = append(problems, Problem{
			Definition: c.Definition, URL: c.Definition.URL, Element: "expression", Text: "the expression says nothing of the types in base",
		})
	}
	return problems
}

// builtIn reports whether a definition is one of FHIR's own, whose codes begin
// with _ where every resource has the parameter.
func (r *Registry) builtIn(d *definition.SearchParameter) bool {
	return strings.HasPrefix(d.Code, "_") || r.set.SearchParameter(d.URL) != nil
}

// isA reports whether a resource type is a base or specialises it.
func (r *Registry) isA(typ, base string) bool {
	for typ != "" && typ != base {
		t := r.set.Type(typ)
		if t == nil {
			return false
		}
		typ = t.Base
	}
	return typ == base
}

// unusable says why a definition can't be used for any type, and because of
// which element.
func (r *Registry) unusable(d *definition.SearchParameter) (element, text string) {
	switch {
	case strings.HasPrefix(d.Code, "_"):
		return "code", "codes that begin with _ are those of FHIR's own parameters; they stay, and this one has no effect"
	case !isCode(d.Code):
		return "code", "the code has letters, digits, - and _, and begins with a letter"
	case !slices.Contains(parameterTypes, d.Type):
		return "type", "the type isn't one of " + strings.Join(parameterTypes, ", ")
	case d.Expression == "":
		return "expression", "there is no expression"
	case d.Type == "composite" && len(d.Component) < 2:
		return "component", "a composite parameter needs at least two components"
	case len(d.Base) == 0:
		return "base", "there is no base"
	}
	for _, base := range d.Base {
		if t := r.set.Type(base); t == nil || !r.isA(base, "Resource") {
			return "base", "the base names no resource type"
		}
	}
	if _, err := fhirpath.Compile(d.Expression, fhirpath.Lenient()); err != nil {
		return "expression", "the expression can't be used: " + err.Error() // whatever the type
	}
	return "", ""
}

// parameterTypes are those that work; special ones have a meaning of their own
// each.
var parameterTypes = []string{"number", "date", "string", "token", "reference", "composite", "quantity", "uri"}

// isCode: what separates a parameter's name, modifier and chain in a URL, and
// its parts in a term, can't be in a code.
func isCode(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !isLetter(c) && (i == 0 || (c < '0' || c > '9') && c != '-' && c != '_') {
			return false
		}
	}
	return s != ""
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

// addTo takes a custom parameter in for a type, or says why not.
func (r *Registry) addTo(typ string, c CustomParameter) Problem {
	d := c.Definition
	same := func(other *definition.SearchParameter) bool { return other.Code == d.Code }
	if i := slices.IndexFunc(r.added[typ], func(a added) bool { return same(a.definition) }); i >= 0 {
		return Problem{Inert: true, Element: "code", Text: "another parameter with this code has been given before; it stays, and this one has no effect"}
	}
	if slices.ContainsFunc(r.set.SearchParameters(typ), same) && !r.prefer {
		return Problem{Inert: true, Element: "code", Text: "FHIR R4 has a parameter with this type and code; that one stays, and this one has no effect"}
	}
	u, problem := r.customExpressionsOf(typ, d)
	switch {
	case problem.Text != "" && !problem.Inert:
		return problem
	case u.expression == "" && slices.Contains(d.Base, typ):
		return Problem{Element: "expression", Text: "the expression says nothing of this type: none of its parts begins with it"}
	case u.expression == "":
		return Problem{} // a part of those that the base stands for
	}
	r.customExpressions[customExpressionsKey{d, typ}] = u
	p := r.newParameter(typ, d)
	if p.compile(); p.problem != nil {
		return Problem{Element: "expression", Text: "the expression can't be used: " + p.problem.Error()}
	}
	r.added[typ] = append(r.added[typ], added{definition: d, pending: c.Pending, progress: c.Progress})
	return problem
}
