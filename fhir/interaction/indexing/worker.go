package indexing

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"caseway/fhir"
	"caseway/fhir/search"
	"caseway/fhir/store"
)

// Bounds of making indexes anew in the background.
const (
	reindexAtOnce = 100
	workerTime    = 15 * time.Second // how long a worker that says nothing counts as alive
	workerSays    = 2 * time.Second
	longestRest   = time.Second
	longestPause  = 30 * time.Second // after failures
)

// Progress says how far the index is.
type Progress struct {
	Generation int64 `json:"generation"` // of the parameters that are wanted
	Opened     int64 `json:"-"`          // that searches use; Generation where nothing is to be done
	Done       int64 `json:"done"`       // resources that were indexed for Generation
	Total      int64 `json:"total"`      // about how many there are; 0 where it isn't known yet
}

// Progress says how far this process knows the index to be.
func (x *Keeper) Progress() Progress {
	s := x.now.Load()
	p := *x.done.Load()
	if p.Generation != s.Generation {
		p = Progress{Generation: s.Generation}
	}
	p.Opened = s.Opened
	if p.Opened == p.Generation {
		p.Done = p.Total
	}
	return p
}

// progressText says how far indexing is, for people.
func (x *Keeper) progressText() string {
	p := x.Progress()
	if p.Total == 0 {
		return "indexing is about to begin"
	}
	return fmt.Sprintf("%d of about %d resources are done", min(p.Done, p.Total), p.Total)
}

