package operation_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"
)

// therapy is a PlanDefinition with goals, conditions and dynamic values.
const therapy = `{"resourceType":"PlanDefinition","id":"therapy","url":"http://example.org/therapy","version":"2","status":"active","title":"Therapy",
"contained":[{"resourceType":"ActivityDefinition","id":"visit","status":"active","kind":"ServiceRequest","code":{"text":"physical therapy"},
  "dynamicValue":[{"path":"patientInstruction","expression":{"language":"text/fhirpath","expression":"'Dear ' + %patient.gender"}}]}],
"goal":[{"description":{"text":"walk again"},"target":[{"measure":{"text":"steps"},"due":{"value":30,"unit":"d","system":"http://unitsofmeasure.org","code":"d"}}]}],
"action":[
 {"title":"Therapy","definitionCanonical":"#visit","timingDateTime":"2027-01-02",
  "condition":[{"kind":"applicability","expression":{"language":"text/fhirpath","expression":"%subject.birthDate < today() - 18 years"}}],
  "dynamicValue":[{"path":"priority","expression":{"language":"text/fhirpath","expression":"iif(gender = 'female', 'urgent', 'routine')"}},
   {"path":"quantityQuantity.value","expression":{"language":"text/fhirpath","expression":"3 + 4"}}]},
 {"title":"For children","condition":[{"kind":"applicability","expression":{"language":"text/fhirpath","expression":"birthDate > today() - 18 years"}}]},
 {"title":"Follow up","action":[{"title":"Call","timingDuration":{"value":2,"unit":"wk","system":"http://unitsofmeasure.org","code":"wk"},
   "participant":[{"type":"practitioner"}],
   "dynamicValue":[{"path":"Task.restriction.period.start","expression":{"language":"text/fhirpath","expression":"today()"}}]}]}]}`

func (a *api) contained(plan object, typ string) []object {
	var all []object
	list, _ := plan["contained"].([]any)
	for _, c := range list {
		if r := c.(object); r["resourceType"] == typ {
			all = append(all, r)
		}
	}
	return all
}

// stored counts resources of types that $apply makes.
func (a *api) stored() string {
	a.Helper()
	text := ""
	for _, typ := range []string{"CarePlan", "Task", "Goal", "ServiceRequest", "CommunicationRequest", "Appointment", "Provenance"} {
		text += fmt.Sprint(a.get(typ + "?_summary=count")["total"])
	}
	return text
}

func TestBuiltInTemplatesApplyAsAPreview(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		a.T = t
		for _, id := range []string{"strengths-based", "clinical", "brokerage", "intensive", "targeted"} {
			t.Run(id, func(t *testing.T) {
				path := "PlanDefinition/" + id + "/$apply"
				plan := a.ok(a.do("GET", path+"?subject=Patient/p1&practitioner=Practitioner/manager", ""))
				if plan["resourceType"] != "CarePlan" || plan["status"] != "draft" || plan["intent"] != "proposal" || plan["id"] != nil ||
					plan["subject"].(object)["reference"] != "Patient/p1" || len(a.contained(plan, "Task")) < 2 {
					t.Errorf("%s: got %v, want a plan of Patient/p1 with two tasks", id, plan)
				}
				posted := a.ok(a.post(path, subject, `{"name":"practitioner","valueString":"Practitioner/manager"}`))
				if len(encoded(t, posted)) != len(encoded(t, plan)) {
					t.Errorf("%s: POST gives another plan: %v", id, posted)
				}
			})
		}
		plan := a.ok(a.do("GET", "PlanDefinition/intensive/$apply?subject=Patient/p1", ""))
		due := time.Now().UTC().AddDate(0, 0, 5).Format(time.DateOnly)
		first := a.contained(plan, "Task")[0]
		if !strings.Contains(encoded(t, first), `"first-service"`) || first["restriction"].(object)["period"].(object)["end"] != due {
			t.Errorf("got %v, want the first service, and when it is due", first)
		}
		if len(a.contained(plan, "Appointment")) != 1 {
			t.Errorf("no contact: %v", plan)
		}
		if n := a.stored(); n != "0000000" {
			t.Errorf("stored: %s", n)
		}
	})
}

