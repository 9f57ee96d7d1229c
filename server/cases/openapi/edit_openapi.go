package openapi

import (
	"reflect"
	"slices"
	"strings"

	"caseway/mapping/casemodel"
	"caseway/server/cases"
	"caseway/server/cases/form"
)

// describeEdits adds to the paths those of the parts of cases, and those that
// change cases by hand.
func describeEdits(s *schemas, paths object) {
	s.components["JSONPatch"] = jsonPatchSchema()
	whole := reflect.TypeFor[casemodel.Case]()
	item(paths, "/cases/{id}")["put"] = editOperation(s, "replace-case", "Change a case: all of it as it should be.",
		"What is left out is taken away, but for lists of parts and what edits leave alone; these stay. "+fixedText(casemodel.KindCase), jsonBody(s.of(whole)))
	item(paths, "/cases/{id}")["patch"] = editOperation(s, "change-case", "Change a case by a patch.",
		"A JSON Patch that removes a part has it marked, as DELETE of its URL does; no other way of leaving a part out removes it. "+
			fixedText(casemodel.KindCase), patchBody(s, whole))
	for _, method := range []string{"put", "patch"} {
		op := item(paths, "/cases/{id}")[method].(object)
		op["parameters"] = append(op["parameters"].([]object), query("view", "What the body is of, or the patch is for: a summary, which lacks "+
			"the plans that are over, or the whole case.", object{"type": "string", "enum": []string{cases.ViewSummary, cases.ViewWhole}}))
	}
	for i := range cases.PartLists {
		describeList(s, paths, &cases.PartLists[i])
	}
}

// item gives the operations of a path of one case.
func item(paths object, path string) object {
	if paths[path] == nil {
		paths[path] = object{"parameters": []object{idParameter()}}
	}
	return paths[path].(object)
}

func describeList(s *schemas, paths object, l *cases.PartList) {
	row := casemodel.EditingOf(l.Kind)
	kind := string(l.Kind)
	item(paths, "/cases/{id}/"+l.Name)["get"] = pageOperation(s, l)
	if row.Adds {
		op := editOperation(s, "add-"+l.Name, "Add to "+l.Name+" of a case.", "The server gives the new "+kind+" its id.", jsonBody(s.of(l.Part)))
		op["parameters"] = append(whoParameters(), headerParameter("If-Match", "The ETag of the case; another state refuses it."))
		responses := op["responses"].(object)
		responses["201"] = answered(s, "The case with the new "+kind+".", reflect.TypeFor[cases.View](), "ETag", "Location", "Content-Location")
		delete(responses, "200")
		item(paths, "/cases/{id}/"+l.Name)["post"] = op
	}
	for _, typ := range l.Types {
		name := l.Name
		if len(l.Types) > 1 {
			name += "-" + strings.ToLower(typ)
		}
		at := item(paths, "/cases/{id}/"+l.Name+"/"+typ+"/{part}")
		at["parameters"] = []object{idParameter(), partParameter(typ)}
		at["get"] = object{
			"operationId": "read-" + name, "tags": []string{"cases"}, "summary": "Show one of " + l.Name + ".",
			"description": "As far as the caller may see it.",
			"parameters":  []object{headerParameter("If-None-Match", "The ETag of the part that is known already.")},
			"responses": problems(object{
				"200": answered(s, "The "+kind+".", l.Part, "ETag"), "304": object{"description": "It hasn't changed."},
			}),
		}
		if len(l.Methods(true)) == 0 {
			continue
		}
		at["put"] = editOperation(s, "replace-"+name, "Change one of "+l.Name+": all of it as it should be.", fixedText(l.Kind), jsonBody(s.of(l.Part)))
		at["patch"] = editOperation(s, "change-"+name, "Change one of "+l.Name+" by a patch.", fixedText(l.Kind), patchBody(s, l.Part))
		at["delete"] = removeOperation(s, name, l.Name, row.Removal)
	}
}

// pageOperation shows a list of parts by pages.
func pageOperation(s *schemas, l *cases.PartList) object {
	page := object{
		"type": "object", "additionalProperties": false, "required": []string{"parts", "total"},
		"properties": object{
			"parts": described(array(s.of(l.Part)), "PartPage", "parts"),
			"total": described(object{"type": "integer", "minimum": 0}, "PartPage", "total"),
			"next":  described(object{"type": "string"}, "PartPage", "next"),
		},
	}
	shown := answered(s, "A page of "+l.Name+".", l.Part, "ETag")
	shown["content"] = object{"application/json": object{"schema": page}}
	return object{
		"operationId": "list-" + l.Name, "tags": []string{"cases"}, "summary": "Show " + l.Name + " of a case.",
		"description": "As far as the caller may see them, whole. The ETag is that of the case.",
		"parameters": []object{
			query("count", "How many a page has.", object{"type": "integer", "minimum": 1, "maximum": cases.MaxCount}),
			query("cursor", "From the next of a page.", object{"type": "string"}),
			headerParameter("If-None-Match", "The ETag of the case that is known already."),
		},
		"responses": problems(object{"200": shown, "304": object{"description": "The case hasn't changed."}}),
	}
}

