package cases_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"caseway/mapping/casemodel"
)

// stored reads a resource over FHIR.
func (a *api) stored(path string) (r object, etag string) {
	a.t.Helper()
	got := a.do("GET", "/fhir/"+path, "")
	if got.status != http.StatusOK {
		a.t.Fatalf("GET %s: %d %s", path, got.status, got.body)
	}
	if err := json.Unmarshal([]byte(got.body), &r); err != nil {
		a.t.Fatal(err)
	}
	return r, got.header.Get("ETag")
}

// refusedOverFHIR holds a write to being refused by a rule.
func (a *api) refusedOverFHIR(rule string, got answer) {
	a.t.Helper()
	if got.status != http.StatusUnprocessableEntity || !strings.Contains(got.body, `"code":"business-rule"`) || !strings.Contains(got.body, rule+": ") {
		a.t.Errorf("%d, not refused by %s: %s", got.status, rule, got.body)
	}
}

// running gives a case whose service the pharmacy delivers.
func (a *api) running() *course {
	k := a.open()
	id := k.planned()
	k.must("offer", casemodel.RoleCaseManager, manager, casemodel.Offering{Service: id, Providers: []casemodel.Asked{{Provider: pharmacy}}})
	k.must("accept", casemodel.RoleProvider, pharmacy, casemodel.Answering{Service: id, Offer: k.c.Services[0].Offers[0].ID})
	k.must("request-authorization", casemodel.RoleCaseManager, manager, casemodel.Authorization{Service: id, Necessity: "three weeks"})
	amount := casemodel.USD(250000)
	k.must("decide", casemodel.RolePayer, insurer, casemodel.Ruling{
		Authorization: k.c.Authorizations[0].ID, Status: casemodel.AuthorizationApproved, Amount: &amount,
	})
	return k
}

// TestRulesHoldOverFHIR breaks rules by plain FHIR writes.
func TestRulesHoldOverFHIR(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		k := a.running()
		episode := "EpisodeOfCare/" + k.c.ID
		for _, row := range []struct {
			rule, path string
			change     func(object)
		}{
			{"service-not-ended", episode, func(r object) { r["status"] = "finished" }},
			{"phase-not-allowed", episode, func(r object) { r["status"] = "planned" }},
			{"offer-step-not-allowed", string(k.c.Services[0].Offers[0].ID), func(r object) { r["status"] = "draft" }},
		} {
			r, etag := a.stored(row.path)
			row.change(r)
			got := a.do("PUT", "/fhir/"+row.path, text(r), "If-Match", etag)
			a.refusedOverFHIR(row.rule, got)
		}
		a.refusedOverFHIR("part-removed", a.do("DELETE", "/fhir/"+string(k.c.Goals[0].ID), ""))
		a.refusedOverFHIR("part-removed", a.do("DELETE", "/fhir/"+episode, ""))
		if got := k.do("GET", k.path, ""); got.header.Get("ETag") != k.etag {
			t.Errorf("what was refused changed the case")
		}
	})
}

// TestAClientThatKnowsNoExtensionsKeepsThem in what it writes back.
func TestAClientThatKnowsNoExtensionsKeepsThem(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		k := a.running()
		for _, path := range []string{"EpisodeOfCare/" + k.c.ID, string(k.c.Plans[0].ID), string(k.c.Services[0].ID)} {
			r, etag := a.stored(path)
			delete(r, "extension")
			delete(r, "meta")
			a.put(path, text(r), "If-Match", etag)
		}
		v := k.view(k.do("GET", k.path+"?view=whole", ""), http.StatusOK)
		before, after := text(k.c), text(v.Case)
		if before != after {
			t.Errorf("the case was\n%s\nand is\n%s", before, after)
		}
	})
}