func TestConditionsAndDynamicValuesAreEvaluated(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		a.T = t
		a.put("PlanDefinition/therapy", therapy)
		plan := a.ok(a.do("GET", "PlanDefinition/therapy/$apply?practitioner=Practitioner/manager&subject="+url.QueryEscape("Patient/p1"), ""))
		if encoded(t, plan["instantiatesCanonical"]) != `["http://example.org/therapy|2"]` || len(plan["goal"].([]any)) != 1 {
			t.Errorf("got %v, want version 2 of the definition and one goal", plan)
		}
		requests := a.contained(plan, "ServiceRequest")
		if len(requests) != 1 {
			t.Fatalf("got %v, want one request", plan)
		}
		r := requests[0]
		if r["priority"] != "urgent" || r["patientInstruction"] != "Dear female" || encoded(t, r["quantityQuantity"]) != `{"value":7}` ||
			r["occurrenceDateTime"] != "2027-01-02" {
			t.Errorf("got %v, want the request of the definition", r)
		}
		tasks := a.contained(plan, "Task")
		if len(tasks) != 1 || tasks[0]["description"] != "Call" || tasks[0]["owner"] == nil {
			t.Fatalf("got %v, want one task, Call, with an owner", tasks)
		}
		period := tasks[0]["restriction"].(object)["period"].(object)
		if period["start"] == nil || period["end"] == nil {
			t.Errorf("got %v, want a start and an end", period)
		}
		// Of the other patient neither gender nor age is known.
		other := a.ok(a.do("GET", "PlanDefinition/therapy/$apply?subject=Patient/p2", ""))
		if len(a.contained(other, "ServiceRequest")) != 0 || len(a.contained(other, "Task")) != 1 {
			t.Errorf("got %v, want one task and no request", other)
		}
	})
}

func TestAppliedPlansAreStoredWhenAsked(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		a.T = t
		a.put("PlanDefinition/therapy", therapy)
		a.put("EpisodeOfCare/e1", `{"resourceType":"EpisodeOfCare","id":"e1","status":"active","patient":{"reference":"Patient/p1"}}`)
		plan := a.ok(a.post("PlanDefinition/therapy/$apply", subject,
			`{"name":"store","valueBoolean":true}`, `{"name":"episode","valueString":"EpisodeOfCare/e1"}`))
		stored := a.get("CarePlan/" + plan["id"].(string))
		if stored["contained"] != nil || encoded(t, stored) != encoded(t, plan) {
			t.Errorf("got %v, want what was answered, with nothing contained", stored)
		}
		for _, x := range stored["activity"].([]any) {
			a.get(x.(object)["reference"].(object)["reference"].(string))
		}
		a.get(stored["goal"].([]any)[0].(object)["reference"].(string))
		if n := len(a.entries("Task?_tag=e1")); n != 1 {
			t.Errorf("%d tasks of the case", n)
		}
	})
}

func TestWhatIsAppliedAndStoredSaysByWhomAndWhy(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		a.T = t
		a.running("e1")
		store, of := `{"name":"store","valueBoolean":true}`, `{"name":"episode","valueString":"EpisodeOfCare/e1"}`
		by := `{"name":"practitioner","valueString":"Practitioner/manager"}`
		for reason, words := range map[string]string{`,{"name":"reason","valueString":"asked by the family"}`: "asked by the family", "": "A PlanDefinition was applied: "} {
			t.Run(reason, func(t *testing.T) {
				plan := a.ok(a.post("PlanDefinition/clinical/$apply", subject, store, of, by+reason))
				all := a.entries("Provenance?_tag=e1&target=CarePlan/" + plan["id"].(string))
				if len(all) != 1 {
					t.Fatalf("%d Provenances", len(all))
				}
				p := all[0]
				text := encoded(t, p)
				for _, part := range []string{words, `"code":"apply"`, `"reference":"Device/caseway-server"`, `"reference":"Practitioner/manager"`, `"reference":"PlanDefinition/clinical/_history/1"`} {
					if !strings.Contains(text, part) {
						t.Errorf("no %s in %s", part, text)
					}
				}
				a.get("PlanDefinition/clinical/_history/1")
				made := map[string]bool{"CarePlan/" + plan["id"].(string) + "/_history/1": true}
				for _, x := range plan["activity"].([]any) {
					made[x.(object)["reference"].(object)["reference"].(string)+"/_history/1"] = true
				}
				for _, x := range p["target"].([]any) {
					delete(made, x.(object)["reference"].(string))
				}
				if len(made) > 0 {
					t.Errorf("it doesn't name %v", made)
				}
				if p["meta"].(object)["lastUpdated"] != plan["meta"].(object)["lastUpdated"] {
					t.Error("not in one commit")
				}
			})
		}
		for _, id := range []string{"strengths-based", "brokerage", "intensive", "targeted"} { // what they plan is of kinds that cases know
			a.ok(a.post("PlanDefinition/"+id+"/$apply", subject, store, of))
		}
		plan := a.ok(a.post("PlanDefinition/clinical/$apply", subject, store))
		p := a.entries("Provenance?target=CarePlan/" + plan["id"].(string))
		if len(p) != 1 || p[0]["meta"].(object)["tag"] != nil {
			t.Errorf("outside of cases: %v", p)
		}
		status, text := a.do("GET", "PlanDefinition/clinical/$apply?subject=Patient/p1&reason=why", "")
		a.refused(400, "reason goes with store", status, text)
	})
}

