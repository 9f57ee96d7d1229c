package budget

import (
	"context"
	"errors"
	"sync/atomic"

	"caseway/fhir"
)

// DefaultSteps is what one request may take where nothing else is said: about
// half a second of evaluating FHIRPath.
const DefaultSteps = 5_000_000

// Work is the steps of one request, which end with its context at the latest.
// Safe for concurrent use. A nil Work has no bound.
type Work struct {
	ctx  context.Context // of the request, whose end is the end of all its work
	left atomic.Int64
}

// NewWork gives a request its steps.
func NewWork(ctx context.Context, steps int) *Work {
	w := &Work{ctx: ctx}
	w.left.Store(int64(steps))
	return w
}

// Left is how many steps there are; none where the request has ended.
func (w *Work) Left() int {
	if w.ctx.Err() != nil {
		return 0
	}
	return int(max(w.left.Load(), 0))
}

// Spend uses steps up, and fails as Err does.
func (w *Work) Spend(steps int) error {
	if w == nil {
		return nil
	}
	w.left.Add(-int64(steps))
	return w.Err()
}

// Expired fails as Err does where the request has ended, whatever is left.
func (w *Work) Expired() error {
	switch {
	case w == nil || w.ctx.Err() == nil:
		return nil
	case errors.Is(w.ctx.Err(), context.DeadlineExceeded):
		return fhir.NewError(fhir.TooCostly, fhir.IssueTooCostly, "the request takes too long; ask for less at once").Because(w.ctx.Err())
	}
	return w.ctx.Err()
}

// Err is nil while there is something left. It fails with kind TooCostly where
// the steps or the time are used up, and with the context's error where the
// request has ended.
func (w *Work) Err() error {
	if err := w.Expired(); err != nil || w == nil {
		return err
	}
	if w.left.Load() <= 0 {
		return fhir.NewError(fhir.TooCostly, fhir.IssueTooCostly, "all expressions of the request together cost too much to evaluate")
	}
	return nil
}
