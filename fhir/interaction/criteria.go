package interaction

import (
	"context"
	"errors"
	"slices"

	"caseway/fhir"
	"caseway/fhir/search"
	"caseway/fhir/store"
)

// maxMatches bounds what is read to intersect identifiers with ids.
const maxMatches = 1000

// matches gives current resources that satisfy criteria, up to limit. It looks
// past what the caller may see, for a conditional create must not double what
// is hidden; decide about what comes back.
func (e *Engine) matches(ctx context.Context, c search.Criteria, limit int) ([]store.Version, error) {
	if c.IDs == nil {
		return e.search(ctx, c.Query(limit))
	}
	if len(c.All) == 0 {
		return e.live(ctx, c)
	}
	found, err := e.search(ctx, c.Query(maxMatches))
	return slices.DeleteFunc(found, func(v store.Version) bool { return !slices.Contains(c.IDs, v.Key.ID) }), err
}

func (e *Engine) search(ctx context.Context, q search.Query) ([]store.Version, error) {
	page, err := e.store.Search(ctx, q)
	return page.Versions, err
}

// live reads the resources that _id names and leaves out what isn't there.
func (e *Engine) live(ctx context.Context, c search.Criteria) ([]store.Version, error) {
	if len(c.IDs) == 0 {
		return nil, nil
	}
	keys := make([]fhir.Key, len(c.IDs))
	for i, id := range c.IDs {
		keys[i] = fhir.Key{Type: c.Type, ID: id}
	}
	found, err := e.store.Read(ctx, keys...)
	return slices.DeleteFunc(found, func(v store.Version) bool { return !v.Exists() || v.Deleted() }), err
}

// referenced gives the resources that criteria of a reference match, as far as
// the caller may see them.
func (e *Engine) referenced(ctx context.Context, c search.Criteria, limit int) ([]store.Version, error) {
	if e.access == nil || len(c.All) == 0 {
		found, err := e.matches(ctx, c, limit)
		if err != nil {
			return nil, err
		}
		return e.visible(ctx, found)
	}
	q := c.Query(limit)
	if err := e.access.Narrow(ctx, &q); err != nil {
		return nil, err
	}
	found, err := e.matches(ctx, search.Criteria{Type: c.Type, IDs: c.IDs, All: q.All}, limit)
	if err != nil {
		return nil, err
	}
	return e.visible(ctx, found)
}

// conditionHolds makes the commit check that criteria match just the resource
// with an id, or nothing where it is "". Criteria with _id need no check: a
// create never makes what they match, for its id is the server's choice.
func conditionHolds(c search.Criteria, id string) []store.Precondition {
	if c.IDs != nil {
		return nil
	}
	q := c.Query(2)
	return []store.Precondition{{Criteria: &q, Matches: id}}
}

func severalMatch(at string) *fhir.Error {
	return fhir.NewError(fhir.MultipleMatches, fhir.IssueMultipleMatches, "several resources match the condition").At(at)
}

// asDuplicate turns a refused idempotency record into the client's error.
func asDuplicate(err error) error {
	conflict := (*store.Conflict)(nil)
	if errors.As(err, &conflict) && conflict.Kind == store.RecordMismatch {
		return repeated()
	}
	return err
}
