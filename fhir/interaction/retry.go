package interaction

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"caseway/fhir"
	"caseway/fhir/store"
)

// Bounds of resolving a commit again after a conflict. Within one process
// locks keep conflicts away, so these are for several processes on one store.
const (
	maxTries   = 20
	firstPause = 2 * time.Millisecond
	maxPause   = 250 * time.Millisecond
)

// retry calls try, which reads, decides and commits, until it doesn't end in a
// conflict. What the client itself demanded (If-Match) try refuses with an
// error of its own.
func (e *core) retry(ctx context.Context, try func() error) error {
	pause := firstPause
	for n := 1; ; n++ {
		err := try()
		conflict := (*store.Conflict)(nil)
		if !errors.As(err, &conflict) {
			return err
		}
		if conflict.Kind == store.RecordMismatch {
			return repeated()
		}
		if n == maxTries {
			return fhir.NewError(fhir.Transient, fhir.IssueTransient,
				"others kept changing the same resources; try again").Because(err)
		}
		if err := sleep(ctx, pause/2+rand.N(pause)); err != nil {
			return err
		}
		pause = min(2*pause, maxPause)
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// checkMatch holds an If-Match, 0 for none, against what is there: a deleted
// resource has no version that could match.
func checkMatch(ifMatch int64, before store.Version) error {
	if ifMatch == 0 || ifMatch == before.VersionID && !before.Deleted() {
		return nil
	}
	text := "If-Match names another version than the current one"
	if !before.Exists() || before.Deleted() {
		text = "If-Match names a version, but there is no such resource"
	}
	return fhir.NewError(fhir.VersionConflict, fhir.IssueConflict, text)
}
