package interaction

import (
	"context"

	"caseway/fhir/store"
)

// Delete puts a tombstone on a resource, whose versions stay readable
// (https://hl7.org/fhir/R4/http.html#delete). Deleting again gives the
// tombstone that is there, deleting what never existed the zero Version; both
// are fine, but fail with kind VersionConflict where IfMatch is set.
func (e *Engine) Delete(ctx context.Context, r DeleteRequest) (Result, error) {
	if err := e.checkKey(r.Key); err != nil {
		return Result{}, err
	}
	return e.delete(ctx, r, r.Key.Type)
}

func (e *Engine) delete(ctx context.Context, r DeleteRequest, at string) (Result, error) {
	release, err := e.locks.take(ctx, r.Key.String())
	if err != nil {
		return Result{}, err
	}
	defer release()
	d := &draft{at: at, what: Delete, method: store.Delete, key: r.Key}
	var result Result
	err = e.retry(ctx, func() error {
		if d.before, err = e.current(ctx, d.key); err != nil {
			return err
		}
		if err := checkMatch(r.IfMatch, d.before); err != nil {
			return err
		}
		if !d.before.Exists() || d.before.Deleted() {
			result = Result{Version: d.before}
			return e.decide(ctx, Delete, d.key, d.before, nil)
		}
		warnings, err := e.admit(ctx, []*draft{d})
		if err != nil {
			return err
		}
		versions, err := e.commit(ctx, []*draft{d}, nil, "")
		if err != nil {
			return err
		}
		result = Result{Version: versions[0], Issues: warnings}
		return nil
	})
	return result, err
}
