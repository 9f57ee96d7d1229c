package sqlite

import (
	"slices"

	"zombiezen.com/go/sqlite"

	"caseway/fhir/search"
)

const (
	// postingsPerHead is how many postings of the driving term are intersected with
	// the others' for each head that is asked for.
	postingsPerHead = 2
	// fewPostings lead to heads that are read at no more cost than others' terms.
	fewPostings = 8
	// mostRejected is how many heads are read and then rejected for each that is
	// asked for.
	mostRejected = 4
)

// FiltersScans implements search.FilteringSource.
func (s *Store) FiltersScans() {}

// byPostings reads the heads that the postings of a term lead to and that have
// the other terms asked for.
func (x source) byPostings(c *collector, term []byte, b seqRange) error {
	enough := c.q.Limit + 1
	if len(c.q.Filter) > 0 {
		enough *= postingsPerHead
	}
	var waiting []int64
	read := func() (full bool, err error) {
		seqs, err := x.intersect(c, waiting)
		if err == nil {
			err = x.heads(c, seqs, c.accepts)
		}
		waiting = waiting[:0]
		return c.page.More, err
	}
	full := false
	err := x.postings(term, b, c.q.Descending, func(seqs []int64) (_ bool, err error) {
		if waiting = append(waiting, seqs...); len(waiting) >= enough {
			full, err = read()
		}
		return full, err
	})
	if err == nil && !full {
		_, err = read()
	}
	return err
}

// accepts reports whether a head that was read passes the scan's Filter. Where too
// many don't, it accepts all: then the search may do better with another driver.
func (c *collector) accepts(terms []search.Term) bool {
	if c.rejected > c.q.Limit*mostRejected {
		return true
	}
	for _, either := range c.q.Filter {
		if !slices.ContainsFunc(either, func(t search.Term) bool { _, found := slices.BinarySearch(terms, t); return found }) {
			c.rejected++
			c.page.Filtered++
			return false
		}
	}
	return true
}

// intersect leaves out those that aren't in the posting lists of the scan's Filter.
func (x source) intersect(c *collector, seqs []int64) ([]int64, error) {
	for _, terms := range c.q.Filter {
		if len(seqs) <= fewPostings {
			break
		}
		having, err := x.headsWith(terms, seqs)
		if err != nil {
			return nil, err
		}
		before := len(seqs)
		seqs = slices.DeleteFunc(seqs, func(seq int64) bool {
			_, found := slices.BinarySearch(having, seq)
			return !found
		})
		c.page.Filtered += before - len(seqs)
	}
	return seqs, nil
}

// headsWith are heads that have any of some terms: at least those among others, in
// ascending order.
func (x source) headsWith(terms []search.Term, others []int64) (seqs []int64, err error) {
	for _, t := range terms {
		term := x.coder.append(nil, string(t))
		before, whole := len(seqs), false
		seqs, whole, err = x.readBetween(seqs, term, others)
		if err == nil && !whole {
			seqs, err = x.probeEach(seqs[:before], term, others)
		}
		if err != nil {
			return nil, err
		}
	}
	if len(terms) > 1 || descends(others) {
		slices.Sort(seqs)
	}
	return seqs, nil
}

func descends(seqs []int64) bool { return len(seqs) > 1 && seqs[0] > seqs[1] }

// readBetween appends the heads with a term from the first of others to the last,
// unless that would take more rows than to look each of them up.
func (x source) readBetween(seqs []int64, term []byte, others []int64) (_ []int64, whole bool, err error) {
	s, err := x.conn.Prepare(boundedSQL)
	if err != nil {
		return nil, false, err
	}
	first, last := others[0], others[len(others)-1]
	rows := len(others)/4 + 4
	s.BindInt64(4, int64(rows)+1)
	err = x.read(s, term, seqRange{after: min(first, last) - 1, until: max(first, last) + 1}, false, func(some []int64) (bool, error) {
		rows--
		seqs = append(seqs, some...)
		return false, nil
	})
	return seqs, rows >= 0, err
}

// probeEach appends those of others that have a term, looked up one by one.
func (x source) probeEach(seqs []int64, term []byte, others []int64) (_ []int64, err error) {
	s, err := x.conn.Prepare(rowSQL)
	if err != nil {
		return nil, err
	}
	defer func() { _ = s.Reset() }()
	s.BindBytes(1, term)
	var row []int64
	for _, seq := range others {
		if n := len(row); n == 0 || seq < row[0] || seq > row[n-1] {
			if row, err = x.rowAt(row[:0], s, seq); err != nil {
				return nil, err
			}
		}
		if _, found := slices.BinarySearch(row, seq); found {
			seqs = append(seqs, seq)
		}
	}
	return seqs, nil
}

// rowAt appends the row that a sequence number is in, or comes behind.
func (x source) rowAt(to []int64, s *sqlite.Stmt, seq int64) ([]int64, error) {
	if err := s.Reset(); err != nil {
		return nil, err
	}
	s.BindInt64(2, seq)
	there, err := s.Step()
	if err != nil || !there {
		return to, err
	}
	return x.row(to, s)
}
