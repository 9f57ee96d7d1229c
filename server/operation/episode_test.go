package operation_test

import (
	"encoding/json"
	"strings"
	"testing"
)

const (
	subject    = `{"name":"subject","valueReference":{"reference":"Patient/p1"}}`
	clinical   = `{"name":"model","valueCode":"clinical"}`
	hospital   = `{"name":"setting","valueCode":"acute-hospital"}`
	caredForBy = `{"name":"careManager","valueReference":{"reference":"Practitioner/manager"}}`
)

// opened opens a case and gives its id.
func (a *api) opened(parameters ...string) string {
	a.Helper()
	episode := a.ok(a.post("EpisodeOfCare/$open", append([]string{subject, clinical, hospital, caredForBy}, parameters...)...))
	return episode["id"].(string)
}

func TestOpeningStoresEpisodeTeamTasksAndProvenance(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		a.T = t
		id := a.opened(`{"name":"reason","valueString":"came by referral"}`)
		episode := a.get("EpisodeOfCare/" + id)
		if episode["status"] != "active" || episode["careManager"].(object)["reference"] != "Practitioner/manager" || episode["team"] == nil {
			t.Errorf("got %v, want it active, with its manager and team", episode)
		}
		types := map[string]int{}
		written := map[string]bool{}
		for _, r := range a.entries("EpisodeOfCare/" + id + "/$everything?_count=100") {
			typ := r["resourceType"].(string)
			types[typ]++
			written[typ+r["meta"].(object)["lastUpdated"].(string)] = true
		}
		for _, typ := range []string{"EpisodeOfCare", "CareTeam", "CommunicationRequest", "Provenance"} {
			t.Run(typ, func(t *testing.T) {
				if types[typ] != 1 {
					t.Errorf("got %d of type %s, want 1", types[typ], typ)
				}
			})
		}
		if types["Task"] < 3 { // two of the model, the others of the setting
			t.Errorf("%d tasks", types["Task"])
		}
		at := strings.TrimPrefix(instantOf(t, written, "EpisodeOfCare"), "EpisodeOfCare")
		if instantOf(t, written, "Task") != "Task"+at || instantOf(t, written, "Provenance") != "Provenance"+at {
			t.Errorf("not one commit: %v", written)
		}
	})
}

// instantOf is when all resources of a type were stored.
func instantOf(t *testing.T, written map[string]bool, typ string) string {
	found := ""
	for w := range written {
		if strings.HasPrefix(w, typ+"2") {
			if found != "" {
				t.Errorf("%s: several commits", typ)
			}
			found = w
		}
	}
	return found
}

func TestAReferralComesIntoTheCaseThatItOpens(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		a.T = t
		request := func(id, patient, status string) {
			a.put("ServiceRequest/"+id, `{"resourceType":"ServiceRequest","id":"`+id+`","status":"`+status+`","intent":"order","code":{"text":"case management"},
				"priority":"urgent","requester":{"reference":"Practitioner/manager"},"subject":{"reference":"Patient/`+patient+`"},"orderDetail":[{"text":"soon"}]}`)
		}
		request("r1", "p1", "active")
		request("other", "p2", "active")
		request("off", "p1", "revoked")
		referral := func(ref string) string { return `{"name":"referral","valueReference":{"reference":"` + ref + `"}}` }
		before := encoded(t, a.get("ServiceRequest/r1")["orderDetail"])
		for ref, words := range map[string]string{
			"ServiceRequest/other": "parameter referral: isn't a resource of the client", "ServiceRequest/none": "parameter referral: there is no such resource",
			"Patient/p1": "parameter referral: must be a ServiceRequest", "ServiceRequest/off": "parameter referral: was revoked", "nonsense": "parameter referral: must be",
		} {
			t.Run(ref, func(t *testing.T) {
				status, text := a.post("EpisodeOfCare/$open", subject, clinical, hospital, caredForBy, referral(ref))
				if status != 400 && status != 422 || !strings.Contains(text, words) {
					t.Errorf("%s: %d %s", ref, status, text)
				}
			})
		}
		if n := a.get("EpisodeOfCare?_summary=count")["total"]; n != 0.0 {
			t.Errorf("%v episodes are stored", n)
		}
		for _, ref := range []string{"ServiceRequest/r1", a.url + "/fhir/ServiceRequest/r1"} {
			t.Run(ref, func(t *testing.T) {
				id := a.opened(referral(ref))
				if got := encoded(t, a.get("EpisodeOfCare/" + id)["referralRequest"]); got != `[{"reference":"ServiceRequest/r1"}]` {
					t.Error(got)
				}
				r := a.get("ServiceRequest/r1")
				if !strings.Contains(encoded(t, r["meta"]), id) || r["status"] != "active" || r["priority"] != "urgent" || encoded(t, r["orderDetail"]) != before {
					t.Errorf("got %v, want the referral in the case, as it was", r)
				}
				if n := len(a.entries("Provenance?target=ServiceRequest/r1&_tag=" + id)); n != 1 {
					t.Errorf("%d Provenances name it", n)
				}
				if n := len(a.entries("EpisodeOfCare?incoming-referral=ServiceRequest/r1&_id=" + id)); n != 1 {
					t.Errorf("found %d times", n)
				}
			})
		}
	})
}

