package cases_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"caseway/mapping/casemodel"
)

// ofEpisode is the extension by which resources name the episode foreign.
const ofEpisode = `"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/workflow-episodeOfCare","valueReference":{"reference":"EpisodeOfCare/foreign"}}]`

// elsewhere stores an episode that another system wrote, with what the text adds.
func (a *api) elsewhere(more string) *course {
	a.t.Helper()
	a.directory()
	a.put("EpisodeOfCare/foreign", foreignEpisode(more))
	return &course{api: a, path: "/cases/foreign"}
}

func foreignEpisode(more string) string {
	return `{"resourceType":"EpisodeOfCare","id":"foreign","patient":{"reference":"Patient/p1"}` + more + `}`
}

// adopt takes the episode over.
func (k *course) adopt(phase casemodel.Phase) {
	k.t.Helper()
	got := k.do("GET", k.path+"?view=whole", "")
	k.c, k.etag = k.view(got, http.StatusOK).Case, got.header.Get("ETag")
	k.must("adopt", cm, manager, casemodel.Opening{Model: casemodel.ModelClinical, Setting: casemodel.SettingCommunity, Phase: phase}, "ours")
}

// seen shows the case whole.
func (k *course) seen() casemodel.Case {
	k.t.Helper()
	return k.view(k.do("GET", k.path+"?view=whole", ""), http.StatusOK).Case
}

// TestTasksForAServiceAreOffers whatever their code, as far as it means nothing
// else.
func TestTasksForAServiceAreOffers(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		k := a.elsewhere(`,"status":"active"`)
		a.put("ServiceRequest/s", `{"resourceType":"ServiceRequest","id":"s",`+ofEpisode+`,"status":"active","intent":"order","subject":{"reference":"Patient/p1"},"code":{"text":"telemonitoring"}}`)
		service := `"reference":"ServiceRequest/s"}`
		standard := func(code string) string {
			return `,"code":{"coding":[{"system":"http://hl7.org/fhir/CodeSystem/task-code","code":"` + code + `"}]}`
		}
		for _, row := range []struct {
			id, more string
			offer    bool
		}{
			{"plain", `,"focus":{` + service, true},
			{"based", `,"basedOn":[{` + service + `]`, true},
			{"words", `,"focus":{` + service + `,"code":{"text":"please do"}`, true},
			{"local", `,"focus":{` + service + `,"code":{"coding":[{"system":"http://snomed.info/sct","code":"306181000000106"}]}`, true},
			{"fulfil", `,"focus":{` + service + standard("fulfill"), true},
			{"patient", `,"basedOn":[{` + service + `],"focus":{"reference":"Patient/p1"}`, true},
			{"approve", `,"focus":{` + service + standard("approve"), false},
			{"abort", `,"focus":{` + service + standard("abort"), false},
			{"step", `,"partOf":[{"reference":"Task/plain"}],"basedOn":[{` + service + `]`, false},
			{"other", `,"focus":{"reference":"EpisodeOfCare/foreign"}`, false},
		} {
			t.Run(row.id, func(t *testing.T) {
				a.put("Task/"+row.id, `{"resourceType":"Task","id":"`+row.id+`","status":"requested","intent":"order","for":{"reference":"Patient/p1"},`+
					`"owner":{"reference":"Organization/`+map[bool]string{true: "agency", false: "pharmacy"}[row.offer]+`"}`+row.more+`}`)
				c := k.seen()
				offers := c.Services[0].Offers
				got := slices.ContainsFunc(offers, func(o casemodel.Offer) bool { return o.ID == casemodel.Ref("Task/"+row.id) })
				if got != row.offer {
					t.Errorf("%s: an offer is %v, want %v: %+v", row.id, got, row.offer, offers)
				}
			})
		}
	})
}

// TestATaskOfTheCaseAboutAServiceIsNoOffer, though it names the service.
func TestATaskOfTheCaseAboutAServiceIsNoOffer(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		k := newStage(a).active(1)
		service := k.c.Services[0].ID
		k.takes("work", casemodel.Task{Text: "call about the therapy", Owner: manager, About: service})
		c := k.seen()
		at := slices.IndexFunc(c.Tasks, func(x casemodel.Task) bool { return x.About == service })
		if at < 0 || len(c.Services[0].Offers) > 0 {
			t.Errorf("the tasks are %+v, the offers %+v", c.Tasks, c.Services[0].Offers)
		}
	})
}

