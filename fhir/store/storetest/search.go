package storetest

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"caseway/fhir"
	"caseway/fhir/search"
	"caseway/fhir/store"
)

var searchCases = []testCase{
	{"search/terms", searchTerms},
	{"search/follows updates and deletes", searchFollows},
	{"search/a common and a rare term", searchCommonAndRare},
}

// searched is a page of a search, by id.
func searched(ctx context.Context, t testing.TB, s store.Store, q *search.Query) search.Matches {
	t.Helper()
	page, err := search.Run(ctx, s, search.Plan{
		Types: []string{q.Type}, Where: q.Expr(), Sort: []search.SortKey{{Field: "_id"}}, Count: q.Limit,
	})
	if err != nil {
		t.Fatal(err)
	}
	return page
}

// searchIDs are the ids of a search's one page.
func searchIDs(ctx context.Context, t testing.TB, s store.Store, q *search.Query) []string {
	t.Helper()
	ids := []string{}
	for _, h := range searched(ctx, t, s, q).Hits {
		if h.Key.Type != q.Type || len(h.JSON) == 0 {
			t.Errorf("search of %s found %s with %d bytes", q.Type, h.Key, len(h.JSON))
		}
		ids = append(ids, h.Key.ID)
	}
	return ids
}

// where makes a query: clauses are joined by AND, the terms in each by OR.
func where(typ string, limit int, clauses ...string) *search.Query {
	q := &search.Query{Type: typ, Limit: limit}
	for _, c := range clauses {
		var any []search.Term
		for term := range strings.FieldsSeq(c) {
			any = append(any, own(typ, search.Term(term)))
		}
		q.All = append(q.All, search.Clause{Any: any})
	}
	return q
}

// tagged writes a version with terms of its own.
func tagged(key fhir.Key, expect int64, terms ...search.Term) store.Write {
	w := change(key, expect, 1)
	w.Index = search.Index{}
	for _, t := range terms {
		w.Index.Terms = append(w.Index.Terms, own(key.Type, t))
	}
	return w
}

// own is a type's term by a short name.
func own(typ string, name search.Term) search.Term { return search.Term(typ+".name=") + name }

func searchTerms(t *testing.T, d *database) {
	s := d.store(t)
	commit(
		d.ctx, t, s,
		tagged(patient("d"), 0, "x", "y", "only-d"), tagged(patient("a"), 0, "x"),
		tagged(patient("c"), 0, "y", "z"), tagged(patient("B"), 0, "x", "y", "z"),
		tagged(patient("none"), 0), tagged(fhir.Key{Type: "Goal", ID: "g"}, 0, "x", "y"),
	)
	for _, c := range []struct {
		q    *search.Query
		want string
		more bool
	}{
		{where("Patient", 10, "x"), "B a d", false},
		{where("Patient", 3, "x"), "B a d", false},
		{where("Patient", 2, "x"), "B a", true},
		{where("Patient", 10, "X"), "", false},
		{where("Patient", 10, "x", "y"), "B d", false},
		{where("Patient", 1, "x", "y"), "B", true},
		{where("Patient", 10, "x y z"), "B a c d", false},
		{where("Patient", 10, "x z", "y none"), "B c d", false},
		{where("Patient", 10, "x", "y", "z"), "B", false},
		{where("Patient", 10, "x", "only-d", "z"), "", false},
		{where("Patient", 10, "y y", "y"), "B c d", false},
		{where("Goal", 10, "x"), "g", false},
		{where("Task", 10, "x"), "", false},
	} {
		if got := searchIDs(d.ctx, t, s, c.q); strings.Join(got, " ") != c.want {
			t.Errorf("%+v: got %q, want %q", *c.q, got, c.want)
		}
		if more := searched(d.ctx, t, s, c.q).More; more != c.more {
			t.Errorf("%+v: more is %v", *c.q, more)
		}
	}
}

func searchFollows(t *testing.T, d *database) {
	s, key := d.store(t), patient("1")
	want := func(term string, ids ...string) {
		t.Helper()
		if got := searchIDs(d.ctx, t, s, where("Patient", 10, term)); strings.Join(got, " ") != strings.Join(ids, " ") {
			t.Errorf("%s: got %q, want %q", term, got, ids)
		}
	}
	commit(d.ctx, t, s, tagged(key, 0, "old", "both"), tagged(patient("2"), 0, "old"))
	want("old", "1", "2")
	commit(d.ctx, t, s, tagged(key, 1, "new", "both"))
	want("old", "2")
	want("new", "1")
	want("both", "1")
	commit(d.ctx, t, s, remove(key, 2))
	want("new")
	want("both")
	v := commit(d.ctx, t, s, tagged(key, 3, "new"))[0]
	want("new", "1")
	want("both")
	found := searched(d.ctx, t, s, where("Patient", 10, "new")).Hits
	if len(found) != 1 || found[0].VersionID != v.VersionID || !found[0].LastUpdated.Equal(v.LastUpdated) || string(found[0].JSON) != string(v.JSON) {
		t.Errorf("found %+v, want %s", found, show(v))
	}
}

func searchCommonAndRare(t *testing.T, d *database) {
	s := d.store(t)
	var writes []store.Write
	for i := range scaled(1000, 200) {
		terms := []search.Term{"common"}
		if i%50 == 7 {
			terms = append(terms, "rare")
		}
		writes = append(writes, tagged(patient(fmt.Sprintf("p%04d", i)), 0, terms...))
	}
	commit(d.ctx, t, s, writes...)
	for _, q := range []*search.Query{where("Patient", 100, "rare", "common"), where("Patient", 100, "common", "rare")} {
		if got := searchIDs(d.ctx, t, s, q); len(got) != len(writes)/50 || got[1] != "p0057" {
			t.Errorf("%v: got %q, want %d ids, the second p0057", q.All, got, len(writes)/50)
		}
	}
}
