package operation_test

import (
	"strings"
	"testing"
)

// twoPlans stores the plans of a hospital and of a clinic for one patient:
// CarePlan/here and CarePlan/there.
func (a *api) twoPlans() {
	a.Helper()
	of := `"subject":{"reference":"Patient/p1"}`
	coded := func(system, code, text string) string {
		return `{"coding":[{"system":"` + system + `","code":"` + code + `"}],"text":"` + text + `"}`
	}
	const snomed, loinc = "http://snomed.info/sct", "http://loinc.org"
	for key, body := range map[string]string{
		"Organization/clinic": `"name":"Clinic"`, "Practitioner/doctor": `"active":true`,
		"Condition/fracture-1": of + `,"code":` + coded(snomed, "71620000", "Fracture of femur"),
		"Condition/fracture-2": of + `,"code":` + coded(snomed, "71620000", "Broken thigh bone"),
		"Condition/injury":     of + `,"code":{"text":"Head injury"}`,
		"CareTeam/t1":          of + `,"status":"active","name":"Trauma team"`,
		"CareTeam/t2":          of + `,"status":"active","name":"Home team"`,
		"Goal/walk-1": of + `,"lifecycleStatus":"active","description":{"text":"Walk  again"},"target":[{"measure":` + coded(loinc, "41950-7", "steps") +
			`,"detailQuantity":{"value":1000},"dueDate":"2027-03-01"}]`,
		"Goal/walk-2": of + `,"lifecycleStatus":"active","description":{"text":"walk again"},"target":[{"measure":` + coded(loinc, "41950-7", "steps") +
			`,"detailQuantity":{"value":5000},"dueDate":"2027-03"}]`,
		"Goal/sleep": of + `,"lifecycleStatus":"active","description":{"text":"Sleep through"}`,
		"ServiceRequest/therapy": of + `,"status":"active","intent":"order","code":` + coded(snomed, "91251008", "Physical therapy") +
			`,"occurrenceTiming":{"repeat":{"frequency":3,"period":1,"periodUnit":"wk"}}`,
	} {
		typ, id, _ := strings.Cut(key, "/")
		a.put(key, `{"resourceType":"`+typ+`","id":"`+id+`",`+body+`}`)
	}
	a.put("CarePlan/here", `{"resourceType":"CarePlan","id":"here","meta":{"source":"http://hospital.example"},"status":"active","intent":"plan",`+of+`,
		"title":"After the accident","period":{"start":"2026-11-01"},"author":{"reference":"Practitioner/doctor"},
		"addresses":[{"reference":"Condition/fracture-1"},{"reference":"Condition/injury"}],"careTeam":[{"reference":"CareTeam/t1"}],
		"goal":[{"reference":"Goal/walk-1"},{"reference":"Goal/sleep"}],
		"activity":[{"detail":{"status":"scheduled","code":`+coded(snomed, "229070002", "Stretching")+`,"scheduledString":"daily"}},
		 {"detail":{"status":"in-progress","code":`+coded(snomed, "91251008", "PT")+`,"scheduledTiming":{"repeat":{"frequency":3,"period":1,"periodUnit":"wk"}}}}]}`)
	a.put("CarePlan/there", `{"resourceType":"CarePlan","id":"there","status":"active","intent":"order",`+of+`,
		"title":"after the ACCIDENT","period":{"start":"2026-11","end":"2027-05-01"},"author":{"reference":"Organization/clinic"},
		"addresses":[{"reference":"Condition/fracture-2"}],"careTeam":[{"reference":"CareTeam/t2"},{"reference":"CareTeam/t1"}],
		"goal":[{"reference":"Goal/walk-2"}],
		"activity":[{"reference":{"reference":"ServiceRequest/therapy"}},
		 {"detail":{"status":"scheduled","code":`+coded(snomed, "229070002", "Stretching")+`,"doNotPerform":true,"scheduledString":"Daily"}}]}`)
	a.put("Provenance/there", `{"resourceType":"Provenance","id":"there","target":[{"reference":"CarePlan/there"}],"recorded":"2026-11-02T10:00:00Z",
		"agent":[{"who":{"reference":"Practitioner/manager"}},{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/provenance-participant-type","code":"custodian"}]},
		"who":{"reference":"Organization/clinic"}}]}`)
}

