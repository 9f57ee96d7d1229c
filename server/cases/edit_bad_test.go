package cases_test

import (
	"net/http"
	"strings"
	"testing"

	"caseway/mapping/casemodel"
)

// TestBadEdits are refused with the rule and the place, and change nothing.
func TestBadEdits(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		k := a.stocked()
		goal, task := "/goals/"+string(k.c.Goals[0].ID), "/tasks/"+string(k.c.Tasks[0].ID)
		for _, row := range []struct {
			name, method, path, mediaType, body string
			status                              int
			rule, pointer                       string
		}{
			{"no JSON", "PUT", "", asJSON, `{`, 400, "", ""},
			{"a list", "PUT", "", asJSON, `[]`, 400, "", ""},
			{"null", "PUT", "", asJSON, `null`, 400, "", ""},
			{"the whole answer", "PUT", "", asJSON, `{"case":{}}`, 400, "", "/case"},
			{"another id", "PUT", "", asJSON, `{"id":"other"}`, 400, "", "/id"},
			{"an unknown member", "PATCH", "", asMerge, `{"colour":"red"}`, 400, "", "/colour"},
			{"an unknown member below", "PATCH", "", asMerge, `{"targetPopulation":{"texts":"x"}}`, 400, "", "/targetPopulation/texts"},
			{"a wrong type", "PATCH", "", asMerge, `{"accounts":"Account/a"}`, 400, "", "/accounts"},
			{"a bad date", "PATCH", "", asMerge, `{"period":{"start":"soon"}}`, 400, "", "/period/start"},
			{"a bad code", "PATCH", "", asMerge, `{"model":"holistic"}`, 400, "", "/model"},
			{"a null below", "PATCH", "", asMerge, `{"accounts":[null]}`, 400, "", "/accounts/0"},
			{"a patch that is no object", "PATCH", "", asMerge, `[]`, 400, "", ""},
			{"a member twice", "PATCH", "", asMerge, `{"model":"clinical","model":"intensive"}`, 400, "", ""},
			{"a patch that is no list", "PATCH", "", asPatch, `{}`, 400, "", ""},
			{"an unknown op", "PATCH", "", asPatch, `[{"op":"merge","path":"/model"}]`, 400, "", "/0/op"},
			{"a bad pointer", "PATCH", "", asPatch, `[{"op":"remove","path":"model"}]`, 400, "", "/0/path"},
			{"a test that fails", "PATCH", "", asPatch, `[{"op":"test","path":"/model","value":"intensive"}]`, 422, "", "/0"},
			{"nothing there", "PATCH", "", asPatch, `[{"op":"remove","path":"/goals/99"}]`, 422, "", "/0"},
			{"nothing like it", "PATCH", "", asPatch, `[{"op":"add","path":"/colour/red","value":1}]`, 422, "", "/0"},
			{"an unknown member by patch", "PATCH", "", asPatch, `[{"op":"add","path":"/colour","value":1}]`, 400, "", "/colour"},
			{"the whole replaced", "PATCH", "", asPatch, `[{"op":"replace","path":"","value":[]}]`, 400, "", ""},
			{"a text for a list", "PATCH", "", asPatch, `[{"op":"add","path":"/goals/0/targets","value":"x"}]`, 400, "", "/goals/0/targets"},

			{"the phase", "PATCH", "", asMerge, `{"phase":"closed"}`, 422, "action-needed", "/phase"},
			{"the manager", "PATCH", "", asMerge, `{"manager":{"ref":"Practitioner/physician"}}`, 422, "action-needed", "/manager"},
			{"the client", "PATCH", "", asMerge, `{"client":{"name":"Other"}}`, 422, "kept-elsewhere", "/client"},
			{"the history", "PATCH", "", asMerge, `{"history":null}`, 422, "follows-from-others", "/history"},
			{"a task's status", "PATCH", task, asMerge, `{"status":"completed"}`, 422, "action-needed", "/status"},
			{"a task's status among all", "PATCH", "", asPatch, `[{"op":"replace","path":"/tasks/0/status","value":"completed"}]`, 422, "action-needed", "/tasks/0/status"},
			{"a new task", "PATCH", "", asPatch, `[{"op":"add","path":"/tasks/-","value":{"text":"call","status":"requested"}}]`, 422, "action-needed", "/tasks/" + itoa(len(k.c.Tasks))},
			{"a new plan's list", "POST", "/plans", asJSON, `{}`, 405, "action-needed", ""},
			{"a new network", "POST", "/networks", asJSON, `{}`, 405, "kept-elsewhere", ""},
			{"a list that isn't there", "POST", "/colours", asJSON, `{}`, 404, "", ""},
			{"a list of what has no ids", "POST", "/cadences", asJSON, `{}`, 404, "", ""},
			{"a part of another type", "PATCH", "/goals/Task/" + k.c.ID, asMerge, `{}`, 404, "", ""},
			{"a part that isn't there", "PATCH", "/goals/Goal/none", asMerge, `{}`, 404, "", ""},
			{"a part of another list", "PATCH", "/outcomes/" + string(k.c.Strengths[0].ID), asMerge, `{}`, 404, "", ""},
			{"a new part with an id", "POST", "/goals", asJSON, `{"id":"Goal/mine"}`, 400, "", "/id"},
			{"a new part that says nothing", "POST", "/family", asJSON, `{}`, 400, "", ""},
			{"the whole answer and more", "PUT", "", asJSON, `{"case":{},"overdue":true,"actions":[]}`, 400, "", "/case"},
			{"another part's id", "PUT", goal, asJSON, `{"id":"Goal/other","description":{"text":"x"}}`, 400, "", "/id"},
			{"a new strength without its source", "POST", "/strengths", asJSON, `{"text":"x"}`, 422, "strength-needs-source", "/source"},
			{"an unknown status", "PATCH", goal, asMerge, `{"status":"done"}`, 400, "", "/status"},
			{"a status that doesn't follow", "PATCH", goal, asMerge, `{"status":"proposed"}`, 422, "goal-step-not-allowed", "/status"},
			{"a period that is reversed", "POST", "/barriers", asJSON, `{"code":{"text":"x"},"period":{"start":"2027","end":"2026"}}`, 422, "period-reversed", "/period"},
			{"a diagnosis of nothing", "PATCH", "", asMerge, `{"diagnoses":[{"problem":"Condition/none"}]}`, 422, "problem-unknown", "/diagnoses/0"},
			{"a cadence of no days", "PATCH", "", asMerge, `{"cadences":[{"kind":"video","days":0}]}`, 422, "cadence-needs-days", "/cadences/0"},
			{"parts left out", "PATCH", "", asMerge, `{"goals":[]}`, 422, "part-removed", "/goals"},
			{"parts nulled", "PATCH", "", asMerge, `{"tasks":null}`, 422, "part-removed", "/tasks"},
			{"parts left out of all", "PUT", "", asJSON, `{"goals":[]}`, 422, "part-removed", "/goals"},
			{"a part that isn't the case's", "PATCH", "", asMerge, `{"networks":[{"id":"OrganizationAffiliation/none"}]}`, 422, "", "/networks/0/id"},
			{"what FHIR needs", "PATCH", goal, asMerge, `{"description":null}`, 422, "", ""},
			{"what FHIR needs, in the case", "PATCH", "", asPatch, `[{"op":"remove","path":"/goals/0/description"}]`, 422, "", "/goals/0"},
			{"what FHIR needs of a new part", "POST", "/consents", asJSON, `{"scope":{"text":"x"}}`, 422, "", ""},
			{"a part twice", "PATCH", "", asPatch, `[{"op":"copy","from":"/goals/0","path":"/goals/-"}]`, 422, "", "/goals/" + itoa(len(k.c.Goals)) + "/id"},
		} {
			t.Run(row.name, func(t *testing.T) {
				got := k.edit(row.method, row.path, row.mediaType, row.body)
				if got.status != row.status {
					t.Errorf("%s: %d, not %d: %.300s", row.name, got.status, row.status, got.body)
					return
				}
				p := k.problem(got, row.status)
				if p.Rule != row.rule || p.Pointer != row.pointer || p.Detail == "" {
					t.Errorf("%s: rule %q, pointer %q: %+v", row.name, p.Rule, p.Pointer, p)
				}
			})
		}
		k.badParameters(goal)
		if got := k.do("GET", k.path, ""); got.header.Get("ETag") != k.etag {
			t.Error("what was refused changed the case")
		}
	})
}

