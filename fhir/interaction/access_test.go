package interaction_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"caseway/fhir"
	"caseway/fhir/interaction"
	"caseway/fhir/search"
)

// patientAccess shows what is in one patient's compartment by the parameter
// patient, and practitioners. It decides by Narrow alone, but for operations
// on other patients.
type patientAccess struct {
	engine *interaction.Session
	key    fhir.Key
}

func (a *patientAccess) Decide(_ context.Context, q interaction.Question) error {
	if q.What == interaction.Everything && q.Key != a.key {
		return fhir.NewError(fhir.Forbidden, fhir.IssueForbidden, "not this patient")
	}
	return nil
}

func (a *patientAccess) History(context.Context, string) ([]string, error) { return nil, nil }

func (a *patientAccess) Narrow(_ context.Context, _ interaction.Name, typ string) (search.Expr, error) {
	switch typ {
	case "Patient":
		return search.Keys{a.key}, nil
	case "Practitioner":
		return nil, nil
	}
	p := a.engine.Registry().Parameter(typ, "patient")
	if p == nil {
		return search.Or{}, nil
	}
	return search.Leaf{Exact: []search.Term{p.Term(a.key)}}, nil
}

// household is two patients with a care plan and a task each, which refer to
// one another across.
const household = `{"resourceType":"Bundle","type":"transaction","entry":[
{"resource":{"resourceType":"Organization","id":"o","name":"clinic"},"request":{"method":"PUT","url":"Organization/o"}},
{"resource":{"resourceType":"Practitioner","id":"dr","name":[{"family":"Doctor"}]},"request":{"method":"PUT","url":"Practitioner/dr"}},
{"resource":{"resourceType":"Patient","id":"a","name":[{"family":"Adams"}],"link":[{"other":{"reference":"Patient/b"},"type":"seealso"}],"managingOrganization":{"reference":"Organization/o"}},"request":{"method":"PUT","url":"Patient/a"}},
{"resource":{"resourceType":"Patient","id":"b","name":[{"family":"Brown"}],"generalPractitioner":[{"reference":"Practitioner/dr"}]},"request":{"method":"PUT","url":"Patient/b"}},
{"resource":{"resourceType":"CarePlan","id":"pa","status":"active","intent":"plan","subject":{"reference":"Patient/a"},"partOf":[{"reference":"CarePlan/pb"}]},"request":{"method":"PUT","url":"CarePlan/pa"}},
{"resource":{"resourceType":"CarePlan","id":"pb","status":"active","intent":"plan","subject":{"reference":"Patient/b"},"partOf":[{"reference":"CarePlan/pa"}]},"request":{"method":"PUT","url":"CarePlan/pb"}},
{"resource":{"resourceType":"Task","id":"ta","status":"requested","intent":"order","for":{"reference":"Patient/a"},"focus":{"reference":"CarePlan/pb"},"owner":{"reference":"Practitioner/dr"}},"request":{"method":"PUT","url":"Task/ta"}},
{"resource":{"resourceType":"Task","id":"tb","status":"requested","intent":"order","for":{"reference":"Patient/b"},"focus":{"reference":"CarePlan/pa"}},"request":{"method":"PUT","url":"Task/tb"}}]}`

func TestWhatASearchMayNotSeeItDoesNotFind(t *testing.T) {
	ctx := context.Background()
	for _, b := range backends {
		t.Run(b.name, func(t *testing.T) {
			s := b.open(t)
			must[[]byte](t)(newEngine(t, interaction.Config{Store: s}).Bundle(ctx, interaction.BundleRequest{Body: []byte(household), Base: base}))
			a := &patientAccess{key: fhir.Key{Type: "Patient", ID: "a"}}
			a.engine = newSession(t, interaction.Config{Store: s}, a)
			for url, want := range map[string]string{
				"Patient":                        "Patient/a",
				"Organization":                   "",
				"Practitioner":                   "Practitioner/dr",
				"CarePlan":                       "CarePlan/pa",
				"CarePlan?_id=pb":                "",
				"CarePlan?_count=0":              "",
				"CarePlan?patient=Patient/b":     "",
				"CarePlan?patient:not=Patient/a": "error",
				"CarePlan?status:not=completed":  "CarePlan/pa",
				"CarePlan?_sort=-status":         "CarePlan/pa",
				"CarePlan?_include=*":            "CarePlan/pa Patient/a",
				"CarePlan?_include=CarePlan:part-of&_revinclude=Task:focus": "CarePlan/pa",
				"Task?_include=Task:focus&_include=Task:owner":              "Practitioner/dr Task/ta",
				"Task?focus:CarePlan.status=active":                         "",
				"Task?focus:CarePlan.patient.name=brown":                    "",
				"Patient?link:Patient.name=brown":                           "",
				"Patient?_has:CarePlan:patient:status=active":               "Patient/a",
				"Practitioner?_has:Patient:general-practitioner:name=brown": "",
				"Practitioner?_has:Task:owner:status=requested":             "Practitioner/dr",
				"?_type=CarePlan,Practitioner,Organization":                 "CarePlan/pa Practitioner/dr",
				"?_id=a,b,pa,pb,ta,tb,o,dr":                                 "CarePlan/pa Patient/a Practitioner/dr Task/ta",
				"?_type=Organization,Location":                              "",
				"Patient/b/*":                                               "Patient/a",
				"Patient/a/*":                                               "CarePlan/pa Patient/a Task/ta",
				"Patient/a/$everything":                                     "CarePlan/pa Patient/a Practitioner/dr Task/ta",
				"Patient/b/$everything":                                     "error",
			} {
				t.Run(url, func(t *testing.T) {
					got, err := do(a.engine, "GET "+url, nil)
					if want == "error" {
						if err == nil {
							t.Errorf("%s: got %s, want an error", url, got)
						}
						return
					}
					if err != nil {
						t.Errorf("%s: got %v, want no error", url, err)
						return
					}
					checkFound(t, url, got, want)
				})
			}
		})
	}
}

