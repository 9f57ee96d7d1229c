package kit_test

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"caseway/conformance/kit"
)

// BenchmarkSearch and BenchmarkSearchLarge compare searches with reading the
// same resources by id, in a store of 100,000 and of 1,000,000 resources. Where
// `make bench-large` has run both, dividing one by the other says how searches
// grow with the store.
func BenchmarkSearch(b *testing.B) { benchSearch(b, 100_000) }

func BenchmarkSearchLarge(b *testing.B) {
	if os.Getenv(largeVariable) == "" {
		b.Skip("takes ten minutes and 10 GB: set " + largeVariable + " or use make bench-large")
	}
	benchSearch(b, 1_000_000)
}

// largeVariable asks for the benchmarks that take long.
const largeVariable = "CASEWAY_BENCH_LARGE"

// measured is a search and what it is held against.
type measured struct {
	name  string
	query func(n int64) string
	// reads are the keys that the search finds, to be read by id in its place;
	// nil for one that is held against the search of this name.
	reads   func(n int64) []string
	against string
	matches int // resources in the answer
}

// someone gives the number of a patient, another one each time.
func (w *world) someone(n int64) int { return int(n * 7919 % int64(w.patients)) }

func (w *world) owner(n int64) int { return int(n * 7919 % int64(w.patients/patientsOfOwner)) }

// searches are those of which the project says what they may cost.
func (w *world) searches() []measured {
	planOf := func(n int64) []string { return []string{fmt.Sprintf("CarePlan/c%d", w.someone(n))} }
	ofPatient := func(format string) func(int64) string {
		return func(n int64) string { return fmt.Sprintf(format, w.someone(n)) }
	}
	ofOwner := func(format string) func(int64) string {
		return func(n int64) string { return fmt.Sprintf(format, w.owner(n)) }
	}
	return []measured{
		{name: "plan", matches: 1, reads: planOf, query: ofPatient("CarePlan?patient=Patient/p%d&status=active&category=" + categorySystem + "|assess-plan")},
		{name: "tasks", matches: 20, reads: w.firstRequested, query: ofOwner("Task?owner=Practitioner/x%d&status=requested&_count=20")},
		{name: "episode", matches: 1, query: ofPatient("EpisodeOfCare?patient=Patient/p%d&status=active"), reads: func(n int64) []string {
			return []string{fmt.Sprintf("EpisodeOfCare/e%d", w.someone(n))}
		}},
		{name: "includes", matches: 4, query: ofPatient("CarePlan?patient=Patient/p%d&_include=CarePlan:care-team&_revinclude=Task:based-on"), reads: func(n int64) []string {
			i := w.someone(n)
			return []string{fmt.Sprintf("CarePlan/c%d", i), fmt.Sprintf("CareTeam/t%d", i), fmt.Sprintf("Task/a%d", i), fmt.Sprintf("Task/b%d", i)}
		}},
		{name: "rare", matches: 20, query: ofOwner("Task?owner=Practitioner/x%d&_count=20"), reads: w.firstOwned},
		{name: "common", matches: 20, query: func(int64) string { return "Task?status=requested&_count=20" }, against: "rare"},
		{name: "chain2", matches: 2, query: ofPatient("Task?patient.identifier=" + patientSystem + "|%d"), reads: func(n int64) []string {
			return []string{fmt.Sprintf("Task/a%d", w.someone(n)), fmt.Sprintf("Task/b%d", w.someone(n))}
		}},
		{name: "chain80", matches: 80, query: ofOwner("Task?owner.identifier=" + ownerSystem + "|%d&_count=80"), against: "chain2"},
		{name: "has", matches: 1, query: ofPatient("Patient?_has:CarePlan:patient:identifier=" + planSystem + "|%d"), reads: func(n int64) []string {
			return []string{fmt.Sprintf("Patient/p%d", w.someone(n))}
		}},
	}
}

// turnsOfSearch is how often each search and its reads take turns.
const turnsOfSearch = 5

