package cases_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"caseway/fhir/search"
	"caseway/server/cases"
	"caseway/server/cases/problem"
)

// TestWhatPatientsWrite has a patient with every scope write what is the case's,
// and what is the patient's own, over FHIR.
func TestWhatPatientsWrite(t *testing.T) { onEachOffice(t, testWhatPatientsWrite) }

func testWhatPatientsWrite(t *testing.T, d *workplace, manager context.Context) {
	who := d.takePart(manager)
	for _, r := range [][2]string{
		{"Patient/p1", `"identifier":[{"system":"http://x.example/mrn","value":"1"}],"active":true,"birthDate":"1980-01-01","telecom":[{"system":"phone","value":"1"}]`},
		{"CarePlan/plan", `"status":"active","intent":"plan","subject":{"reference":"Patient/p1"},"author":{"reference":"Practitioner/manager"},"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/workflow-episodeOfCare","valueReference":{"reference":"EpisodeOfCare/foreign"}}]`},
		{"Task/hers", `"status":"requested","intent":"order","for":{"reference":"Patient/p1"},"owner":{"reference":"Patient/p1"},"focus":{"reference":"EpisodeOfCare/$case"},"description":"x"`},
	} {
		d.put(who["boss"], r[0], resource(r[0], d.with(r[1])))
	}
	const foreign, ours = `"status":"active","patient":{"reference":"Patient/p1"},"careManager":{"reference":"Practitioner/manager"}`, `"contentString":"x"`
	for _, row := range []struct{ name, as, key, body, rule string }{
		{"model of the case", "patient", "EpisodeOfCare/foreign", foreign + `,"type":[{"text":"brokerage"}]`, "role-may-not-write"},
		{"diagnosis of the case", "patient", "EpisodeOfCare/foreign", foreign + `,"diagnosis":[{"condition":{"reference":"Condition/none"}}]`, "any"},
		{"team of the case", "patient", "EpisodeOfCare/foreign", foreign + `,"team":[{"reference":"CareTeam/ward"}]`, "any"},
		{"status of the case", "patient", "EpisodeOfCare/foreign", strings.Replace(foreign, "active", "finished", 1), "role-may-not-write"},
		{"a case of the own", "patient", "EpisodeOfCare", `"status":"active","patient":{"reference":"Patient/p1"}`, "role-may-not-write"},
		{"a case of the own with its manager", "patient", "EpisodeOfCare", foreign, "role-not-granted"},
		{"who manages", "patient", "EpisodeOfCare/$case", foreign, "any"},
		{"members of the team", "patient", "CareTeam/ward", `"status":"active","subject":{"reference":"Patient/p1"},$belongs,"participant":[{"member":{"reference":"Patient/p1"}}]`, "role-may-not-write"},
		{"status of the plan", "patient", "CarePlan/plan", `"status":"revoked","intent":"plan","subject":{"reference":"Patient/p1"},"author":{"reference":"Practitioner/manager"}`, "role-may-not-write"},
		{"author of the plan", "patient", "CarePlan/plan", `"status":"active","intent":"plan","subject":{"reference":"Patient/p1"},"author":{"reference":"Patient/p1"}`, "role-may-not-write"},
		{"a plan of the case", "patient", "CarePlan", `"status":"active","intent":"plan","subject":{"reference":"Patient/p1"},$belongs`, "any"},
		{"a diagnosis of the case", "patient", "Condition", `"subject":{"reference":"Patient/p1"},"code":{"text":"x"},$belongs`, "role-may-not-write"},
		{"own identifiers", "patient", "Patient/p1", `"active":true,"birthDate":"1980-01-01","identifier":[{"system":"http://x.example/mrn","value":"2"}],"telecom":[{"system":"phone","value":"1"}]`, "role-may-not-write"},
		{"own identifiers, none", "patient", "Patient/p1", `"active":true,"birthDate":"1980-01-01","telecom":[{"system":"phone","value":"1"}]`, "role-may-not-write"},
		{"whose task it is", "patient", "Task/hers", `"status":"requested","intent":"order","for":{"reference":"Patient/p1"},"owner":{"reference":"Practitioner/manager"},"focus":{"reference":"EpisodeOfCare/$case"},"description":"x"`, "role-may-not-write"},
		{"another's note", "patient", "Communication", `"status":"completed","subject":{"reference":"Patient/p1"},"sender":{"reference":"Practitioner/manager"},"payload":[{` + ours + `}],$belongs`, "not-ones-own"},

		{"own telephone", "patient", "Patient/p1", `"active":true,"birthDate":"1980-01-01","identifier":[{"system":"http://x.example/mrn","value":"1"}],"telecom":[{"system":"phone","value":"2"}]`, ""},
		{"own task done", "patient", "Task/hers", `"status":"completed","intent":"order","for":{"reference":"Patient/p1"},"owner":{"reference":"Patient/p1"},"focus":{"reference":"EpisodeOfCare/$case"},"description":"x"`, ""},
		{"own note", "patient", "Communication", `"status":"completed","subject":{"reference":"Patient/p1"},"sender":{"reference":"Patient/p1"},"payload":[{` + ours + `}],$belongs`, ""},
		{"own measurement", "patient", "Observation", `"status":"final","subject":{"reference":"Patient/p1"},"code":{"text":"weight"},"valueInteger":70,$belongs`, ""},
		{"own answers", "patient", "QuestionnaireResponse", `"status":"completed","subject":{"reference":"Patient/p1"},"author":{"reference":"Patient/p1"},"item":[{"linkId":"1","text":"How are you?","answer":[{"valueString":"well"}]}],$belongs`, ""},
		{"a plan of no case", "patient", "CarePlan", `"status":"active","intent":"plan","subject":{"reference":"Patient/p1"}`, ""},
		{"the manager changes the model", "manager", "EpisodeOfCare/foreign", foreign + `,"type":[{"text":"brokerage"}]`, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			checkRefused(t, d.write(who[row.as], d.with(row.key), d.with(row.body)), row.rule)
		})
	}
}

