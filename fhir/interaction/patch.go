package interaction

import (
	"context"

	"caseway/fhir"
	"caseway/fhir/store"
)

// Patch changes a resource by a patch, and is an update from there on
// (https://hl7.org/fhir/R4/http.html#patch). There must be a resource: a patch
// brings nothing back and creates nothing.
//
// With Criteria the one resource that matches is changed; none fails with kind
// NotFound, several with kind MultipleMatches. A patch that isn't one fails with
// kind Invalid, one that doesn't fit the resource, or leaves behind what is no
// resource, with kind Unprocessable.
func (s *Session) Patch(ctx context.Context, r PatchRequest) (Result, error) {
	check := s.checkKey(r.Key)
	if r.Criteria != "" {
		check = s.checkType(r.Key.Type)
	}
	if check != nil {
		return Result{}, check
	}
	if err := s.notRepeated(ctx, r.IdempotencyKey); err != nil {
		return Result{}, err
	}
	c, err := s.readChange(r.Format, r.Body)
	if err != nil {
		return Result{}, err
	}
	return s.patch(ctx, r, c, r.Key.Type)
}

// patch carries out a patch of a resource that at names in expressions.
func (s *Session) patch(ctx context.Context, r PatchRequest, ch *change, at string) (Result, error) {
	c, err := s.selecting(ctx, r.Key.Type, r.Criteria)
	if err != nil {
		return Result{}, err
	}
	release, err := s.locks.take(ctx, lockName(c, r.Key))
	if err != nil {
		return Result{}, err
	}
	defer release()
	var result Result
	err = s.retry(ctx, func() error {
		d := &draft{at: at, what: Update, method: store.Patch, key: r.Key}
		preconditions, err := s.findOne(ctx, c, d)
		if err != nil {
			return err
		}
		if err := s.patchable(ctx, d.key, d.before, r.IfMatch); err != nil {
			return err
		}
		var issues []fhir.Issue
		if d.body, issues, err = s.apply(ctx, ch, d.before, at); err != nil {
			return err
		}
		if err := s.noConditionalReferences(d.body, at); err != nil {
			return err
		}
		warnings, err := s.validate(ctx, []*draft{d})
		if err != nil {
			return err
		}
		result, err = s.replace(ctx, d, r.IfMatch, preconditions, r.IdempotencyKey)
		result.Issues = append(append(warnings, issues...), result.Issues...)
		return err
	})
	return result, err
}

// patchable reports why the caller can't patch a resource: they may not, it isn't
// there, or it isn't the version that they mean. How a patch fits tells of what
// is there, so nothing is done before.
func (s *Session) patchable(ctx context.Context, key fhir.Key, before store.Version, ifMatch int64) error {
	if key.ID == "" {
		return fhir.NewError(fhir.NotFound, fhir.IssueNotFound, "nothing matches the condition, so that there is nothing to patch")
	}
	if err := s.decide(ctx, Question{What: Patch, Key: key, Before: before}); err != nil {
		return err
	}
	switch {
	case !before.Exists():
		return fhir.NewError(fhir.NotFound, fhir.IssueNotFound, "no "+key.Type+" has this id; a patch creates none")
	case before.Deleted():
		return fhir.NewError(fhir.Gone, fhir.IssueDeleted, "the "+key.Type+" is deleted; an update (PUT) brings it back")
	}
	return checkMatch(ifMatch, before)
}
