package mongo_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"caseway/fhir"
	"caseway/fhir/search"
	"caseway/fhir/store"
	"caseway/fhir/store/mongo"
	"caseway/fhir/store/mongo/mongotest"
)

// owned is a task with an owner.
func owned(id string, expect int64, owner string) store.Write {
	w := put(task(id), expect, 1)
	w.Index = search.Index{Terms: []search.Term{search.Term("Task.owner=" + owner)}, Values: []search.Term{"Task.owner;v"}}
	return w
}

// ids are those of a scan's hits, in its order.
func ids(ctx context.Context, t *testing.T, s search.Source, sc search.Scan) string {
	t.Helper()
	sc.Limit = 100
	page, err := s.Scan(ctx, sc)
	if err != nil || page.More {
		t.Fatalf("more %v, error %v", page.More, err)
	}
	var found []string
	for _, h := range page.Hits {
		found = append(found, h.Key.ID)
	}
	return strings.Join(found, " ")
}

// TestSnapshotHoldsScansTogether looks at what is sent: after the first answer
// all ask for the instant that it was of. The server that stands in for MongoDB
// doesn't heed that.
func TestSnapshotHoldsScansTogether(t *testing.T) {
	in := mongotest.Server(t)
	var sent commands
	s, err := mongo.OpenMonitored(t.Context(), in.URI, sent.monitor())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	commit(t, s, owned("1", 0, "Practitioner/a"), owned("2", 0, "Practitioner/a"))
	sent.take()
	mine := search.Scan{Term: "Task.owner=Practitioner/a"}
	err = s.Snapshot(t.Context(), func(ctx context.Context) error {
		ids(ctx, t, s, mine)
		ids(ctx, t, s, search.Scan{Keys: []fhir.Key{task("2")}})
		if _, err := s.Read(ctx, task("1"), task("2")); err != nil {
			t.Error(err)
		}
		n, err := s.Estimate(ctx, mine.Term, mine.Term+"\x00", 10)
		if err != nil || n != 2 {
			t.Errorf("estimate %d, error %v", n, err)
		}
		return nil
	})
	commands := sent.take()
	if err != nil || len(commands) != 4 {
		t.Fatalf("%d commands, error %v; want 4", len(commands), err)
	}
	at := commands[1].Lookup("readConcern", "atClusterTime")
	for i, c := range commands {
		if level := c.Lookup("readConcern", "level"); level.StringValue() != "snapshot" {
			t.Errorf("command %d reads with %v", i, level)
		}
		if got := c.Lookup("readConcern", "atClusterTime"); i > 0 && (at.IsZero() || !got.Equal(at)) {
			t.Errorf("command %d reads at %v, want %v", i, got, at)
		}
	}
}

func TestStandaloneIsSearched(t *testing.T) {
	_, full := standalone(t)
	s := full.(*mongo.Store)
	if s.Transactional() {
		t.Error("a standalone server says that it has transactions")
	}
	commit(t, s, owned("1", 0, "Practitioner/a"))
	commit(t, s, owned("2", 0, "Practitioner/a"))
	commit(t, s, owned("1", 1, "Practitioner/b"))
	commit(t, s, owned("2", 1, "Practitioner/a"))
	err := s.Snapshot(t.Context(), func(ctx context.Context) error {
		if got := ids(ctx, t, s, search.Scan{Term: "Task.owner=Practitioner/a"}); got != "2" {
			t.Errorf("found %q", got)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	page, err := s.Stale(t.Context(), 1, search.Place{}, 10)
	if err != nil || len(page.Hits) != 2 {
		t.Errorf("%d stale hits, error %v", len(page.Hits), err)
	}
}

// TestFirstSchemaIsMigrated: documents as schema 1 wrote them are found in
// order, tombstones apart, and stale, and their history is what it was.
func TestFirstSchemaIsMigrated(t *testing.T) {
	in := mongotest.Server(t)
	s := opened(t, in.URI)
	for i := range 3 {
		commit(t, s, owned(fmt.Sprint(i), 0, "Practitioner/a"))
	}
	commit(t, s, owned("0", 1, "Practitioner/a"))
	commit(t, s, store.Write{Key: task("1"), Method: store.Delete, Expect: 1})
	history := func(s store.Store) (shown []string) {
		page, err := s.History(t.Context(), store.HistoryQuery{Type: "Task", Limit: 10})
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range page.Versions {
			shown = append(shown, fmt.Sprint(v.Key, v.VersionID, v.Deleted(), v.LastUpdated))
		}
		return shown
	}
	before := history(s)
	toFirstSchema(t, in)
	migrated := opened(t, in.URI)
	if after := history(migrated); strings.Join(after, "\n") != strings.Join(before, "\n") {
		t.Errorf("history was\n%q, is\n%q", before, after)
	}
	if got := ids(t.Context(), t, migrated, search.Scan{Type: "Task"}); got != "2 0" {
		t.Errorf("tasks are %q", got)
	}
	page, err := migrated.Stale(t.Context(), 1, search.Place{}, 10)
	if err != nil || len(page.Hits) != 2 || page.Hits[0].Key != task("2") {
		t.Errorf("%d stale hits, error %v", len(page.Hits), err)
	}
}

// toFirstSchema undoes what came with schema 2.
func toFirstSchema(t *testing.T, in *mongotest.Instance) {
	t.Helper()
	for _, name := range []string{"resource", "version"} {
		c := collection(t, in, name)
		if err := c.Indexes().DropAll(t.Context()); err != nil {
			t.Fatal(err)
		}
		lost := bson.D{{Key: "$unset", Value: bson.D{{Key: "place", Value: ""}, {Key: "live", Value: ""}, {Key: "generation", Value: ""}, {Key: "values", Value: ""}}}}
		if _, err := c.UpdateMany(t.Context(), bson.D{}, lost); err != nil {
			t.Fatal(err)
		}
		typ := bson.D{{Key: "$set", Value: bson.D{{Key: "type", Value: "Task"}}}}
		if _, err := c.UpdateMany(t.Context(), bson.D{}, typ); err != nil {
			t.Fatal(err)
		}
	}
	first := bson.D{{Key: "$set", Value: bson.D{{Key: "version", Value: 1}}}}
	if _, err := collection(t, in, "meta").UpdateOne(t.Context(), bson.D{{Key: "_id", Value: "schema"}}, first); err != nil {
		t.Fatal(err)
	}
}