func itoa(n int) string { return text(n) }

// badParameters are refused whatever the body.
func (k *course) badParameters(goal string) {
	k.t.Helper()
	send := func(method, path, mediaType string) answer {
		return k.do(method, k.path+path, `{}`, "If-Match", k.etag, "Content-Type", mediaType)
	}
	for _, q := range []string{"", "?role=boss", "?role=", "?by=me&role=payer", "?role=payer&role=payer", "?why=x", "?role=payer&by=", "?role=%zz"} {
		k.problem(send("PATCH", goal+q, asMerge), http.StatusBadRequest)
	}
	for _, mediaType := range []string{asJSON, "text/plain", "application/json-patch+json; charset=latin1", ""} {
		got := send("PATCH", goal+who, mediaType)
		k.problem(got, http.StatusUnsupportedMediaType)
		if got.header.Get("Accept-Patch") != asMerge+", "+asPatch {
			k.t.Errorf("Accept-Patch is %q", got.header.Get("Accept-Patch"))
		}
	}
	k.problem(send("PUT", goal+who, asMerge), http.StatusUnsupportedMediaType)
	got := k.edit("DELETE", "/plans/"+string(k.c.Plans[0].ID), "", "")
	k.problem(got, http.StatusUnprocessableEntity)
	got = k.edit("POST", "/plans", asJSON, `{}`)
	if k.problem(got, http.StatusMethodNotAllowed); strings.Contains(got.header.Get("Allow"), "POST") {
		k.t.Errorf("Allow is %q", got.header.Get("Allow"))
	}
	k.problem(k.edit("DELETE", "", "", ""), http.StatusMethodNotAllowed)
	k.problem(k.do("PATCH", "/cases/none"+who, `{}`, "If-Match", "*", "Content-Type", asMerge), http.StatusNotFound)
}

