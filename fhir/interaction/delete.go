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
func (s *Session) Delete(ctx context.Context, r DeleteRequest) (Result, error) {
	check := s.checkKey(r.Key)
	if r.Criteria != "" {
		check = s.checkType(r.Key.Type)
	}
	if check != nil {
		return Result{}, check
	}
	return s.delete(ctx, r, r.Key.Type)
}

func (s *Session) delete(ctx context.Context, r DeleteRequest, at string) (Result, error) {
	c, err := s.selecting(ctx, r.Key.Type, r.Criteria)
	if err != nil {
		return Result{}, err
	}
	release, err := s.locks.take(ctx, lockName(c, r.Key))
	if err != nil {
		return Result{}, err
	}
	defer release()
	d := &draft{at: at, what: Delete, method: store.Delete, key: r.Key}
	var result Result
	err = s.retry(ctx, func() error {
		preconditions, err := s.findOne(ctx, c, d)
		if err != nil {
			return err
		}
		// First, for whether If-Match holds tells of what is there.
		if err := s.permit(ctx, []*draft{d}); err != nil {
			return err
		}
		if err := checkMatch(r.IfMatch, d.before); err != nil {
			return err
		}
		if !d.before.Exists() || d.before.Deleted() {
			result = Result{Version: d.before}
			return nil
		}
		admitted, warnings, err := s.admit(ctx, []*draft{d}, nil)
		if err != nil {
			return err
		}
		versions, err := s.commit(ctx, admitted, preconditions, "")
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
func (s *Session) selecting(ctx context.Context, typ, criteria string) (*criteria, error) {
	if criteria == "" {
		return nil, nil
	}
	return s.criteria(ctx, typ, criteria)
}

// findOne fills in which resource a delete or patch is about and what is there
// of it; no id where criteria match nothing.
func (s *Session) findOne(ctx context.Context, c *criteria, d *draft) (preconditions []store.Precondition, err error) {
	if c == nil {
		d.before, err = s.current(ctx, d.key)
		return nil, err
	}
	if c, err = s.asked(ctx, c); err != nil {
		return nil, err
	}
	found, err := s.matches(ctx, c, 2)
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