func partParameter(typ string) object {
	return object{
		"name": "part", "in": "path", "required": true, "description": "Id of the part, without " + typ + "/.",
		"schema": object{"type": "string", "pattern": `^[A-Za-z0-9.\-]{1,64}$`},
	}
}

// whoParameters say who edits and why, for which a case has no place.
func whoParameters() []object {
	return []object{
		query("role", "In which role the case is edited: one of the caller's. Without a login it is needed.",
			object{"type": "string", "enum": casemodel.Roles()}),
		query("by", "Who edits, for use without a login only.", pattern(`^[A-Z][A-Za-z]*/[A-Za-z0-9.\-]{1,64}$`)),
		query("reason", "Why; it is kept as Provenance.reason.", object{"type": "string"}),
	}
}

func editOperation(s *schemas, id, summary, description string, body object) object {
	match := headerParameter("If-Match", "The ETag of the case, or of the part, as it was read; another state refuses the edit.")
	match["required"] = true
	return object{
		"operationId": id, "tags": []string{"cases"}, "summary": summary, "description": description,
		"parameters": append(whoParameters(), match), "requestBody": body,
		"responses": problems(object{"200": answered(s, "The case after the edit.", reflect.TypeFor[cases.View](), "ETag", "Content-Location")},
			"409", "412", "413", "415", "422", "428"),
	}
}

func removeOperation(s *schemas, name, list, removal string) object {
	op := editOperation(s, "remove-"+name, "Remove one of "+list+".", "Nothing is taken out of a case: it is "+removal+". The reason is needed.", nil)
	delete(op, "requestBody")
	for _, p := range op["parameters"].([]object) {
		if p["name"] == "reason" {
			p["required"] = true
			p["schema"] = object{"type": "string", "minLength": 1, "pattern": `\S`}
		}
	}
	return op
}

func jsonBody(schema object) object { return content(schema) }

// patchBody takes a merge patch of a type, or a JSON Patch.
func patchBody(s *schemas, t reflect.Type) object {
	properties := object{}
	for _, f := range form.Fields(t) {
		properties[f.Name] = described(object{"anyOf": []object{s.of(f.Type), {"type": "null"}}}, componentName(t), f.Name)
	}
	return object{"required": true, "content": object{
		cases.MergePatch: object{"schema": object{"type": "object", "additionalProperties": false, "properties": properties}},
		cases.JSONPatch:  object{"schema": refTo("JSONPatch")},
	}}
}

func jsonPatchSchema() object {
	pointer := object{"type": "string", "pattern": `^(/([^/~]|~[01])*)*$`}
	op := func(names []string, more ...string) object {
		properties := object{
			"op":   object{"enum": names, "description": "What is done."},
			"path": described(pointer, "Operation", "path"),
		}
		required := append([]string{"op", "path"}, more...)
		for _, m := range more {
			schema := object{}
			if m == "from" {
				schema = pointer
			}
			properties[m] = described(schema, "Operation", m)
		}
		return object{"type": "object", "required": required, "properties": properties}
	}
	return object{
		"type": "array", "maxItems": 1000,
		"items": object{"oneOf": []object{
			op([]string{"add", "replace", "test"}, "value"), op([]string{"remove"}), op([]string{"move", "copy"}, "from"),
		}},
	}
}

// fixedText tells what edits leave alone in a kind, and which actions change it.
func fixedText(kind casemodel.Kind) string {
	var words []string
	for _, f := range casemodel.EditingOf(kind).Fixed {
		name := f.Member
		if name == "" {
			continue
		}
		switch {
		case len(f.Actions) > 0:
			all := make([]string, len(f.Actions))
			for i, a := range f.Actions {
				all[i] = string(a)
			}
			name += " (" + strings.Join(all, ", ") + ")"
		case f.Elsewhere != "":
			name += " (" + f.Elsewhere + ")"
		}
		if !slices.Contains(words, name) {
			words = append(words, name)
		}
	}
	if len(words) == 0 {
		return "All of it can be changed."
	}
	return "Edits leave alone, and in brackets what changes it: " + strings.Join(words, ", ") + "."
}
