package sqlite

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"caseway/fhir"
	"caseway/fhir/search"
	"caseway/fhir/store"
)

// changes writes, rewrites, deletes and reindexes some resources at random, and
// knows what their terms are.
type changes struct {
	rnd   *rand.Rand
	terms map[fhir.Key][]search.Term
	last  map[fhir.Key]int64 // version ids
}

func (c *changes) draw() []search.Term {
	var terms []search.Term
	for range c.rnd.IntN(6) {
		terms = append(terms, search.Term(fmt.Sprintf("Patient.p%d=%d", c.rnd.IntN(3), c.rnd.IntN(20))))
	}
	slices.Sort(terms)
	return slices.Compact(terms)
}

func (c *changes) make(t *testing.T, s *Store) {
	t.Helper()
	k := key(fmt.Sprint(c.rnd.IntN(40)))
	w := write(k.ID, 10)
	w.Index = search.Index{Terms: c.draw(), Values: []search.Term{"Patient.p1;kept"}}
	_, there := c.terms[k]
	switch n := c.rnd.IntN(10); {
	case n == 0 && there:
		commit(t, s, store.Write{Key: k, Method: store.Delete, Expect: store.AnyVersion})
		delete(c.terms, k)
		return
	case n < 4 && there:
		if err := s.Reindex(t.Context(), 1, []store.Reindexed{{Key: k, VersionID: c.last[k], Index: w.Index}}); err != nil {
			t.Fatal(err)
		}
	default:
		c.last[k] = commit(t, s, w)[0].VersionID
	}
	c.terms[k] = w.Index.Terms
}

// wantFound holds the index against what is known: each term's heads, and counts.
func (c *changes) wantFound(t *testing.T, s *Store) {
	t.Helper()
	counts := map[search.Term]int{}
	for _, terms := range c.terms {
		for _, x := range terms {
			counts[x]++
		}
	}
	total := 0
	for p := range 3 {
		for v := range 20 {
			term := search.Term(fmt.Sprintf("Patient.p%d=%d", p, v))
			total += counts[term]
			page, err := s.Scan(t.Context(), search.Scan{Term: term, Limit: 100, Descending: v%2 == 0})
			if err != nil || len(page.Hits) != counts[term] {
				t.Fatalf("%s: %d hits, want %d, error %v", term, len(page.Hits), counts[term], err)
			}
			for _, h := range page.Hits {
				if !slices.Contains(c.terms[h.Key], term) {
					t.Fatalf("%s finds %s", term, h.Key)
				}
			}
			c.wantSieved(t, s, term, search.Term(fmt.Sprintf("Patient.p%d=%d", (p+1)%3, v)))
			if n, err := s.Estimate(t.Context(), term, term+"\x00", 100); n != counts[term] || err != nil {
				t.Fatalf("%s: %d counted, want %d, error %v", term, n, counts[term], err)
			}
		}
	}
	if n, err := s.Estimate(t.Context(), "Patient.", "Patient/", 100_000); n != total || err != nil {
		t.Fatalf("%d entries counted, want %d, error %v", n, total, err)
	}
	page, err := s.Scan(t.Context(), search.Scan{From: "Patient.p0", To: "Patient.p1=", Limit: 3})
	found := 0
	for _, terms := range c.terms {
		if slices.ContainsFunc(terms, func(x search.Term) bool { return x < "Patient.p1=" }) {
			found++
		}
	}
	if len(page.Hits) != min(3, found) || page.More != (found > 3) || err != nil {
		t.Fatalf("a range gave %d hits and more %v, want %d in all, error %v", len(page.Hits), page.More, found, err)
	}
}

// wantSieved asks for the heads with a term that have another one too: all those
// are given, and none is counted as passed over that does.
func (c *changes) wantSieved(t *testing.T, s *Store, term, other search.Term) {
	t.Helper()
	both := 0
	for _, terms := range c.terms {
		if slices.Contains(terms, term) && slices.Contains(terms, other) {
			both++
		}
	}
	page, err := s.Scan(t.Context(), search.Scan{Term: term, Filter: [][]search.Term{{other, "Patient.none=1"}}, Limit: 100})
	found := 0
	for _, h := range page.Hits {
		if slices.Contains(c.terms[h.Key], other) {
			found++
		}
	}
	if err != nil || found != both || len(page.Hits) != both {
		t.Fatalf("%s with %s: %d of %d hits, want %d, error %v", term, other, found, len(page.Hits), both, err)
	}
}

// Of heads in the table, those without the other terms aren't read; of later
// ones only so many are read in vain.
func TestIntersectionOfPostings(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "store.db"), Options{mergeAt: 1000})
	for i := range 600 {
		w := write(fmt.Sprint(i), 10)
		w.Index = search.Index{Terms: []search.Term{"Patient.a=1", search.Term(fmt.Sprintf("Patient.b=%d", i%50))}}
		commit(t, s, w)
	}
	for descending, most := range map[bool]int{false: 600, true: 10*mostRejected + 1} {
		q := search.Scan{Term: "Patient.a=1", Filter: [][]search.Term{{"Patient.b=3", "Patient.b=7"}}, Limit: 10, Descending: descending}
		page, err := s.Scan(t.Context(), q)
		if err != nil || len(page.Hits) != 10 || !page.More || page.Filtered < 40 || page.Filtered > most {
			t.Errorf("descending %v: %d hits, %d passed over, more %v, error %v", descending, len(page.Hits), page.Filtered, page.More, err)
		}
	}
}

