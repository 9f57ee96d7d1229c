package cases_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"caseway/fhir"
	"caseway/mapping/casemodel"
	"caseway/server/cases/membership"
)

// casesOf are the cases that a stored resource has the tags of.
func (a *api) casesOf(path string) []string {
	a.t.Helper()
	got := a.do("GET", "/fhir/"+path, "")
	if got.status != http.StatusOK {
		a.t.Fatalf("GET %s: %d %s", path, got.status, got.body)
	}
	return fhir.Tags([]byte(got.body), membership.CaseSystem)
}

// TestAnEHRsPlanLeavesACaseThatRulesBind: a link that was wrong is taken back by
// writing the plan without it, and what came in by the plan alone leaves too.
func TestAnEHRsPlanLeavesACaseThatRulesBind(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		k := a.open()
		const plan = `{"resourceType":"CarePlan","id":"theirs",LINK"status":"active","intent":"plan","title":"theirs","subject":{"reference":"Patient/PATIENT"},"addresses":[{"reference":"Condition/theirs"}]}`
		patient := strings.TrimPrefix(string(k.c.Client.ID), "Patient/")
		text := strings.ReplaceAll(plan, "PATIENT", patient)
		link := `"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/workflow-episodeOfCare","valueReference":{"reference":"EpisodeOfCare/` + k.c.ID + `"}}],`
		a.put("Condition/theirs", `{"resourceType":"Condition","id":"theirs","code":{"text":"x"},"subject":{"reference":"Patient/`+patient+`"}}`)
		a.put("CarePlan/theirs", strings.ReplaceAll(text, "LINK", link))
		for _, path := range []string{"CarePlan/theirs", "Condition/theirs"} {
			t.Run(path, func(t *testing.T) {
				if got := a.casesOf(path); !slices.Equal(got, []string{k.c.ID}) {
					t.Errorf("%s: got the cases %v, want %s", path, got, k.c.ID)
				}
			})
		}
		other := strings.ReplaceAll(strings.ReplaceAll(text, "LINK", link), "Patient/"+patient, "Patient/somebody-else")
		if got := a.do("PUT", "/fhir/CarePlan/theirs", other); got.status != http.StatusUnprocessableEntity {
			t.Errorf("the plan of another patient: got %d %s, want 422", got.status, got.body)
		}
		a.put("CarePlan/theirs", strings.ReplaceAll(text, "LINK", ""))
		for _, path := range []string{"CarePlan/theirs", "Condition/theirs"} {
			t.Run(path, func(t *testing.T) {
				if got := a.casesOf(path); len(got) != 0 {
					t.Errorf("%s without its link: got the cases %v, want none", path, got)
				}
			})
		}
		if got := a.do("GET", k.path+"?view=whole", ""); got.status != http.StatusOK || strings.Contains(got.body, "theirs") {
			t.Errorf("the case still shows the plan: %d %s", got.status, got.body)
		}
	})
}

// TestWhatAnActionMadeStaysInItsCase, also where a client's copy has neither the
// tag nor the reference by which it could have come in.
func TestWhatAnActionMadeStaysInItsCase(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		k := a.open()
		id := k.planned()
		k.must("offer", casemodel.RoleCaseManager, manager, casemodel.Offering{Service: id, Providers: []casemodel.Asked{{Provider: pharmacy}}})
		for _, path := range []string{string(k.c.Goals[0].ID), string(k.c.Services[0].ID)} {
			t.Run(path, func(t *testing.T) {
				r, _ := a.stored(path)
				delete(r, "meta")
				delete(r, "extension")
				delete(r, "basedOn")
				a.put(path, text(r))
				if got := a.casesOf(path); !slices.Equal(got, []string{k.c.ID}) {
					t.Errorf("%s: got the cases %v, want %s", path, got, k.c.ID)
				}
			})
		}
	})
}
