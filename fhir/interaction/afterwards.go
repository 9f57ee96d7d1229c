package interaction

import (
	"context"
	"slices"

	"caseway/fhir"
	"caseway/fhir/overlay"
	"caseway/fhir/search"
	"caseway/fhir/store"
)

// foresee makes what conditions are held against that ask for what is there once
// everything is written.
func (t *transaction) foresee(ctx context.Context) (err error) {
	t.written, t.after = newWritten(t.session.Registry(), t.entries, t.rewritten()), nil
	if t.looksElsewhere() {
		t.after, err = t.afterwards(ctx)
	}
	return err
}

// looksElsewhere reports whether a condition goes through other resources, so
// that what is written can't be held against it one by one.
func (t *transaction) looksElsewhere() bool {
	return slices.ContainsFunc(t.entries, func(en *entry) bool { return en.criteria != nil && en.criteria.elsewhere }) ||
		slices.ContainsFunc(t.conditions.all, func(c *condition) bool { return c.criteria.elsewhere })
}

// rewritten gives the resources that entries write with their links changed,
// where that makes a difference to conditions; nil: as they were sent.
func (t *transaction) rewritten() func(*entry) *fhir.Tree {
	placeholders := func(en *entry) bool { return en.pending != nil }
	pending := func(c *condition) bool { return c.pending != nil }
	if !t.looksElsewhere() && !slices.ContainsFunc(t.entries, placeholders) && !slices.ContainsFunc(t.conditions.all, pending) {
		return nil
	}
	return func(en *entry) *fhir.Tree {
		if en.change != nil {
			return en.patched
		}
		return t.targets.rewrite(en)
	}
}

// afterwards is the store as it will be: without what is written over and
// deleted, with what is written.
func (t *transaction) afterwards(ctx context.Context) (search.Source, error) {
	stored, err := t.session.source(ctx)
	if err != nil {
		return nil, err
	}
	now := t.session.clock().UTC()
	registry, tree := t.session.Registry(), t.rewritten()
	var written []overlay.Resource
	for _, en := range t.entries {
		if en.tree == nil || !en.writes() {
			continue
		}
		hit := search.Hit{Key: en.key, VersionID: en.before.VersionID + 1, LastUpdated: now}
		written = append(written, overlay.NewResource(hit, registry.Index(tree(en))))
	}
	overlay.Sort(written)
	return overlay.Beside(without{stored, t.keyed}, written), nil
}

// without is a source that lacks some resources.
type without struct {
	search.Source
	keys map[fhir.Key]*entry
}

// Scan implements search.Source.
func (w without) Scan(ctx context.Context, s search.Scan) (search.Page, error) {
	page, err := w.Source.Scan(ctx, s)
	page.Hits = slices.DeleteFunc(page.Hits, func(h search.Hit) bool { return w.keys[h.Key] != nil })
	return page, err
}

// matching gives the entries whose resources satisfy criteria once everything is
// written.
func (t *transaction) matching(ctx context.Context, c *criteria) ([]*entry, error) {
	if !c.elsewhere {
		return t.written.matching(c), nil
	}
	candidates := t.written.byType[c.typ]
	if len(candidates) == 0 {
		return nil, nil
	}
	byKey := make(map[fhir.Key]*entry, len(candidates))
	keys := make(search.Keys, len(candidates))
	for i, en := range candidates {
		byKey[en.key], keys[i] = en, en.key
	}
	where, err := t.session.narrowing(ctx).inside(c.where)
	if err != nil {
		return nil, err
	}
	found, err := t.session.findIn(ctx, t.after, c.typ, search.And{keys, where}, len(keys))
	some := make([]*entry, 0, len(found))
	for _, v := range found {
		some = append(some, byKey[v.Key])
	}
	return some, err
}

// referenced gives the stored resources that criteria of a reference match, as
// far as the caller may see them.
func (t *transaction) referenced(ctx context.Context, c *criteria, limit int) ([]store.Version, error) {
	source, err := t.session.source(ctx)
	if err != nil {
		return nil, err
	}
	where := c.where
	if c.elsewhere {
		source = t.after
		var written search.Keys
		for _, en := range t.written.byType[c.typ] {
			written = append(written, en.key)
		}
		where = search.And{c.where, search.Not{Expr: written}}
	}
	if where, err = t.session.narrowing(ctx).resources(c.typ, where); err != nil {
		return nil, err
	}
	versions, err := t.session.findIn(ctx, source, c.typ, where, limit)
	if err != nil {
		return nil, err
	}
	return t.session.visible(ctx, SearchType, versions)
}
