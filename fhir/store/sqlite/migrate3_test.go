package sqlite

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"caseway/fhir"
	"caseway/fhir/search"
	"caseway/fhir/store"
)

// wantMembers holds what the fixture of schema 2 was written with: 13 versions,
// one of them, a tombstone, behind the last merge.
func wantMembers(t *testing.T, s *Store) {
	t.Helper()
	for _, want := range []struct {
		compartment string
		keys        string
		versions    int64
	}{
		{"Patient/0", "Task/4 Task/1 Task/3 Task/0", 7},
		{"Patient/1", "Goal/3 Goal/0 Goal/2 Goal/4 Goal/1", 6},
		{"Encounter/1", "Goal/3 Task/4 Goal/0 Task/1 Goal/2 Task/3 Goal/4 Task/0 Goal/1", 13},
		{"Patient/2", "", 0},
	} {
		of, _ := fhir.ParseKey(want.compartment)
		page, err := s.Scan(t.Context(), search.Scan{Compartment: of, Limit: 20})
		if got := keysOf(page.Hits); err != nil || got != want.keys {
			t.Errorf("%s has %q, want %q, error %v", of, got, want.keys, err)
		}
		history, err := s.History(t.Context(), store.HistoryQuery{Compartments: []string{want.compartment}, Limit: 1, Count: true})
		if err != nil || history.Total != want.versions {
			t.Errorf("%s has %d versions, want %d, error %v", of, history.Total, want.versions, err)
		}
	}
}

func TestSchema2IsMigrated(t *testing.T) {
	path := fixture(t, "schema2.db")
	s := open(t, path, Options{})
	wantMembers(t, s)
	closeStore(t, s)
	fresh := filepath.Join(t.TempDir(), "store.db")
	closeStore(t, open(t, fresh, Options{}))
	if got, want := tables(t, path), tables(t, fresh); !slices.Equal(got, want) {
		t.Errorf("migrated\n%s\nnew\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	wantMembers(t, open(t, path, Options{}))
}

func TestMigrationOfMembersIsResumed(t *testing.T) {
	for batches := range 4 {
		path := fixture(t, "schema2.db")
		c, err := openConn(path, writerPragmas)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(reshape(c), beginTo3(c)); err != nil {
			t.Fatal(err)
		}
		for range batches {
			if err := inTransaction(c, func() error { _, err := addMemberships(c, 5); return err }); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := Open(ended, path, Options{}); !errors.Is(err, context.Canceled) {
			t.Fatalf("opening with an ended context: error %v", err)
		}
		wantMembers(t, open(t, path, Options{}))
	}
}
