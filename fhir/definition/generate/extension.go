package main

import "strconv"

// extensionDefinition is an extension's StructureDefinition, as far as it is used:
// its snapshot follows from the differential.
type extensionDefinition struct {
	URL      value              `xml:"url"`
	Version  value              `xml:"version"`
	Name     value              `xml:"name"`
	Kind     value              `xml:"kind"`
	Type     value              `xml:"type"`
	Contexts []extensionContext `xml:"context"`
	Elements []extensionElement `xml:"differential>element"`
}

type extensionContext struct {
	Type       value `xml:"type"`
	Expression value `xml:"expression"`
}

type extensionElement struct {
	ID          string                 `xml:"id,attr"`
	Path        value                  `xml:"path"`
	SliceName   value                  `xml:"sliceName"`
	Min         value                  `xml:"min"`
	Max         value                  `xml:"max"`
	Types       []extensionType        `xml:"type"`
	FixedURI    value                  `xml:"fixedUri"`
	Constraints []constraintDefinition `xml:"constraint"`
	IsModifier  value                  `xml:"isModifier"`
	Strength    value                  `xml:"binding>strength"`
	ValueSet    value                  `xml:"binding>valueSet"`
}

type extensionType struct {
	Code     value   `xml:"code"`
	Profiles []value `xml:"profile"`
	Targets  []value `xml:"targetProfile"`
}

// object is a JSON object.
type object = map[string]any

// extensionLines gives the definitions of extensions as StructureDefinitions
// without prose, by URL.
func extensionLines(d *definitions) []any {
	byURL := map[string]object{}
	for _, x := range d.extensions {
		byURL[x.URL.V] = x.line()
	}
	return sorted(byURL)
}

func (x *extensionDefinition) line() object {
	elements := make([]object, len(x.Elements))
	for i := range x.Elements {
		elements[i] = x.Elements[i].line()
	}
	line := object{
		"resourceType": "StructureDefinition", "url": x.URL.V, "version": x.Version.V, "name": x.Name.V, "kind": x.Kind.V, "type": x.Type.V,
		"baseDefinition": "http://hl7.org/fhir/StructureDefinition/Extension", "derivation": "constraint",
		"differential": object{"element": elements},
	}
	var contexts []object
	for _, c := range x.Contexts {
		contexts = append(contexts, object{"type": c.Type.V, "expression": c.Expression.V})
	}
	if contexts != nil {
		line["context"] = contexts
	}
	return line
}

func (e *extensionElement) line() object {
	o := object{"id": e.ID, "path": e.Path.V}
	for name, v := range map[string]value{"sliceName": e.SliceName, "max": e.Max, "fixedUri": e.FixedURI} {
		if v.V != "" {
			o[name] = v.V
		}
	}
	if n, err := strconv.Atoi(e.Min.V); err == nil {
		o["min"] = n
	}
	if e.IsModifier.set() {
		o["isModifier"] = true
	}
	if e.Strength.V == "required" {
		o["binding"] = object{"strength": e.Strength.V, "valueSet": e.ValueSet.V}
	}
	var types, constraints []object
	for _, t := range e.Types {
		types = append(types, t.line())
	}
	if types != nil {
		o["type"] = types
	}
	for _, c := range e.Constraints {
		constraints = append(constraints, object{"key": c.Key.V, "severity": c.Severity.V, "human": c.Human.V, "expression": c.Expression.V})
	}
	if constraints != nil {
		o["constraint"] = constraints
	}
	return o
}

func (t *extensionType) line() object {
	o := object{"code": t.Code.V}
	for name, list := range map[string][]value{"profile": t.Profiles, "targetProfile": t.Targets} {
		var urls []string
		for _, v := range list {
			urls = append(urls, v.V)
		}
		if urls != nil {
			o[name] = urls
		}
	}
	return o
}
