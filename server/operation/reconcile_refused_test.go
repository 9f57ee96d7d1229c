package operation_test

import (
	"net/url"
	"strings"
	"testing"
)

func TestReconcilingRefusesWhatIsWrong(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		a.T = t
		a.twoPlans()
		a.put("CarePlan/stranger", `{"resourceType":"CarePlan","id":"stranger","status":"active","intent":"plan","subject":{"reference":"Patient/p2"}}`)
		a.put("CarePlan/gone", `{"resourceType":"CarePlan","id":"gone","status":"active","intent":"plan","subject":{"reference":"Patient/p1"}}`)
		a.do("DELETE", "CarePlan/gone", "")
		before := a.stored()
		for _, c := range []struct {
			status       int
			query, words string
		}{
			{400, "", "parameter other is missing"},
			{400, "other=", "parameter other is empty"},
			{400, "other=CarePlan/there&other=CarePlan/there", "other is given more than once"},
			{400, "other=CarePlan/here", "other is the plan itself"},
			{400, "other=Goal/walk-1", "other must be a CarePlan"},
			{400, "other=there", "other must be a CarePlan"},
			{400, "other=" + url.QueryEscape("http://elsewhere.example/fhir/CarePlan/there"), "given as otherPlan"},
			{400, "other=CarePlan/there&plan=x", "$reconcile has no parameter plan; it has other, otherPlan, merge"},
			{400, "other=CarePlan/there&merge=yes", "merge is true or false"},
			{400, "other=CarePlan/there&store=true", "store is for POST"},
			{400, "other=CarePlan/there&episode=EpisodeOfCare/e", "episode goes with store"},
			{400, "other=CarePlan/there&reason=why", "reason goes with store"},
			{400, "otherPlan=CarePlan/there", "otherPlan is given by POST"},
			{422, "other=CarePlan/none", "other names nothing that is there"},
			{422, "other=CarePlan/gone", "other names nothing that is there"},
			{422, "other=CarePlan/stranger", "the plans are of different patients"},
		} {
			status, text := a.do("GET", "CarePlan/here/$reconcile?"+c.query, "")
			a.refused(c.status, c.words, status, text)
		}
		const store, inline = `{"name":"store","valueBoolean":true}`, `{"name":"otherPlan","resource":{"resourceType":"CarePlan",`
		for _, c := range []struct {
			status int
			words  string
			given  []string
		}{
			{400, "the other plan is given twice", []string{otherPlan, inline + `"status":"draft","intent":"plan","subject":{"reference":"Patient/p1"}}}`}},
			{400, "merge must be true", []string{otherPlan, store, `{"name":"merge","valueBoolean":false}`}},
			{400, "parameter other needs a value of type Reference", []string{`{"name":"other","valueInteger":1}`}},
			{400, "parameter other needs a value of type Reference", []string{`{"name":"other","resource":{"resourceType":"Patient"}}`}},
			{400, "parameter otherPlan needs a value of type CarePlan", []string{`{"name":"otherPlan","valueReference":{"reference":"CarePlan/there"}}`}},
			{422, "Parameters.parameter[0].resource.intent", []string{inline + `"status":"draft","subject":{"reference":"Patient/p1"}}}`}},
			{422, "Parameters.parameter[0].resource.status", []string{inline + `"status":"dreaming","intent":"plan","subject":{"reference":"Patient/p1"}}}`}},
			{400, "Parameters.parameter[0].resource", []string{inline + `"statuss":"draft","status":"draft","intent":"plan","subject":{"reference":"Patient/p1"}}}`}},
			{422, "different patients", []string{inline + `"status":"draft","intent":"plan","subject":{"reference":"Patient/p2"}}}`}},
			{422, "different patients", []string{inline + `"status":"draft","intent":"plan","subject":{"display":"somebody"}}}`}},
			{422, "episode names nothing", []string{otherPlan, store, `{"name":"episode","valueString":"EpisodeOfCare/none"}`}},
			{422, "modifier extensions", []string{`{"name":"merge","valueBoolean":true}`, inline +
				`"modifierExtension":[{"url":"http://example.org/not","valueBoolean":true}],"status":"draft","intent":"plan","subject":{"reference":"Patient/p1"}}}`}},
		} {
			status, text := a.post("CarePlan/here/$reconcile", c.given...)
			a.refused(c.status, c.words, status, text)
		}
		for _, path := range []string{"CarePlan/none/$reconcile", "CarePlan/gone/$reconcile", "Patient/p1/$reconcile", "CarePlan/$reconcile"} {
			t.Run(path, func(t *testing.T) {
				if status, text := a.post(path, otherPlan); status < 404 || status > 410 || !strings.Contains(text, "OperationOutcome") {
					t.Errorf("%s: %d %s", path, status, text)
				}
			})
		}
		if after := a.stored(); after != before {
			t.Errorf("stored: %s, before %s", after, before)
		}
	})
}

