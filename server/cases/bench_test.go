package cases_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"caseway/fhir/store/sqlite"
	"caseway/mapping/casemodel"
)

// The benchmarks look at a case of so many resources.
const large = 500

// emptySQLite serves an empty store in a file.
func emptySQLite(t testing.TB) *api {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "caseway.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return serve(t, s)
}

// large gives a case with a plan in force and size resources in all, of the
// kinds that a long case has many of.
func (a *api) large(size int) *course {
	a.t.Helper()
	k := a.open()
	service := k.planned()
	of := func(v object) object {
		v["extension"] = []object{{
			"url":            "http://hl7.org/fhir/StructureDefinition/workflow-episodeOfCare",
			"valueReference": object{"reference": "EpisodeOfCare/" + k.c.ID},
		}}
		return v
	}
	patient := object{"reference": "Patient/p1"}
	tagged := object{"tag": []object{{"system": "https://caseway.dev/fhir/CodeSystem/case", "code": k.c.ID}}}
	kinds := []func(i int) object{
		func(i int) object {
			return object{
				"resourceType": "Task", "status": []string{"requested", "completed"}[i%2], "intent": "order", "description": "call the client",
				"for": patient, "focus": object{"reference": "EpisodeOfCare/" + k.c.ID}, "owner": object{"reference": "Practitioner/manager"},
				"restriction": object{"period": object{"end": "2030-01-01"}}, "authoredOn": "2026-01-01T10:00:00Z",
			}
		},
		func(i int) object {
			return object{
				"resourceType": "Encounter", "status": "finished", "subject": patient, "episodeOfCare": []object{{"reference": "EpisodeOfCare/" + k.c.ID}},
				"class":       object{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": []string{"HH", "VR", "AMB"}[i%3]},
				"period":      object{"start": "2026-02-01T10:00:00Z", "end": "2026-02-01T10:30:00Z"},
				"participant": []object{{"individual": object{"reference": "Practitioner/manager"}}},
				"extension":   []object{{"url": "https://caseway.dev/fhir/StructureDefinition/contact-learned", "valueString": "walks to the door"}},
			}
		},
		func(i int) object {
			return of(object{
				"resourceType": "Communication", "status": "completed", "subject": patient, "sent": "2026-02-01T10:00:00Z",
				"sender": object{"reference": "Practitioner/manager"}, "payload": []object{{"contentString": fmt.Sprintf("note %d of what was said and done", i)}},
			})
		},
		func(i int) object {
			return of(object{
				"resourceType": "Observation", "status": "final", "subject": patient, "code": object{"text": "days at home"},
				"effectiveDateTime": "2026-02-01T10:00:00Z", "valueQuantity": object{"value": i, "unit": "days"},
			})
		},
		func(int) object {
			return of(object{
				"resourceType": "Condition", "subject": patient, "code": object{"coding": []object{{"system": "http://snomed.info/sct", "code": "44054006"}}},
				"clinicalStatus": object{"coding": []object{{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}}},
			})
		},
		func(int) object {
			return of(object{
				"resourceType": "ServiceRequest", "status": "active", "intent": "order", "subject": patient,
				"code": object{"text": "physical therapy"}, "authoredOn": "2026-01-05T10:00:00Z",
			})
		},
		func(int) object {
			return object{
				"resourceType": "Appointment", "status": "booked", "basedOn": []object{{"reference": string(service)}},
				"start": "2029-02-01T10:00:00Z", "end": "2029-02-01T10:30:00Z", "participant": []object{{"actor": patient, "status": "accepted"}},
			}
		},
		func(int) object {
			return object{
				"resourceType": "Goal", "meta": tagged, "lifecycleStatus": "active", "subject": patient, "description": object{"text": "to walk"},
				"target": []object{{"measure": object{"text": "metres"}, "dueDate": "2030-05-01"}},
			}
		},
		func(i int) object {
			return object{
				"resourceType": "DocumentReference", "meta": tagged, "status": "current", "subject": patient, "date": "2026-02-01T10:00:00Z",
				"content": []object{{"attachment": object{"contentType": "text/plain", "title": fmt.Sprintf("letter %d", i)}}},
			}
		},
	}
	shares := []int{0, 0, 0, 0, 1, 1, 1, 2, 2, 3, 3, 4, 5, 6, 7, 8} // many tasks, few letters
	var entries []object
	for i := k.resources(); i < size; i++ {
		r := kinds[shares[i%len(shares)]](i)
		entries = append(entries, object{"resource": r, "request": object{"method": "POST", "url": r["resourceType"]}})
	}
	if got := a.do("POST", "/fhir", text(object{"resourceType": "Bundle", "type": "transaction", "entry": entries})); got.status != http.StatusOK {
		a.t.Fatalf("%d %.2000s", got.status, got.body)
	}
	if got := k.resources(); got != size {
		a.t.Fatalf("the case has %d resources, not %d", got, size)
	}
	return k
}

// resources counts what belongs to the case, but for Provenance.
func (k *course) resources() int {
	got := k.do("GET", "/fhir/EpisodeOfCare/"+k.c.ID+"/$everything?_count=1000", "")
	return strings.Count(got.body, `"fullUrl"`) - strings.Count(got.body, `"resourceType":"Provenance"`)
}

// BenchmarkReadCase shows a case that is read again and again.
func BenchmarkReadCase(b *testing.B) {
	k := emptySQLite(b).large(large)
	for b.Loop() {
		if got := k.do("GET", k.path, ""); got.status != http.StatusOK {
			b.Fatalf("%d %s", got.status, got.body)
		}
	}
}

// BenchmarkWriteIntoCase changes one Task of a case over FHIR.
func BenchmarkWriteIntoCase(b *testing.B) {
	k := emptySQLite(b).large(large)
	k.etag = k.do("GET", k.path, "").header.Get("ETag")
	k.must("work", casemodel.RoleCaseManager, manager, casemodel.Task{Text: "call the pharmacy", Due: "2030-01-01"})
	id := ""
	for _, task := range k.c.Tasks {
		if task.Text == "call the pharmacy" {
			id = string(task.ID)
		}
	}
	r, _ := k.stored(id)
	i := 0
	for b.Loop() {
		i++
		r["description"] = fmt.Sprintf("call the pharmacy, %d", i)
		k.put(id, text(r))
	}
}

// BenchmarkReadCaseCold shows a case that nobody has read since the start.
func BenchmarkReadCaseCold(b *testing.B) {
	a := emptySQLite(b)
	k := a.large(large)
	for b.Loop() {
		b.StopTimer()
		service := serviceOf(a.engine)
		b.StartTimer()
		if _, err := service.Overview(b.Context(), k.c.ID, nil); err != nil {
			b.Fatal(err)
		}
	}
}
