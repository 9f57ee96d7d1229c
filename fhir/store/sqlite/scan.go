package sqlite

import (
	"context"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"zombiezen.com/go/sqlite"

	"caseway/fhir"
	"caseway/fhir/search"
	"caseway/fhir/store"
)

var _ store.Searcher = (*Store)(nil)

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
	return r.snapshot(ctx, func() error {
		return f(source{conn: r.conn, coder: coder{stems: s.stems}, types: *s.types.now.Load(), packed: &r.packed})
	})
}

// source gives heads as a connection sees them, within its transaction.
type source struct {
	conn   *sqlite.Conn
	coder  coder
	types  typeNumbers
	packed *[]byte // scratch
}

// Columns of a head. The body is on pages of its own, so that leaving it out
// leaves those alone.
const (
	headColumns = "h.seq, h.key, h.version, h.updated, h.terms"
	withBody    = headColumns + ", (SELECT body FROM version v WHERE v.seq = h.seq)"
)

func columnsOf(keysOnly bool) string {
	if keysOnly {
		return headColumns
	}
	return withBody
}

func (x source) scan(q *search.Scan) (search.Page, error) {
	b, err := x.bounds(q)
	if err != nil || b.after >= b.until {
		return search.Page{}, err
	}
	switch {
	case q.Keys != nil:
		seqs, err := x.keys(q, b)
		if err != nil {
			return search.Page{}, err
		}
		return x.heads(q, seqs, noByteLimit)
	case q.Term != "":
		return x.rows(q, b, "posting p CROSS JOIN head h ON h.seq = p.seq WHERE p.term = ?4", "p.seq",
			func(s *sqlite.Stmt) { s.BindBytes(4, x.coder.append(nil, string(q.Term))) })
	case q.To != "":
		seqs, err := x.within(q, b)
		if err != nil {
			return search.Page{}, err
		}
		return x.heads(q, seqs, noByteLimit)
	case q.Type != "":
		return x.rows(q, b, "head h WHERE h.type = ?4", "h.seq",
			func(s *sqlite.Stmt) { s.BindInt64(4, x.types[q.Type]) })
	}
	return x.rows(q, b, "head h WHERE ?4", "h.seq", func(s *sqlite.Stmt) { s.BindBool(4, true) })
}

// rows reads heads that an index gives in order.
func (x source) rows(q *search.Scan, b bounds, from, seq string, bind func(*sqlite.Stmt)) (page search.Page, err error) {
	order := " ASC LIMIT ?3+0"
	if q.Descending {
		order = " DESC LIMIT ?3+0"
	}
	s, err := x.conn.Prepare("SELECT " + columnsOf(q.KeysOnly) + " FROM " + from +
		" AND " + seq + " > ?1 AND " + seq + " < ?2 ORDER BY " + seq + order)
	if err != nil {
		return page, err
	}
	defer func() { _ = s.Reset() }()
	s.BindInt64(1, b.after)
	s.BindInt64(2, b.until)
	s.BindInt64(3, int64(q.Limit)+1)
	bind(s)
	for bytes := 0; ; {
		row, err := s.Step()
		if err != nil || !row {
			return page, err
		}
		if len(page.Hits) == q.Limit || bytes >= scanBytes {
			page.More = true
			return page, nil
		}
		h, size, err := x.hit(s, q.KeysOnly)
		if err != nil {
			return page, err
		}
		bytes += size
		page.Hits = append(page.Hits, h)
	}
}

// heads reads heads by their sequence numbers, as many as are wanted and, but
// for the first one, fit into the bytes.
func (x source) heads(q *search.Scan, seqs []int64, bytes int) (page search.Page, err error) {
	if page.More = len(seqs) > q.Limit; page.More {
		seqs = seqs[:q.Limit]
	}
	s, err := x.conn.Prepare("SELECT " + columnsOf(q.KeysOnly) + " FROM head h WHERE h.seq = ?")
	if err != nil {
		return page, err
	}
	page.Hits = make([]search.Hit, 0, len(seqs))
	for _, seq := range seqs {
		if bytes <= 0 {
			page.More = true
			return page, nil
		}
		s.BindInt64(1, seq)
		row, err := s.Step()
		if err == nil && row {
			var h search.Hit
			var size int
			h, size, err = x.hit(s, q.KeysOnly)
			page.Hits = append(page.Hits, h)
			bytes -= size
		}
		if rerr := s.Reset(); err == nil {
			err = rerr
		}
		if err != nil {
			return page, err
		}
	}
	return page, nil
}

// hit reads the columns, and says about how much memory it takes.
func (x source) hit(s *sqlite.Stmt, keysOnly bool) (h search.Hit, bytes int, err error) {
	typ, id, _ := strings.Cut(s.ColumnText(1), "/")
	updated := s.ColumnInt64(3)
	h = search.Hit{
		Key:         fhir.Key{Type: typ, ID: id},
		VersionID:   s.ColumnInt64(2),
		LastUpdated: instant(updated),
		Place:       search.Place{Updated: updated, Tie: tie(s.ColumnInt64(0))},
	}
	if !keysOnly {
		h.JSON = text(s, 5)
	}
	packed := slices.Grow((*x.packed)[:0], s.ColumnLen(4))[:s.ColumnLen(4)]
	s.ColumnBytes(4, packed)
	*x.packed = packed
	h.Terms, err = unpackIndex(packed, false)
	return h, len(h.JSON) + 4*len(packed), err
}

