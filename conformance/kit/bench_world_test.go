package kit_test

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

const (
	patientSystem  = "http://caseway.example/patient"
	ownerSystem    = "http://caseway.example/practitioner"
	planSystem     = "http://caseway.example/plan"
	categorySystem = "http://hl7.org/fhir/us/core/CodeSystem/careplan-category"
)

// Each patient has a care team, a care plan, an episode of care and two tasks;
// forty patients have a practitioner, who owns their tasks. Half of the tasks are
// requested, the others in progress.
const (
	ofPatient       = 6
	patientsOfOwner = 40
)

// world is the resources that searches are measured on. They are in the order of
// their patients, so each owner's are next to one another in none: tasks of all
// owners take turns.
type world struct{ patients int }

func newWorld(b *testing.B, resources int) *world {
	b.Helper()
	return &world{patients: resources / ofPatient / patientsOfOwner * patientsOfOwner}
}

func (w *world) owners() int { return w.patients / patientsOfOwner }

func (w *world) resources() int { return w.patients*ofPatient + w.owners() }

// ownerOf gives the practitioner who owns the tasks of a patient.
func (w *world) ownerOf(patient int) int { return patient % w.owners() }

// firstRequested are the first 20 tasks that an owner is requested to do.
func (w *world) firstRequested(n int64) []string {
	return w.tasksOf(w.owner(n), func(i int) string { return fmt.Sprintf("Task/a%d", i) })
}

// firstOwned are the first 20 tasks of an owner.
func (w *world) firstOwned(n int64) []string {
	return w.tasksOf(w.owner(n), func(i int) string { return fmt.Sprintf("Task/a%d Task/b%d", i, i) })
}

func (w *world) tasksOf(owner int, of func(patient int) string) (keys []string) {
	for i := owner; len(keys) < 20; i += w.owners() {
		keys = append(keys, strings.Fields(of(i))...)
	}
	return keys
}

// inTransaction is how many resources share a transaction of what is loaded.
const inTransaction = 120

// write makes a file of all resources, to be loaded in its order.
func (w *world) write(b *testing.B) string {
	b.Helper()
	return writeBundles(b, func(add func(typ, id, members string)) {
		for i := range w.owners() {
			add("Practitioner", fmt.Sprint("x", i), fmt.Sprintf(`"identifier":[{"system":%q,"value":"%d"}],"active":true,"name":[{"family":"Owner","given":["No%d"]}]`, ownerSystem, i, i))
		}
		for i := range w.patients {
			w.patient(add, i)
			w.plan(add, i)
			w.tasks(add, i)
		}
	})
}

// plans makes a file of the care plans alone.
func (w *world) plans(b *testing.B) string {
	b.Helper()
	return writeBundles(b, func(add func(typ, id, members string)) {
		for i := range w.patients {
			w.plan(add, i)
		}
	})
}

// writeBundles makes a file of transactions that write what each adds.
func writeBundles(b *testing.B, each func(add func(typ, id, members string))) string {
	b.Helper()
	file, err := os.Create(filepath.Join(b.TempDir(), "world.ndjson"))
	if err != nil {
		b.Fatal(err)
	}
	to := bufio.NewWriterSize(file, 1<<20) // Flush has its errors
	n := 0
	each(func(typ, id, members string) {
		switch {
		case n%inTransaction > 0:
			_, _ = to.WriteString(",")
		case n > 0:
			_, _ = to.WriteString("]}\n")
		}
		if n%inTransaction == 0 {
			_, _ = to.WriteString(`{"resourceType":"Bundle","type":"transaction","entry":[`)
		}
		fmt.Fprintf(to, `{"resource":{"resourceType":%q,"id":%q,%s},"request":{"method":"PUT","url":"%s/%s"}}`, typ, id, members, typ, id)
		n++
	})
	_, _ = to.WriteString("]}\n")
	if err := errors.Join(to.Flush(), file.Close()); err != nil {
		b.Fatal(err)
	}
	return file.Name()
}

func (w *world) patient(add func(typ, id, members string), i int) {
	add("Patient", fmt.Sprint("p", i), fmt.Sprintf(`"identifier":[{"system":%q,"value":"%d"}],"active":true,"name":[{"family":"Family%d","given":["Given%d"]}],"gender":"female","birthDate":"19%02d-04-%02d"`,
		patientSystem, i, i%9973, i%997, i%90+10, i%28+1))
	add("CareTeam", fmt.Sprint("t", i), fmt.Sprintf(`"status":"active","name":"Team","subject":{"reference":"Patient/p%d"},"participant":[{"member":{"reference":"Practitioner/x%d"}}]`, i, w.ownerOf(i)))
	add("EpisodeOfCare", fmt.Sprint("e", i), fmt.Sprintf(`"status":"active","patient":{"reference":"Patient/p%d"},"period":{"start":"2026-01-%02d"},"team":[{"reference":"CareTeam/t%d"}]`, i, i%28+1, i))
}

// plan adds a patient's care plan, of about 4 KB.
func (w *world) plan(add func(typ, id, members string), i int) {
	text := strings.TrimPrefix(string(plan(0)), `{"resourceType":"CarePlan",`)
	text = strings.Replace(text, `"value":"plan-0"`, fmt.Sprintf(`"value":"%d"`, i), 1)
	text = strings.Replace(text, "Patient/p1", fmt.Sprintf("Patient/p%d", i), 1)
	text = strings.Replace(text, "CareTeam/t1", fmt.Sprintf("CareTeam/t%d", i), 1)
	add("CarePlan", fmt.Sprint("c", i), strings.TrimSuffix(text, "}"))
}

func (w *world) tasks(add func(typ, id, members string), i int) {
	for _, t := range []struct{ id, status string }{{"a", "requested"}, {"b", "in-progress"}} {
		add("Task", fmt.Sprint(t.id, i), fmt.Sprintf(`"basedOn":[{"reference":"CarePlan/c%d"}],"status":%q,"intent":"order","for":{"reference":"Patient/p%d"},"authoredOn":"2026-01-%02dT09:00:00Z","owner":{"reference":"Practitioner/x%d"},"description":"%s"`,
			i, t.status, i, i%28+1, w.ownerOf(i), strings.Repeat("Call the patient and ask how it goes. ", 20)))
	}
}

// bytesOfIndex is what the index takes in a store's file for each resource.
// Entries that aren't merged yet count as much as the others.
func bytesOfIndex(b *testing.B, store string) (bytes float64) {
	b.Helper()
	c, err := sqlite.OpenConn(store, sqlite.OpenReadWrite)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	err = sqlitex.ExecuteTransient(c, `SELECT
		(SELECT 1.0 * sum(pgsize) FROM dbstat WHERE name = 'posting') / (SELECT seq FROM merged) +
		(SELECT 1.0 * sum(length(terms)) FROM head) / (SELECT count(*) FROM head)`,
		&sqlitex.ExecOptions{ResultFunc: func(s *sqlite.Stmt) error { bytes = s.ColumnFloat(0); return nil }})
	if err != nil || bytes == 0 {
		b.Fatalf("the index has %v bytes, error %v", bytes, err)
	}
	return bytes
}