func TestAnAdaptedTemplateSaysWhatACaseBeginsWith(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		a.T = t
		text, err := json.Marshal(a.get("PlanDefinition/intensive"))
		if err != nil {
			t.Fatal(err)
		}
		adapted := strings.NewReplacer(`"id":"intensive"`, `"id":"ours"`, "https://caseway.dev/fhir/PlanDefinition/intensive", "https://example.org/ours",
			`"code":"crisis-plan"`, `"code":"home-safety"`, `"value":7`, `"value":2`).Replace(string(text))
		a.put("PlanDefinition/ours", adapted)
		id := a.ok(a.post("EpisodeOfCare/$open", subject, hospital, caredForBy,
			`{"name":"planDefinition","valueCanonical":"https://example.org/ours"}`))["id"].(string)
		if !strings.Contains(encoded(t, a.get("EpisodeOfCare/"+id)), `"https://example.org/ours"`) {
			t.Error("the episode doesn't name its template")
		}
		tasks := encoded(t, a.entries("Task?patient=Patient/p1&_tag="+id))
		if !strings.Contains(tasks, `"home-safety"`) || strings.Contains(tasks, `"crisis-plan"`) {
			t.Error(tasks)
		}
	})
}

func encoded(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestOpeningRefusesWhatIsWrong(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		a.T = t
		for _, c := range []struct {
			status int
			words  string
			given  []string
		}{
			{400, "parameter subject is missing", []string{clinical, hospital, caredForBy}},
			{400, "$open has no parameter modell; it has subject, model", []string{subject, `{"name":"modell","valueCode":"clinical"}`}},
			{400, "parameter model is given more than once", []string{subject, clinical, clinical}},
			{400, "parameter model needs a value of type code", []string{subject, `{"name":"model","valueInteger":1}`}},
			{400, "parameter subject must be a Patient", []string{`{"name":"subject","valueReference":{"reference":"Group/g"}}`, clinical}},
			{400, "must be one of strengths-based", []string{subject, `{"name":"model","valueCode":"heroic"}`, hospital, caredForBy}},
			{422, "there is no such resource", []string{`{"name":"subject","valueReference":{"reference":"Patient/nobody"}}`, clinical, hospital, caredForBy}},
			{422, `"business-rule"`, []string{subject, clinical, hospital}},
			{422, "names no PlanDefinition", []string{subject, hospital, caredForBy, `{"name":"planDefinition","valueCanonical":"http://example.org/none"}`}},
			{422, "Parameters.parameter[0].name", []string{`{"valueString":"x"}`}},
		} {
			status, text := a.post("EpisodeOfCare/$open", c.given...)
			a.refused(c.status, c.words, status, text)
		}
		if n := a.get("EpisodeOfCare?_summary=count")["total"]; n != 0.0 {
			t.Errorf("%v episodes are stored", n)
		}
		status, text := a.do("POST", "EpisodeOfCare/$open", `{"resourceType":"Patient"}`)
		a.refused(400, "a Parameters resource", status, text)
		status, text = a.do("GET", "EpisodeOfCare/$open", "")
		a.refused(405, "not-supported", status, text)
		status, text = a.post("Patient/$open", subject)
		a.refused(404, "not-supported", status, text)
		status, text = a.post("EpisodeOfCare/$open?x=1", subject)
		a.refused(400, "parameter x", status, text)
	})
}