func benchSearch(b *testing.B, resources int) {
	w := newWorld(b, resources)
	store := filepath.Join(b.TempDir(), "caseway.db")
	took := load(b, w.write(b), "--parallel", "1", "--store", "sqlite:"+store)
	b.Logf("loaded %d resources in %.0f s, %.0f/s", w.resources(), took.Seconds(), float64(w.resources())/took.Seconds())
	p := start(b, kit.Launch{Store: "sqlite:" + store, Args: []string{"--log-level", "warn"}})
	for b.Loop() {
		b.ReportMetric(0, "ns/op")
		cost := map[string]float64{}
		for _, m := range w.searches() {
			w.want(b, p, m)
			found, read := w.compare(b, p, m)
			cost[m.name] = found.cpuMicros()
			b.ReportMetric(found.cpuMicros(), m.name+"-cpu-µs")
			ratio := found.cpuMicros() / max(cost[m.against], 1)
			if m.reads != nil {
				ratio = found.cpuMicros() / (read.cpuMicros() * float64(m.matches))
			}
			b.ReportMetric(ratio, m.name+"-ratio")
		}
	}
	info, err := os.Stat(store)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(info.Size())/float64(w.resources()), "disk-bytes/resource")
}

// want makes sure that a search finds what it is to be compared for.
func (w *world) want(b *testing.B, p *kit.Process, m measured) {
	b.Helper()
	answer, err := kit.NewClient(p.Base).Do(b.Context(), http.MethodGet, m.query(3), nil)
	if err != nil || answer.Status != http.StatusOK {
		b.Fatalf("%s: status %d, %v: %.300s", m.name, answer.Status, err, answer.Body)
	}
	if got := bytes.Count(answer.Body, []byte(`"fullUrl"`)); got != m.matches {
		b.Fatalf("%s: %d entries, want %d", m.name, got, m.matches)
	}
	if m.reads == nil {
		return
	}
	for _, key := range m.reads(3) {
		if _, id, _ := bytes.Cut([]byte(key), []byte("/")); !bytes.Contains(answer.Body, append([]byte(`"id":"`), id...)) {
			b.Fatalf("%s: %s isn't in the answer", m.name, key)
		}
	}
}

// compare lets a search and reading what it finds take turns.
func (w *world) compare(b *testing.B, p *kit.Process, m measured) (found, read rate) {
	b.Helper()
	length := phase / 2
	search := func(n int64) []byte { return requestOf(http.MethodGet, p.Base+"/"+m.query(n), nil) }
	byID := func(n int64) []byte {
		keys := m.reads(n / int64(m.matches))
		return requestOf(http.MethodGet, p.Base+"/"+keys[n%int64(len(keys))], nil)
	}
	for turn := range turnsOfSearch + 1 {
		some := hammerHTTP(b, length, hostOf(p), p.PID, http.StatusOK, search)
		var ids rate
		if m.reads != nil {
			ids = hammerHTTP(b, length, hostOf(p), p.PID, http.StatusOK, byID)
		}
		if turn > 0 { // the first one warms caches
			found, read = found.plus(some), read.plus(ids)
		}
	}
	return found, read
}

// BenchmarkIndex says what the index costs: bytes for a care plan in the file,
// and creates with it against creates of a type that has nothing to index but
// its id, of the same size.
func BenchmarkIndex(b *testing.B) {
	for b.Loop() {
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(indexBytes(b), "index-bytes/plan")
		var with, without rate
		for range turns {
			with = with.plus(createsOf(b, creates))
			without = without.plus(createsOf(b, createsUnindexed))
		}
		b.ReportMetric(with.perSecond(), "indexed/s")
		b.ReportMetric(without.perSecond(), "unindexed/s")
		b.ReportMetric(with.cpuMicros(), "indexed-cpu-µs")
		b.ReportMetric(without.cpuMicros(), "unindexed-cpu-µs")
	}
}

func createsOf(b *testing.B, of func(base string) func(n int64) []byte) rate {
	b.Helper()
	p := start(b, kit.Launch{Store: "sqlite:" + filepath.Join(b.TempDir(), "caseway.db")})
	defer p.Kill()
	return hammerHTTP(b, phase, hostOf(p), p.PID, http.StatusCreated, of(p.Base))
}

// createsUnindexed creates resources of the size of a care plan whose elements
// no search parameter leads to.
func createsUnindexed(base string) func(n int64) []byte {
	body := fmt.Sprintf(`{"resourceType":"Basic","extension":[{"url":"http://caseway.example/plan","valueString":%q}],"code":{"text":"plan"}}`, plan(1))
	request := requestOf(http.MethodPost, base+"/Basic", []byte(body))
	return func(int64) []byte { return request }
}

// indexBytes is what the index holds of a care plan: its head's terms and its
// share of the postings.
func indexBytes(b *testing.B) float64 {
	b.Helper()
	w := newWorld(b, 60_000)
	store := filepath.Join(b.TempDir(), "caseway.db")
	load(b, w.plans(b), "--store", "sqlite:"+store)
	return bytesOfIndex(b, store)
}
