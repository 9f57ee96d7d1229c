package main

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

type structureDefinition struct {
	Kind           value               `xml:"kind"`
	Abstract       value               `xml:"abstract"`
	Type           value               `xml:"type"`
	BaseDefinition value               `xml:"baseDefinition"`
	Derivation     value               `xml:"derivation"`
	Elements       []elementDefinition `xml:"snapshot>element"`
}

// wanted leaves out profiles and logical models: neither is a type.
func (s *structureDefinition) wanted() bool {
	return s.Derivation.V != "constraint" && s.Kind.V != "logical"
}

type elementDefinition struct {
	Path             value                  `xml:"path"`
	Min              value                  `xml:"min"`
	Max              value                  `xml:"max"`
	BaseMax          value                  `xml:"base>max"`
	ContentReference value                  `xml:"contentReference"`
	Types            []elementType          `xml:"type"`
	Constraints      []constraintDefinition `xml:"constraint"`
	IsSummary        value                  `xml:"isSummary"`
	Strength         value                  `xml:"binding>strength"`
	ValueSet         value                  `xml:"binding>valueSet"`
}

type elementType struct {
	Code       value       `xml:"code"`
	Targets    []value     `xml:"targetProfile"`
	Profiles   []value     `xml:"profile"`
	Extensions []extension `xml:"extension"`
}

type extension struct {
	URL         string `xml:"url,attr"`
	ValueURL    value  `xml:"valueUrl"`
	ValueString value  `xml:"valueString"`
}

type constraintDefinition struct {
	Key        value `xml:"key"`
	Severity   value `xml:"severity"`
	Human      value `xml:"human"`
	Expression value `xml:"expression"`
}

// The extensions of ElementDefinition.type that say what FHIRPath's System
// types are in FHIR.
const (
	fhirTypeExtension = "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type"
	regexExtension    = "http://hl7.org/fhir/StructureDefinition/regex"
	systemTypes       = "http://hl7.org/fhirpath/System."
)

func (t *elementType) attribute() bool { return strings.HasPrefix(t.Code.V, systemTypes) }

func (t *elementType) extension(url string) extension {
	for _, e := range t.Extensions {
		if e.URL == url {
			return e
		}
	}
	return extension{}
}

// name is the type's, with the types that it may refer to or the profile that
// it has: "Reference(Group|Patient)", "Quantity(SimpleQuantity)". xhtml.id, an attribute, says no type: all other
// ids of elements are strings.
func (t *elementType) name() string {
	if t.attribute() {
		return cmp.Or(t.extension(fhirTypeExtension).ValueURL.V, "string")
	}
	within := t.Targets
	if len(within) == 0 {
		within = t.Profiles
	}
	if len(within) == 0 {
		return t.Code.V
	}
	targets := make([]string, len(within))
	for i, target := range within {
		targets[i] = target.tail()
	}
	return t.Code.V + "(" + strings.Join(targets, "|") + ")"
}

type typeLine struct {
	Name     string `json:"name"`
	Base     string `json:"base,omitempty"`
	Abstract bool   `json:"abstract,omitempty"`
	Regex    string `json:"regex,omitempty"`
}

type elementLine struct {
	Path      string   `json:"path"`
	Min       int      `json:"min,omitempty"`
	Max       string   `json:"max"`
	BaseMax   string   `json:"baseMax,omitempty"` // where it isn't max
	Types     []string `json:"types,omitempty"`
	Content   string   `json:"content,omitempty"` // the path that contentReference names
	Attribute bool     `json:"attribute,omitempty"`
	Summary   bool     `json:"summary,omitempty"`
	Required  string   `json:"required,omitempty"` // value set of a required binding, without version
	Rules     []string `json:"rules,omitempty"`    // keys of constraints
}

type constraintLine struct {
	Key        string `json:"key"`
	Severity   string `json:"severity"`
	Human      string `json:"human"`
	Expression string `json:"expression,omitempty"`
}

// structureLines gives a type's file. A primitive's value isn't an element of
// the file: its rule stands in the first line.
func structureLines(s *structureDefinition) []any {
	first := &typeLine{Name: s.Type.V, Base: s.BaseDefinition.tail(), Abstract: s.Abstract.set()}
	lines := []any{first}
	for i := range s.Elements {
		e := &s.Elements[i]
		if s.Kind.V == "primitive-type" && e.Path.V == s.Type.V+".value" {
			first.Regex = e.Types[0].extension(regexExtension).ValueString.V
			continue
		}
		lines = append(lines, e.line())
	}
	return append(lines, s.constraints()...)
}

func (e *elementDefinition) line() elementLine {
	l := elementLine{
		Path:    e.Path.V,
		Max:     e.Max.V,
		Content: strings.TrimPrefix(e.ContentReference.V, "#"),
		Summary: e.IsSummary.set(),
	}
	l.Min, _ = strconv.Atoi(e.Min.V)
	if e.BaseMax.V != e.Max.V {
		l.BaseMax = e.BaseMax.V
	}
	for i := range e.Types {
		l.Attribute = l.Attribute || e.Types[i].attribute()
		l.Types = append(l.Types, e.Types[i].name())
	}
	if e.Strength.V == "required" {
		l.Required, _, _ = strings.Cut(e.ValueSet.V, "|")
	}
	for _, c := range e.Constraints {
		l.Rules = append(l.Rules, c.Key.V)
	}
	return l
}

// constraints gives each of a type's constraints once, by key; within a type a
// key always means the same.
func (s *structureDefinition) constraints() []any {
	byKey := map[string]constraintLine{}
	for i := range s.Elements {
		for _, c := range s.Elements[i].Constraints {
			byKey[c.Key.V] = constraintLine{c.Key.V, c.Severity.V, c.Human.V, c.Expression.V}
		}
	}
	return sorted(byKey)
}

// sorted gives a map's values in the order of their keys.
func sorted[V any](m map[string]V) []any {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	values := make([]any, len(keys))
	for i, k := range keys {
		values[i] = m[k]
	}
	return values
}
