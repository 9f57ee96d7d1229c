package interaction

import (
	"context"

	"caseway/fhir"
	"caseway/fhir/store"
)

// Update stores a new version, brings back a deleted resource, or creates one
// under the client's id (https://hl7.org/fhir/R4/http.html#update). Without
// IfMatch the last writer wins and nobody is refused; with it another current
// version, or none, fails with kind VersionConflict.
//
// With Criteria the one resource that matches is updated, and where none does
// a resource is created; several fail with kind MultipleMatches.
func (s *Session) Update(ctx context.Context, r UpdateRequest) (Result, error) {
	if err := s.checkType(r.Key.Type); err != nil {
		return Result{}, err
	}
	if r.Criteria == "" && !fhir.IsID(r.Key.ID) {
		return Result{}, fhir.NewError(fhir.Invalid, fhir.IssueValue, "the URL's id isn't a logical id: 1 to 64 of A-Z, a-z, 0-9, - and .")
	}
	if err := s.notRepeated(ctx, r.IdempotencyKey); err != nil {
		return Result{}, err
	}
	body, err := s.decode(r.Key.Type, r.Body)
	if r.Criteria == "" && body != nil && body.Type() != nil && body.Type().Name == r.Key.Type {
		if wrong := checkID(body, r.Key, r.Key.Type); wrong != nil {
			err = merge(err, wrong)
		}
	}
	if err != nil {
		return Result{}, err
	}
	return s.update(ctx, r, body, r.Key.Type)
}

// checkID: the body of an update has the URL's id.
func checkID(body *fhir.Tree, key fhir.Key, at string) *fhir.Error {
	switch body.ID() {
	case key.ID:
		return nil
	case "":
		return fhir.NewError(fhir.Structure, fhir.IssueStructure, "an update's body needs the id that the URL has").At(at + ".id")
	}
	return fhir.NewError(fhir.Structure, fhir.IssueStructure, "the body's id must be the one that the URL has").At(at + ".id")
}

// update stores a decoded body that at names in expressions.
func (s *Session) update(ctx context.Context, r UpdateRequest, body *fhir.Tree, at string) (Result, error) {
	if err := s.noConditionalReferences(body, at); err != nil {
		return Result{}, err
	}
	c, err := s.selecting(ctx, r.Key.Type, r.Criteria)
	if err != nil {
		return Result{}, err
	}
	d := &draft{at: at, what: Update, method: store.Put, key: r.Key, body: body}
	warnings, err := s.validate(ctx, []*draft{d})
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
		preconditions, err := s.findBefore(ctx, c, d)
		if err != nil {
			return err
		}
		result, err = s.replace(ctx, d, r.IfMatch, preconditions, r.IdempotencyKey)
		return err
	})
	result.Issues = append(warnings, result.Issues...)
	return result, err
}

// replace stores a new version whose before is filled in.
func (s *Session) replace(ctx context.Context, d *draft, ifMatch int64, p []store.Precondition, idempotencyKey string) (Result, error) {
	// First, for whether If-Match holds tells of what is there.
	if err := s.permit(ctx, []*draft{d}); err != nil {
		return Result{}, err
	}
	if err := checkMatch(ifMatch, d.before); err != nil {
		return Result{}, err
	}
	admitted, issues, err := s.admit(ctx, []*draft{d}, nil)
	if err != nil {
		return Result{}, err
	}
	versions, err := s.commit(ctx, admitted, p, idempotencyKey)
	if err != nil {
		return Result{}, err
	}
	created := !d.before.Exists() || d.before.Deleted()
	return Result{Version: versions[0], Created: created, Issues: issues}, nil
}

// lockName is what writers of one resource, or by the same criteria, wait for.
func lockName(c *criteria, key fhir.Key) string {
	if c != nil {
		return c.key
	}
	return key.String()
}

// findBefore fills in which resource an update writes and what is there of it.
func (s *Session) findBefore(ctx context.Context, c *criteria, d *draft) (preconditions []store.Precondition, err error) {
	if c == nil {
		d.before, err = s.current(ctx, d.key)
		return nil, err
	}
	if c, err = s.asked(ctx, c); err != nil {
		return nil, err
	}
	found, err := s.matches(ctx, c, 2)
	if err != nil {
		return nil, err
	}
	d.key.ID, d.before, err = s.conditionalTarget(ctx, c, found, d.body, d.at)
	if err != nil {
		return nil, err
	}
	d.what = updateOrCreate(d.body, d.before)
	return conditionHolds(c, foundID(found)), nil
}

// updateOrCreate is what a conditional update comes to: where nothing matches
// and the server chooses the id, a create.
func updateOrCreate(body *fhir.Tree, before store.Version) Name {
	if body.ID() == "" && !before.Exists() {
		return Create
	}
	return Update
}

// foundID is the id of the one resource that was found, "" for none.
func foundID(found []store.Version) string {
	if len(found) == 0 {
		return ""
	}
	return found[0].Key.ID
}

// conditionalTarget decides which resource a conditional update writes, by
// what its criteria found (https://hl7.org/fhir/R4/http.html#cond-update).
func (s *Session) conditionalTarget(ctx context.Context, c *criteria, found []store.Version, body *fhir.Tree, at string) (id string, before store.Version, err error) {
	id = body.ID()
	switch {
	case len(found) > 1:
		return "", before, severalMatch("")
	case len(found) == 1 && id != "" && id != found[0].Key.ID:
		return "", before, fhir.NewError(fhir.Invalid, fhir.IssueInvalid,
			"the body's id isn't that of the resource that the condition matches; leave it out").At(at + ".id")
	case len(found) == 1:
		return found[0].Key.ID, found[0], nil
	case id == "":
		return fhir.NewID(s.clock()), before, nil
	}
	key := fhir.Key{Type: c.typ, ID: id}
	if before, err = s.current(ctx, key); err == nil {
		err = s.decide(ctx, Question{What: Update, Key: key, Before: before, After: body})
	}
	if err == nil && before.Exists() && !before.Deleted() {
		err = fhir.NewError(fhir.Duplicate, fhir.IssueConflict,
			"nothing matches the condition, but there is a resource with the body's id").At(at + ".id")
	}
	return id, before, err
}