// TestWhatFHIRHasNoPlaceFor is told, also where nothing else is changed.
func TestWhatFHIRHasNoPlaceFor(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		k := a.running()
		got := k.edit("PATCH", "/goals/"+string(k.c.Goals[0].ID), asMerge, `{"start":{"text":"soon"}}`)
		v := k.view(got, http.StatusOK)
		if len(v.Losses) != 1 || v.Losses[0].Path != "case.goals[0].start.text" || len(v.Changes) > 0 || got.header.Get("ETag") != k.etag {
			t.Errorf("lost %v, changed %v", v.Losses, v.Changes)
		}
	})
}

// TestACaseFromElsewhereIsAdoptedFirst.
func TestACaseFromElsewhereIsAdoptedFirst(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		a.directory()
		a.put("EpisodeOfCare/f", `{"resourceType":"EpisodeOfCare","id":"f","status":"active","patient":{"reference":"Patient/p1"}}`)
		k := &course{api: a, path: "/cases/f"}
		k.read()
		p := k.problem(k.edit("PATCH", "", asMerge, `{"accounts":["Account/a"]}`), http.StatusUnprocessableEntity)
		if p.Rule != "case-not-adopted" || len(p.Errors[0].Actions) != 1 || p.Errors[0].Actions[0] != casemodel.ActionAdopt {
			t.Errorf("got %+v, want case-not-adopted, and to adopt it", p)
		}
	})
}