// TestContainedResourcesAreSeenWithTheirContainers: chains go on into what the
// caller sees, from there on to nothing that is hidden.
func TestContainedResourcesAreSeenWithTheirContainers(t *testing.T) {
	ctx := context.Background()
	request := func(id, patient string) string {
		return `{"resource":{"resourceType":"MedicationRequest","id":"` + id + `","status":"active","intent":"order","subject":{"reference":"Patient/` + patient + `"},` +
			`"medicationReference":{"reference":"#m"},"contained":[{"resourceType":"Medication","id":"m","code":{"coding":[{"code":"pill"}]},` +
			`"manufacturer":{"reference":"Organization/o"}}]},"request":{"method":"PUT","url":"MedicationRequest/` + id + `"}}`
	}
	transaction := strings.TrimSuffix(household, "]}") + "," + request("ma", "a") + "," + request("mb", "b") + "]}"
	for _, b := range backends {
		t.Run(b.name, func(t *testing.T) {
			s := b.open(t)
			open := newEngine(t, interaction.Config{Store: s})
			must[[]byte](t)(open.Bundle(ctx, interaction.BundleRequest{Body: []byte(transaction), Base: base}))
			a := &patientAccess{key: fhir.Key{Type: "Patient", ID: "a"}}
			a.engine = newSession(t, interaction.Config{Store: s}, a)
			for _, row := range []struct{ url, all, seen string }{
				{"MedicationRequest?medication.code=pill", "MedicationRequest/ma MedicationRequest/mb", "MedicationRequest/ma"},
				{"MedicationRequest?medication.code:not=tea", "MedicationRequest/ma MedicationRequest/mb", "MedicationRequest/ma"},
				{"MedicationRequest?medication.manufacturer.name=clinic", "MedicationRequest/ma MedicationRequest/mb", ""},
				{"Patient?_has:MedicationRequest:patient:medication.code=pill", "Patient/a Patient/b", "Patient/a"},
			} {
				t.Run(row.url, func(t *testing.T) {
					checkFound(t, row.url, must[[]byte](t)(do(open, "GET "+row.url, nil)), row.all)
					checkFound(t, row.url, must[[]byte](t)(do(a.engine, "GET "+row.url, nil)), row.seen)
				})
			}
		})
	}
}

// checkFound compares keys, in byte order, and the total with the matches.
func checkFound(t *testing.T, url string, got []byte, want string) {
	t.Helper()
	var bundle struct {
		Total *int
		Entry []struct {
			FullURL string
			Search  struct{ Mode string }
		}
	}
	if err := json.Unmarshal(got, &bundle); err != nil {
		t.Fatal(err)
	}
	var keys []string
	matches := 0
	for _, entry := range bundle.Entry {
		keys = append(keys, strings.TrimPrefix(entry.FullURL, base+"/"))
		if entry.Search.Mode == "match" {
			matches++
		}
	}
	slices.Sort(keys)
	if found := strings.Join(keys, " "); found != want {
		t.Errorf("%s finds %q, want %q", url, found, want)
	}
	if strings.Contains(url, "_count=0") {
		matches = 1
	}
	if bundle.Total == nil || *bundle.Total != matches {
		t.Errorf("%s: a total that tells of more: %s", url, got)
	}
}

func TestAccessIsAskedAnewForEachPage(t *testing.T) {
	ctx := context.Background()
	s := openSQLite(t)
	must[[]byte](t)(newEngine(t, interaction.Config{Store: s}).Bundle(ctx, interaction.BundleRequest{Body: []byte(household), Base: base}))
	a := &patientAccess{key: fhir.Key{Type: "Patient", ID: "a"}}
	a.engine = newSession(t, interaction.Config{Store: s}, a)
	first := string(must[[]byte](t)(do(a.engine, "GET Patient/a/*?_count=1", nil)))
	_, next, _ := strings.Cut(first, `"next","url":"`+base+"/")
	next, _, _ = strings.Cut(next, `"`)
	a.key = fhir.Key{Type: "Patient", ID: "b"}
	if second := string(must[[]byte](t)(do(a.engine, "GET "+next, nil))); strings.Contains(second, "CarePlan/pa") {
		t.Error(second)
	}
}