// TestATaskOfAnotherSystemEndsAService by the steps that R4 has.
func TestATaskOfAnotherSystemEndsAService(t *testing.T) {
	task := func(status string) string {
		return `{"resourceType":"Task","id":"t","status":"` + status + `","intent":"order","for":{"reference":"Patient/p1"},"owner":{"reference":"Organization/agency"},"focus":{"reference":"ServiceRequest/s"}}`
	}
	onEachStore(t, func(t *testing.T, a *api) {
		k := a.elsewhere(`,"status":"active"`)
		a.put("ServiceRequest/s", `{"resourceType":"ServiceRequest","id":"s",`+ofEpisode+`,"status":"active","intent":"order","subject":{"reference":"Patient/p1"}}`)
		k.adopt("")
		for _, status := range []string{"requested", "accepted", "on-hold", "completed"} {
			a.put("Task/t", task(status))
		}
		if got := k.seen().Services[0].Status; got != casemodel.ServiceDelivered {
			t.Errorf("the service is %s, want delivered", got)
		}
		a.refusedOverFHIR("offer-step-not-allowed", a.do("PUT", "/fhir/Task/t", task("requested")))
		a.put("Task/t", task("entered-in-error"))
	})
}

// TestAProposalIsNoPlanInForce, however active it is.
func TestAProposalIsNoPlanInForce(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		k := a.elsewhere(`,"status":"active"`)
		for intent, want := range map[string]casemodel.PlanStatus{
			"proposal": casemodel.PlanProposed, "option": casemodel.PlanProposed, "plan": casemodel.PlanApproved, "order": casemodel.PlanApproved,
		} {
			t.Run(intent, func(t *testing.T) {
				a.put("CarePlan/p", `{"resourceType":"CarePlan","id":"p",`+ofEpisode+`,"status":"active","intent":"`+intent+`","subject":{"reference":"Patient/p1"}}`)
				if got := k.seen().Plans[0].Status; got != want {
					t.Errorf("an active plan of intent %s is %s, want %s", intent, got, want)
				}
			})
		}
	})
}

// TestAClientKnownByIdentifierOnly is shown, and the case taken over.
func TestAClientKnownByIdentifierOnly(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		a.directory()
		a.put("EpisodeOfCare/foreign", `{"resourceType":"EpisodeOfCare","id":"foreign","status":"active",
			"patient":{"type":"Patient","identifier":{"system":"urn:example:national","value":"1"},"display":"Peter"}}`)
		k := &course{api: a, path: "/cases/foreign"}
		want := casemodel.Client{Identifier: casemodel.Identifier{System: "urn:example:national", Value: "1"}, Name: "Peter"}
		if got := k.seen().Client; text(got) != text(want) {
			t.Errorf("the client is %+v, want %+v", got, want)
		}
		k.adopt("")
		episode, _ := a.stored("EpisodeOfCare/foreign")
		if got := text(episode["patient"]); got != `{"display":"Peter","identifier":{"system":"urn:example:national","value":"1"},"type":"Patient"}` {
			t.Errorf("the patient is %s", got)
		}
	})
}

// adopted episodes are stored by the EHR with a history and dates of its own.
const ownHistory = `,"status":"active","period":{"start":"2021-02-09"},"type":[{"text":"home care"}],"statusHistory":[
	{"status":"planned","period":{"start":"2021-02-14","end":"2021-02-14"}},{"status":"active","period":{"start":"2021-02-09","end":"2021-02-09"}}]`

// TestAdoptingLeavesTheHistoryOfOthers as they wrote it.
func TestAdoptingLeavesTheHistoryOfOthers(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		k := a.elsewhere(ownHistory)
		before, _ := a.stored("EpisodeOfCare/foreign")
		k.adopt("")
		after, _ := a.stored("EpisodeOfCare/foreign")
		spans := after["statusHistory"].([]any)
		if text(spans[:2]) != text(before["statusHistory"]) || len(spans) != 3 || text(after["period"]) != text(before["period"]) {
			t.Errorf("the history is %s, the period %s", text(spans), text(after["period"]))
		}
	})
}

