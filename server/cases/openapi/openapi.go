package openapi

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"

	"caseway/mapping/casemodel"
	"caseway/server/cases"
	"caseway/server/cases/form"
	"caseway/server/cases/problem"
)

// Document is the description of the case API (OpenAPI 3.1), made when it is
// first asked for, of the table of actions and casemodel's types.
func Document() []byte { return openAPI() }

var openAPI = sync.OnceValue(func() []byte {
	text, err := json.Marshal(description())
	if err != nil {
		panic(err) // it is made of the program's own types
	}
	return text
})

func description() object {
	s := &schemas{components: object{}}
	paths := object{
		"/cases":              object{"get": listOperation(s), "post": createOperation(s)},
		"/cases/{id}":         object{"parameters": []object{idParameter()}, "get": readOperation(s)},
		"/cases/openapi.json": object{"get": selfOperation()},
	}
	for i := range cases.ActionDefinitions {
		a := &cases.ActionDefinitions[i]
		paths["/cases/{id}/actions/"+string(a.Name)] = object{
			"parameters": []object{idParameter()}, "post": actionOperation(s, a),
		}
	}
	describeEdits(s, paths)
	layOut(paths)
	describeFiles(s, paths)
	s.demand(reflect.TypeFor[cases.View](), "case", "overdue", "actions")
	s.demand(reflect.TypeFor[cases.Overview](), "case", "overdue", "actions", "due", "parts")
	s.demand(reflect.TypeFor[cases.Parts](), "count", "url")
	s.demand(reflect.TypeFor[cases.Page](), "cases")
	s.demand(reflect.TypeFor[cases.Row](), "id", "adopted", "phase", "overdue")
	s.demand(reflect.TypeFor[problem.Problem](), "type", "title", "status")
	s.demand(reflect.TypeFor[problem.Fault](), "detail")
	return object{
		"openapi": "3.1.0",
		"info": object{
			"title": "Caseway cases", "version": "1",
			"description": "Cases in the language of case managers, kept as FHIR R4 resources. Each action is one transaction. " +
				"Errors are problems of RFC 9457; those with status 422 name the rules that stand against an action.",
			"license": object{"name": "Apache-2.0", "identifier": "Apache-2.0"},
		},
		"servers":  []object{{"url": "/"}},
		"tags":     []object{{"name": "cases", "description": "Cases and the actions on them."}},
		"security": []object{{"bearer": []string{}}, {}},
		"paths":    paths,
		"components": object{
			"schemas":         s.components,
			"securitySchemes": object{"bearer": object{"type": "http", "scheme": "bearer"}},
			"responses": object{"problem": object{
				"description": "What is wrong.",
				"content":     object{"application/problem+json": object{"schema": s.component(reflect.TypeFor[problem.Problem]())}},
			}},
		},
	}
}

// layOut lets each operation take the parameter by which its answer is laid out.
func layOut(paths object) {
	pretty := query("pretty", "Lay the answer out for people.", object{"type": "string", "enum": []string{"true", "false"}})
	for _, path := range paths {
		for method, op := range path.(object) {
			if method == "parameters" {
				continue
			}
			given, _ := op.(object)["parameters"].([]object)
			op.(object)["parameters"] = append(slices.Clip(given), pretty)
		}
	}
}

func idParameter() object {
	return object{
		"name": "id", "in": "path", "required": true, "description": "Id of the case and of its EpisodeOfCare.",
		"schema": object{"type": "string", "pattern": `^[A-Za-z0-9.\-]{1,64}$`},
	}
}

func headerParameter(name, text string) object {
	return object{"name": name, "in": "header", "required": false, "description": text, "schema": object{"type": "string"}}
}

// problems are the answers that everything may give.
func problems(responses object, statuses ...string) object {
	for _, status := range append([]string{"400", "401", "403", "404", "default"}, statuses...) {
		responses[status] = object{"$ref": "#/components/responses/problem"}
	}
	return responses
}