const closedAs = `{"name":"reason","valueCodeableConcept":{"coding":[{"system":"https://caseway.dev/fhir/CodeSystem/closure-reason","code":"goals-met"}]}}`

// running stores a case that is being coordinated by an approved plan.
func (a *api) running(id string) {
	a.Helper()
	var entries []string
	for _, r := range []string{
		`"resourceType":"CareTeam","status":"active","subject":{"reference":"Patient/p1"},"participant":[{"member":{"reference":"Practitioner/manager"}}]`,
		`"resourceType":"CarePlan","extension":[{"url":"https://caseway.dev/fhir/StructureDefinition/plan-version","valueInteger":1}],
			"status":"active","intent":"plan","subject":{"reference":"Patient/p1"}`,
		`"resourceType":"Task","status":"completed","intent":"order","for":{"reference":"Patient/p1"},"focus":{"reference":"CarePlan/` + id + `"},
			"extension":[{"url":"https://caseway.dev/fhir/StructureDefinition/answered-at","valueDateTime":"2026-01-02"},
			 {"url":"https://caseway.dev/fhir/StructureDefinition/decided-by","valueReference":{"reference":"Practitioner/manager"}}],
			"code":{"coding":[{"system":"http://hl7.org/fhir/CodeSystem/task-code","code":"approve"}]}`,
		`"resourceType":"EpisodeOfCare","extension":[{"url":"https://caseway.dev/fhir/StructureDefinition/episode-phase","valueCode":"active"}],
			"status":"active","patient":{"reference":"Patient/p1"},"careManager":{"reference":"Practitioner/manager"},"team":[{"reference":"CareTeam/` + id + `"}],
			"type":[{"coding":[{"system":"https://caseway.dev/fhir/CodeSystem/case-model","code":"brokerage"}]},
			{"coding":[{"system":"https://caseway.dev/fhir/CodeSystem/case-setting","code":"home-health"}]}],"period":{"start":"2026-01-01"}`,
	} {
		typ := strings.Split(r, `"`)[3]
		entries = append(entries, `{"request":{"method":"PUT","url":"`+typ+"/"+id+`"},"resource":{"id":"`+id+`",
			"meta":{"tag":[{"system":"https://caseway.dev/fhir/CodeSystem/case","code":"`+id+`"}]},`+r+`}}`)
	}
	a.ok(a.do("POST", "", `{"resourceType":"Bundle","type":"transaction","entry":[`+strings.Join(entries, ",")+`]}`))
}

func TestClosingFinishesTheEpisode(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		a.T = t
		status, text := a.post("EpisodeOfCare/"+a.opened()+"/$close", closedAs)
		a.refused(422, "phase-not-allowed: ", status, text)
		a.running("e1")
		path := "EpisodeOfCare/e1/$close"
		status, text = a.post(path, `{"name":"summary","valueString":"moved away"}`)
		a.refused(400, "parameter reason is missing", status, text)
		episode := a.ok(a.post(path, closedAs, `{"name":"summary","valueString":"moved away"}`, `{"name":"handOver","valueString":"tell them"}`))
		if episode["status"] != "finished" || !strings.Contains(encoded(t, episode), `"moved away"`) || episode["period"].(object)["end"] == nil {
			t.Errorf("got %v, want it finished, with the summary and its end", episode)
		}
		if n := len(a.entries("Provenance?target=EpisodeOfCare/e1&_tag=e1")); n != 1 {
			t.Errorf("%d Provenances", n)
		}
		status, text = a.post(path, closedAs)
		a.refused(422, "business-rule", status, text)
		status, text = a.post("EpisodeOfCare/none/$close", closedAs)
		a.refused(404, "not-found", status, text)
	})
}
