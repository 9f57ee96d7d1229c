package cases_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"caseway/mapping/casemodel"
	"caseway/server/cases/openapi"
)

// TestOpenAPI: each reference leads to a component, each component is used, each
// operation has an id of its own, and the actions are those of casemodel.
func TestOpenAPI(t *testing.T) {
	var d struct {
		OpenAPI    string
		Paths      map[string]map[string]json.RawMessage
		Components struct {
			Schemas map[string]struct {
				Type       string
				Properties map[string]any
				Required   []string
			}
		}
	}
	if err := json.Unmarshal(openapi.Document(), &d); err != nil {
		t.Fatal(err)
	}
	if d.OpenAPI != "3.1.0" {
		t.Errorf("openapi is %q", d.OpenAPI)
	}
	used := map[string]bool{}
	for part := range strings.SplitSeq(string(openapi.Document()), `"$ref":"#/components/schemas/`) {
		name, _, _ := strings.Cut(part, `"`)
		used[name] = true
	}
	for name, schema := range d.Components.Schemas {
		if !used[name] {
			t.Errorf("nothing uses %s", name)
		}
		if (schema.Type != "object" || len(schema.Properties) == 0) && name != "JSONPatch" {
			t.Errorf("%s has no members", name)
		}
		for _, r := range schema.Required {
			if schema.Properties[r] == nil {
				t.Errorf("%s requires %s, which it doesn't have", name, r)
			}
		}
		delete(used, name)
	}
	for name := range used {
		if !strings.HasPrefix(name, "{") {
			t.Errorf("there is no schema %q", name)
		}
	}
	for _, a := range actions() {
		if d.Paths["/cases/{id}/actions/"+string(a)]["post"] == nil {
			t.Errorf("the action %s isn't there", a)
		}
	}
	for path := range d.Paths {
		name, is := strings.CutPrefix(path, "/cases/{id}/actions/")
		if is && !slices.Contains(actions(), casemodel.Action(name)) {
			t.Errorf("there is no action %s", name)
		}
	}
}

// actions are all of the phase machine.
func actions() []casemodel.Action {
	var all []casemodel.Action
	seen := map[casemodel.Action]bool{}
	for _, s := range casemodel.PhaseSteps() {
		if !seen[s.Action] {
			seen[s.Action] = true
			all = append(all, s.Action)
		}
	}
	return all
}

// TestBadRequests are refused with what is wrong and where.
func TestBadRequests(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		k := a.open()
		for _, row := range []struct {
			path, body string
			status     int
			pointer    string
		}{
			{"/cases", `{`, 400, ""},
			{"/cases", `[]`, 400, ""},
			{"/cases", `null`, 400, ""},
			{"/cases", `{"action":"open","client":"Patient/p1"} {}`, 400, ""},
			{"/cases", `{"action":"close","client":"Patient/p1"}`, 400, "/action"},
			{"/cases", `{"action":"open","client":"Group/p1"}`, 400, "/client"},
			{"/cases", `{"action":"open","client":"Patient/none","role":"case-manager"}`, 422, "/client"},
			{"/cases", `{"action":"open","client":"Patient/p1","bring":["Coverage/none"]}`, 422, "/bring/0"},
			{"/cases", `{"action":"open","client":"Patient/p1","bring":["Organization/agency"]}`, 400, "/bring/0"},
			{"/cases", `{"action":"open","client":"Patient/p1","extra":1}`, 400, "/extra"},
			{"/cases", `{"action":"open","client":"Patient/p1","argument":{"modell":"clinical"}}`, 400, "/argument/modell"},
			{"/cases", `{"action":"open","client":"Patient/p1","argument":{"model":"none"}}`, 400, "/argument/model"},
			{"/cases", `{"action":"open","client":"Patient/p1","argument":{"team":{"members":[{"party":{"refs":"x"}}]}}}`, 400, "/argument/team/members/0/party/refs"},
			{"/cases", `{"action":"open","client":"Patient/p1"}`, 400, "/role"},
			{k.path + "/actions/hold", `{"role":"case-manager","role":"payer"}`, 400, "/role"},
			{k.path + "/actions/hold", `{"role":"boss"}`, 400, "/role"},
			{k.path + "/actions/hold", `{"role":null}`, 400, "/role"},
			{k.path + "/actions/hold", `{"role":"case-manager","argument":{"until":"soon"}}`, 400, "/argument/until"},
			{k.path + "/actions/hold", `{"role":"case-manager","argument":[]}`, 400, "/argument"},
			{k.path + "/actions/monitor", `{"role":"case-manager","argument":{}}`, 400, "/argument"},
			{k.path + "/actions/hold", `{"role":"case-manager"}`, 422, "/reason"},
			{k.path + "/actions/none", `{"role":"case-manager"}`, 404, ""},
			{"/cases/none/actions/hold", `{"role":"case-manager"}`, 404, ""},
		} {
			t.Run(row.path, func(t *testing.T) {
				p := a.problem(a.do("POST", row.path, row.body), row.status)
				if p.Pointer != row.pointer || p.Detail == "" {
					t.Errorf("%s %s: pointer %q, %+v", row.path, row.body, p.Pointer, p)
				}
			})
		}
		a.problem(a.do("GET", "/cases/none", ""), http.StatusNotFound)
		a.problem(a.do("GET", "/cases/a_b", ""), http.StatusNotFound)
		a.problem(a.do("DELETE", k.path, ""), http.StatusMethodNotAllowed)
		a.problem(a.do("POST", k.path+"/actions/hold", `{}`, "Content-Type", "text/plain"), http.StatusUnsupportedMediaType)
		if got := a.do("GET", "/cases/openapi.json", ""); got.status != http.StatusOK || got.body != string(openapi.Document()) {
			t.Errorf("openapi.json: %d", got.status)
		}
	})
}
