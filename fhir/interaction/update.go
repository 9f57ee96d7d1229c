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
func (e *Engine) Update(ctx context.Context, r UpdateRequest) (Result, error) {
	if err := e.checkType(r.Key.Type); err != nil {
		return Result{}, err
	}
	if !fhir.IsID(r.Key.ID) {
		return Result{}, fhir.NewError(fhir.Invalid, fhir.IssueValue, "the URL's id isn't a logical id: 1 to 64 of A-Z, a-z, 0-9, - and .")
	}
	if err := e.notRepeated(ctx, r.IdempotencyKey); err != nil {
		return Result{}, err
	}
	body, err := e.decode(r.Key.Type, r.Body)
	if body != nil && body.Type() != nil && body.Type().Name == r.Key.Type {
		if wrong := checkID(body, r.Key, r.Key.Type); wrong != nil {
			err = merge(err, wrong)
		}
	}
	if err != nil {
		return Result{}, err
	}
	return e.update(ctx, r, body, r.Key.Type)
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
func (e *Engine) update(ctx context.Context, r UpdateRequest, body *fhir.Tree, at string) (Result, error) {
	if err := noConditionalReferences(e.types, body, at); err != nil {
		return Result{}, err
	}
	d := &draft{at: at, what: Update, method: store.Put, key: r.Key, body: body}
	warnings, err := e.validate(ctx, []*draft{d})
	if err != nil {
		return Result{}, err
	}
	release, err := e.locks.take(ctx, r.Key.String())
	if err != nil {
		return Result{}, err
	}
	defer release()
	var result Result
	err = e.retry(ctx, func() error {
		if d.before, err = e.current(ctx, d.key); err != nil {
			return err
		}
		if err := checkMatch(r.IfMatch, d.before); err != nil {
			return err
		}
		more, err := e.admit(ctx, []*draft{d})
		if err != nil {
			return err
		}
		versions, err := e.commit(ctx, []*draft{d}, nil, r.IdempotencyKey)
		if err != nil {
			return err
		}
		created := !d.before.Exists() || d.before.Deleted()
		result = Result{Version: versions[0], Created: created, Issues: append(warnings, more...)}
		return nil
	})
	return result, err
}
