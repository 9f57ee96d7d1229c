package access_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"caseway/auth"
	"caseway/fhir"
	"caseway/fhir/interaction"
	"caseway/fhir/search"
)

// benchPatients is of how many patients the store has data, and benchEach how
// many Observations each has.
const (
	benchPatients = 200
	benchEach     = 20
)

func benchServer(b *testing.B) *server {
	x := serve(b, openSQLite(b))
	for p := range benchPatients {
		w := world{{typ: "Patient", id: fmt.Sprint("p", p), secret: "x"}}
		for n := range benchEach {
			w = append(w, &thing{
				typ: "Observation", id: fmt.Sprintf("o%d-%d", p, n), subject: fmt.Sprint("Patient/p", p), status: "final",
				secret: fmt.Sprintf("%02000d", n),
			})
		}
		if answer := (request{"POST /", bundle(w)}).do(context.Background(), x.open); answer[0] != '{' {
			b.Fatal(answer)
		}
	}
	return x
}

func asPatient(b *testing.B, n int) context.Context {
	b.Helper()
	id := fmt.Sprint("p", n)
	return as(&auth.Principal{Role: auth.Patient, FHIRUser: "Patient/" + id, Patient: id, Scopes: scopesOf(b, "patient/*.rs")})
}

// turns runs two things by turns, so that a busy machine falls on both, and
// reports how fast the second is where the first is 1.
func turns(b *testing.B, open, guarded func(i int)) {
	var times [2]time.Duration
	const each = 50
	for round := 0; b.Loop(); round++ {
		for n, do := range []func(int){open, guarded} {
			begin := time.Now()
			for i := range each {
				do(round*each + i)
			}
			times[n] += time.Since(begin)
		}
	}
	b.ReportMetric(float64(times[0])/float64(times[1]), "ratio")
}

// BenchmarkRead reads resources of 2 KB by id, without decisions and with those
// of a patient's token: on resources that are read again and again, and on ones
// that no decision has been made on.
func BenchmarkRead(b *testing.B) {
	x := benchServer(b)
	contexts := patientContexts(b)
	read := func(e *interaction.Session, some int) func(i int) {
		return func(i int) {
			p := i % benchPatients
			key := fhir.Key{Type: "Observation", ID: fmt.Sprintf("o%d-%d", p, i/benchPatients%some)}
			if _, err := e.Read(contexts[p], key); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.Run("again", func(b *testing.B) { turns(b, read(x.open, 2), read(x.guarded, 2)) })
	b.Run("first", func(b *testing.B) {
		first := read(x.guarded, benchEach)
		turns(b, read(x.open, benchEach), func(i int) {
			if i%1000 == 0 {
				x.access.Forget()
			}
			first(i)
		})
	})
}

// BenchmarkSearch finds a patient's Observations, as an app does.
func BenchmarkSearch(b *testing.B) {
	x := benchServer(b)
	contexts := patientContexts(b)
	find := func(e *interaction.Session) func(i int) {
		return func(i int) {
			p := i % benchPatients
			_, err := e.Search(contexts[p], interaction.SearchRequest{Type: "Observation", Base: base, Parameters: []search.Pair{
				{Name: "patient", Value: fmt.Sprint("p", p)}, {Name: "category", Value: "k"}, {Name: "_count", Value: "10"},
			}})
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	turns(b, find(x.open), find(x.guarded))
}

// BenchmarkEverything reads all of a patient.
func BenchmarkEverything(b *testing.B) {
	x := benchServer(b)
	contexts := patientContexts(b)
	read := func(e *interaction.Session) func(i int) {
		return func(i int) {
			p := i % benchPatients
			key := fhir.Key{Type: "Patient", ID: fmt.Sprint("p", p)}
			if _, err := e.Everything(contexts[p], interaction.EverythingRequest{Key: key, Base: base}); err != nil {
				b.Fatal(err)
			}
		}
	}
	turns(b, read(x.open), read(x.guarded))
}

func patientContexts(b *testing.B) []context.Context {
	contexts := make([]context.Context, benchPatients)
	for p := range contexts {
		contexts[p] = asPatient(b, p)
	}
	return contexts
}