// Keep keeps the process in step with others, and makes indexes anew
// that older parameters or an older program made, until ctx ends. Join comes
// before it.
func (x *Keeper) Keep(ctx context.Context) {
	x.works.Store(true)
	defer x.works.Store(false)
	rest := pollEvery
	for ctx.Err() == nil {
		err := x.keep(ctx)
		switch {
		case err == nil:
			rest = pollEvery
		case ctx.Err() == nil:
			x.log.Warn("keeping the index failed; it is tried again", "error", err)
			rest = min(2*rest, longestPause)
		}
		timer := time.NewTimer(rest)
		select {
		case <-ctx.Done():
		case <-x.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if err := x.leave(ctx); err != nil {
		x.log.Debug("the lease of this process stays until it expires", "error", err)
	}
}

// keep does what is to be done now.
func (x *Keeper) keep(ctx context.Context) error {
	if !x.joined.Load() {
		return x.Join(ctx)
	}
	if err := x.catchUp(ctx); err != nil {
		return err
	}
	s := x.now.Load()
	if s.Writing < s.Generation || s.Program != x.program {
		return nil
	}
	w := &worker{Keeper: x, state: s}
	if err := w.run(ctx); err != nil {
		return err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.advance(ctx)
}

// catchUp takes on what others changed and finds SearchParameters that were
// written where nobody took notice.
func (x *Keeper) catchUp(ctx context.Context) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if err := x.sync(ctx); err != nil {
		return err
	}
	s := x.now.Load()
	if s.Program != x.program {
		return nil
	}
	if s.Opened < s.Generation {
		x.readProgress(ctx)
	}
	m, err := x.mark(ctx)
	if err != nil {
		return err
	}
	if m != x.seen {
		if err := x.change(ctx, func(s *indexState) (bool, error) { return x.rescan(ctx, s) }); err != nil {
			return err
		}
	}
	return x.advance(ctx)
}

// readProgress learns how far another process's worker is.
func (x *Keeper) readProgress(ctx context.Context) {
	p := &Progress{}
	if _, err := x.record(ctx, progressKey, p); err == nil {
		x.done.Store(p)
	}
}

// worker makes indexes anew for a state.
type worker struct {
	*Keeper
	state    *indexState
	claim    int64 // version of the claim's record
	said     time.Time
	progress Progress
}

// errClaimed says that another process makes the indexes.
var errClaimed = errors.New("another process makes the indexes")

// run goes through what is stale until nothing is left, the state changes or
// another process has the work. How far it is stands in the heads themselves,
// so that it goes on after a restart.
func (w *worker) run(ctx context.Context) (err error) {
	defer func() { err = errors.Join(err, w.release(ctx)) }()
	var after search.Place
	for {
		began := time.Now()
		page, err := w.store.Stale(ctx, w.state.Generation, after, reindexAtOnce)
		if err != nil {
			return err
		}
		if len(page.Hits) == 0 {
			if after == (search.Place{}) {
				return w.finish(ctx)
			}
			after = search.Place{} // some may have come behind us
			continue
		}
		if err := w.claimed(ctx); err != nil {
			if errors.Is(err, errClaimed) {
				return nil
			}
			return err
		}
		if err := w.reindex(ctx, page.Hits); err != nil {
			return err
		}
		after = page.Hits[len(page.Hits)-1].Place
		w.progress.Done += int64(len(page.Hits))
		progress := w.progress
		w.done.Store(&progress)
		if err := w.rest(ctx, time.Since(began)); err != nil {
			return err
		}
		if w.now.Load().Generation != w.state.Generation {
			return nil // it begins again for the new one
		}
	}
}

// rest leaves the machine to others for as long as the work took.
func (w *worker) rest(ctx context.Context, worked time.Duration) error {
	return pause(ctx, min(worked, longestRest))
}

// reindex makes indexes by the registry of the state.
func (w *worker) reindex(ctx context.Context, hits []search.Hit) error {
	changes := make([]store.Reindexed, len(hits))
	generation := w.registries.Generation()
	for i, hit := range hits {
		tree, err := fhir.DecodeStored(w.schema, hit.JSON)
		if err != nil {
			// It stays findable by what it was found by; a parameter must not
			// stay closed for good because of it.
			w.log.Error("a stored resource doesn't decode and keeps its old index", "resource", hit.Key.String(), "error", err)
		}
		changes[i] = store.Reindexed{Key: hit.Key, VersionID: hit.VersionID}
		changes[i].Index, changes[i].Compartments = w.registries.Index(hit.Key, tree, hit.Terms)
	}
	if generation != w.state.Generation || w.registries.Generation() != generation {
		return nil
	}
	return w.store.Reindex(ctx, generation, changes)
}

// claimed makes sure that this process is the one that works, and tells how
// far it is.
func (w *worker) claimed(ctx context.Context) error {
	if time.Since(w.said) < workerSays {
		return nil
	}
	if w.claim == 0 {
		if err := w.begin(ctx); err != nil {
			return err
		}
	}
	if err := w.write(ctx, store.RecordWrite{
		Kind: searchKind, Key: workerKey, Value: []byte(w.process), Expect: w.claim,
		Expires: time.Now().Add(workerTime).UTC().Truncate(time.Millisecond),
	}); err != nil {
		return err
	}
	w.claim++
	w.said = time.Now()
	if err := w.tell(ctx); err != nil {
		return err
	}
	// The work may take long, and others may have changed the state.
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.sync(ctx)
}

// begin finds out whether the work is free, and how far it was.
func (w *worker) begin(ctx context.Context) error {
	records, err := w.store.Records(ctx, searchKind, workerKey, "", 1)
	if err != nil {
		return err
	}
	if len(records) > 0 && records[0].Key == workerKey {
		if string(records[0].Value) != w.process {
			return errClaimed
		}
		w.claim = records[0].Version
	}
	if _, err := w.record(ctx, progressKey, &w.progress); err != nil {
		return err
	}
	if w.progress.Generation == w.state.Generation {
		return nil
	}
	w.progress = Progress{Generation: w.state.Generation}
	for _, typ := range w.types {
		n, err := w.store.CountType(ctx, typ, 1<<30)
		if err != nil {
			return err
		}
		w.progress.Total += int64(n)
	}
	return nil
}

// tell writes down how far the work is.
func (w *worker) tell(ctx context.Context) error {
	value, err := json.Marshal(w.progress)
	if err != nil {
		return err
	}
	return w.write(ctx, store.RecordWrite{Kind: searchKind, Key: progressKey, Value: value, Expect: store.AnyVersion})
}

// finish says that nothing is left.
func (w *worker) finish(ctx context.Context) error {
	if w.claim == 0 {
		return nil
	}
	w.log.Info("the search index is up to date", "generation", w.state.Generation, "resources", w.progress.Done)
	return w.tell(ctx)
}

// release gives the work back, so that another process needn't wait.
func (w *worker) release(ctx context.Context) error {
	if w.claim == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	err := w.write(ctx, store.RecordWrite{Kind: searchKind, Key: workerKey, Delete: true, Expect: w.claim})
	if errors.Is(err, errClaimed) {
		return nil
	}
	return err
}

func (w *worker) write(ctx context.Context, r store.RecordWrite) error {
	_, err := w.store.Commit(ctx, store.Commit{Records: []store.RecordWrite{r}})
	if conflict := (*store.Conflict)(nil); errors.As(err, &conflict) {
		return errClaimed
	}
	return err
}

// pause waits, or gives up with ctx.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