// TestConsequencesAreWritten: a provider's system completes its Task.
func TestConsequencesAreWritten(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		k := a.running()
		offer := string(k.c.Services[0].Offers[0].ID)
		for _, status := range []string{"in-progress", "completed"} {
			r, etag := a.stored(offer)
			r["status"] = status
			a.put(offer, text(r), "If-Match", etag)
		}
		v := k.view(k.do("GET", k.path+"?view=whole", ""), http.StatusOK)
		if got := v.Case.Services[0].Status; got != casemodel.ServiceDelivered {
			t.Errorf("the service is %s", got)
		}
		if v.Case.Phase != casemodel.PhaseMonitoring {
			t.Errorf("the case is in phase %s", v.Case.Phase)
		}
		if r, _ := a.stored(offer); r["status"] != "completed" {
			t.Errorf("what the client sent is %v", r["status"])
		}
		got := k.do("GET", "/fhir/Provenance?_tag=https://caseway.dev/fhir/CodeSystem/case|"+k.c.ID+"&target=EpisodeOfCare/"+k.c.ID+"&agent=Device/caseway-server", "")
		if !strings.Contains(got.body, `"code":"consequence"`) {
			t.Errorf("no Provenance of the consequence: %s", got.body)
		}
	})
}

// TestForeignEpisodesAreNeverRefused whatever they say.
func TestForeignEpisodesAreNeverRefused(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		a.directory()
		for _, status := range []string{"finished", "planned", "active", "cancelled", "active", "entered-in-error", "onhold"} {
			t.Run(status, func(t *testing.T) {
				a.put("EpisodeOfCare/f", `{"resourceType":"EpisodeOfCare","id":"f","status":"`+status+`","patient":{"reference":"Patient/p1"}}`)
				a.put("CarePlan/f", `{"resourceType":"CarePlan","id":"f","status":"`+map[bool]string{true: "active", false: "revoked"}[status == "active"]+
					`","intent":"plan","subject":{"reference":"Patient/p1"},"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/workflow-episodeOfCare","valueReference":{"reference":"EpisodeOfCare/f"}}]}`)
				v := a.view(a.do("GET", "/cases/f?view=whole", ""), http.StatusOK)
				if v.Case.Adopted || len(v.Case.Plans) != 1 {
					t.Fatalf("%s: adopted %t, %d plans", status, v.Case.Adopted, len(v.Case.Plans))
				}
			})
		}
		a.put("EpisodeOfCare/f", `{"resourceType":"EpisodeOfCare","id":"f","status":"active","patient":{"reference":"Patient/p1"}}`)
		k := &course{api: a, path: "/cases/f"}
		k.etag = k.do("GET", k.path, "").header.Get("ETag")
		k.refused("case-not-adopted", "hold", casemodel.RoleCaseManager, manager, nil)
		k.must("adopt", casemodel.RoleCaseManager, manager, casemodel.Opening{Model: casemodel.ModelBrokerage, Setting: casemodel.SettingCommunity, Manager: manager})
		if !k.c.Adopted {
			t.Error("the case isn't adopted")
		}
		if got := a.do("DELETE", "/fhir/CarePlan/f", ""); got.status != http.StatusUnprocessableEntity {
			t.Errorf("a part of an adopted case is deleted: %d", got.status)
		}
	})
}

// TestWhatComesInOverFHIR: a client creates Tasks about the case, alone and many
// at once.
func TestWhatComesInOverFHIR(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		k := a.open()
		before := len(k.c.Tasks)
		task := object{
			"resourceType": "Task", "status": "requested", "intent": "order", "description": "call",
			"for": object{"reference": "Patient/p1"}, "focus": object{"reference": "EpisodeOfCare/" + k.c.ID},
		}
		if got := a.do("POST", "/fhir/Task", text(task)); got.status != http.StatusCreated {
			t.Fatalf("got %d %s, want 201", got.status, got.body)
		}
		var entries []object
		for range 20 {
			entries = append(entries, object{"resource": task, "request": object{"method": "POST", "url": "Task"}})
		}
		if got := a.do("POST", "/fhir", text(object{"resourceType": "Bundle", "type": "transaction", "entry": entries})); got.status != http.StatusOK {
			t.Fatalf("got %d %s, want 200", got.status, got.body)
		}
		v := k.view(k.do("GET", k.path+"?view=whole", ""), http.StatusOK)
		if got := len(v.Case.Tasks) - before; got != 21 {
			t.Errorf("the case has %d of 21 tasks", got)
		}
	})
}
