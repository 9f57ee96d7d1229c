package cases_test

import (
	"net/http"
	"slices"
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
			a.put("Task/"+row.id, `{"resourceType":"Task","id":"`+row.id+`","status":"requested","intent":"order","for":{"reference":"Patient/p1"},`+
				`"owner":{"reference":"Organization/`+map[bool]string{true: "agency", false: "pharmacy"}[row.offer]+`"}`+row.more+`}`)
			c := k.seen()
			offers := c.Services[0].Offers
			got := slices.ContainsFunc(offers, func(o casemodel.Offer) bool { return o.ID == casemodel.Ref("Task/"+row.id) })
			if got != row.offer {
				t.Errorf("%s: an offer is %v, want %v: %+v", row.id, got, row.offer, offers)
			}
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
			a.put("CarePlan/p", `{"resourceType":"CarePlan","id":"p",`+ofEpisode+`,"status":"active","intent":"`+intent+`","subject":{"reference":"Patient/p1"}}`)
			if got := k.seen().Plans[0].Status; got != want {
				t.Errorf("an active plan of intent %s is %s, want %s", intent, got, want)
			}
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