func answered(s *schemas, text string, t reflect.Type, headers ...string) object {
	r := object{"description": text, "content": object{"application/json": object{"schema": s.of(t)}}}
	if len(headers) > 0 {
		all := object{}
		for _, name := range headers {
			all[name] = object{"schema": object{"type": "string"}}
		}
		r["headers"] = all
	}
	return r
}

func listOperation(s *schemas) object {
	parameters := []object{
		query("overdue", "Only cases with something overdue.", object{"type": "string", "enum": []string{"true"}}),
		query("count", "How many cases a page has.", object{"type": "integer", "minimum": 1, "maximum": cases.MaxCount}),
		query("cursor", "From the next of a page.", object{"type": "string"}),
	}
	return object{
		"operationId": "list-cases", "tags": []string{"cases"}, "summary": "List cases.",
		"description": "What the EpisodeOfCare of each case says. A page may have fewer cases than were asked for.",
		"parameters":  append(parameters, filterParameters()...),
		"responses":   problems(object{"200": answered(s, "A page of cases.", reflect.TypeFor[cases.Page]())}),
	}
}

func query(name, text string, schema object) object {
	return object{"name": name, "in": "query", "required": false, "description": text, "schema": schema}
}

func readOperation(s *schemas) object {
	shown := answered(s, "The case.", reflect.TypeFor[cases.View](), "ETag")
	shown["content"] = object{"application/json": object{"schema": object{
		"oneOf": []object{s.of(reflect.TypeFor[cases.Overview]()), s.of(reflect.TypeFor[cases.View]())},
	}}}
	return object{
		"operationId": "read-case", "tags": []string{"cases"}, "summary": "Show a case.",
		"description": "As far as the caller may see it: in short, or whole.",
		"parameters": []object{
			query("view", "summary, which is the default, or whole: with all lists of parts.", object{"type": "string", "enum": []string{cases.ViewSummary, cases.ViewWhole}}),
			headerParameter("If-None-Match", "The ETag of the case that is known already."),
		},
		"responses": problems(object{"200": shown, "304": object{"description": "The case hasn't changed."}}),
	}
}

func selfOperation() object {
	return object{
		"operationId": "describe-cases", "tags": []string{"cases"}, "summary": "This description.", "description": "It needs no login.",
		"security": []object{{}},
		"responses": object{
			"200":     object{"description": "OpenAPI 3.1.", "content": object{"application/json": object{"schema": object{"type": "object"}}}},
			"default": object{"$ref": "#/components/responses/problem"},
		},
	}
}

// body is the schema of a request: that of t with the argument that an action takes.
func body(s *schemas, t reflect.Type, argument reflect.Type, taught lesson, more object, required ...string) object {
	properties := object{}
	for _, f := range form.Fields(t) {
		if f.Name != "argument" {
			properties[f.Name] = s.member(t.Name(), f)
		}
	}
	for name, schema := range more {
		properties[name] = described(schema.(object), t.Name(), name)
	}
	if argument != nil {
		of := described(s.of(argument), t.Name(), "argument")
		if len(taught.Requires) > 0 {
			of["required"], required = taught.Requires, append(slices.Clip(required), "argument")
		}
		properties["argument"] = of
	}
	schema := object{"type": "object", "additionalProperties": false, "properties": properties}
	if len(required) > 0 {
		schema["required"] = required
	}
	return schema
}

// described is a schema that says what a member of a type holds.
func described(schema object, owner, member string) object {
	schema = maps.Clone(schema)
	schema["description"] = memberText(owner, member)
	return schema
}

// content is a JSON body, with an example of each kind of it.
func content(schema object, examples ...object) object {
	as := object{"schema": schema}
	if len(examples) > 0 {
		as["examples"] = named(examples)
	}
	return object{"required": true, "content": object{"application/json": as}}
}

