package mongo_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/event"

	"caseway/fhir"
	"caseway/fhir/search"
	"caseway/fhir/store"
	"caseway/fhir/store/mongo"
	"caseway/fhir/store/mongo/mongotest"
)

// commands keeps what a store sends.
type commands struct {
	mu   sync.Mutex
	sent []bson.Raw
}

func (c *commands) monitor() *event.CommandMonitor {
	return &event.CommandMonitor{Started: func(_ context.Context, e *event.CommandStartedEvent) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.sent = append(c.sent, append(bson.Raw(nil), e.Command...))
	}}
}

// take returns what was sent since the last time.
func (c *commands) take() []bson.Raw {
	c.mu.Lock()
	defer c.mu.Unlock()
	sent := c.sent
	c.sent = nil
	return sent
}

// explainable makes the command that explains one of the store's, or nil for
// those that have no plan.
func explainable(t *testing.T, raw bson.Raw) bson.D {
	t.Helper()
	var cmd bson.D
	if err := bson.Unmarshal(raw, &cmd); err != nil {
		t.Fatal(err)
	}
	about := bson.D{}
	for _, e := range cmd {
		switch e.Key {
		case "find", "aggregate", "update", "delete", "filter", "sort", "hint", "limit", "projection", "pipeline", "cursor":
			about = append(about, e)
		case "updates", "deletes":
			about = append(about, bson.E{Key: e.Key, Value: e.Value.(bson.A)[:1]}) // a server explains but one
		}
	}
	if len(about) == 0 || strings.Contains(raw.String(), "$changeStream") {
		return nil
	}
	return bson.D{{Key: "explain", Value: about}, {Key: "verbosity", Value: "queryPlanner"}}
}

// stages are all stages of a plan and the indexes that they use.
func stages(plan bson.Raw) (names, indexes []string) {
	elements, _ := plan.Elements()
	for _, e := range elements {
		if e.Key() == "rejectedPlans" {
			continue
		}
		v := e.Value()
		if text, ok := v.StringValueOK(); ok && e.Key() == "stage" {
			names = append(names, text)
		} else if ok && e.Key() == "indexName" {
			indexes = append(indexes, text)
		}
		var inner bson.Raw
		if doc, ok := v.DocumentOK(); ok {
			inner = doc
		} else if array, ok := v.ArrayOK(); ok {
			inner = bson.Raw(array)
		}
		n, i := stages(inner)
		names, indexes = append(names, n...), append(indexes, i...)
	}
	return names, indexes
}

// seedPlans makes a store in which no index is the best by chance.
func seedPlans(t *testing.T, s store.Store) {
	for i := range 30 {
		key := patient(fmt.Sprint(i))
		w := put(key, 0, i)
		w.Index.Terms, w.Compartments = []search.Term{search.Term(fmt.Sprintf("Patient.identifier:a|%d", i)), "Patient.gender=x"}, []string{key.String()}
		commit(t, s, w)
		w.Expect = 1
		commit(t, s, w)
	}
}

