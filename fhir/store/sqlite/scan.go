package sqlite

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"time"

	"zombiezen.com/go/sqlite"

	"caseway/fhir"
	"caseway/fhir/search"
	"caseway/fhir/store"
)

var _ store.Store = (*Store)(nil)

// scanBytes bounds a page of a scan by term or type, which can go on behind it.
const scanBytes = 32 << 20

// Scan implements search.Source. Every driver gives page order, which is that
// of sequence numbers, since lastUpdated never falls from one to the next.
func (s *Store) Scan(ctx context.Context, q search.Scan) (page search.Page, err error) {
	defer s.observe("search", time.Now(), &err)
	err = s.searching(ctx, func(x source) error {
		page, err = x.scan(&q)
		return err
	})
	return page, err
}

// searching runs f on a reader's snapshot.
func (s *Store) searching(ctx context.Context, f func(source) error) error {
	r, err := s.reader(ctx)
	if err != nil {
		return err
	}
	defer s.readers.put(r)
	return s.searchingBy(ctx, r, f)
}

func (s *Store) searchingBy(ctx context.Context, r *reader, f func(source) error) error {
	if r.held != nil {
		return interrupted(ctx, f(*r.held))
	}
	for {
		err := r.snapshot(ctx, func() error {
			merged, err := firstNumber(r.merged)
			if err != nil {
				return err
			}
			known := s.recent.Load()
			if known.merged != merged {
				return errMerged
			}
			return f(source{conn: r.stmts, coder: coder{prefixes: s.prefixes}, types: *s.types.now.Load(), recent: known, scratch: &r.scratch})
		})
		if !errors.Is(err, errMerged) {
			return err
		}
		runtime.Gosched()
	}
}

// errMerged: a merge was committed between a look at the database and one at
// what is in memory.
var errMerged = errors.New("sqlite: merged meanwhile")

// source gives heads as a connection sees them, within its transaction.
type source struct {
	conn    *stmtCache
	coder   coder
	types   typeNumbers
	recent  *memtable
	scratch *[]byte // scratch
}

// Columns of a head. The body is on pages of its own, so that leaving it out
// leaves those alone.
const (
	headColumns = "h.seq, h.key, h.version, h.updated, h.terms"
	withBody    = " CROSS JOIN version v ON v.seq = h.seq"
)

// selectHeads begins a query of heads that come from one or two tables.
func selectHeads(keysOnly bool, from string) string {
	if keysOnly {
		return "SELECT " + headColumns + " FROM " + from
	}
	return "SELECT " + headColumns + ", v.body FROM " + from + withBody
}

func (x source) scan(q *search.Scan) (search.Page, error) {
	c := collector{q: q, bytes: scanBytes}
	b, err := x.seqRange(q)
	switch {
	case err != nil || b.after+1 >= b.until:
	case q.Keys != nil:
		c.whole = true
		err = x.keys(&c, b)
	case q.Term != "":
		err = x.byTerm(&c, b)
	case len(q.Terms) > 0:
		err = x.byTerms(&c, b)
	case q.To != "":
		c.whole = true
		err = x.byRange(&c, b)
	case q.Compartment != fhir.Key{}:
		err = x.byCompartment(&c, b)
	case q.Type != "":
		err = x.rows(&c, b, ofType,
			func(s *sqlite.Stmt) { s.BindInt64(4, x.types[q.Type]) })
	default:
		err = x.rows(&c, b, ofAll, func(s *sqlite.Stmt) { s.BindBool(4, true) })
	}
	return c.page, err
}

// collector makes a page.
type collector struct {
	q             *search.Scan
	page          search.Page
	bytes         int  // that there is room for
	roomExhausted bool // JSON was left out for want of room
	withoutBodies bool // the rows are read without JSON
	whole         bool // the page must have everything, whatever its size

	rejected int // heads that were read and don't pass Scan.Filter
}

// full reports whether the page can't take another hit, which there is.
func (c *collector) full() bool {
	c.page.More = len(c.page.Hits) >= c.q.Limit || len(c.page.Hits) > 0 && !c.whole && (c.bytes <= 0 || c.roomExhausted)
	return c.page.More
}

