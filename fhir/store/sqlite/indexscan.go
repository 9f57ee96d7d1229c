package sqlite

import (
	"slices"

	"zombiezen.com/go/sqlite"

	"caseway/fhir/search"
	"caseway/fhir/store"
)

// byTerm reads the heads that have a term: first those whose postings are in
// the table, for all others are later ones.
func (x source) byTerm(c *collector, b seqRange) error {
	term := x.coder.append(nil, string(c.q.Term))
	inTable := func() error { return x.byPostings(c, term, b) }
	inMemory := func() error {
		seqs := x.recent.added.seqs(nil, span{term, append(slices.Clone(term), 0)}, b)
		return x.heads(c, inOrder(seqs, c.q.Descending), func(terms []search.Term) bool {
			_, found := slices.BinarySearch(terms, c.q.Term)
			return found && c.accepts(terms)
		})
	}
	first, second := inTable, inMemory
	if c.q.Descending {
		first, second = inMemory, inTable
	}
	if err := first(); err != nil || c.page.More {
		return err
	}
	return second()
}

// byRange reads the heads that have a term in a range. So that they come in
// order and each once, the whole range is read before.
func (x source) byRange(c *collector, b seqRange) error {
	leaf := search.Leaf{From: c.q.From, To: c.q.To}
	spans := x.coder.spans(c.q.From, c.q.To)
	for {
		seqs, whole, err := x.within(c, spans, b)
		if err != nil {
			return err
		}
		if err := x.heads(c, seqs, leaf.Match); err != nil || c.page.More || whole {
			return err
		}
		if last := seqs[len(seqs)-1]; c.q.Descending {
			b.until = last
		} else {
			b.after = last
		}
	}
}

const rangeSQL = "SELECT seq, more FROM posting WHERE term >= ? AND term < ?"

// within are the first sequence numbers in order, as many as the page may need,
// or the whole.
func (x source) within(c *collector, spans []span, b seqRange) (seqs []int64, whole bool, err error) {
	s, err := x.conn.Prepare(rangeSQL)
	if err != nil {
		return nil, false, err
	}
	defer func() { _ = s.Reset() }()
	var row []int64
	whole = true
	some := c.q.Limit + 1
	trim := func(most int) {
		if len(seqs) <= most {
			return
		}
		if seqs = inOrder(seqs, c.q.Descending); len(seqs) > some {
			seqs, whole = seqs[:some], false
		}
	}
	for _, span := range spans {
		seqs = x.recent.added.seqs(seqs, span, b)
		bindSpan(s, span)
		for {
			more, err := s.Step()
			if err != nil {
				return nil, false, err
			}
			if !more {
				break
			}
			if row, err = x.row(row[:0], s); err != nil {
				return nil, false, err
			}
			seqs = append(seqs, b.within(row)...)
			trim(2*some + 1000)
		}
		if err := s.Reset(); err != nil {
			return nil, false, err
		}
	}
	trim(0)
	return seqs, whole, nil
}

func bindSpan(s *sqlite.Stmt, span span) {
	s.BindBytes(1, span.from)
	s.BindBytes(2, span.to)
}

// inOrder sorts sequence numbers, each once.
func inOrder(seqs []int64, descending bool) []int64 {
	slices.Sort(seqs)
	seqs = slices.Compact(seqs)
	if descending {
		slices.Reverse(seqs)
	}
	return seqs
}

const currentSQL = "SELECT seq, method FROM version WHERE key = ? ORDER BY version DESC LIMIT 1"

// keys reads the heads with certain keys.
func (x source) keys(c *collector, b seqRange) error {
	s, err := x.conn.Prepare(currentSQL)
	if err != nil {
		return err
	}
	var seqs []int64
	for _, k := range c.q.Keys {
		if c.q.Type != "" && k.Type != c.q.Type {
			continue
		}
		s.BindText(1, k.String())
		row, err := s.Step()
		seq, there := s.ColumnInt64(0), row && methods[s.ColumnInt64(1)] != store.Delete
		if rerr := s.Reset(); err == nil {
			err = rerr
		}
		if err != nil {
			return err
		}
		if there && seq > b.after && seq < b.until {
			seqs = append(seqs, seq)
		}
	}
	return x.heads(c, inOrder(seqs, c.q.Descending), always)
}