// operations are the store's operations by what they may use. sorted says
// that a sort in memory is fine, for its input is small.
var operations = []struct {
	name    string
	indexes string
	sorted  bool
	run     func(context.Context, store.Store) error
}{
	{"read", "_id_", false, func(ctx context.Context, s store.Store) error { _, err := s.Read(ctx, patient("1")); return err }},
	{"read several", "_id_", false, func(ctx context.Context, s store.Store) error {
		_, err := s.Read(ctx, patient("1"), patient("2"))
		return err
	}},
	{"read a version", "_id_", false, func(ctx context.Context, s store.Store) error {
		_, err := s.ReadVersion(ctx, patient("1"), 1)
		return err
	}},
	{"system history", "live_place place _id_", false, historyOf(store.HistoryQuery{})},
	{"system history, a later page", "live_place place _id_", false, historyOf(store.HistoryQuery{After: somePlace})},
	{"system history, bounded", "live_place place _id_", false, historyOf(store.HistoryQuery{
		Since: time.Now().Add(-time.Hour), AtFrom: time.Now().Add(-time.Minute), AtTo: time.Now(),
	})},
	{"type history", "type_place _id_", false, historyOf(store.HistoryQuery{Type: "Patient"})},
	{"type history, a later page", "type_place _id_", false, historyOf(store.HistoryQuery{Type: "Patient", After: somePlace})},
	{"compartment history", "compartments_place _id_", false, historyOf(store.HistoryQuery{Compartments: []string{"Patient/1"}})},
	{"history of compartments", "compartments_place _id_", true, historyOf(store.HistoryQuery{Type: "Patient", Compartments: []string{"Patient/1", "Patient/2"}})},
	{"instance history", "_id_", true, historyOf(store.HistoryQuery{Type: "Patient", ID: "1"})},
	{"history of a list", "_id_", true, historyOf(store.HistoryQuery{Keys: []fhir.Key{patient("1"), patient("2")}})},
	{"conditional create", "terms_place _id_", true, func(ctx context.Context, s store.Store) error {
		_, err := s.Commit(ctx, store.Commit{
			Writes:        []store.Write{put(patient("new"), 0, 1)},
			Preconditions: []store.Precondition{{Criteria: identified("new")}, {Exists: patient("1")}},
			Records:       []store.RecordWrite{{Kind: "job", Key: "1"}},
		})
		return err
	}},
	{"update and delete", "_id_", false, func(ctx context.Context, s store.Store) error {
		_, err := s.Commit(ctx, store.Commit{Writes: []store.Write{
			put(patient("1"), store.AnyVersion, 1), {Key: patient("2"), Method: store.Delete, Expect: 2},
		}})
		return err
	}},
	{"change and delete a record", "_id_", false, func(ctx context.Context, s store.Store) error {
		w := store.RecordWrite{Kind: "job", Key: "1", Expect: store.AnyVersion}
		_, err := s.Commit(ctx, store.Commit{Records: []store.RecordWrite{w}})
		if err == nil {
			w.Delete = true
			_, err = s.Commit(ctx, store.Commit{Records: []store.RecordWrite{w}})
		}
		return err
	}},
	{"records", "_id_", false, func(ctx context.Context, s store.Store) error {
		_, err := s.Records(ctx, "job", "a", "ab", 10)
		return err
	}},
	{"check", "_id_", false, func(ctx context.Context, s store.Store) error { return s.Check(ctx) }},
	{"change feed from a lost position", "live_place place _id_", false, rereadFeed},
}

var somePlace = store.HistoryPosition{LastUpdated: time.Now().Add(time.Hour), Key: patient("1"), VersionID: 1}

func historyOf(q store.HistoryQuery) func(context.Context, store.Store) error {
	q.Limit, q.Count = 5, true
	return func(ctx context.Context, s store.Store) error { _, err := s.History(ctx, q); return err }
}

func identified(value string, more ...search.Term) *search.Query {
	q := &search.Query{Type: "Patient", Limit: 2, All: []search.Clause{{Any: []search.Term{search.Term("Patient.identifier:a|" + value)}}}}
	for _, m := range more {
		q.All = append(q.All, search.Clause{Any: []search.Term{m}})
	}
	return q
}

// rereadFeed follows from a position that has no token until it has seen
// everything.
func rereadFeed(ctx context.Context, s store.Store) error {
	for c, err := range s.Watch(ctx, mongo.PositionAt(time.Now().Add(-time.Minute), time.Now(), nil)) {
		if err != nil || c.Version.Key == patient("2") && c.Version.Deleted() {
			return err
		}
	}
	return nil
}

// TestEveryQueryUsesAnIndex explains what each operation sends.
func TestEveryQueryUsesAnIndex(t *testing.T) {
	in := mongotest.Server(t)
	var sent commands
	s, err := mongo.OpenMonitored(t.Context(), in.URI, sent.monitor())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	seedPlans(t, s)
	db := in.Client(t).Database(in.Database)
	for _, o := range operations {
		t.Run(o.name, func(t *testing.T) {
			sent.take()
			if err := o.run(t.Context(), s); err != nil {
				t.Fatal(err)
			}
			explained := 0
			for _, raw := range sent.take() {
				about := explainable(t, raw)
				if about == nil {
					continue
				}
				answer, err := db.RunCommand(t.Context(), about).Raw()
				if err != nil {
					t.Fatalf("explain %v: %v", about, err)
				}
				checkPlan(t, about, answer, o.indexes, o.sorted)
				explained++
			}
			if explained == 0 {
				t.Error("nothing was explained")
			}
		})
	}
}

func checkPlan(t *testing.T, about bson.D, answer bson.Raw, allowed string, sorted bool) {
	t.Helper()
	names, indexes := stages(answer)
	for _, n := range names {
		if n == "COLLSCAN" || n == "SORT" && !sorted {
			t.Errorf("%v: the plan has %s", about, n)
		}
		if n == "IDHACK" {
			indexes = append(indexes, "_id_")
		}
	}
	if len(indexes) == 0 {
		t.Errorf("%v: the plan names no index: %v", about, names)
	}
	for _, i := range indexes {
		if !strings.Contains(" "+allowed+" ", " "+i+" ") {
			t.Errorf("%v: the plan uses %s, want %s", about, i, allowed)
		}
	}
}
