package mongo_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"caseway/fhir/store"
	"caseway/fhir/store/mongo"
	"caseway/fhir/store/mongo/mongotest"
)

// TestServerClockSetBack: what history was said to be complete up to stays so
// when the server's clock is set back, in each process, and that is said.
func TestServerClockSetBack(t *testing.T) {
	in := mongotest.Server(t)
	var text bytes.Buffer
	s, err := mongo.Open(t.Context(), in.URI, mongo.Options{Log: slog.New(slog.NewTextHandler(&text, nil))})
	if err != nil {
		t.Fatal(err)
	}
	s.SetServerClock(time.Now().Add(2 * time.Hour))
	ahead := commit(t, s, put(patient("1"), 0, 1))[0]
	if early := time.Until(ahead.LastUpdated); early < time.Hour {
		t.Fatalf("the clock isn't ahead: %v", early)
	}
	if err := historyOf(store.HistoryQuery{})(t.Context(), s); err != nil { // asks the server for its time
		t.Fatal(err)
	}
	const says = "clock is behind the newest version"
	if n := strings.Count(text.String(), says); n != 1 {
		t.Errorf("%q is said %d times, want once: %q", says, n, &text)
	}
	for _, row := range []struct {
		name  string
		write func() store.Version
	}{
		{"a create", func() store.Version { return commit(t, s, put(patient("2"), 0, 1))[0] }},
		{"a transaction", func() store.Version { return commit(t, s, put(patient("3"), 0, 1), put(patient("4"), 0, 1))[0] }},
		{"another process", func() store.Version { return commit(t, opened(t, in.URI), put(patient("5"), 0, 1))[0] }},
	} {
		t.Run(row.name, func(t *testing.T) {
			if v := row.write(); v.LastUpdated.Before(ahead.LastUpdated) {
				t.Errorf("lastUpdated %v, want at least %v", v.LastUpdated, ahead.LastUpdated)
			}
		})
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// TestRecordsOfMachinesWhoseClocksDiffer: a record is there for as long as its
// writer wants, though the server's clock is ahead of the writer's, or behind.
func TestRecordsOfMachinesWhoseClocksDiffer(t *testing.T) {
	for name, skew := range map[string]time.Duration{"ahead": 5 * time.Minute, "behind": -5 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			s := opened(t, mongotest.Server(t).URI)
			s.SetServerClock(time.Now().Add(skew))
			soon, past := time.Now().Add(20*time.Second), time.Now().Add(-20*time.Second)
			for key, expires := range map[string]time.Time{"soon": soon, "past": past} {
				t.Run(key, func(t *testing.T) {
					_, err := s.Commit(t.Context(), store.Commit{Records: []store.RecordWrite{{Kind: "lease", Key: key, Expires: expires}}})
					if err != nil {
						t.Fatal(err)
					}
				})
			}
			records, err := s.Records(t.Context(), "lease", "", "", 10)
			if err != nil || len(records) != 1 || records[0].Key != "soon" {
				t.Fatalf("%d records, %v; want the one that expires soon", len(records), err)
			}
			if off := records[0].Expires.Sub(soon).Abs(); off > 10*time.Millisecond {
				t.Errorf("it expires at %v, want %v", records[0].Expires, soon)
			}
		})
	}
}
