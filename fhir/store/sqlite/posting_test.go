package sqlite

import (
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
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
	r := sortedRun{}
	for _, seq := range seqs {
		r.add(p.name, seq)
	}
	if err := p.w.mergeAdded(&r); err != nil {
		t.Fatal(err)
	}
	p.seqs = append(p.seqs, seqs...)
}

// wantRead reads between bounds, one way or the other.
func (p *term) wantRead(t *testing.T, b seqRange, descending bool) {
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
	x := source{conn: newStmtCache(p.w.conn), scratch: &packed}
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
		t.Run(name, func(t *testing.T) {
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
					p.wantRead(t, seqRange{from, from + rnd.Int64N(last+10)}, rnd.IntN(2) == 0)
					p.wantRead(t, seqRange{0, math.MaxInt64}, rnd.IntN(2) == 0)
				}
			}
		})
	}
	overlapping, err := number(w.conn, `SELECT count(*) FROM posting WHERE count <= 0 OR (more IS NULL) <> (count = 1) OR length(more) > 2 * `+fmt.Sprint(rowBytes))
	if overlapping != 0 || err != nil {
		t.Errorf("%d rows are wrong, error %v", overlapping, err)
	}
}

// bareWriter is a writer that can index in the open transaction.
func bareWriter(c *sqlite.Conn) (*writer, error) {
	known, err := loadPrefixes(c)
	if err != nil {
		return nil, err
	}
	w := &writer{conn: c, s: &Store{prefixes: known}, fresh: map[string]int64{}}
	if err := prepare(c, w.sql.posting.queries()); err != nil {
		return nil, err
	}
	return w, prepare(c, map[**sqlite.Stmt]string{&w.sql.setHead: setHeadSQL, &w.sql.addPrefix: addPrefixSQL})
}
