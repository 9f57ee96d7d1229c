package sqlite

import (
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"zombiezen.com/go/sqlite/sqlitex"

	"caseway/fhir/search"
)

// term is one whose postings a test changes at random, and knows.
type term struct {
	w    *writer
	name []byte
	seqs []int64 // in order
}

func (p *term) add(t *testing.T, seq int64) {
	t.Helper()
	if err := p.w.addPosting(p.name, seq); err != nil {
		t.Fatal(err)
	}
	if i, found := slices.BinarySearch(p.seqs, seq); !found {
		p.seqs = slices.Insert(p.seqs, i, seq)
	}
}

func (p *term) drop(t *testing.T, seqs []int64) {
	t.Helper()
	if err := p.w.dropPostings(p.name, seqs); err != nil {
		t.Fatal(err)
	}
	p.seqs = slices.DeleteFunc(p.seqs, func(seq int64) bool { return slices.Contains(seqs, seq) })
}

// appendMany adds what a merge would: only behind all that there is.
func (p *term) appendMany(t *testing.T, seqs []int64) {
	t.Helper()
	r := run{}
	for _, seq := range seqs {
		r.add(p.name, seq)
	}
	if err := p.w.mergeAdded(&r); err != nil {
		t.Fatal(err)
	}
	p.seqs = append(p.seqs, seqs...)
}

// wantRead reads between bounds, one way or the other.
func (p *term) wantRead(t *testing.T, b bounds, descending bool) {
	t.Helper()
	var want, got []int64
	for _, seq := range p.seqs {
		if seq > b.after && seq < b.until {
			want = append(want, seq)
		}
	}
	if descending {
		slices.Reverse(want)
	}
	var packed []byte
	x := source{conn: keep(p.w.conn), packed: &packed}
	err := x.postings(p.name, b, descending, func(some []int64) (bool, error) {
		got = append(got, some...)
		return false, nil
	})
	if err != nil || !slices.Equal(got, want) {
		t.Fatalf("%v, descending %v: %v, want %v, error %v", b, descending, got, want, err)
	}
}

func postingWriter(t *testing.T) *writer {
	t.Helper()
	path := filepath.Join(t.TempDir(), "store.db")
	closeStore(t, open(t, path, Options{}))
	c, err := openConn(path, writerPragmas)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	w, err := bareWriter(c)
	if err != nil {
		t.Fatal(err)
	}
	if err := sqlitex.ExecuteTransient(c, "BEGIN", nil); err != nil {
		t.Fatal(err)
	}
	return w
}

// Whatever is added and dropped in whatever order: what is read is what there is.
func TestPostings(t *testing.T) {
	w := postingWriter(t)
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, name := range []string{"\x01a", "\x01b"} {
		p := &term{w: w, name: []byte(name)}
		for range 400 {
			last := int64(1)
			if n := len(p.seqs); n > 0 {
				last = p.seqs[n-1]
			}
			switch rnd.IntN(4) {
			case 0:
				var seqs []int64
				for seq := last; len(seqs) < 1+rnd.IntN(900); {
					seq += 1 + rnd.Int64N(1<<rnd.IntN(12))
					seqs = append(seqs, seq)
				}
				p.appendMany(t, seqs)
			case 1:
				for range 30 {
					p.add(t, 1+rnd.Int64N(last+10))
				}
			case 2:
				var gone []int64
				for range rnd.IntN(600) {
					gone = append(gone, rnd.Int64N(last+10))
				}
				slices.Sort(gone)
				p.drop(t, slices.Compact(gone))
			default:
				from := rnd.Int64N(last + 10)
				if n := len(p.seqs); n > 800 {
					p.drop(t, slices.Clone(p.seqs[n/3:]))
				}
				p.wantRead(t, bounds{from, from + rnd.Int64N(last+10)}, rnd.IntN(2) == 0)
				p.wantRead(t, bounds{0, math.MaxInt64}, rnd.IntN(2) == 0)
			}
		}
	}
	overlapping, err := number(w.conn, `SELECT count(*) FROM posting WHERE count <= 0 OR (more IS NULL) <> (count = 1) OR length(more) > 2 * `+fmt.Sprint(rowBytes))
	if overlapping != 0 || err != nil {
		t.Errorf("%d rows are wrong, error %v", overlapping, err)
	}
}

// A store whose postings have a row each is brought to the present shape.
func TestSinglePostingsAreGathered(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	s := open(t, path, Options{mergeAt: 1})
	const common search.Term = "Patient.active=true"
	for i := range 30 {
		w := write(fmt.Sprint(i), 10)
		w.Index = search.Index{Terms: []search.Term{common, search.Term(fmt.Sprintf("Patient.name=n%d", i%7))}}
		commit(t, s, w)
	}
	closeStore(t, s)
	c, err := openConn(path, "")
	if err != nil {
		t.Fatal(err)
	}
	shape := tables(t, path)
	err = sqlitex.ExecuteScript(c, `DROP TABLE posting;
		CREATE TABLE posting (term BLOB NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (term, seq)) WITHOUT ROWID, STRICT;
		UPDATE merged SET seq = 20;`, nil)
	if err != nil {
		t.Fatal(err)
	}
	w := &writer{conn: c, s: &Store{}}
	if w.s.stems, err = loadStems(c); err != nil {
		t.Fatal(err)
	}
	add, err := c.Prepare("INSERT INTO posting VALUES (?, ?)")
	if err != nil {
		t.Fatal(err)
	}
	for i := range int64(20) {
		for _, name := range []string{string(common), fmt.Sprintf("Patient.name=n%d", i%7)} {
			add.BindBytes(1, w.coder().append(nil, name))
			add.BindInt64(2, i+1)
			if err := exec(add); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, path, Options{})
	if got := tables(t, path); !slices.Equal(got, shape) {
		t.Errorf("tables %q, want %q", got, shape)
	}
	for name, want := range map[search.Term]int{common: 30, "Patient.name=n0": 5, "Patient.name=n6": 4} {
		page, err := s.Scan(t.Context(), search.Scan{Term: name, Limit: 100})
		n, eerr := s.Estimate(t.Context(), name, name+"\x00", 100)
		if len(page.Hits) != want || n != want || err != nil || eerr != nil {
			t.Errorf("%s: %d found and %d counted, want %d, errors %v, %v", name, len(page.Hits), n, want, err, eerr)
		}
	}
}