// TestTheOwnersCopyIsAcceptedAfterAdoption with what it adds, and without what
// Caseway keeps in the episode, which stays.
func TestTheOwnersCopyIsAcceptedAfterAdoption(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		k := a.elsewhere(ownHistory)
		a.put("CareTeam/t", `{"resourceType":"CareTeam","id":"t","status":"active","subject":{"reference":"Patient/p1"}}`)
		k.adopt("")
		k.must("assess", cm, manager, casemodel.Assessing{
			Assessment: casemodel.Assessment{Status: casemodel.AssessmentCompleted, Needs: []casemodel.Need{{Text: "to walk"}}},
			Problems:   []casemodel.Problem{{Code: casemodel.Words("arthritis"), Categories: problemList}},
		})
		want := k.seen()
		for _, more := range []string{
			ownHistory,
			ownHistory + `,"careManager":{"reference":"Practitioner/manager"}`,
			`,"status":"active","period":{"start":"2021-02-09"}`,
			`,"status":"active","statusHistory":[{"status":"active","period":{"start":"2021-02-09","end":"2021-03-01"}},{"status":"active","period":{"start":"2021-03-01"}}]`,
			`,"status":"active","type":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/episodeofcare-type","code":"hacc"}]}]`,
			ownHistory + `,"team":[{"reference":"CareTeam/t"}]`,
		} {
			t.Run(more, func(t *testing.T) {
				a.put("EpisodeOfCare/foreign", foreignEpisode(more))
				got := k.seen()
				if got.Model != want.Model || got.Setting != want.Setting || got.Phase != want.Phase || !got.Manager.Same(want.Manager) || len(got.Problems) != 1 {
					t.Errorf("after %s the case is %s", more, text(got))
				}
				if n, m := len(got.History), len(want.History); got.History[n-1] != want.History[m-1] || got.History[n-2] != want.History[m-2] {
					t.Errorf("after %s the history is %s", more, text(got.History))
				}
			})
		}
		again, _ := a.stored("EpisodeOfCare/foreign")
		a.put("EpisodeOfCare/foreign", text(again))
		for _, h := range again["statusHistory"].([]any) {
			delete(h.(object), "extension") // as a client that knows no extensions stores it
		}
		delete(again, "extension")
		a.put("EpisodeOfCare/foreign", text(again))
		if got := k.seen(); len(got.History) != 4 || got.History[3].Inferred || got.Phase != want.Phase {
			t.Errorf("the history is %s, in phase %s", text(got.History), got.Phase)
		}
	})
}

// TestAdoptingRunningCare goes on by the plan of its own system, which says so and
// can go on to write it.
func TestAdoptingRunningCare(t *testing.T) {
	plan := func(more string) string {
		return `{"resourceType":"CarePlan","id":"p",` + ofEpisode + `,"status":"active","intent":"plan","subject":{"reference":"Patient/p1"}` + more + `}`
	}
	onEachStore(t, func(t *testing.T, a *api) {
		k := a.elsewhere(`,"status":"active"`)
		a.put("CarePlan/p", plan(""))
		before, _ := a.stored("CarePlan/p")
		k.adopt(casemodel.PhaseActive)
		after, _ := a.stored("CarePlan/p")
		if c := k.seen(); c.Phase != casemodel.PhaseActive || len(c.Plans[0].Approvals) != 1 || text(before) != text(after) {
			t.Errorf("adopted in phase %s by %s: %s", c.Phase, text(c.Plans), text(after))
		}
		said := a.do("GET", "/fhir/Provenance?_tag=foreign", "").body
		if !strings.Contains(said, "CarePlan/p was in force when the case was adopted") {
			t.Errorf("the Provenance doesn't note the plan: %s", said)
		}
		for _, more := range []string{`,"title":"home care"`, "", `,"note":[{"text":"going well"}]`} {
			a.put("CarePlan/p", plan(more))
		}
		a.put("CarePlan/p", strings.Replace(plan(""), "active", "completed", 1))
		if got := k.seen().Phase; got != casemodel.PhaseActive {
			t.Errorf("the phase is %s after the plan was completed", got)
		}
	})
}