// Whatever is in memory, in the table, left over or made again from the heads:
// together it is the index.
func TestIndexFollowsThroughMergesAndRestarts(t *testing.T) {
	t.Parallel()
	for _, mergeAt := range []int{1, 7, 60, 1 << 30} {
		t.Run(fmt.Sprint(mergeAt), func(t *testing.T) {
			opt := Options{mergeAt: mergeAt}
			path := filepath.Join(t.TempDir(), "store.db")
			c := changes{rnd: rand.New(rand.NewPCG(3, uint64(mergeAt))), terms: map[fhir.Key][]search.Term{}, last: map[fhir.Key]int64{}}
			s := open(t, path, opt)
			for i := range 300 {
				c.make(t, s)
				if i%10 == 9 {
					c.wantFound(t, s)
				}
				if i%50 == 49 {
					closeStore(t, s)
					s = open(t, path, opt)
					c.wantFound(t, s)
				}
			}
		})
	}
}

// Postings that lie far apart are looked up one by one in a common term's rows.
func TestIntersectionOfScatteredPostings(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "store.db"), Options{mergeAt: 40})
	for i := range 1000 {
		w := write(fmt.Sprint(i), 10)
		terms := []search.Term{search.Term(fmt.Sprintf("Patient.common=%d", i%2))}
		if i%20 < 2 {
			terms = append(terms, "Patient.rare=1")
		}
		w.Index = search.Index{Terms: terms}
		commit(t, s, w)
	}
	for _, descending := range []bool{false, true} {
		q := search.Scan{Term: "Patient.rare=1", Filter: [][]search.Term{{"Patient.common=1"}}, Limit: 30, Descending: descending}
		page, err := s.Scan(t.Context(), q)
		if err != nil || len(page.Hits) != 30 || !page.More {
			t.Errorf("descending %v: %d hits, more %v, error %v", descending, len(page.Hits), page.More, err)
		}
		for _, h := range page.Hits {
			if !slices.Contains(h.Terms, "Patient.common=1") {
				t.Errorf("descending %v: %s was given", descending, h.Key)
			}
		}
	}
}

// After a merge the table has the postings of the heads that there are, no
// others, and nothing is left to do.
func TestMergeLeavesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	c := changes{rnd: rand.New(rand.NewPCG(5, 6)), terms: map[fhir.Key][]search.Term{}, last: map[fhir.Key]int64{}}
	s := open(t, path, Options{mergeAt: 50})
	for range 200 {
		c.make(t, s)
	}
	closeStore(t, s)
	s = open(t, path, Options{mergeAt: 1})
	commit(t, s, write("last", 10))
	closeStore(t, s)
	want := 2 // of the last one
	for _, terms := range c.terms {
		want += len(terms)
	}
	conn, err := openConn(path, "")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	for query, want := range map[string]int64{
		"SELECT sum(count) FROM posting":                                       int64(want),
		"SELECT count(*) FROM posting WHERE seq NOT IN (SELECT seq FROM head)": 0,
		"SELECT count(*) FROM displaced":                                       0,
		"SELECT (SELECT seq FROM compacted) = (SELECT max(seq) FROM version)":  1,
		"SELECT count(*) FROM head WHERE seq > (SELECT seq FROM compacted)":    0,
	} {
		t.Run(query, func(t *testing.T) {
			if n, err := number(conn, query); n != want || err != nil {
				t.Errorf("%s: %d, want %d, error %v", query, n, want, err)
			}
		})
	}
}

// A merge that fails leaves the index as it was, and is made up for.
func TestMergeThatFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	s := open(t, path, Options{mergeAt: 5})
	closeStore(t, s)
	conn, err := openConn(path, "")
	if err != nil {
		t.Fatal(err)
	}
	trigger := "CREATE TRIGGER no BEFORE UPDATE ON compacted BEGIN SELECT RAISE(ABORT, 'no'); END"
	if err := sqlitex.ExecuteTransient(conn, trigger, nil); err != nil {
		t.Fatal(err)
	}
	c := changes{rnd: rand.New(rand.NewPCG(7, 8)), terms: map[fhir.Key][]search.Term{}, last: map[fhir.Key]int64{}}
	s = open(t, path, Options{mergeAt: 5})
	for range 60 {
		c.make(t, s)
	}
	c.wantFound(t, s)
	if err := dropTrigger(conn); err != nil {
		t.Fatal(err)
	}
	for range 200 {
		c.make(t, s)
	}
	c.wantFound(t, s)
	merged, err := number(conn, "SELECT seq FROM compacted")
	if merged == 0 || err != nil {
		t.Errorf("merged up to %d, error %v", merged, err)
	}
	closeStore(t, s)
	if err := conn.Close(); err != nil {
		t.Errorf("closing the connection: got the error %v, want none", err)
	}
}

func dropTrigger(c *sqlite.Conn) error {
	return sqlitex.ExecuteTransient(c, "DROP TRIGGER no", nil)
}
