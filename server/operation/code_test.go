package operation_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"caseway/auth"
	"caseway/auth/provider"
	"caseway/fhir/definition"
	"caseway/mapping"
	"caseway/mapping/casemodel"
	"caseway/server/demo"
)

const systems = "https://caseway.dev/fhir/CodeSystem/"

// TestEveryCodeOfOursIsServed: whatever the server writes, its conformance
// resources among it, has codes of Caseway's from CodeSystems that can be read.
func TestEveryCodeOfOursIsServed(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		a.T = t
		if _, err := demo.Load(t.Context(), demo.Config{Engine: a.engine, Schema: definition.R4(), Base: a.url + "/fhir", Now: time.Now()}); err != nil {
			t.Fatal(err)
		}
		a.twoPlans()
		a.ok(a.post("CarePlan/here/$reconcile", otherPlan, `{"name":"store","valueBoolean":true}`))
		a.ok(a.post("PlanDefinition/intensive/$apply", subject, `{"name":"store","valueBoolean":true}`))
		used := map[string]bool{}
		for next := "?_count=500"; next != ""; {
			page := a.get(next)
			codesIn(page, used)
			next = ""
			for _, l := range page["link"].([]any) {
				if link := l.(object); link["relation"] == "next" {
					next = strings.TrimPrefix(link["url"].(string), a.url+"/fhir/")
					next = strings.TrimPrefix(next, a.url+"/fhir")
				}
			}
		}
		for _, d := range mapping.Conformance() {
			var r object
			if err := json.Unmarshal(d.JSON, &r); err != nil {
				t.Fatal(err)
			}
			codesIn(r, used)
		}
		for _, code := range a.codesOfTheProgram() {
			used[systems+code] = true
		}
		if len(used) < 100 {
			t.Errorf("%d codes", len(used))
		}
		served := map[string]bool{}
		for _, r := range a.entries("CodeSystem?_count=500&url:below=" + systems) {
			concepts, _ := r["concept"].([]any)
			for _, c := range concepts {
				served[r["url"].(string)+"|"+c.(object)["code"].(string)] = true
			}
		}
		for code := range used {
			if !served[code] && !strings.HasPrefix(code, systems+"case|") { // its codes are the ids of cases
				t.Errorf("%s is used and not served", code)
			}
		}
	})
}

// codesIn gathers codings of Caseway's systems, as system|code.
func codesIn(v any, into map[string]bool) {
	switch v := v.(type) {
	case object:
		system, _ := v["system"].(string)
		code, _ := v["code"].(string)
		if strings.HasPrefix(system, systems) && code != "" {
			into[system+"|"+code] = true
		}
		for _, x := range v {
			codesIn(x, into)
		}
	case []any:
		for _, x := range v {
			codesIn(x, into)
		}
	}
}

// actionsInTheSource are those that have no row in the table of actions.
func (a *api) actionsInTheSource() []string {
	named := regexp.MustCompile(`(?:casemodel\.Action = |Note\{Action: |Activity: )"([a-z-]+)"`)
	var all []string
	for _, dir := range []string{".", "../cases", "../cases/rules", "../cases/file"} {
		files, err := filepath.Glob(dir + "/*.go")
		if err != nil {
			a.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				a.Fatal(err)
			}
			for _, found := range named.FindAllStringSubmatch(string(text), -1) {
				all = append(all, "case-action|"+found[1])
			}
		}
	}
	if len(all) < 8 {
		a.Errorf("found %v", all)
	}
	return all
}

// codesOfTheProgram are codes that it can write, as name|code.
func (a *api) codesOfTheProgram() []string {
	all := append(a.actionsInTheSource(), "audit-event|request")
	for _, k := range []provider.EventKind{provider.EventLaunch, provider.EventConsent, provider.EventToken, provider.EventRevocation} {
		all = append(all, "audit-event|"+string(k))
	}
	for _, r := range []auth.Role{auth.Administrator, auth.Staff, auth.Patient, auth.Caregiver} {
		all = append(all, "audit-event|"+string(r))
	}
	for _, c := range casemodel.ClosureReasons() {
		all = append(all, strings.TrimPrefix(c.System, systems)+"|"+c.Code)
	}
	starting := []casemodel.Starting{}
	for _, t := range casemodel.Templates() {
		starting = append(starting, t.Activities...)
	}
	for _, s := range casemodel.Settings() {
		starting = append(starting, casemodel.SettingWork(s)...)
	}
	for _, s := range starting {
		all = append(all, strings.TrimPrefix(casemodel.ActivitySystem, systems)+"|"+s.Code)
	}
	r, err := http.NewRequestWithContext(a.Context(), http.MethodGet, a.url+"/cases/openapi.json", nil)
	if err != nil {
		a.Fatal(err)
	}
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		a.Fatal(err)
	}
	defer got.Body.Close()
	var api struct{ Paths map[string]any }
	if err := json.NewDecoder(got.Body).Decode(&api); err != nil {
		a.Fatal(err)
	}
	actions := 0
	for path := range api.Paths {
		if name, is := strings.CutPrefix(path, "/cases/{id}/actions/"); is {
			all = append(all, "case-action|"+name)
			actions++
		}
	}
	if actions < 20 {
		a.Errorf("%d actions", actions)
	}
	return append(all, "case-action|refer")
}