// TestAPlanFromElsewhereIsGivenInTheCall: what it contains is compared and comes
// along, under ids that aren't taken.
func TestAPlanFromElsewhereIsGivenInTheCall(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		a.T = t
		a.put("Patient/p1", `{"resourceType":"Patient","id":"p1","identifier":[{"system":"http://hospital.example/mrn","value":"17"}]}`)
		a.put("CarePlan/mine", `{"resourceType":"CarePlan","id":"mine","status":"active","intent":"plan","subject":{"reference":"Patient/p1"},
			"contained":[{"resourceType":"Goal","id":"g","lifecycleStatus":"active","description":{"text":"walk"},"subject":{"reference":"Patient/p1"}}],
			"instantiatesCanonical":["http://example.org/protocol|1"],"goal":[{"reference":"#g"}]}`)
		const plan = `{"resourceType":"CarePlan","identifier":[{"system":"http://clinic.example/plans","value":"p"}],"status":"active","intent":"proposal",
			"meta":{"source":"http://clinic.example","security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"R"}]},
			"subject":{"identifier":{"system":"http://hospital.example/mrn","value":"17"}},"instantiatesCanonical":["http://example.org/protocol|2"],
			"contained":[{"resourceType":"Goal","id":"g","lifecycleStatus":"active","description":{"text":"swim"},"subject":{"reference":"Patient/p1"}},
			 {"resourceType":"Goal","id":"h","lifecycleStatus":"active","description":{"text":"Walk"},"subject":{"reference":"Patient/p1"}}],
			"goal":[{"reference":"#h"},{"reference":"#g"}],
			"activity":[{"detail":{"status":"scheduled","code":{"text":"swimming"},"goal":[{"reference":"#g"},{"reference":"#h"}]}}]}`
		for _, name := range []string{"otherPlan", "other"} {
			t.Run(name, func(t *testing.T) {
				answer := a.ok(a.post("CarePlan/mine/$reconcile", `{"name":"`+name+`","resource":`+plan+`}`, `{"name":"store","valueBoolean":true}`))
				want(t, findings(t, answer), `
				agree CarePlan.status; active
				agree CarePlan.goal; walk; text
				conflict CarePlan.intent; plan; in CarePlan.intent
				conflict CarePlan.instantiatesCanonical; http://example.org/protocol|1; reference; in CarePlan.instantiatesCanonical
				only-there CarePlan.goal; swim
				only-there CarePlan.activity; swimming
				only-there CarePlan.identifier; p
			`)
				r := merged(t, answer)
				goals := encoded(t, []any{r["goal"], r["activity"].([]any)[0].(object)["detail"].(object)["goal"]})
				if goals != `[[{"reference":"#g"},{"reference":"#other-1"}],[{"reference":"#other-1"},{"reference":"#g"}]]` || len(r["contained"].([]any)) != 2 {
					t.Errorf("got %s, want both goals, each where it was", encoded(t, r))
				}
				if encoded(t, r["basedOn"]) != `[{"identifier":{"system":"http://clinic.example/plans","value":"p"},"type":"CarePlan"}]` ||
					named(r, "replaces") != "CarePlan/mine" || !strings.Contains(encoded(t, r["meta"]), `"code":"R"`) {
					t.Errorf("got %s, want it to replace CarePlan/mine, with its label", encoded(t, r))
				}
				p := a.entries("Provenance?target=CarePlan/" + r["id"].(string))
				if text := encoded(t, p); len(p) != 1 || !strings.Contains(text, "http://clinic.example/plans") || !strings.Contains(text, "CarePlan/mine/_history/1") {
					t.Error(text)
				}
			})
		}
	})
}
