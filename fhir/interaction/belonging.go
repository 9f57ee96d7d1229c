package interaction

import (
	"context"

	"caseway/fhir"
	"caseway/fhir/search"
	"caseway/fhir/store"
)

// Belonging gives all at once what Everything of a resource shows on its pages,
// of some resource types: what belongs to it, what it names, and of the directory
// what those name. The
// resources are as the store has them at one moment, each once; nobody may
// change their JSON. It fails as Everything does.
func (s *Session) Belonging(ctx context.Context, of fhir.Key, types []string) ([]store.Version, error) {
	if err := s.checkKey(of); err != nil {
		return nil, err
	}
	v, err := s.current(ctx, of)
	if err != nil {
		return nil, err
	}
	if v, err = s.shown(ctx, Everything, of, v); err != nil {
		return nil, err
	}
	run, _, err := s.searching(ctx, "", of.String()+"/$everything", nil)
	if err != nil {
		return nil, err
	}
	run.narrowing = s.narrowingFor(ctx, Everything)
	g := everythingOf{session: s, asked: everythingAsked{types: map[string]bool{}}, of: v, only: true}
	for _, typ := range types {
		g.asked.types[typ] = true
	}
	run.query = &search.Request{Count: search.MaxCount}
	if run.query.Types, run.query.Where, err = g.plan(ctx); err != nil {
		return nil, err
	}
	if err := run.makePlan(ctx); err != nil {
		return nil, err
	}
	var all []store.Version
	err = s.atOneMoment(ctx, func(ctx context.Context) (err error) {
		all, err = g.whole(ctx, run)
		return err
	})
	return all, err
}

// whole goes through all pages.
func (g *everythingOf) whole(ctx context.Context, s *searching) ([]store.Version, error) {
	var hits []search.Hit
	for {
		page, err := s.page(ctx)
		if err != nil {
			return nil, err
		}
		hits = append(hits, page.Hits...)
		if !page.More || page.Last == nil {
			break
		}
		s.plan.After = page.Last
	}
	beside, err := g.directory(ctx, s, hits)
	if err != nil {
		return nil, err
	}
	return VersionsOf(append(hits, beside.Hits...)), nil
}
