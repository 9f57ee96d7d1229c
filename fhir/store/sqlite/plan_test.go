package sqlite

import (
	"fmt"
	"path/filepath"
	"slices"
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
		sel := selection{HistoryQuery: c.q, typ: 1}
		if got := planOf(t, r.conn, sel.pageSQL()); got != c.plan {
			t.Errorf("%s: plan %q, want %q", c.name, got, c.plan)
		}
	}
	list := selection{HistoryQuery: store.HistoryQuery{Keys: []fhir.Key{key("1")}}}
	if got := planOf(t, r.conn, list.pageSQL()); !strings.HasPrefix(got, "SEARCH version USING INDEX version_instance (key=?)") {
		t.Errorf("keys: plan %q", got)
	}
}

// A search goes from the first clause's terms to the versions, and looks the
// other clauses up for each.
func TestSearchIsDrivenByItsFirstClause(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "store.db"), Options{})
	query := termsSQL([]search.Clause{{Any: []search.Term{"a"}}, {Any: []search.Term{"b", "c"}}})
	steps := strings.Split(planOf(t, s.writer.conn, query), "; ")
	for i, want := range []string{
		"SEARCH t USING PRIMARY KEY (term=?)",
		"SEARCH h USING INTEGER PRIMARY KEY (rowid=?)",
		"CORRELATED SCALAR SUBQUERY 1",
		"SEARCH p USING PRIMARY KEY (term=? AND seq=?)",
	} {
		if !slices.Contains(steps, want) {
			t.Errorf("step %d isn't %q: %s", i, want, fmt.Sprint(steps))
		}
	}
}