// rows reads heads that an index gives in order.
func (x source) rows(c *collector, b seqRange, from index, bind func(*sqlite.Stmt)) error {
	s, err := x.conn.Prepare(rowsSQL(c.q, from))
	if err != nil {
		return err
	}
	defer func() { _ = s.Reset() }()
	s.BindInt64(1, b.after)
	s.BindInt64(2, b.until)
	s.BindInt64(3, int64(c.q.Limit-len(c.page.Hits))+1)
	bind(s)
	for {
		row, err := s.Step()
		if err != nil || !row || c.full() {
			return err
		}
		if err := x.take(c, s); err != nil {
			return err
		}
	}
}

// index gives heads in order: from tables, under a condition on ?4, by a column.
type index struct{ tables, where, seq string }

var (
	ofType = index{"head h", "h.type = ?4", "h.seq"}
	ofAll  = index{"head h", "?4", "h.seq"}
)

func rowsSQL(q *search.Scan, from index) string {
	order := " ASC"
	if q.Descending {
		order = " DESC"
	}
	return selectHeads(q.KeysOnly, from.tables) + " WHERE " + from.where +
		" AND " + from.seq + " > ?1 AND " + from.seq + " < ?2 ORDER BY " + from.seq + order + " LIMIT ?3+0"
}

func headSQL(keysOnly bool) string {
	return selectHeads(keysOnly, "head h") + " WHERE h.seq = ?"
}

// heads reads heads by their sequence numbers, those that there are and that
// satisfy a condition, until the page is full.
func (x source) heads(c *collector, seqs []int64, holds func([]search.Term) bool) error {
	s, err := x.conn.Prepare(headSQL(c.q.KeysOnly))
	if err != nil {
		return err
	}
	defer func() { _ = s.Reset() }()
	for _, seq := range seqs {
		if c.roomExhausted && !c.withoutBodies { // no other body is worth reading
			_ = s.Reset()
			if s, err = x.conn.Prepare(headSQL(true)); err != nil {
				return err
			}
			c.withoutBodies = true
		}
		if err := s.Reset(); err != nil {
			return err
		}
		s.BindInt64(1, seq)
		row, err := s.Step()
		if err != nil {
			return err
		}
		if !row {
			continue
		}
		terms, err := x.terms(s)
		switch {
		case err != nil:
			return err
		case !holds(terms):
		case c.full():
			return nil
		default:
			c.add(s, terms)
		}
	}
	return nil
}

// take adds the head in the row at hand.
func (x source) take(c *collector, s *sqlite.Stmt) error {
	terms, err := x.terms(s)
	if err == nil {
		c.add(s, terms)
	}
	return err
}

func (x source) terms(s *sqlite.Stmt) ([]search.Term, error) {
	size := s.ColumnLen(4)
	encoded := slices.Grow((*x.scratch)[:0], size)[:size]
	s.ColumnBytes(4, encoded)
	*x.scratch = encoded
	return decodeIndex(encoded, false)
}

func (c *collector) add(s *sqlite.Stmt, terms []search.Term) {
	typ, id, _ := strings.Cut(s.ColumnText(1), "/")
	updated := s.ColumnInt64(3)
	h := search.Hit{
		Key:         fhir.Key{Type: typ, ID: id},
		VersionID:   s.ColumnInt64(2),
		LastUpdated: instant(updated),
		Place:       search.Place{Updated: updated, Tie: tie(s.ColumnInt64(0))},
		Terms:       terms,
	}
	if !c.q.KeysOnly && !c.withoutBodies && c.q.Room.Take(s.ColumnLen(5)) {
		h.JSON = text(s, 5)
	}
	c.roomExhausted = c.roomExhausted || !c.q.KeysOnly && h.JSON == nil
	c.bytes -= len(h.JSON) + 4*s.ColumnLen(4)
	c.page.Hits = append(c.page.Hits, h)
}

func always([]search.Term) bool { return true }
