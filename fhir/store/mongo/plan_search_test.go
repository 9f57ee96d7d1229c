package mongo_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"

	"caseway/fhir"
	"caseway/fhir/search"
	"caseway/fhir/store"
	"caseway/fhir/store/mongo"
	"caseway/fhir/store/mongo/mongotest"
)

func task(id string) fhir.Key { return fhir.Key{Type: "Task", ID: id} }

// seedSearch makes tasks of one instant, for that is where paging by the
// instant alone fails, beside deleted ones and patients.
func seedSearch(t *testing.T, s store.Store) {
	var writes, deletes []store.Write
	for i := range 400 {
		w := put(task(fmt.Sprintf("t%03d", i)), 0, i)
		w.Index.Terms = []search.Term{
			search.Term(fmt.Sprintf("Task.authored-on<%04d", i)), search.Term(fmt.Sprintf("Task.authored-on>%04d", i)),
			search.Term(fmt.Sprintf("Task.owner=Practitioner/%03d", i/5)), "Task.status=requested",
		}
		w.Index.Values = []search.Term{search.Term(fmt.Sprintf("Task.owner;v%d", i))}
		w.Compartments = []string{"Patient/1"}
		writes = append(writes, w)
		if i%4 == 0 {
			deletes = append(deletes, store.Write{Key: w.Key, Method: store.Delete, Expect: 1})
		}
	}
	commit(t, s, writes...)
	commit(t, s, deletes...)
	for i := range 40 {
		commit(t, s, put(patient(fmt.Sprint(i)), 0, i))
	}
}

// aPage is how many heads the scans ask for.
const aPage = 20

// searches are the queries that a search is made of, with the index that each
// may use, and how many keys and documents it may look at.
func searches(middle search.Place) []searchOperation {
	term, typ := search.Scan{Term: "Task.status=requested"}, search.Scan{Type: "Task"}
	with := func(sc search.Scan, change func(*search.Scan)) search.Scan {
		change(&sc)
		return sc
	}
	later := func(sc *search.Scan) { sc.After = middle }
	bounded := func(sc *search.Scan) {
		sc.After, sc.KeysOnly = middle, true
		sc.Until = search.Place{Updated: time.Now().Add(time.Hour).UnixMilli()}
		sc.Updated = search.Updated{From: time.Now().Add(-time.Hour), To: time.Now().Add(time.Minute)}
	}
	newest := func(sc *search.Scan) { sc.Descending = true }
	older := func(sc *search.Scan) { sc.Descending, sc.After = true, middle }
	first := aPage + 1
	return []searchOperation{
		{"a common term", "terms_place", first, first, scanOf(term)},
		{"a common term, a later page", "terms_place", first, first, scanOf(with(term, later))},
		{"a common term, bounded", "terms_place", first, first, scanOf(with(term, bounded))},
		{"a common term, newest first", "terms_place", first, first, scanOf(with(term, newest))},
		{"a common term, an older page", "terms_place", first, first, scanOf(with(term, older))},
		{"a term of a type", "terms_place", first, first, scanOf(with(term, func(sc *search.Scan) { sc.Type = "Task" }))},
		{"a rare term", "terms_place", 5, 5, scanOf(search.Scan{Type: "Task", Term: "Task.owner=Practitioner/003"})},
		{"a term that nothing has", "terms_place", 0, 0, scanOf(search.Scan{Term: "Task.owner=Practitioner/none"})},
		{"a range", "terms_place", 12, 10, scanOf(search.Scan{Type: "Task", From: "Task.authored-on<0100", To: "Task.authored-on<0110"})},
		{"a range behind a place", "terms_place", 12, 10, scanOf(with(search.Scan{From: "Task.authored-on<0100", To: "Task.authored-on<0110"}, bounded))},
		{"one term as a range", "terms_place", 5, 5, scanOf(search.Scan{From: "Task.owner=Practitioner/003", To: "Task.owner=Practitioner/003\x00"})},
		{"a type", "type_place", first, first, scanOf(typ)},
		{"a type, a later page", "type_place", first, first, scanOf(with(typ, later))},
		{"a type, bounded", "type_place", first, first, scanOf(with(typ, bounded))},
		{"a type, newest first", "type_place", first, first, scanOf(with(typ, newest))},
		{"a type, an older page", "type_place", first, first, scanOf(with(typ, older))},
		{"several terms", "terms_place", 14, 10, scanOf(search.Scan{Terms: []search.Term{"Task.owner=Practitioner/003", "Task.owner=Practitioner/005", "Task.owner=Practitioner/none"}})},
		{"a compartment", "compartments_place", first + 7, first + 7, scanOf(search.Scan{Compartment: patient("1")})},
		{"a compartment, a later page", "compartments_place", first + 7, first + 7, scanOf(search.Scan{Compartment: patient("1"), After: middle})},
		{"all types", "live_place", first, first, scanOf(search.Scan{})},
		{"all types, bounded", "live_place", first, first, scanOf(with(search.Scan{}, bounded))},
		{"all types, an older page", "live_place", first, first, scanOf(with(search.Scan{}, older))},
		{"keys", "_id_", 4, 2, scanOf(search.Scan{Keys: []fhir.Key{task("t001"), task("t002")}})},
		{"keys behind a place", "_id_", 4, 2, scanOf(with(search.Scan{Keys: []fhir.Key{task("t001"), task("t399")}}, bounded))},
		{"an estimate of a term", "terms_place", 100, 100, func(ctx context.Context, s *mongo.Store) error {
			_, err := s.Estimate(ctx, "Task.status=requested", "Task.status=requested\x00", 100)
			return err
		}},
		{"an estimate of a range", "terms_place", 102, 100, func(ctx context.Context, s *mongo.Store) error {
			_, err := s.Estimate(ctx, "Task.authored-on<", "Task.authored-on=", 100)
			return err
		}},
		{"a count of a type", "type_place", 100, 100, func(ctx context.Context, s *mongo.Store) error {
			_, err := s.CountType(ctx, "Task", 100)
			return err
		}},
		{"what is stale", "generation_place", first, first, func(ctx context.Context, s *mongo.Store) error {
			_, err := s.Stale(ctx, 1, middle, aPage)
			return err
		}},
		{"a reindex", "_id_", 1, 1, func(ctx context.Context, s *mongo.Store) error {
			return s.Reindex(ctx, 0, []store.Reindexed{{Key: task("t001"), VersionID: 1}})
		}},
	}
}