// TestAdoptingWhatIsOver keeps its own end.
func TestAdoptingWhatIsOver(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		k := a.elsewhere(`,"status":"finished","period":{"start":"2020-01-05","end":"2020-05-06"},"statusHistory":[{"status":"finished","period":{"start":"2020-05-06"}}]`)
		k.adopt("")
		c := k.seen()
		if c.Phase != casemodel.PhaseClosed || c.Closure.At != "2020-05-06" || c.Period.End != "2020-05-06" || len(c.History) != 2 || !c.History[0].Inferred {
			t.Errorf("closed as %s, history %s, period %+v", text(c.Closure), text(c.History), c.Period)
		}
		a.put("EpisodeOfCare/foreign", foreignEpisode(`,"status":"finished","period":{"start":"2020-01-05","end":"2020-05-06"},"statusHistory":[{"status":"finished","period":{"start":"2020-05-06"}}]`))
		if got := k.seen(); text(got.History) != text(c.History) {
			t.Errorf("the history is %s, want %s", text(got.History), text(c.History))
		}
	})
}

// TestAnEpisodeOfOthersThatGetsAPhase by a write is judged like a new one.
func TestAnEpisodeOfOthersThatGetsAPhase(t *testing.T) {
	const ours = `,"careManager":{"reference":"Practitioner/manager"},"type":[
		{"coding":[{"system":"https://caseway.dev/fhir/CodeSystem/case-model","code":"clinical"}]},
		{"coding":[{"system":"https://caseway.dev/fhir/CodeSystem/case-setting","code":"community"}]}],
		"extension":[{"url":"https://caseway.dev/fhir/StructureDefinition/episode-phase","valueCode":"active"}]`
	onEachStore(t, func(t *testing.T, a *api) {
		for _, history := range []string{"", `,"statusHistory":[{"status":"planned","period":{"start":"2021-02-14","end":"2021-02-14"}}]`} {
			t.Run(history, func(t *testing.T) {
				k := a.elsewhere(`,"status":"active"` + history)
				a.put("EpisodeOfCare/foreign", foreignEpisode(`,"status":"active"`+history+ours))
				if c := k.seen(); !c.Adopted || c.Phase != casemodel.PhaseActive || len(c.Cadences) == 0 {
					t.Errorf("with %q it became %s", history, text(c))
				}
				if got := a.do("DELETE", "/fhir/EpisodeOfCare/foreign", ""); got.status != http.StatusUnprocessableEntity {
					t.Errorf("the bound episode is deleted: %d", got.status)
				}
				a.put("EpisodeOfCare/foreign", strings.ReplaceAll(foreignEpisode(`,"status":"entered-in-error"`+ours), `"active"`, `"entered-in-error"`))
				a.do("DELETE", "/fhir/EpisodeOfCare/foreign", "")
			})
		}
	})
}

// TestProblemsThatAnAssessmentAddsAreDiagnoses of the episode.
func TestProblemsThatAnAssessmentAddsAreDiagnoses(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		k := a.elsewhere(`,"status":"active"`)
		k.adopt("")
		k.must("assess", cm, manager, casemodel.Assessing{
			Assessment: casemodel.Assessment{Status: casemodel.AssessmentCompleted, Needs: []casemodel.Need{{Text: "x"}}},
			Problems:   []casemodel.Problem{{Code: casemodel.Concept{Codings: []casemodel.Coding{{System: "http://snomed.info/sct", Code: "69896004"}}}, Categories: problemList}},
		})
		if got := idsOn(a.page("/cases?condition=http://snomed.info/sct|69896004")); got != "foreign" {
			t.Errorf("found are %q", got)
		}
	})
}

