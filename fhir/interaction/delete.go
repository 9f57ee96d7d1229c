package interaction

import (
	"context"

	"caseway/fhir/store"
)

// Delete puts a tombstone on a resource, whose versions stay readable
// (https://hl7.org/fhir/R4/http.html#delete). Deleting again gives the
// tombstone that is there, deleting what never existed the zero Version; both
// are fine, but fail with kind VersionConflict where IfMatch is set.
//
// With Criteria the one resource that matches is deleted, and where none does
// nothing; several fail with kind MultipleMatches.
func (e *Engine) Delete(ctx context.Context, r DeleteRequest) (Result, error) {
	check := e.checkKey(r.Key)
	if r.Criteria != "" {
		check = e.checkType(r.Key.Type)
	}
	if check != nil {
		return Result{}, check
	}
	return e.delete(ctx, r, r.Key.Type)
}

func (e *Engine) delete(ctx context.Context, r DeleteRequest, at string) (Result, error) {
	c, err := e.selecting(ctx, r.Key.Type, r.Criteria)
	if err != nil {
		return Result{}, err
	}
	release, err := e.locks.take(ctx, lockName(c, r.Key))
	if err != nil {
		return Result{}, err
	}
	defer release()
	d := &draft{at: at, what: Delete, method: store.Delete, key: r.Key}
	var result Result
	err = e.retry(ctx, func() error {
		preconditions, err := e.findOne(ctx, c, d)
		if err != nil {
			return err
		}
		// First, for whether If-Match holds tells of what is there.
		if err := e.permit(ctx, []*draft{d}); err != nil {
			return err
		}
		if err := checkMatch(r.IfMatch, d.before); err != nil {
			return err
		}
		if !d.before.Exists() || d.before.Deleted() {
			result = Result{Version: d.before}
			return nil
		}
		admitted, warnings, err := e.admit(ctx, []*draft{d})
		if err != nil {
			return err
		}
		versions, err := e.commit(ctx, admitted, preconditions, "")
		if err != nil {
			return err
		}
		result = Result{Version: versions[0], Issues: warnings}
		return nil
	})
	return result, err
}

// selecting reads the criteria of a conditional update, patch or delete; nil
// for a plain one.
func (e *Engine) selecting(ctx context.Context, typ, criteria string) (*criteria, error) {
	if criteria == "" {
		return nil, nil
	}
	return e.criteria(ctx, typ, criteria)
}

// findOne fills in which resource a delete or patch is about and what is there
// of it; no id where criteria match nothing.
func (e *Engine) findOne(ctx context.Context, c *criteria, d *draft) (preconditions []store.Precondition, err error) {
	if c == nil {
		d.before, err = e.current(ctx, d.key)
		return nil, err
	}
	if c, err = e.asked(ctx, c); err != nil {
		return nil, err
	}
	found, err := e.matches(ctx, c, 2)
	switch {
	case err != nil:
		return nil, err
	case len(found) > 1:
		return nil, severalMatch("")
	case len(found) == 0:
		d.key.ID, d.before = "", store.Version{}
		return nil, nil
	}
	d.key, d.before = found[0].Key, found[0]
	return conditionHolds(c, d.key.ID), nil
}
