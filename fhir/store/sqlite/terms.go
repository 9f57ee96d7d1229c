package sqlite

import (
	"context"
	"maps"
	"slices"

	"caseway/fhir/search"
)

var _ search.Lister = (*Store)(nil)

// byTerms reads the heads that have one of some terms.
func (x source) byTerms(c *collector, b seqRange) error {
	var seqs []int64
	for _, t := range c.q.Terms {
		term := x.coder.append(nil, string(t))
		seqs = x.recent.added.seqs(seqs, span{term, append(slices.Clone(term), 0)}, b)
		err := x.postings(term, b, false, func(some []int64) (bool, error) {
			seqs = append(seqs, some...)
			return false, nil
		})
		if err != nil {
			return err
		}
	}
	wanted := slices.Sorted(slices.Values(c.q.Terms))
	return x.heads(c, inOrder(seqs, c.q.Descending), search.Leaf{Exact: wanted}.Match)
}

// Types implements search.Lister: a type stays known when its last resource is
// deleted.
func (s *Store) Types(context.Context) ([]string, error) {
	return slices.Collect(maps.Keys(*s.types.now.Load())), nil
}