// parts are the parts of a parameter by their names; of several of a name the last.
func parts(p any) object {
	all := object{}
	for _, x := range p.(object)["part"].([]any) {
		part := x.(object)
		for name, value := range part {
			if name != "name" {
				all[part["name"].(string)] = value
			}
		}
	}
	return all
}

// findings lists what was found: kind, element, what it is about and how that
// was found, and for a conflict in what.
func findings(t *testing.T, answer object) []string {
	t.Helper()
	var all []string
	for _, x := range answer["parameter"].([]any) {
		name := x.(object)["name"].(string)
		if name == "source" || name == "merged" {
			continue
		}
		p := parts(x)
		line := name + " " + p["element"].(string)
		for _, key := range []string{"words", "by"} {
			if w, is := p[key].(string); is {
				line += "; " + w
			}
		}
		for _, y := range x.(object)["part"].([]any) {
			if d := y.(object); d["name"] == "difference" {
				line += "; in " + parts(d)["element"].(string)
			}
		}
		all = append(all, line)
	}
	return all
}

// want holds findings to be what is expected, in any order.
func want(t *testing.T, got []string, expected string) {
	t.Helper()
	left := map[string]int{}
	for _, line := range strings.Split(strings.TrimSpace(expected), "\n") {
		left[strings.TrimSpace(line)]++
	}
	for _, line := range got {
		left[line]--
	}
	for line, n := range left {
		if n != 0 {
			t.Errorf("%+d of: %s", n, line)
		}
	}
}

func TestPlansAreComparedByMeaning(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		a.T = t
		a.twoPlans()
		answer := a.ok(a.do("GET", "CarePlan/here/$reconcile?other=CarePlan/there", ""))
		want(t, findings(t, answer), `
			agree CarePlan.status; active
			agree CarePlan.title; After the accident
			agree CarePlan.period.start; 2026-11-01
			agree CarePlan.careTeam; Trauma team; reference
			agree CarePlan.addresses; Fracture of femur; code
			agree CarePlan.activity; PT; code
			conflict CarePlan.intent; plan; in CarePlan.intent
			conflict CarePlan.goal; Walk  again; text; in Goal.target.detail
			only-here CarePlan.author; Practitioner/doctor
			only-here CarePlan.addresses; Head injury
			only-here CarePlan.goal; Sleep through
			conflict CarePlan.activity; Stretching; code; in CarePlan.activity.detail.doNotPerform
			only-there CarePlan.period.end; 2027-05-01
			only-there CarePlan.author; Clinic
			only-there CarePlan.careTeam; Home team
		`)
	})
}

// merged is the merged plan of an answer.
func merged(t *testing.T, answer object) object {
	t.Helper()
	for _, x := range answer["parameter"].([]any) {
		if p := x.(object); p["name"] == "merged" {
			return p["resource"].(object)
		}
	}
	t.Fatal("no merged plan")
	return nil
}

// named are the references in a list of a resource.
func named(r object, list string) string {
	all := []string{}
	members, _ := r[list].([]any)
	for _, m := range members {
		all = append(all, m.(object)["reference"].(string))
	}
	return strings.Join(all, " ")
}

