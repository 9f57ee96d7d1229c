package sqlite

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"

	"caseway/fhir"
	"caseway/fhir/search"
	"caseway/fhir/store"
)

// planOf is what SQLite says it will do for a query.
func planOf(t *testing.T, c *sqlite.Conn, query string) string {
	t.Helper()
	plan, _, err := c.PrepareTransient("EXPLAIN QUERY PLAN " + query)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = plan.Finalize() }()
	var steps []string
	for {
		row, err := plan.Step()
		if err != nil {
			t.Fatal(err)
		}
		if !row {
			return strings.Join(steps, "; ")
		}
		steps = append(steps, plan.ColumnText(3))
	}
}

// The cost of a page of history is the page's, so its query starts at the
// right place of an index that has the page's order, and never sorts.
func TestHistoryReadsOnlyItsPage(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "store.db"), Options{})
	commit(t, s, write("1", 10))
	r, err := s.reader(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.readers.put(r)
	at := time.UnixMilli(1)
	for _, c := range []struct {
		name string
		q    store.HistoryQuery
		plan string
	}{
		{"system", store.HistoryQuery{}, "SEARCH version USING COVERING INDEX version_system (updated>? AND (updated,key,version)<(?,?,?))"},
		{"type", store.HistoryQuery{Type: "Patient"}, "SEARCH version USING COVERING INDEX version_type (type=? AND updated>? AND (updated,key,version)<(?,?,?))"},
		{"instance", store.HistoryQuery{Type: "Patient", ID: "1"}, "SEARCH version USING INDEX version_instance (key=?)"},
		{"system at", store.HistoryQuery{AtFrom: at}, "SEARCH version USING INDEX version_system (updated>? AND (updated,key,version)<(?,?,?))"},
		{"type at", store.HistoryQuery{Type: "Patient", AtFrom: at}, "SEARCH version USING INDEX version_type (type=? AND updated>? AND (updated,key,version)<(?,?,?))"},
	} {
		t.Run(c.name, func(t *testing.T) {
			sel := selection{HistoryQuery: c.q, typ: 1}
			if got := planOf(t, r.conn, sel.pageSQL()); got != c.plan {
				t.Errorf("%s: plan %q, want %q", c.name, got, c.plan)
			}
		})
	}
	list := selection{HistoryQuery: store.HistoryQuery{Keys: []fhir.Key{key("1")}}}
	if got := planOf(t, r.conn, list.pageSQL()); !strings.HasPrefix(got, "SEARCH version USING INDEX version_instance (key=?)") {
		t.Errorf("keys: plan %q", got)
	}
}

// The cost of a scan is its page's, so its query goes right to the page's
// place in an index that has its order, never sorts, and reads bodies only
// where they are wanted.
func TestScanReadsOnlyItsPage(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "store.db"), Options{})
	const byHead = "SEARCH h USING INTEGER PRIMARY KEY (rowid=?)"
	const body = "; SEARCH v USING INTEGER PRIMARY KEY (rowid=?)"
	for _, descending := range []bool{false, true} {
		lean, full := search.Scan{Descending: descending, KeysOnly: true}, search.Scan{Descending: descending}
		for query, want := range map[string]string{
			headSQL(true):          byHead,
			headSQL(false):         byHead + body,
			rowSQL:                 "SEARCH posting USING PRIMARY KEY (term=? AND seq<?)",
			rowsSQL(&lean, ofType): "SEARCH h USING INDEX head_type (type=? AND rowid>? AND rowid<?)",
			rowsSQL(&full, ofType): "SEARCH h USING INDEX head_type (type=? AND rowid>? AND rowid<?)" + body,
			rowsSQL(&lean, ofAll):  "SEARCH h USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)",
			rangeSQL:               "SEARCH posting USING PRIMARY KEY (term>? AND term<?)",
			currentSQL:             "SEARCH version USING INDEX version_instance (key=?)",
			generationSQL:          "SEARCH head USING COVERING INDEX head_generation (generation>? AND generation<?)",
			staleSQL:               "SEARCH head USING COVERING INDEX head_generation (generation=? AND rowid>?)",
			unmergedSQL:            "SEARCH head USING INTEGER PRIMARY KEY (rowid>?)",
			unmergedMembersSQL:     "SEARCH version USING INTEGER PRIMARY KEY (rowid>?)",
			pastSQL:                "SEARCH version USING INTEGER PRIMARY KEY (rowid=?)",
		} {
			t.Run(query, func(t *testing.T) {
				if got := planOf(t, s.writer.conn, query); got != want {
					t.Errorf("%s\nplan %q\nwant %q", query, got, want)
				}
			})
		}
		if got := planOf(t, s.writer.conn, estimateSQL); !strings.Contains(got, "SEARCH posting USING PRIMARY KEY (term>? AND term<?)") {
			t.Errorf("estimate: plan %q", got)
		}
	}
	const byTerm = "SEARCH posting USING PRIMARY KEY (term=? AND seq>? AND seq<?); SCALAR SUBQUERY 1; SEARCH posting USING PRIMARY KEY (term=? AND seq<?)"
	for _, query := range []string{ascendingSQL, descendingSQL, boundedSQL} {
		t.Run(query, func(t *testing.T) {
			if got := planOf(t, s.writer.conn, query); got != byTerm {
				t.Errorf("%s\nplan %q\nwant %q", query, got, byTerm)
			}
		})
	}
}