type searchOperation struct {
	name       string
	index      string
	keys, docs int // examined at most; some planners count without documents
	run        func(context.Context, *mongo.Store) error
}

func scanOf(sc search.Scan) func(context.Context, *mongo.Store) error {
	sc.Limit = aPage
	return func(ctx context.Context, s *mongo.Store) error { _, err := s.Scan(ctx, sc); return err }
}

// TestSearchesExamineLittle explains what each part of a search sends, and
// holds it to one index, no sort, and few keys and documents.
func TestSearchesExamineLittle(t *testing.T) {
	in := mongotest.Server(t)
	var sent commands
	s, err := mongo.OpenMonitored(t.Context(), in.URI, sent.monitor())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	seedSearch(t, s)
	page, err := s.Scan(t.Context(), search.Scan{Type: "Task", Limit: 151})
	if err != nil || len(page.Hits) != 151 {
		t.Fatalf("%d hits, error %v", len(page.Hits), err)
	}
	db := in.Client(t).Database(in.Database)
	for _, o := range searches(page.Hits[150].Place) {
		t.Run(o.name, func(t *testing.T) {
			sent.take()
			if err := o.run(t.Context(), s); err != nil {
				t.Fatal(err)
			}
			explained := 0
			for _, raw := range sent.take() {
				if about := explainable(t, raw); about != nil {
					explainSearch(t, db, about, o)
					explained++
				}
			}
			if explained == 0 {
				t.Error("nothing was explained")
			}
		})
	}
}

func explainSearch(t *testing.T, db *driver.Database, about bson.D, o searchOperation) {
	t.Helper()
	about[len(about)-1].Value = "executionStats"
	answer, err := db.RunCommand(t.Context(), about).Raw()
	if err != nil {
		t.Fatalf("explain %v: %v", about, err)
	}
	checkPlan(t, about, answer, o.index, false)
	keys, docs := examined(answer)
	t.Logf("keys %d, documents %d", keys, docs)
	if keys > int64(o.keys) || docs > int64(o.docs) {
		t.Errorf("%v: %d keys and %d documents are examined, want at most %d and %d", about, keys, docs, o.keys, o.docs)
	}
}

// examined are the totals, which an aggregation's plan has further inside.
func examined(plan bson.Raw) (keys, docs int64) {
	elements, _ := plan.Elements()
	for _, e := range elements {
		v := e.Value()
		switch e.Key() {
		case "totalKeysExamined":
			keys, _ = v.AsInt64OK()
		case "totalDocsExamined":
			docs, _ = v.AsInt64OK()
		default:
			var inner bson.Raw
			if doc, ok := v.DocumentOK(); ok {
				inner = doc
			} else if array, ok := v.ArrayOK(); ok {
				inner = bson.Raw(array)
			}
			k, d := examined(inner)
			keys, docs = max(keys, k), max(docs, d)
		}
	}
	return keys, docs
}