func TestApplyingRefusesWhatItCannotDo(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		a.T = t
		a.put("EpisodeOfCare/e2", `{"resourceType":"EpisodeOfCare","id":"e2","status":"active","patient":{"reference":"Patient/p2"}}`)
		for _, c := range []struct {
			status       int
			query, words string
		}{
			{400, "", "parameter subject is missing"},
			{400, "subject=Patient/p1&patient=x", "$apply has no parameter patient; it has planDefinition, subject"},
			{400, "subject=Patient/p1&subject=Patient/p2", "subject is given more than once"},
			{400, "subject=Device/1", "subject must be a Patient or Group"},
			{422, "subject=Patient/nobody", "subject names nothing"},
			{400, "subject=Patient/p1&store=true", "store is for POST"},
			{400, "subject=Patient/p1&store=yes", "store is true or false"},
			{400, "subject=Patient/p1&userType=nurse", "by POST"},
		} {
			status, text := a.do("GET", "PlanDefinition/clinical/$apply?"+c.query, "")
			a.refused(c.status, c.words, status, text)
		}
		status, text := a.post("PlanDefinition/clinical/$apply", subject, `{"name":"store","valueBoolean":true}`, `{"name":"episode","valueString":"EpisodeOfCare/e2"}`)
		a.refused(400, "episode isn't one of the subject", status, text)
		status, text = a.do("GET", "PlanDefinition/none/$apply?subject=Patient/p1", "")
		a.refused(404, "not-found", status, text)
		for _, c := range []struct{ old, with, words string }{
			{`"language":"text/fhirpath","expression":"3 + 4"`, `"language":"text/cql","expression":"3"`, "action[0].dynamicValue[1].expression.language must be text/fhirpath"},
			{`"3 + 4"`, `"3 +"`, "action[0].dynamicValue[1].expression isn't FHIRPath"},
			{"quantityQuantity.v", "quantityQuantity.w", "action[0].dynamicValue[1] has a path to no element of Quantity"},
			{`"#visit"`, `"#nothing","documentation":[{"type":"depends-on","resource":"#visit"}]`, "action[0].definition names nothing"},
			{`"ServiceRequest"`, `"VisionPrescription"`, "action[0].definition must be an ActivityDefinition whose kind"},
			{`'urgent'`, `'hurry'`, "CarePlan.contained[1].priority"},
			{"%subject.birthDate < today() - 18 years", "birthDate", "action[0].condition[0].expression must be true or false"},
		} {
			t.Run(c.old, func(t *testing.T) {
				if !strings.Contains(therapy, c.old) {
					t.Fatal(c.old)
				}
				a.put("PlanDefinition/therapy", strings.Replace(therapy, c.old, c.with, 1))
				status, text := a.do("GET", "PlanDefinition/therapy/$apply?subject=Patient/p1", "")
				a.refused(422, c.words, status, text)
				status, text = a.post("PlanDefinition/therapy/$apply", subject, `{"name":"store","valueBoolean":true}`)
				a.refused(422, c.words, status, text)
			})
		}
		if n := a.stored(); n != "0000000" {
			t.Errorf("stored: %s", n)
		}
	})
}
