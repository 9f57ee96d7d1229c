package cases_test

import (
	"strings"
	"testing"

	"caseway/mapping/casemodel"
)

// TestNewPartsGetIDsOfTheServer: a new part may come with a name of its sender's.
// It gets an id of the server's, what names it follows, and what is stored under
// that name elsewhere stays as it is.
func TestNewPartsGetIDsOfTheServer(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		k := a.open()
		a.put("Patient/other", `{"resourceType":"Patient","id":"other"}`)
		a.put("Condition/taken", `{"resourceType":"Condition","id":"taken","subject":{"reference":"Patient/other"}}`)
		before := a.do("GET", "/fhir/Condition/taken", "").body
		for _, name := range []casemodel.Ref{"Condition/taken", "Condition/free"} {
			v := k.must("assess", casemodel.RoleCaseManager, manager, casemodel.Assessing{
				Assessment: casemodel.Assessment{Status: casemodel.AssessmentCompleted, Needs: []casemodel.Need{{Text: "antibiotics"}}},
				Problems:   []casemodel.Problem{{ID: name, Code: casemodel.Words(string(name)), Clinical: "active", Categories: problemList}},
			})
			got := v.Case.Problems[len(v.Case.Problems)-1].ID
			links := v.Case.Assessments[len(v.Case.Assessments)-1].Problems
			if got == name || got.Type() != "Condition" || len(links) != 1 || links[0] != got {
				t.Errorf("%s got the id %s, and the assessment names %v, want a new id that it names", name, got, links)
			}
			changed := false
			for _, c := range v.Changes {
				changed = changed || c.ID == got
				if c.ID == name {
					t.Errorf("the changes name %s, which isn't there", name)
				}
			}
			if !changed {
				t.Errorf("got changes %+v, want %s among them", v.Changes, got)
			}
		}
		if after := a.do("GET", "/fhir/Condition/taken", "").body; after != before || !strings.Contains(after, "Patient/other") {
			t.Errorf("got %s, want it as it was: %s", after, before)
		}
	})
}