func TestTheMergedPlanComesWhenAskedFor(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		a.T = t
		a.twoPlans()
		before := a.stored()
		if text := encoded(t, a.get("CarePlan/here/$reconcile?other=CarePlan/there")); strings.Contains(text, `"merged"`) {
			t.Error("it comes unasked")
		}
		plan := merged(t, a.get("CarePlan/here/$reconcile?merge=true&other=CarePlan/there"))
		for list, expected := range map[string]string{
			"goal": "Goal/walk-1 Goal/sleep", "addresses": "Condition/fracture-1 Condition/injury", "careTeam": "CareTeam/t1 CareTeam/t2",
			"contributor": "Practitioner/doctor Organization/clinic", "replaces": "CarePlan/here CarePlan/there", "basedOn": "",
		} {
			t.Run(list, func(t *testing.T) {
				if got := named(plan, list); got != expected {
					t.Errorf("%s: got %s, want what the row says", list, got)
				}
			})
		}
		period := plan["period"].(object)
		if plan["status"] != "draft" || plan["intent"] != "plan" || plan["id"] != nil || len(plan["activity"].([]any)) != 2 ||
			period["start"] != "2026-11-01" || period["end"] != "2027-05-01" || !strings.Contains(encoded(t, plan["note"]), "Goal.target.detail") {
			t.Errorf("got %s, want the whole period, and a note of what differs", encoded(t, plan))
		}
		if after := a.stored(); after != before {
			t.Errorf("stored: %s, before %s", after, before)
		}
	})
}

const otherPlan = `{"name":"other","valueReference":{"reference":"CarePlan/there"}}`

func TestTheMergedPlanIsStoredWithWhereItComesFrom(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		a.T = t
		a.twoPlans()
		plan := merged(t, a.ok(a.post("CarePlan/here/$reconcile", otherPlan, `{"name":"store","valueBoolean":true}`, `{"name":"reason","valueString":"two homes"}`)))
		id := plan["id"].(string)
		if encoded(t, a.get("CarePlan/"+id)) != encoded(t, plan) {
			t.Error("another plan is stored")
		}
		all := a.entries("Provenance?target=CarePlan/" + id)
		if len(all) != 1 {
			t.Fatalf("%d Provenances", len(all))
		}
		text := encoded(t, all[0])
		for _, part := range []string{
			`"code":"reconcile"`, `"two homes"`, `{"reference":"CarePlan/` + id + `/_history/1"}`, `Device/caseway-server`,
			`{"role":"source","what":{"reference":"CarePlan/here/_history/1"}}`, `{"role":"source","what":{"reference":"CarePlan/there/_history/1"}}`,
		} {
			t.Run(part, func(t *testing.T) {
				if !strings.Contains(text, part) {
					t.Errorf("no %s in %s", part, text)
				}
			})
		}
		if at := all[0]["meta"].(object)["lastUpdated"]; at != plan["meta"].(object)["lastUpdated"] {
			t.Error("not in one commit")
		}
	})
}

func TestMergedPlansOfCasesAreHeldToTheirRules(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		a.T = t
		a.twoPlans()
		a.running("e1")
		store := `{"name":"store","valueBoolean":true}`
		plan := merged(t, a.ok(a.post("CarePlan/e1/$reconcile", otherPlan, store)))
		if text := encoded(t, plan["meta"]); !strings.Contains(text, `"code":"e1"`) {
			t.Errorf("not in the case: %s", text)
		}
		if n := len(a.entries("Provenance?_tag=e1&target=CarePlan/" + plan["id"].(string))); n != 1 {
			t.Errorf("%d Provenances in the case", n)
		}
		// The therapy came into the case with the plan, and stands against closing it.
		closing, refusal := a.post("EpisodeOfCare/e1/$close", closedAs, `{"name":"summary","valueString":"moved away"}`)
		a.refused(422, "referral-not-closed", closing, refusal)
		a.put("EpisodeOfCare/e2", `{"resourceType":"EpisodeOfCare","id":"e2","status":"active","patient":{"reference":"Patient/p2"}}`)
		status, text := a.post("CarePlan/here/$reconcile", otherPlan, store, `{"name":"episode","valueString":"EpisodeOfCare/e2"}`)
		a.refused(400, "episode isn't one of the subject", status, text)
	})
}