// TestWhatNoPartShowsIsTold by the whole view.
func TestWhatNoPartShowsIsTold(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		k := a.elsewhere(`,"status":"active"`)
		patient := `"subject":{"reference":"Patient/p1"}`
		visit := `"episodeOfCare":[{"reference":"EpisodeOfCare/foreign"}],` + patient + `,"class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":`
		a.put("MedicationRequest/m", `{"resourceType":"MedicationRequest","id":"m","status":"active","intent":"order",`+patient+`,"medicationCodeableConcept":{"text":"Amlodipine"}}`)
		a.put("Encounter/emergency", `{"resourceType":"Encounter","id":"emergency","status":"finished",`+visit+`"EMER"}}`)
		a.put("Encounter/inpatient", `{"resourceType":"Encounter","id":"inpatient","status":"finished",`+visit+`"IMP"}}`)
		a.put("Encounter/visit", `{"resourceType":"Encounter","id":"visit","status":"finished",`+visit+`"HH"}}`)
		a.put("Observation/weight", `{"resourceType":"Observation","id":"weight","status":"final",`+ofEpisode+`,"code":{"text":"weight"},`+patient+`}`)
		a.put("CarePlan/p", `{"resourceType":"CarePlan","id":"p",`+ofEpisode+`,"status":"active","intent":"plan",`+patient+`,
			"contained":[{"resourceType":"CareTeam","id":"ct","participant":[{"member":{"display":"Hospital X"}}]},{"resourceType":"Goal","id":"cg","lifecycleStatus":"active","description":{"text":"g"},`+patient+`}],
			"careTeam":[{"reference":"#ct"}],"goal":[{"reference":"#cg"}],"activity":[{"reference":{"reference":"MedicationRequest/m"}}]}`)
		told := ""
		for _, l := range a.view(a.do("GET", k.path+"?view=whole", ""), http.StatusOK).Losses {
			if told += l.Part + " " + l.Path + "\n"; l.Reason == "" {
				t.Errorf("no reason for %s", l.Path)
			}
		}
		const want = "CarePlan/p CarePlan.contained[0]\nCarePlan/p CarePlan.contained[1]\nEncounter/emergency Encounter\n" +
			"Encounter/inpatient Encounter\nObservation/weight Observation\nMedicationRequest/m MedicationRequest\n"
		if told != want {
			t.Errorf("told is\n%swant\n%s", told, want)
		}
	})
}

// TestCasesAreListedByProblemsAndManagers with their names.
func TestCasesAreListedByProblemsAndManagers(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		a.elsewhere(`,"status":"active","careManager":{"reference":"PractitionerRole/r"}`)
		a.put("PractitionerRole/r", `{"resourceType":"PractitionerRole","id":"r","practitioner":{"reference":"Practitioner/mary"}}`)
		a.put("Practitioner/mary", `{"resourceType":"Practitioner","id":"mary","name":[{"given":["Mary"],"family":"Seacole"}]}`)
		a.put("Condition/c", `{"resourceType":"Condition","id":"c",`+ofEpisode+`,"subject":{"reference":"Patient/p1"},"code":{"coding":[{"system":"http://snomed.info/sct","code":"69896004"}]}}`)
		a.put("ValueSet/v", `{"resourceType":"ValueSet","id":"v","url":"http://example.org/rheuma","status":"active","compose":{"include":[{"system":"http://snomed.info/sct","concept":[{"code":"69896004"}]}]}}`)
		for query, want := range map[string]string{
			"condition=http://snomed.info/sct|69896004": "foreign", "condition=69896004": "foreign", "condition=Condition/c": "foreign",
			"condition=http://snomed.info/sct|1": "", "condition:in=http://example.org/rheuma": "foreign",
			"assignee=PractitionerRole/r": "foreign", "assignee=PractitionerRole/other": "", "assignee=Practitioner/other": "",
		} {
			t.Run(query, func(t *testing.T) {
				page := a.page("/cases?" + query)
				if got := idsOn(page); got != want {
					t.Errorf("%s: %q, want %q", query, got, want)
				}
				for _, row := range page.Cases {
					if row.Client.Name != "Client" || row.Assignee.Name != "Mary Seacole" {
						t.Errorf("the row names %+v and %+v", row.Client, row.Assignee)
					}
				}
			})
		}
	})
}
