package sqlite

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"caseway/fhir"
	"caseway/fhir/search"
	"caseway/fhir/store"
)

// fixture unpacks a store as an older program left it.
func fixture(t *testing.T, name string) string {
	t.Helper()
	packed, err := os.Open(filepath.Join("testdata", name+".gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = packed.Close() }()
	text, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(text)
	path := filepath.Join(t.TempDir(), name)
	if err := errors.Join(err, os.WriteFile(path, all, 0o600)); err != nil {
		t.Fatal(err)
	}
	return path
}

// tables describes a file's tables and indexes.
func tables(t *testing.T, path string) (all []string) {
	t.Helper()
	c, err := openConn(path, "")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	err = sqlitex.Execute(c, `SELECT s.name || ' ' || group_concat(c.name || ' ' || c.type || ' ' || c."notnull" || c.pk, ', ')
		FROM sqlite_schema s, pragma_table_xinfo(s.name) c WHERE s.type = 'table' GROUP BY s.name
		UNION ALL SELECT s.name || ' ' || s.tbl_name || ' ' || group_concat(c.name, ', ')
		FROM sqlite_schema s, pragma_index_info(s.name) c WHERE s.type = 'index' GROUP BY s.name ORDER BY 1`,
		&sqlitex.ExecOptions{ResultFunc: func(s *sqlite.Stmt) error { all = append(all, s.ColumnText(0)); return nil }})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// wantMigrated holds what the fixture of schema 1 was written with.
func wantMigrated(t *testing.T, s *Store) {
	t.Helper()
	page, err := s.Stale(t.Context(), 1, search.Place{}, 100)
	if err != nil || len(page.Hits) != 42 {
		t.Fatalf("%d heads of generation 0, want 42, error %v", len(page.Hits), err)
	}
	for _, want := range []struct {
		term search.Term
		keys string
	}{
		{"Patient identifier =http://example.org|one", "Patient/1"},
		{"Patient identifier =http://example.org|1", ""},
		{"Patient identifier =|2", "Patient/2"},
		{"Task identifier *3", "Task/3 Task/10 Task/17 Task/24 Task/31 Task/38"},
	} {
		page, err := s.Scan(t.Context(), search.Scan{Term: want.term, Limit: 10})
		if got := keysOf(page.Hits); err != nil || got != want.keys {
			t.Errorf("%s finds %q, want %q, error %v", want.term, got, want.keys, err)
		}
	}
	history, err := s.History(t.Context(), store.HistoryQuery{Limit: 1, Count: true})
	if err != nil || history.Total != 47 {
		t.Errorf("history holds %d versions, error %v", history.Total, err)
	}
	v, err := s.ReadVersion(t.Context(), key("1"), 1)
	if err != nil || !strings.Contains(string(v.JSON), `"language":"a"`) {
		t.Errorf("the first version is %q, error %v", v.JSON, err)
	}
	records, err := s.Records(t.Context(), "key", "", "", 10)
	if err != nil || len(records) != 1 || string(records[0].Value) != "secret" {
		t.Errorf("%d records, error %v", len(records), err)
	}
}

func keysOf(hits []search.Hit) string {
	var keys []string
	for _, h := range hits {
		keys = append(keys, h.Key.String())
	}
	return strings.Join(keys, " ")
}

func TestSchema1IsMigrated(t *testing.T) {
	path := fixture(t, "schema1.db")
	s := open(t, path, Options{})
	wantMigrated(t, s)
	w := write("1", 10)
	w.Index = search.Index{Terms: []search.Term{"Patient.active=true"}}
	if v := commit(t, s, w, store.Write{Key: fhir.Key{Type: "Task", ID: "3"}, Method: store.Delete, Expect: 1}); v[0].VersionID != 3 {
		t.Errorf("version %d follows version 2", v[0].VersionID)
	}
	page, err := s.Scan(t.Context(), search.Scan{Term: "Task identifier *3", Limit: 1})
	if got := keysOf(page.Hits); got != "Task/10" || err != nil {
		t.Errorf("after the deletion the first is %q, error %v", got, err)
	}
	closeStore(t, s)

	fresh := filepath.Join(t.TempDir(), "store.db")
	closeStore(t, open(t, fresh, Options{}))
	if got, want := tables(t, path), tables(t, fresh); !slices.Equal(got, want) {
		t.Errorf("migrated\n%s\nnew\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// A migration that was broken off anywhere goes on with the next start.
func TestMigrationIsResumed(t *testing.T) {
	for batches := range 3 {
		path := fixture(t, "schema1.db")
		c, err := openConn(path, writerPragmas)
		if err != nil {
			t.Fatal(err)
		}
		if err := beginTo2(c); err != nil {
			t.Fatal(err)
		}
		for range batches {
			if err := inTransaction(c, func() error { _, err := moveHeads(c, 10); return err }); err != nil {
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
		wantMigrated(t, open(t, path, Options{}))
	}
}
