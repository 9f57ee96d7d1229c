package storetest

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"caseway/fhir"
	"caseway/fhir/search"
	"caseway/fhir/store"
)

// Bench measures a backend with resources of about 2.5 KB and 12 terms each.
func Bench(b *testing.B, backend Backend) {
	for _, m := range []struct {
		name string
		run  func(*testing.B, store.Store)
	}{
		{"Read", benchRead},
		{"ReadParallel", benchReadParallel},
		{"Commit", benchCommit},
		{"CommitParallel", benchCommitParallel},
		{"CommitOf200", benchTransaction},
		{"Update", benchUpdate},
		{"HistoryPage", benchHistory},
		{"ReadOf20", benchReadPage},
		{"ScanOf20", benchScanPage(false)},
		{"ScanOf20KeysOnly", benchScanPage(true)},
		{"Estimate", benchEstimate},
	} {
		b.Run(m.name, func(b *testing.B) {
			s := backend.New(b)(b)
			startCPU = cpuTime()
			b.Cleanup(func() { _ = s.Close() })
			b.ReportAllocs()
			m.run(b, s)
			reportCPU(b)
		})
	}
}

// workers is how many goroutines a parallel measurement uses for each core.
const workers = 4

// typical is a new resource of the usual size.
func typical(i int) store.Write {
	key := fhir.Key{Type: "CarePlan", ID: fmt.Sprintf("%08x-0000-7000-8000-%012x", i, i*7919)}
	return store.Write{
		Key: key, Method: store.Post,
		Content:      &fhir.Content{Type: key.Type, Rest: typicalRest},
		Index:        search.Index{Terms: typicalTerms(i)},
		Compartments: []string{fmt.Sprintf("Patient/%d", i%1000)},
	}
}

var typicalRest = bigText(2400)

func typicalTerms(i int) []search.Term {
	term := func(format string, args ...any) search.Term { return search.Term(fmt.Sprintf(format, args...)) }
	return []search.Term{
		term("CarePlan.identifier:http://example.org/plan|%d", i), term("CarePlan.identifier=%d", i),
		term("CarePlan.subject=Patient/%d", i%1000), term("CarePlan.status=active"),
		term("CarePlan.category:http://hl7.org/category|%d", i%5), term("CarePlan.date<%013d/%013d", i, i+86400),
		term("CarePlan.encounter=Encounter/%d", i), term("CarePlan.intent=plan"),
		term("CarePlan.care-team=CareTeam/%d", i%3000), term("CarePlan.condition=Condition/%d", i),
		term("CarePlan.goal=Goal/%d", i), term("CarePlan.activity-code:http://snomed.info/sct|%d", i%97),
	}
}

// seed creates n typical resources.
func seed(b *testing.B, s store.Store, n int) []fhir.Key {
	b.Helper()
	var keys []fhir.Key
	for len(keys) < n {
		var c store.Commit
		for range min(200, n-len(keys)) {
			c.Writes = append(c.Writes, typical(len(keys)))
			keys = append(keys, c.Writes[len(c.Writes)-1].Key)
		}
		if _, err := s.Commit(b.Context(), c); err != nil {
			b.Fatal(err)
		}
	}
	b.ResetTimer()
	startCPU = cpuTime()
	return keys
}

// startCPU is the processor time used when the measurement began. Benchmarks
// run one after the other.
var startCPU time.Duration

// reportCPU adds the processor time of the whole process, which on a busy
// machine says more than the clock.
func reportCPU(b *testing.B) {
	if used := cpuTime() - startCPU; used > 0 {
		b.ReportMetric(float64(used.Microseconds())/float64(b.N), "cpu-µs/op")
	}
}

func benchRead(b *testing.B, s store.Store) {
	keys := seed(b, s, 10_000)
	for i := 0; b.Loop(); i++ {
		if v, err := s.Read(b.Context(), keys[i*7919%len(keys)]); err != nil || !v[0].Exists() {
			b.Fatal(v, err)
		}
	}
}

func benchReadParallel(b *testing.B, s store.Store) {
	keys := seed(b, s, 10_000)
	parallel(b, func(i int) error {
		_, err := s.Read(b.Context(), keys[i*7919%len(keys)])
		return err
	})
}

// parallel runs f with consecutive numbers in several goroutines.
func parallel(b *testing.B, f func(i int) error) {
	var next atomic.Int64
	b.SetParallelism(workers)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := f(int(next.Add(1))); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "/s")
}

func commitOne(ctx context.Context, s store.Store, w store.Write) error {
	_, err := s.Commit(ctx, store.Commit{Writes: []store.Write{w}})
	return err
}

func benchCommit(b *testing.B, s store.Store) {
	for i := 0; b.Loop(); i++ {
		if err := commitOne(b.Context(), s, typical(i)); err != nil {
			b.Fatal(err)
		}
	}
}

func benchCommitParallel(b *testing.B, s store.Store) {
	parallel(b, func(i int) error { return commitOne(b.Context(), s, typical(i)) })
}

func benchTransaction(b *testing.B, s store.Store) {
	for n := 0; b.Loop(); n++ {
		var c store.Commit
		for i := range 200 {
			c.Writes = append(c.Writes, typical(n*200+i))
		}
		if _, err := s.Commit(b.Context(), c); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*200/b.Elapsed().Seconds(), "resources/s")
}

func benchUpdate(b *testing.B, s store.Store) {
	keys := seed(b, s, 5_000)
	parallel(b, func(i int) error {
		w := typical(i % len(keys))
		w.Method, w.Expect = store.Put, store.AnyVersion
		return commitOne(b.Context(), s, w)
	})
}

func benchHistory(b *testing.B, s store.Store) {
	seed(b, s, 20_000)
	for b.Loop() {
		if page, err := s.History(b.Context(), store.HistoryQuery{Type: "CarePlan", Limit: 100}); err != nil || !page.More {
			b.Fatal(page.More, err)
		}
	}
}

// plansOfAPatient is how many of the seeded plans each patient has.
const plansOfAPatient = 20

// benchReadPage reads by id what benchScanPage finds by term, so that the two
// can be compared.
func benchReadPage(b *testing.B, s store.Store) {
	keys := seed(b, s, 1000*plansOfAPatient)
	for i := 0; b.Loop(); i++ {
		var page []fhir.Key
		for n := range plansOfAPatient {
			page = append(page, keys[n*1000+i%1000])
		}
		if v, err := s.Read(b.Context(), page...); err != nil || !v[plansOfAPatient-1].Exists() {
			b.Fatal(v, err)
		}
	}
}

func benchScanPage(keysOnly bool) func(*testing.B, store.Store) {
	return func(b *testing.B, s store.Store) {
		seed(b, s, 1000*plansOfAPatient)
		for i := 0; b.Loop(); i++ {
			q := search.Scan{Type: "CarePlan", Term: typicalTerms(i % 1000)[2], Limit: plansOfAPatient, KeysOnly: keysOnly}
			if page, err := s.Scan(b.Context(), q); err != nil || len(page.Hits) != plansOfAPatient {
				b.Fatal(len(page.Hits), err)
			}
		}
	}
}

func benchEstimate(b *testing.B, s store.Store) {
	seed(b, s, 1000*plansOfAPatient)
	for i := 0; b.Loop(); i++ {
		term := typicalTerms(i % 1000)[2]
		if n, err := s.Estimate(b.Context(), term, term+"\x00", 1000); err != nil || n != plansOfAPatient {
			b.Fatal(n, err)
		}
	}
}
