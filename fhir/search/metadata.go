package search

import (
	"slices"
	"strings"
)

// TypeMetadata is what a CapabilityStatement says of searching for resources
// of a type: exactly what works.
type TypeMetadata struct {
	Parameters  []ParameterMetadata // by code
	Includes    []string            // values of _include, in byte order
	RevIncludes []string            // values of _revinclude, in byte order
}

// ParameterMetadata is CapabilityStatement.rest.resource.searchParam.
type ParameterMetadata struct {
	Code          string
	Type          string
	Definition    string // canonical; "" where FHIR defines none
	Documentation string // modifiers and prefixes
}

// MetadataFor tells what works for a type. Expressions are compiled for it.
func (r *Registry) MetadataFor(typ string) TypeMetadata {
	m := TypeMetadata{Includes: []string{"*"}, RevIncludes: []string{"*"}}
	for _, p := range r.Parameters(typ) {
		if !p.works() {
			continue
		}
		m.Parameters = append(m.Parameters, ParameterMetadata{p.Code, p.Type, p.URL, p.documentation()})
		if p.Type == "reference" {
			m.Includes = append(m.Includes, typ+":"+p.Code)
		}
	}
	if len(m.Includes) > 1 {
		m.Includes = append(m.Includes, typ+":*")
	}
	for _, from := range r.set.ResourceTypes() {
		for _, p := range r.Parameters(from) {
			if p.Type == "reference" && p.works() && slices.Contains(p.Targets(), typ) {
				m.RevIncludes = append(m.RevIncludes, from+":"+p.Code)
			}
		}
	}
	slices.Sort(m.Includes)
	slices.Sort(m.RevIncludes)
	return m
}

// SystemMetadata lists the parameters that work for resources of all types,
// those among them that no SearchParameter defines.
func (r *Registry) SystemMetadata() []ParameterMetadata {
	list := []ParameterMetadata{
		{"_filter", "special", "http://hl7.org/fhir/SearchParameter/filter", "Operations: " + strings.TrimSpace(filterOperations) + ". Chains and filters in brackets work."},
		{"_has", "string", "", "_has:[type]:[reference]:[parameter], nested and with chains up to 10 deep."},
		{"_list", "string", "", "Logical id of a List."},
		{"_type", "token", "", "Resource types, where a search is of several."},
	}
	for _, p := range r.Parameters("Basic") {
		if p.works() && slices.Equal(p.Definition.Base, []string{"Resource"}) {
			list = append(list, ParameterMetadata{p.Code, p.Type, p.URL, p.documentation()})
		}
	}
	slices.SortFunc(list, func(a, b ParameterMetadata) int { return strings.Compare(a.Code, b.Code) })
	return list
}

// works reports whether a request may use the parameter.
func (p *Parameter) works() bool { return (&conditioner{p: p}).usable() == nil }

// documentation says which modifiers and prefixes a parameter takes.
func (p *Parameter) documentation() string {
	var parts []string
	if m := p.workingModifiers(); len(m) > 0 {
		parts = append(parts, "Modifiers: :"+strings.Join(m, ", :")+".")
	}
	switch p.Type {
	case "number", "date", "quantity":
		parts = append(parts, "Prefixes: "+strings.Join(prefixes, ", ")+".")
	case "composite":
		parts = append(parts, "Values of its components, joined by $.")
	}
	return strings.Join(parts, " ")
}

// workingModifiers are those of Modifiers that the parameter's elements allow.
func (p *Parameter) workingModifiers() []string {
	if p.Code == fieldID {
		return []string{"missing", "not"}
	}
	c := &conditioner{p: p}
	var working []string
	for _, m := range p.Modifiers() {
		switch {
		case m == "of-type" && p.shape.known && !p.shape.has("Identifier"),
			p.Type == "reference" && c.canonicals() && m != "missing" && m != "below":
			continue
		}
		working = append(working, m)
	}
	if p.Type != "reference" || c.canonicals() {
		return working
	}
	if n := len(p.certainTargets()); n == 0 || n == len(p.registry.set.ResourceTypes()) {
		return append(working, "[type]")
	}
	return append(working, p.certainTargets()...)
}
