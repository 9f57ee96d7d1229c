package mapping

import (
	"encoding/json"
	"strings"

	"caseway/fhir"
)

// Definition is a conformance resource that Caseway brings along.
type Definition struct {
	Key  fhir.Key
	URL  string // canonical
	JSON []byte
}

// Conformance lists the CodeSystems, ValueSets and StructureDefinitions of
// extensions that cases need, and the built-in model templates as
// PlanDefinitions, for the server to serve. Always the same ones in the same
// order.
func Conformance() []Definition {
	var all []Definition
	for _, s := range ourSystems() {
		all = append(all, s.codeSystem(), s.valueSet())
	}
	all = append(all, tagSystem())
	for _, row := range rowsOf("extension") {
		all = append(all, structureDefinition(row[0], strings.Split(row[1], ";"), row[2], row[3], row[4]))
	}
	return append(all, templates()...)
}

// definitionOf completes a conformance resource with what all of them have.
func definitionOf(typ, id string, resource map[string]any) Definition {
	url := fhir.CanonicalBase + "/" + typ + "/" + id
	resource["url"] = url
	resource["status"], resource["publisher"] = "active", "Caseway"
	if resource["name"] == nil {
		resource["name"] = nameOf(id)
	}
	text, err := json.Marshal(resource)
	if err != nil {
		panic(err)
	}
	head := []byte(`{"resourceType":"` + typ + `","id":"` + id + `",`)
	return Definition{fhir.Key{Type: typ, ID: id}, url, append(head, text[1:]...)}
}

// nameOf is an id as a name that programs can use: CasePhase for case-phase.
func nameOf(id string) string {
	var b strings.Builder
	for word := range strings.SplitSeq(id, "-") {
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return b.String()
}

func (s ourSystem) codeSystem() Definition {
	concepts := make([]map[string]any, len(s.codes))
	for i, c := range s.codes {
		concepts[i] = map[string]any{"code": c.code, "display": c.display}
		if c.definition != "" {
			concepts[i]["definition"] = c.definition
		}
	}
	return definitionOf("CodeSystem", s.name, map[string]any{
		"title": s.title, "description": s.title + ".", "caseSensitive": true, "content": "complete",
		"valueSet": fhir.CanonicalBase + "/ValueSet/" + s.name, "count": len(s.codes), "concept": concepts,
	})
}

func (s ourSystem) valueSet() Definition {
	return definitionOf("ValueSet", s.name, map[string]any{
		"title": s.title, "description": "All codes of the CodeSystem " + s.name + ".", "immutable": true,
		"compose": map[string]any{"include": []any{map[string]any{"system": systemOf(s.name)}}},
	})
}

// tagSystem is the system of the tags that mark what belongs to a case.
func tagSystem() Definition {
	return definitionOf("CodeSystem", "case", map[string]any{
		"title":         "Cases of this server",
		"description":   "The code is the logical id of the EpisodeOfCare of the case that a resource belongs to.",
		"caseSensitive": true, "content": "not-present",
	})
}

func structureDefinition(name string, contexts []string, typ, most, description string) Definition {
	var context []any
	for _, c := range contexts {
		context = append(context, map[string]any{"type": "element", "expression": c})
	}
	elements := append([]any{map[string]any{
		"id": "Extension", "path": "Extension", "short": description, "definition": description, "min": 0, "max": most,
	}}, extensionElements("Extension", "Extension", typ, extensionURL(name))...)
	return definitionOf("StructureDefinition", name, map[string]any{
		"description": description, "fhirVersion": "4.0.1", "kind": "complex-type", "abstract": false,
		"context": context, "type": "Extension",
		"baseDefinition": "http://hl7.org/fhir/StructureDefinition/Extension", "derivation": "constraint",
		"differential": map[string]any{"element": elements},
	})
}

// extensionElements defines the content of an extension: a value of one type
// (dateTime), or extensions within it (reason:string;to[name:string]).
func extensionElements(id, path, typ, url string) []any {
	simple := !strings.ContainsAny(typ, ":[")
	fixed := map[string]any{"id": id + ".url", "path": path + ".url", "fixedUri": url}
	none := map[string]any{"id": id + ".extension", "path": path + ".extension", "max": "0"}
	if simple {
		return []any{none, fixed, map[string]any{
			"id": id + ".value[x]", "path": path + ".value[x]", "min": 1, "type": []any{map[string]any{"code": typ}},
		}}
	}
	var all []any
	for _, part := range splitParts(typ) {
		name, inner := partOf(part)
		at := id + ".extension:" + name
		all = append(all, map[string]any{
			"id": at, "path": path + ".extension", "sliceName": name, "min": 0, "max": "1",
		})
		all = append(all, extensionElements(at, path+".extension", inner, name)...)
	}
	return append(all, fixed, map[string]any{"id": id + ".value[x]", "path": path + ".value[x]", "max": "0"})
}

// splitParts splits at the semicolons that stand outside of brackets.
func splitParts(typ string) []string {
	var parts []string
	depth, from := 0, 0
	for i := range len(typ) {
		switch typ[i] {
		case '[':
			depth++
		case ']':
			depth--
		case ';':
			if depth == 0 {
				parts, from = append(parts, typ[from:i]), i+1
			}
		}
	}
	return append(parts, typ[from:])
}

func partOf(part string) (name, typ string) {
	at := strings.IndexAny(part, ":[")
	if part[at] == '[' {
		return part[:at], part[at+1 : len(part)-1]
	}
	return part[:at], part[at+1:]
}
