package sqlite

import (
	"context"

	"caseway/fhir"
	"caseway/fhir/search"
	"caseway/fhir/store"
)

// checkHeads bounds the heads that the criteria of a commit may look at, since
// all others who write wait for it.
const checkHeads = 10_000

// matchesExactly reports whether criteria match just the resource that they
// should: two matches are enough to know that it isn't one.
func (w *writer) matchesExactly(p *store.Precondition) (bool, error) {
	within := committing{source{conn: w.stmts, coder: w.coder(), types: w.types, recent: &w.latest, scratch: new([]byte)}}
	m, err := search.Run(context.Background(), within, search.Plan{
		Types: []string{p.Criteria.Type}, Where: p.Criteria.Expr(), Count: 2, Budget: search.NewBudget(checkHeads),
	})
	if err != nil || p.Matches == "" {
		return len(m.Hits) == 0, err
	}
	return len(m.Hits) == 1 && m.Hits[0].Key == fhir.Key{Type: p.Criteria.Type, ID: p.Matches}, nil
}

// committing is what the writer's transaction sees.
type committing struct{ source }

// Scan implements search.Source.
func (x committing) Scan(_ context.Context, q search.Scan) (search.Page, error) { return x.scan(&q) }

// Estimate implements search.Source.
func (x committing) Estimate(_ context.Context, from, to search.Term, limit int) (int, error) {
	return x.estimate(from, to, limit)
}
