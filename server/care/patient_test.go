package care_test

import (
	"strings"
	"testing"

	"caseway/fhir"
	"caseway/fhir/interaction"
)

// TestPatientsDiffer: what is of one patient leads to nothing of another.
func TestPatientsDiffer(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *interaction.Session) {
		for key, rest := range map[string]string{
			"Condition/a": `"subject":{"reference":"Patient/a"}`, "Condition/b": `"subject":{"reference":"Patient/b"}`,
			"Goal/b":     `"lifecycleStatus":"active","description":{"text":"x"},"subject":{"reference":"Patient/b"}`,
			"Goal/g":     `"lifecycleStatus":"active","description":{"text":"x"},"subject":{"reference":"Group/g"}`,
			"Coverage/b": `"status":"active","payor":[{"reference":"Organization/o"}],"beneficiary":{"reference":"Patient/b"}`,
			"Contract/b": `"subject":[{"reference":"Patient/b"}]`,
		} {
			if _, err := put(t, s, key, rest); err != nil {
				t.Fatal(err)
			}
		}
		const plan, task = `"status":"active","intent":"plan",`, `"status":"requested","intent":"order",`
		for _, row := range []struct{ name, key, rest, at string }{
			{"its own", "CarePlan/1", plan + `"subject":{"reference":"Patient/a"},"addresses":[{"reference":"Condition/a"}]`, ""},
			{"another's condition", "CarePlan/2", plan + `"subject":{"reference":"Patient/a"},"addresses":[{"reference":"Condition/a"},{"reference":"Condition/b"}]`, "CarePlan.addresses[1]"},
			{"another's goal", "CarePlan/3", plan + `"subject":{"reference":"Patient/a"},"goal":[{"reference":"Goal/b"}]`, "CarePlan.goal[0]"},
			{"a version of it", "CarePlan/4", plan + `"subject":{"reference":"Patient/a"},"goal":[{"reference":"Goal/b/_history/1"}]`, "CarePlan.goal[0]"},
			{"a group's goal", "CarePlan/5", plan + `"subject":{"reference":"Patient/a"},"goal":[{"reference":"Goal/g"}]`, ""},
			{"a group's plan", "CarePlan/6", plan + `"subject":{"reference":"Group/g"},"goal":[{"reference":"Goal/b"}]`, ""},
			{"nobody's task", "Task/1", task + `"focus":{"reference":"Goal/b"}`, ""},
			{"a task for another", "Task/2", task + `"for":{"reference":"Patient/a"},"focus":{"reference":"Goal/b"}`, "Task.focus"},
			{"another's policy", "Task/3", task + `"for":{"reference":"Patient/a"},"insurance":[{"reference":"Coverage/b"}]`, "Task.insurance[0]"},
			{"an author of its own", "CarePlan/7", plan + `"subject":{"reference":"Patient/a"},"author":{"reference":"Patient/b"}`, ""},
			{"what isn't there", "CarePlan/8", plan + `"subject":{"reference":"Patient/a"},"goal":[{"reference":"Goal/none"}]`, ""},
			{"a diagnosis of another's", "EpisodeOfCare/1", `"status":"active","patient":{"reference":"Patient/a"},"diagnosis":[{"condition":{"reference":"Condition/b"}}]`, "EpisodeOfCare.diagnosis[0].condition"},
			{"a team about another's", "CareTeam/1", `"subject":{"reference":"Patient/a"},"reasonReference":[{"reference":"Condition/b"}]`, "CareTeam.reasonReference[0]"},
		} {
			t.Run(row.name, func(t *testing.T) {
				_, err := put(t, s, row.key, row.rest)
				if row.at == "" {
					if err != nil {
						t.Errorf("got %v, want it stored", err)
					}
					return
				}
				if !fhir.Is(err, fhir.Unprocessable) || !strings.Contains(err.Error(), "patients-differ") || !strings.Contains(err.Error(), row.at) {
					t.Errorf("got %v, want it refused at %s", err, row.at)
				}
			})
		}
	})
}

// TestPatientsDifferInATransaction: what is written together is judged as it will be.
func TestPatientsDifferInATransaction(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *interaction.Session) {
		bundle := func(goalOf string) error {
			_, err := s.Bundle(t.Context(), interaction.BundleRequest{Base: "http://localhost/fhir", Body: []byte(`{"resourceType":"Bundle","type":"transaction","entry":[
				{"fullUrl":"urn:uuid:5a6bd1ac-5a3b-4c5e-9d1f-2f2c1a7c9b01","request":{"method":"POST","url":"Goal"},"resource":{"resourceType":"Goal","lifecycleStatus":"active","description":{"text":"x"},"subject":{"reference":"Patient/` + goalOf + `"}}},
				{"request":{"method":"POST","url":"CarePlan"},"resource":{"resourceType":"CarePlan","status":"active","intent":"plan","subject":{"reference":"Patient/a"},"goal":[{"reference":"urn:uuid:5a6bd1ac-5a3b-4c5e-9d1f-2f2c1a7c9b01"}]}}]}`)})
			return err
		}
		if err := bundle("a"); err != nil {
			t.Errorf("of one patient: got %v, want both stored", err)
		}
		if err := bundle("b"); !fhir.Is(err, fhir.Unprocessable) || !strings.Contains(err.Error(), "Bundle.entry[1].resource.goal[0]") {
			t.Errorf("of two patients: got %v, want it refused at the second entry", err)
		}
	})
}