// named gives examples by their names.
func named(examples []object) object {
	all := object{}
	for _, e := range examples {
		name := e["name"].(string)
		delete(e, "name")
		all[name] = e
	}
	return all
}

func createOperation(s *schemas) object {
	var either, examples []object
	for i := range cases.ActionDefinitions {
		if slices.Contains(cases.BeginningActions, cases.ActionDefinitions[i].Name) {
			taught := lessonOfBeginning(cases.ActionDefinitions[i].Name)
			examples = append(examples, object{"name": string(cases.ActionDefinitions[i].Name), "summary": cases.ActionDefinitions[i].Text, "value": taught.Body})
			either = append(either, body(s, reflect.TypeFor[cases.NewCase](), cases.ActionDefinitions[i].Argument, taught,
				object{
					"action": object{"const": string(cases.ActionDefinitions[i].Name)}, "bring": array(pattern(`^[A-Z][A-Za-z]*/[A-Za-z0-9.\-]{1,64}$`)),
					"client": pattern(`^Patient/[A-Za-z0-9.\-]{1,64}$`),
				}, "action", "client"))
		}
	}
	return object{
		"operationId": "create-case", "tags": []string{"cases"}, "summary": "Make a case.",
		"description": "By a referral, or by opening it at once.", "requestBody": content(object{"oneOf": either}, examples...),
		"responses": problems(object{"201": answered(s, "The new case.", reflect.TypeFor[cases.View](), "ETag", "Location")}, "409", "412", "413", "415", "422"),
	}
}

func pattern(p string) object { return object{"type": "string", "pattern": p} }

func array(items object) object { return object{"type": "array", "items": items} }

func actionOperation(s *schemas, a *cases.ActionDefinition) object {
	taught := lessonOf(a.Name)
	return object{
		"operationId": string(a.Name), "tags": []string{"cases"}, "summary": a.Text,
		"description": actionText(a.Name),
		"parameters":  []object{headerParameter("If-Match", "The ETag of the case as it was seen; another state refuses the action.")},
		"requestBody": content(body(s, reflect.TypeFor[cases.ActionRequest](), a.Argument, taught, nil),
			object{"name": string(a.Name), "summary": a.Text, "value": taught.Body}),
		"responses": problems(object{"200": answered(s, "The case after the action.", reflect.TypeFor[cases.View](), "ETag")},
			"409", "412", "413", "415", "422"),
	}
}

// actionText says what an action needs: phases, roles and a reason, and by which
// rules it is refused.
func actionText(name casemodel.Action) string {
	var phases, needs []string
	reason := false
	for _, step := range casemodel.PhaseSteps() {
		if step.Action != name {
			continue
		}
		reason = reason || step.Reason
		for _, p := range step.From {
			if p == "" {
				p = "none, as POST /cases"
			}
			phases = append(phases, string(p))
		}
		needs = append(needs, step.Needs...)
	}
	slices.Sort(needs)
	text := "Phases: " + strings.Join(phases, ", ") + ".\n\nRoles: " + form.Joined(rolesOf(name)) + "."
	if reason {
		text += "\n\nThe reason is needed."
	}
	for i, name := range slices.Compact(needs) {
		if i == 0 {
			text += "\n\nIt is refused by these rules, among others:\n"
		}
		text += "\n- `" + name + "`: " + ruleText(name)
	}
	return text
}

func ruleText(name string) string {
	for _, r := range casemodel.Rules() {
		if r.Name == name {
			return r.Text
		}
	}
	return ""
}

// rolesOf are the roles that may take an action.
func rolesOf(name casemodel.Action) []casemodel.Role {
	var all []casemodel.Role
	for _, step := range casemodel.PhaseSteps() {
		for _, r := range step.Roles {
			if step.Action == name && !slices.Contains(all, r) {
				all = append(all, r)
			}
		}
	}
	return all
}

type object = map[string]any
