package mongo

import (
	"context"

	"caseway/fhir"
	"caseway/fhir/search"
	"caseway/fhir/store"
)

func hasCriteria(c *store.Commit) bool {
	for _, p := range c.Preconditions {
		if p.Criteria != nil {
			return true
		}
	}
	return false
}

// checkPreconditions runs before the commit's own writes, which don't count.
func (s *Store) checkPreconditions(ctx context.Context, c *store.Commit) error {
	if err := s.checkTargets(ctx, c); err != nil {
		return err
	}
	for i, p := range c.Preconditions {
		if p.Criteria == nil {
			continue
		}
		holds, err := s.matchesExactly(ctx, p)
		if err != nil {
			return err
		}
		if !holds {
			return &store.Conflict{Kind: store.CriteriaChanged, Index: i, Key: fhir.Key{Type: p.Criteria.Type, ID: p.Matches}}
		}
	}
	return nil
}

// matchesExactly: two matches are enough to know that it isn't one.
func (s *Store) matchesExactly(ctx context.Context, p store.Precondition) (bool, error) {
	within := &snapshotSource{store: s}
	m, err := search.Run(ctx, within, search.Plan{Types: []string{p.Criteria.Type}, Where: p.Criteria.Expr(), Count: 2})
	switch {
	case within.err != nil:
		return false, within.err
	case err != nil:
		return false, err
	case p.Matches == "":
		return len(m.Hits) == 0, nil
	}
	return len(m.Hits) == 1 && m.Hits[0].Key == fhir.Key{Type: p.Criteria.Type, ID: p.Matches}, nil
}

// snapshotSource is what a transaction sees. It keeps the driver's error, by
// which to tell whether the transaction may be tried again.
type snapshotSource struct {
	store *Store
	err   error
}

// Scan implements search.Source.
func (x *snapshotSource) Scan(ctx context.Context, sc search.Scan) (page search.Page, err error) {
	page, err = x.store.scan(ctx, sc)
	return page, x.keep(err)
}

// Estimate implements search.Source.
func (x *snapshotSource) Estimate(ctx context.Context, from, to search.Term, limit int) (n int, err error) {
	n, err = x.store.estimate(ctx, termsWithin(from, to), limit)
	return n, x.keep(err)
}

func (x *snapshotSource) keep(err error) error {
	if err != nil {
		x.err = err
	}
	return err
}

// checkTargets checks that the targets of the Exists form are there.
func (s *Store) checkTargets(ctx context.Context, c *store.Commit) error {
	var keys []fhir.Key
	var places []int
	for i, p := range c.Preconditions {
		if p.Criteria == nil {
			keys, places = append(keys, p.Exists), append(places, i)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	there, err := s.existing(ctx, keys)
	if err != nil {
		return err
	}
	for i, k := range keys {
		if !there[k] {
			return &store.Conflict{Kind: store.TargetMissing, Index: places[i], Key: k}
		}
	}
	return nil
}

// existing tells which resources exist and aren't deleted.
func (s *Store) existing(ctx context.Context, keys []fhir.Key) (map[fhir.Key]bool, error) {
	there := make(map[fhir.Key]bool, len(keys))
	err := s.findRefs(ctx, s.heads, idsOf(keys), func(r ref) { there[r.key] = r.method != store.Delete })
	return there, err
}
