package mongo_test

import (
	"context"
	"strings"
	"testing"

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
