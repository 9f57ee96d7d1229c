package sqlite

import (
	"slices"

	"caseway/fhir/search"
)

const (
	// sievedAtOnce is how many postings are held against other terms' at once.
	sievedAtOnce = 64
	// fewPostings lead to heads that are read at no more cost than others' terms.
	fewPostings = 8
	// mostUnwanted is how many heads are read in vain for each that is asked for.
	mostUnwanted = 4
)

// Sieves implements search.Sieve.
func (s *Store) Sieves() {}

// byPostings reads the heads that the postings of a term lead to and that have
// the other terms asked for.
func (x source) byPostings(c *collector, term []byte, b bounds) error {
	enough := c.q.Limit + 1
	if len(c.q.Also) > 0 {
		enough = max(enough, sievedAtOnce)
	}
	var waiting []int64
	read := func() (full bool, err error) {
		seqs, err := x.sieve(c, waiting)
		if err == nil {
			err = x.heads(c, seqs, c.wanted)
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

// wanted tells whether a head that was read has the terms asked for beside the
// driver. Where too many don't, it lets all through: then the search may do better
// with another driver.
func (c *collector) wanted(terms []search.Term) bool {
	if c.unwanted > c.q.Limit*mostUnwanted {
		return true
	}
	for _, either := range c.q.Also {
		if !slices.ContainsFunc(either, func(t search.Term) bool { _, found := slices.BinarySearch(terms, t); return found }) {
			c.unwanted++
			c.page.Passed++
			return false
		}
	}
	return true
}

// sieve leaves out those that lack the terms asked for beside the driver, where
// that costs little.
func (x source) sieve(c *collector, seqs []int64) ([]int64, error) {
	for _, terms := range c.q.Also {
		if len(seqs) <= fewPostings || c.scattered {
			break
		}
		having, known, err := x.having(terms, seqs)
		if err != nil {
			return nil, err
		}
		if !known {
			c.scattered = true
			break
		}
		before := len(seqs)
		seqs = slices.DeleteFunc(seqs, func(seq int64) bool {
			_, found := slices.BinarySearch(having, seq)
			return !found
		})
		c.page.Passed += before - len(seqs)
	}
	return seqs, nil
}

// having are the heads with any of some terms in the stretch that others lie in.
// Where that would cost as much as reading many of those, it isn't known.
func (x source) having(terms []search.Term, others []int64) (seqs []int64, known bool, err error) {
	s, err := x.conn.Prepare(sieveSQL)
	if err != nil {
		return nil, false, err
	}
	stretch := bounds{after: min(others[0], others[len(others)-1]) - 1, until: max(others[0], others[len(others)-1]) + 1}
	rows := len(others)/8 + 4
	for _, t := range terms {
		s.BindInt64(4, int64(rows)+1)
		err := x.read(s, x.coder.append(nil, string(t)), stretch, false, func(some []int64) (bool, error) {
			rows--
			seqs = append(seqs, some...)
			return false, nil
		})
		if err != nil || rows < 0 {
			return nil, false, err
		}
	}
	if len(terms) > 1 {
		slices.Sort(seqs)
	}
	return seqs, true, nil
}
