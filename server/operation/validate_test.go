package operation_test

import (
	"fmt"
	"strings"
	"testing"
)

const messageID = `"url":"http://hl7.org/fhir/StructureDefinition/operationoutcome-message-id","valueCode":"`

// at is how an issue says where in the body it is.
func at(line, column int) string {
	return fmt.Sprintf(`issue-line","valueInteger":%d},{"url":"http://hl7.org/fhir/StructureDefinition/operationoutcome-issue-col","valueInteger":%d}`, line, column)
}

// TestValidate: all that is wrong with a resource is the answer, with rule and
// place; what is wrong with the call is an error.
func TestValidate(t *testing.T) {
	parameters := func(rest string) string { return `{"resourceType":"Parameters","parameter":[` + rest + `]}` }
	const contact = `{"resourceType":"Patient","contact":[{"gender":"female"}]}`
	const birth = "{\n  \"resourceType\": \"Patient\",\n  \"birthDate\": \"x\",\n  \"contact\": [{\"gender\": \"female\"}]\n}"
	onEachStore(t, func(t *testing.T, a *api) {
		a.T = t
		episode := a.opened()
		for _, row := range []struct {
			name, path, body string
			status           int
			want             []string
		}{
			{"all well", "Patient/$validate", `{"resourceType":"Patient"}`, 200, []string{`"severity":"information"`, "all is well"}},
			{"a bare resource", "Patient/$validate", birth, 200, []string{"Patient.birthDate is not a valid date", at(3, 16), messageID + "pat-1", at(4, 15), `"expression":["Patient.contact[0]"]`}},
			{"in Parameters", "Patient/$validate", "{\"resourceType\":\"Parameters\",\n\"parameter\":[{\"name\":\"resource\",\"resource\":" + contact + `}]}`, 200, []string{messageID + "pat-1", at(2, 81)}},
			{"a reference to another type", "Task/$validate", `{"resourceType":"Task","status":"draft","intent":"order","encounter":{"reference":"Patient/p1"}}`, 200, []string{messageID + "reference-target", "Task.encounter leads to a Patient"}},
			{"a warning", "Observation/$validate", `{"resourceType":"Observation","meta":{"profile":["http://x.example/none"]},"status":"final","code":{"text":"x"}}`, 200, []string{`"severity":"warning"`, messageID + "profile-unknown"}},
			{"no JSON", "Patient/$validate", `{"resourceType":"Pat`, 200, []string{"not JSON at line 1", `"severity":"error"`}},
			{"another type", "Patient/$validate", `{"resourceType":"Basic","code":{"text":"x"}}`, 200, []string{"must be a Patient, as the URL says", at(1, 1)}},
			{"the profile of another type", "Patient/$validate?profile=http://hl7.org/fhir/StructureDefinition/Basic", `{"resourceType":"Patient"}`, 200, []string{messageID + "profile-type", `"severity":"error"`}},
			{"a stored one", "Patient/p1/$validate", "", 200, []string{"all is well"}},
			{"mode create", "Patient/$validate?mode=create", `{"resourceType":"Patient"}`, 200, []string{"all is well"}},
			{"mode update", "Patient/p1/$validate", parameters(`{"name":"mode","valueCode":"update"},{"name":"resource","resource":{"resourceType":"Patient","id":"p1"}}`), 200, []string{"all is well"}},
			{"mode update without an id", "Patient/p1/$validate?mode=update", `{"resourceType":"Patient"}`, 200, []string{"Patient.id must be the id in the URL", messageID + "resource-id", at(1, 1)}},
			{"mode update of another", "Patient/p1/$validate?mode=update", `{"resourceType":"Patient","id":"p2"}`, 200, []string{"Patient.id must be the id in the URL", at(1, 32)}},
			{"mode update against the rules of cases", "EpisodeOfCare/" + episode + "/$validate?mode=update", `{"resourceType":"EpisodeOfCare","id":"` + episode + `","status":"active","patient":{"reference":"Patient/p2"}}`, 200, []string{`"severity":"error"`, `"code":"business-rule"`}},
			{"mode delete", "Patient/p1/$validate?mode=delete", "", 200, []string{"all is well"}},
			{"nothing", "Patient/$validate", "", 400, []string{"parameter resource is missing"}},
			{"an unknown mode", "Patient/$validate", parameters(`{"name":"mode","valueCode":"crate"}`), 400, []string{"mode must be create, update, delete or profile"}},
			{"mode profile without one", "Patient/$validate?mode=profile", `{"resourceType":"Patient"}`, 400, []string{"profile is needed"}},
			{"an unknown profile", "Patient/$validate?profile=http://x.example/none", `{"resourceType":"Patient"}`, 400, []string{"profile names a profile that isn't known here"}},
			{"mode delete of a type", "Patient/$validate?mode=delete", "", 400, []string{"Patient/[id]/$validate"}},
			{"mode create of a resource", "Patient/p1/$validate?mode=create", `{"resourceType":"Patient"}`, 400, []string{"Patient/$validate"}},
			{"mode update of a type", "Patient/$validate?mode=update", `{"resourceType":"Patient"}`, 400, []string{"Patient/[id]/$validate"}},
			{"another parameter", "Patient/$validate", parameters(`{"name":"modus","valueCode":"create"}`), 400, []string{"no parameter modus"}},
			{"mode twice", "Patient/$validate?mode=create", parameters(`{"name":"mode","valueCode":"create"}`), 400, []string{"parameter mode is given more than once"}},
			{"a parameter without a value", "Patient/$validate", parameters(`{"name":"resource"}`), 400, []string{"parameter resource has no value"}},
			{"a value of another kind", "Patient/$validate", parameters(`{"name":"mode","valueCode":5},{"name":"resource","resource":{"resourceType":"Patient"}}`), 400, []string{"parameter mode has no value that fits"}},
			{"a mode that is a resource", "Patient/$validate", parameters(`{"name":"mode","resource":{"resourceType":"Patient"}},{"name":"resource","resource":{"resourceType":"Patient"}}`), 400, []string{"parameter mode has no value that fits"}},
			{"a name of another kind", "Patient/$validate", parameters(`{"name":5}`), 400, []string{"it has resource, mode, profile"}},
			{"no list of parameters", "Patient/$validate", `{"resourceType":"Parameters","parameter":"x"}`, 400, []string{"Parameters.parameter must be a list of objects"}},
			{"who isn't there", "Patient/none/$validate", "", 404, []string{"no Patient has this id"}},
		} {
			t.Run(row.name, func(t *testing.T) {
				status, got := a.do("POST", row.path, row.body)
				if status != row.status {
					t.Errorf("got status %d, want %d: %s", status, row.status, got)
				}
				for _, want := range row.want {
					if !strings.Contains(got, want) {
						t.Errorf("got %s, want %s in it", got, want)
					}
				}
			})
		}
		if status, _ := a.do("GET", "Patient/p1", ""); status != 200 {
			t.Errorf("after $validate with mode delete: got status %d, want the patient to be there", status)
		}
	})
}
