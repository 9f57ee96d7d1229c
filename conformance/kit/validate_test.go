package kit_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"caseway/conformance/kit"
)

// What breaks an invariant, and a reference that leads to a type which its element
// doesn't allow.
const (
	lonelyContact = `"resourceType":"Patient","contact":[{"gender":"female"}]`
	wrongTarget   = `"resourceType":"Task","status":"draft","intent":"order","encounter":{"reference":"Patient/p"}`
)

// mixedPatients is a plan of one patient with a goal of another.
const mixedPatients = `{"resourceType":"Bundle","type":"transaction","entry":[
	{"request":{"method":"PUT","url":"Goal/g"},"resource":{"resourceType":"Goal","id":"g","lifecycleStatus":"active","description":{"text":"x"},"subject":{"reference":"Patient/b"}}},
	{"request":{"method":"POST","url":"CarePlan"},"resource":{"resourceType":"CarePlan","status":"active","intent":"plan","subject":{"reference":"Patient/a"},"goal":[{"reference":"Goal/g"}]}}]}`

// TestWritesAreValidated: what breaks a rule is refused at every door, with the rule
// and the place, and nothing of it is stored; warnings are told to who asks for them.
func TestWritesAreValidated(t *testing.T) {
	bundle := func(kind, method, url, resource string) string {
		return `{"resourceType":"Bundle","type":"` + kind + `","entry":[{"request":{"method":"` + method + `","url":"` + url + `"},"resource":{` + resource + `}}]}`
	}
	onBothStores(t, func(t *testing.T, store string) {
		c := kit.NewClient(start(t, kit.Launch{Store: store}).Base)
		if answer, err := c.Do(t.Context(), http.MethodPut, "Patient/p", []byte(`{"resourceType":"Patient","id":"p"}`)); err != nil || answer.Status != http.StatusCreated {
			t.Fatalf("%v %d %s", err, answer.Status, answer.Body)
		}
		for _, row := range []struct {
			name, method, path, body string
			header                   []string
			status                   int
			want                     []string
		}{
			{"create", "POST", "Patient", `{` + lonelyContact + `}`, nil, 422, []string{`"Patient.contact[0]"`, "(pat-1)"}},
			{"create with a wrong target", "POST", "Task", `{` + wrongTarget + `}`, nil, 422, []string{"Task.encounter leads to a Patient, but may lead only to Encounter", "(reference-target)"}},
			{"conditional create", "POST", "Patient", `{` + lonelyContact + `}`, []string{"If-None-Exist", "identifier=x|y"}, 422, []string{"(pat-1)"}},
			{"update", "PUT", "Patient/p", `{` + lonelyContact + `,"id":"p"}`, nil, 422, []string{"(pat-1)"}},
			{"update that creates", "PUT", "Patient/q", `{` + lonelyContact + `,"id":"q"}`, nil, 422, []string{"(pat-1)"}},
			{"conditional update", "PUT", "Patient?identifier=x|y", `{` + lonelyContact + `}`, nil, 422, []string{"(pat-1)"}},
			{"patch", "PATCH", "Patient/p", `[{"op":"add","path":"/contact","value":[{"gender":"female"}]}]`, []string{"Content-Type", "application/json-patch+json"}, 422, []string{"(pat-1)"}},
			{"transaction", "POST", "", bundle("transaction", "POST", "Patient", lonelyContact), nil, 422, []string{"Bundle.entry[0].resource.contact[0]", "(pat-1)"}},
			{"batch", "POST", "", bundle("batch", "POST", "Patient", lonelyContact), nil, 200, []string{`"status":"422 Unprocessable Entity"`, "(pat-1)"}},
			{"an organization of which nothing is known", "POST", "Organization", `{"resourceType":"Organization","active":true}`, []string{"Prefer", "return=OperationOutcome"}, 201, []string{`"severity":"warning"`, "(org-1)"}},
			{"a warning that is asked for", "POST", "Patient", `{"resourceType":"Patient","meta":{"profile":["http://x.example/none"]}}`, []string{"Prefer", "return=OperationOutcome"}, 201, []string{`"severity":"warning"`, "(profile-unknown)"}},
		} {
			t.Run(row.name, func(t *testing.T) {
				answer, err := c.Do(t.Context(), row.method, row.path, []byte(row.body), row.header...)
				if err != nil || answer.Status != row.status {
					t.Fatalf("got status %d, error %v, want %d: %s", answer.Status, err, row.status, answer.Body)
				}
				for _, want := range row.want {
					if !strings.Contains(string(answer.Body), want) {
						t.Errorf("got %s, want %s in it", answer.Body, want)
					}
				}
			})
		}
		var count struct{ Total int }
		answer, err := c.Do(t.Context(), http.MethodGet, "_history", nil)
		if err != nil || json.Unmarshal(answer.Body, &count) != nil || strings.Count(string(answer.Body), `"fullUrl"`) != 3 {
			t.Errorf("got error %v, %s, want the first patient and the two that only have warnings", err, answer.Body)
		}
	})
}

// TestValidationIsASetting: off takes what other servers take; a profile of a package
// can be required of a type.
func TestValidationIsASetting(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "guide")
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	write("package.json", `{"name":"guide.example","version":"1.0.0","fhirVersions":["4.0.1"]}`)
	write("named.json", `{"resourceType":"StructureDefinition","url":"http://guide.example/named","name":"Named","status":"active","kind":"resource",
		"abstract":false,"type":"Patient","baseDefinition":"http://hl7.org/fhir/StructureDefinition/Patient","derivation":"constraint",
		"differential":{"element":[{"id":"Patient.name","path":"Patient.name","min":1}]}}`)
	for _, row := range []struct {
		name, path, body string
		args             []string
		status           int
		want             string
	}{
		{"off", "Patient", `{` + lonelyContact + `}`, []string{"--validate", "off"}, 201, ""},
		{"off, but asked", "Patient/$validate", `{` + lonelyContact + `}`, []string{"--validate", "off"}, 200, "(pat-1)"},
		{"patients that are mixed", "", mixedPatients, []string{"--mixed-patients", "refuse"}, 422, "patients-differ"},
		{"patients that are mixed, with a warning", "", mixedPatients, nil, 200, `"status":"201`},
		{"a profile that is required", "Patient", `{"resourceType":"Patient"}`, []string{"--packages", folder, "--require-profile", "Patient=http://guide.example/named"}, 422, "name is required by the profile"},
		{"a profile that is claimed", "Patient", `{"resourceType":"Patient","meta":{"profile":["http://guide.example/named"]}}`, []string{"--packages", folder}, 422, "name is required by the profile"},
		{"a profile that is neither", "Patient", `{"resourceType":"Patient"}`, []string{"--packages", folder}, 201, ""},
		{"a profile that is asked for", "Patient/$validate?profile=http://guide.example/named", `{"resourceType":"Patient"}`, []string{"--packages", folder}, 200, `"valueString":"http://guide.example/named"`},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := kit.NewClient(start(t, kit.Launch{Store: "sqlite:" + filepath.Join(t.TempDir(), "caseway.db"), Args: row.args}).Base)
			answer, err := c.Do(t.Context(), http.MethodPost, row.path, []byte(row.body))
			if err != nil || answer.Status != row.status || !strings.Contains(string(answer.Body), row.want) {
				t.Errorf("got status %d, error %v, %s, want %d with %q", answer.Status, err, answer.Body, row.status, row.want)
			}
		})
	}
}