// TestWhatPatientsEdit has a patient change the case by hand.
func TestWhatPatientsEdit(t *testing.T) { onEachOffice(t, testWhatPatientsEdit) }

func testWhatPatientsEdit(t *testing.T, d *workplace, manager context.Context) {
	whole, _ := d.sees(manager)
	found, note := strings.Split(string(whole.Problems[0].ID), "/"), strings.Split(string(whole.Notes[0].ID), "/")
	because := []search.Pair{{Name: "reason", Value: "x"}}
	for _, row := range []struct {
		name string
		edit cases.Edit
		rule string
	}{
		{"the model", cases.Edit{Method: "PATCH", MediaType: asMerge, Body: []byte(`{"model":"brokerage"}`)}, "role-may-not-write"},
		{"the diagnoses", cases.Edit{Method: "PATCH", MediaType: asMerge, Body: []byte(`{"diagnoses":[{"problem":"` + string(whole.Problems[0].ID) + `","rank":3}]}`)}, "role-may-not-write"},
		{"the phase", cases.Edit{Method: "PATCH", MediaType: asMerge, Body: []byte(`{"phase":"closed"}`)}, "action-needed"},
		{"a team", cases.Edit{Method: "POST", List: "teams", Body: []byte(`{"name":"friends","members":[{"party":{"ref":"Patient/p1"}}]}`)}, "role-may-not-write"},
		{"a policy", cases.Edit{Method: "POST", List: "coverages", Body: []byte(`{"insurers":[{"ref":"Organization/o"}]}`)}, "role-may-not-write"},
		{"a problem", cases.Edit{Method: "POST", List: "problems", Body: []byte(`{"code":{"text":"x"}}`)}, "role-may-not-write"},
		{"a problem away", cases.Edit{Method: "DELETE", List: "problems", Type: found[0], ID: found[1], Query: because}, "role-may-not-write"},
		{"another's note", cases.Edit{Method: "PATCH", MediaType: asMerge, List: "notes", Type: note[0], ID: note[1], Body: []byte(`{"text":"x"}`)}, "not-ones-own"},
		{"a note in another's name", cases.Edit{Method: "POST", List: "notes", Body: []byte(`{"text":"x","by":{"ref":"Practitioner/manager"}}`)}, "not-ones-own"},
		{"a note", cases.Edit{Method: "POST", List: "notes", Body: []byte(`{"text":"slept well"}`)}, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := d.edit(d.as(patientMember, "patient/*.cruds"), row.edit)
			p := problem.Of(err, http.StatusUnprocessableEntity)
			switch {
			case row.rule == "" && err != nil:
				t.Errorf("refused: %v, want it done", err)
			case row.rule != "" && (err == nil || !slices.ContainsFunc(p.Errors, func(f problem.Fault) bool { return f.Rule == row.rule })):
				t.Errorf("refused with %v, want %s", err, row.rule)
			}
		})
	}
}