// tieDigits are enough for every sequence number.
const tieDigits = 13

// tie writes a sequence number so that ties order as the numbers do.
func tie(seq int64) string {
	n := strconv.FormatInt(seq, 36)
	return "0000000000000"[:tieDigits-len(n)] + n
}

// bounds are the sequence numbers between which a scan looks, both exclusive.
type bounds struct{ after, until int64 }

func (x source) bounds(q *search.Scan) (b bounds, err error) {
	b = bounds{after: 0, until: math.MaxInt64}
	low, high := q.After, q.Until
	if q.Descending {
		low, high = high, low
	}
	for _, limit := range []struct {
		place search.Place
		from  time.Time
		upper bool
	}{
		{place: low},
		{place: high, upper: true},
		{from: q.Updated.From},
		{from: q.Updated.To, upper: true},
	} {
		if !limit.from.IsZero() {
			limit.place = search.Place{Updated: ceil(limit.from)}
		} else if limit.place == (search.Place{}) {
			continue
		}
		seq, err := x.seqOf(limit.place)
		switch {
		case err != nil:
			return b, err
		case limit.upper:
			b.until = min(b.until, seq)
		case limit.place.Tie == "":
			b.after = max(b.after, seq-1)
		default:
			b.after = max(b.after, seq)
		}
	}
	return b, nil
}

// seqOf is the sequence number of a place; of one that only has a time, that
// of the first version of this time or a later one.
func (x source) seqOf(p search.Place) (int64, error) {
	if p.Tie != "" {
		seq, err := strconv.ParseInt(p.Tie, 36, 64)
		if err != nil {
			return 0, errPlace
		}
		return seq, nil
	}
	newest, err := x.conn.Prepare("SELECT coalesce(max(seq), 0) FROM version")
	if err != nil {
		return 0, err
	}
	low, err := firstNumber(newest)
	if err != nil {
		return 0, err
	}
	low++
	s, err := x.conn.Prepare("SELECT updated FROM version WHERE seq = ?")
	if err != nil {
		return 0, err
	}
	// All before from are older, and low and what follows it isn't.
	for from := int64(1); from < low; {
		middle := from + (low-from)/2
		s.BindInt64(1, middle)
		_, err := s.Step()
		updated := s.ColumnInt64(0)
		if rerr := s.Reset(); err == nil {
			err = rerr
		}
		if err != nil {
			return 0, err
		}
		if updated < p.Updated {
			from = middle + 1
		} else {
			low = middle
		}
	}
	return low, nil
}

// keys are the sequence numbers of current versions within bounds, in order.
func (x source) keys(q *search.Scan, b bounds) (seqs []int64, err error) {
	s, err := x.conn.Prepare("SELECT seq, method FROM version WHERE key = ? ORDER BY version DESC LIMIT 1")
	if err != nil {
		return nil, err
	}
	for _, k := range q.Keys {
		if q.Type != "" && k.Type != q.Type {
			continue
		}
		s.BindText(1, k.String())
		row, err := s.Step()
		seq, there := s.ColumnInt64(0), row && methods[s.ColumnInt64(1)] != store.Delete
		if rerr := s.Reset(); err == nil {
			err = rerr
		}
		if err != nil {
			return nil, err
		}
		if there && seq > b.after && seq < b.until {
			seqs = append(seqs, seq)
		}
	}
	return inOrder(seqs, q.Descending), nil
}

func inOrder(seqs []int64, descending bool) []int64 {
	slices.Sort(seqs)
	seqs = slices.Compact(seqs)
	if descending {
		slices.Reverse(seqs)
	}
	return seqs
}

// within are the first sequence numbers in order of a range of terms, one more
// than are wanted, each once. The whole range is read for that.
func (x source) within(q *search.Scan, b bounds) (seqs []int64, err error) {
	s, err := x.conn.Prepare("SELECT seq FROM posting WHERE term >= ? AND term < ? AND seq > ? AND seq < ?")
	if err != nil {
		return nil, err
	}
	defer func() { _ = s.Reset() }()
	kept := q.Limit + 1
	for _, span := range x.coder.spans(q.From, q.To) {
		bindSpan(s, span)
		s.BindInt64(3, b.after)
		s.BindInt64(4, b.until)
		for {
			row, err := s.Step()
			if err != nil {
				return nil, err
			}
			if !row {
				break
			}
			if seqs = append(seqs, s.ColumnInt64(0)); len(seqs) > 2*kept+1000 {
				if seqs = inOrder(seqs, q.Descending); len(seqs) > kept {
					seqs = seqs[:kept]
				}
			}
		}
		if err := s.Reset(); err != nil {
			return nil, err
		}
	}
	if seqs = inOrder(seqs, q.Descending); len(seqs) > kept {
		seqs = seqs[:kept]
	}
	return seqs, nil
}

func bindSpan(s *sqlite.Stmt, span span) {
	s.BindBytes(1, span.from)
	s.BindBytes(2, span.to)
}
