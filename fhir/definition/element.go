package definition

import "strings"

// Element is one ElementDefinition of a base definition's snapshot, as far as
// rules need it.
type Element struct {
	Path    string // "Observation.value[x]"
	Min     int
	Max     string // "1", "*"
	BaseMax string // "" where it is Max
	Types   []ElementType
	// Content is the path of the element whose content this one has too,
	// "" for most.
	Content string
	// Required is the canonical URL of the required binding's value set.
	Required    string
	Constraints []Constraint
}

// ElementType is a type that an element may have.
type ElementType struct {
	Code    string   // "Reference"
	Targets []string // the types that a Reference or canonical may lead to; nil: any
	Profile string   // the one that narrows the type: "SimpleQuantity"; "" for most
}

// Elements gives the snapshot of a resource type or data type, its root first;
// nil for a name that is none. Each call reads the definition anew.
func (s *Set) Elements(typeName string) []Element {
	t := s.structures[typeName]
	if t == nil {
		return nil
	}
	_, lines := t.lines()
	byKey := t.constraints()
	elements := make([]Element, len(lines))
	for i := range lines {
		elements[i] = lines[i].element(byKey)
	}
	return elements
}

func (l *elementLine) element(byKey map[string]Constraint) Element {
	e := Element{
		Path: l.Path, Min: l.Min, Max: l.Max, BaseMax: l.BaseMax, Content: l.Content, Required: l.Required,
	}
	for _, text := range l.Types {
		e.Types = append(e.Types, readElementType(text))
	}
	for _, key := range l.Rules {
		c := byKey[key]
		c.Path = l.Path
		e.Constraints = append(e.Constraints, c)
	}
	return e
}

// readElementType reads "Reference(Patient|Group)" and "Quantity(SimpleQuantity)". Resource stands for any type.
func readElementType(text string) ElementType {
	code, rest, narrowed := strings.Cut(text, "(")
	if !narrowed {
		return ElementType{Code: code}
	}
	if code != "Reference" && code != "canonical" {
		return ElementType{Code: code, Profile: strings.TrimSuffix(rest, ")")}
	}
	targets := strings.Split(strings.TrimSuffix(rest, ")"), "|")
	for _, target := range targets {
		if target == "Resource" {
			return ElementType{Code: code}
		}
	}
	return ElementType{Code: code, Targets: targets}
}
