package interaction

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/fhir/search"
	"caseway/fhir/store"
)

// Times of keeping in step with other processes.
const (
	pollEvery = time.Second
	// leaseTime is how long a process that says nothing counts as alive. One
	// that was silent for longer reads the state again before it goes on.
	leaseTime   = 20 * time.Second
	leaseMargin = 5 * time.Second
)

// indexing keeps the search parameters of this process in step with those that
// are stored and with what other processes do. Safe for concurrent use.
type indexing struct {
	engine *core
	// alone says that no other process can use the store.
	alone   bool
	options []search.Option
	program string
	process string // the id of this one

	begun  atomic.Bool                // JoinIndexing was called
	joined atomic.Bool                // and came to its end
	works  atomic.Bool                // KeepIndexed runs
	now    atomic.Pointer[indexState] // that this process has taken on
	lease  atomic.Int64               // until when this process counts as alive, milliseconds since 1970
	done   atomic.Pointer[IndexProgress]
	wake   chan struct{}

	mu    sync.Mutex // held by who changes the state
	acked lease      // guarded by mu, as what follows
	seen  mark
	// failure is why this process couldn't be brought in step, at failed.
	failure error
	failed  time.Time
	// registry is the one of the state, made as made says.
	registry *search.Registry
	made     string
}

// lease is the value of a process's record: what it has taken on.
type lease struct {
	Known   int64 `json:"known"`   // it refuses what isn't open in this generation
	Writing int64 `json:"writing"` // it writes by this generation
}

func newIndexing(e *core, c Config) *indexing {
	x := &indexing{engine: e, process: fhir.NewID(time.Now()), wake: make(chan struct{}, 1)}
	if c.Base != "" {
		x.options = append(x.options, search.WithBase(c.Base))
	}
	if c.PreferStoredParameters {
		x.options = append(x.options, search.PreferCustom())
	}
	x.alone = c.Store.Exclusive()
	x.now.Store(&indexState{})
	x.done.Store(&IndexProgress{})
	return x
}

// JoinIndexing reads the stored search parameters and takes part in keeping
// the index: from then on SearchParameters that are written come into effect.
// Call it before the engine is used, and KeepIndexed beside its use.
//
// Where the store takes no writes now, which is of kind Transient, the engine can
// be used all the same: it refuses searches until KeepIndexed has made up for it.
func (e *core) JoinIndexing(ctx context.Context) error {
	x := e.indexing
	x.begun.Store(true)
	plain, _ := search.NewRegistry(definition.R4(), nil, x.options...)
	x.program = plain.Fingerprint()
	x.mu.Lock()
	defer x.mu.Unlock()
	// The lease comes first: nothing opens until this process is in step.
	if err := x.sayAlive(ctx); err != nil {
		return err
	}
	err := x.change(ctx, func(s *indexState) (bool, error) {
		changed, err := x.rescan(ctx, s)
		if s.Program != x.program {
			if !changed {
				s.Generation++
			}
			s.Program, s.ProgramSince, changed = x.program, s.Generation, true
		}
		return changed, err
	})
	if err != nil {
		return err
	}
	for x.now.Load().Writing < x.now.Load().Generation {
		if err := x.advance(ctx); err != nil {
			return err
		}
		if x.now.Load().Writing < x.now.Load().Generation {
			if err := sleep(ctx, pollEvery/4); err != nil {
				return err
			}
		}
	}
	x.joined.Store(true)
	return x.advance(ctx)
}

// rescan brings a state in line with the stored SearchParameters.
func (x *indexing) rescan(ctx context.Context, s *indexState) (changed bool, err error) {
	if x.seen, err = x.mark(ctx); err != nil {
		return false, err
	}
	stored, err := x.stored(ctx)
	if err != nil {
		return false, err
	}
	return x.adopt(s, stored), nil
}

// apply takes a state on: what requests are understood by at once, and what is
// written by as soon as all processes know of it.
func (x *indexing) apply(ctx context.Context, s *indexState) error {
	e := x.engine
	before := e.registered.Load()
	next := &registered{Registry: before.Registry, writing: before.writing, generation: before.generation, compartments: e.compartments}
	if s.Program == x.program {
		next.Registry = x.registryOf(s)
		if s.Writing == s.Generation {
			next.writing, next.generation = next.Registry, s.Generation
		}
	}
	x.now.Store(s)
	e.registered.Store(next)
	// What is being written by the old set is of an older generation, and has
	// to be there before anybody looks whether such are left.
	for before.writers.Load() > 0 {
		if err := sleep(ctx, time.Millisecond); err != nil {
			return err
		}
	}
	return x.sayAlive(ctx)
}

// sayAlive renews this process's lease, where it is time or there is news.
func (x *indexing) sayAlive(ctx context.Context) error {
	now := time.Now()
	say := lease{Known: x.now.Load().Generation, Writing: x.engine.registered.Load().generation}
	if say == x.acked && now.Add(leaseTime/2).UnixMilli() < x.lease.Load() {
		return nil
	}
	value, err := json.Marshal(say)
	if err != nil {
		return err
	}
	until := now.Add(leaseTime).UTC().Truncate(time.Millisecond)
	_, err = x.engine.store.Commit(ctx, store.Commit{Records: []store.RecordWrite{{
		Kind: processKind, Key: x.process, Value: value, Expires: until, Expect: store.AnyVersion,
	}}})
	switch {
	case err == nil:
		x.acked = say
	case x.alone && isTransient(err): // what this process can't write, nobody else does
	default:
		return err
	}
	x.lease.Store(until.Add(-leaseMargin).UnixMilli())
	return nil
}

func isTransient(err error) bool {
	return fhir.Is(err, fhir.Transient)
}

// leave ends the lease, so that others needn't wait for this process.
func (x *indexing) leave(ctx context.Context) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.lease.Store(0)
	x.acked = lease{}
	_, err := x.engine.store.Commit(ctx, store.Commit{Records: []store.RecordWrite{{
		Kind: processKind, Key: x.process, Delete: true, Expect: store.AnyVersion,
	}}})
	return err
}

// most processes of a store.
const mostProcesses = 1000

// others gives what the living processes have taken on, this one among them.
func (x *indexing) others(ctx context.Context) ([]lease, error) {
	records, err := x.engine.store.Records(ctx, processKind, "", "", mostProcesses)
	if err != nil {
		return nil, err
	}
	leases := make([]lease, len(records))
	for i, r := range records {
		if err := json.Unmarshal(r.Value, &leases[i]); err != nil {
			return nil, err
		}
	}
	return leases, nil
}

// advance takes the steps towards a generation's use that can be taken now.
// Callers hold x.mu.
func (x *indexing) advance(ctx context.Context) error {
	leases, err := x.others(ctx)
	if err != nil {
		return err
	}
	err = x.step(ctx, func(s *indexState) (bool, error) {
		ready := s.Writing < s.Generation && s.Program == x.program &&
			!slices.ContainsFunc(leases, func(l lease) bool { return l.Known < s.Generation })
		if ready {
			s.Writing = s.Generation
		}
		return ready, nil
	})
	if err != nil {
		return err
	}
	// Again, for this process has just begun to write by it. Who writes by an
	// older generation is looked for before what they wrote.
	if leases, err = x.others(ctx); err != nil {
		return err
	}
	return x.step(ctx, func(s *indexState) (bool, error) {
		if s.Opened == s.Generation || s.Writing < s.Generation ||
			slices.ContainsFunc(leases, func(l lease) bool { return l.Writing < s.Generation }) {
			return false, nil
		}
		page, err := x.engine.store.Stale(ctx, s.Generation, search.Place{}, 1)
		if err != nil || len(page.Hits) > 0 {
			return false, err
		}
		s.Opened = s.Generation
		return true, nil
	})
}

// step changes the state where edit wants it by what this process knows, so
// that nothing is read where nothing is to be done.
func (x *indexing) step(ctx context.Context, edit func(s *indexState) (bool, error)) error {
	if s := x.now.Load(); s.Writing == s.Generation && s.Opened == s.Generation {
		return nil
	}
	return x.change(ctx, edit)
}

// sync takes on what other processes changed. Callers hold x.mu.
func (x *indexing) sync(ctx context.Context) error {
	s, err := x.load(ctx)
	switch {
	case err != nil:
	case s.version != x.now.Load().version:
		err = x.apply(ctx, s)
	default:
		err = x.sayAlive(ctx)
	}
	if err != nil && ctx.Err() == nil {
		x.failure, x.failed = err, time.Now()
	}
	return err
}

// ready makes sure that this process is in step before it reads or writes. It
// costs nothing while the lease holds. Those who wait for one that asks a store
// in vain share its answer: one after the other they would wait for minutes.
func (x *indexing) ready(ctx context.Context) error {
	if !x.joined.Load() || time.Now().UnixMilli() < x.lease.Load() {
		return nil
	}
	asked := time.Now()
	x.mu.Lock()
	defer x.mu.Unlock()
	switch {
	case time.Now().UnixMilli() < x.lease.Load():
		return nil
	case x.failed.After(asked):
		return x.failure
	}
	return x.sync(ctx)
}

// searchable refuses searches whose answers could be incomplete whatever they
// ask for.
func (x *indexing) searchable(ctx context.Context) error {
	if err := x.ready(ctx); err != nil {
		return err
	}
	if !x.joined.Load() {
		if x.begun.Load() {
			return fhir.NewError(fhir.Transient, fhir.IssueTransient,
				"the store takes no writes, and its search index isn't in use yet; reading by id and history work meanwhile")
		}
		return nil
	}
	s := x.now.Load()
	switch {
	case s.Program != x.program:
		return fhir.NewError(fhir.Transient, fhir.IssueTransient,
			"another release or other settings of the server have taken this store over; this process can't search it any more")
	case s.rebuilding():
		return fhir.NewError(fhir.Transient, fhir.IssueTransient,
			"the search index is being made anew ("+x.progressText()+"); reading by id and history work meanwhile")
	}
	return nil
}

// rebuilding reports whether the index may be incomplete whatever is asked for.
func (x *indexing) rebuilding() bool {
	s := x.now.Load()
	return x.joined.Load() && (s.Program != x.program || s.rebuilding())
}

// committed brings a change of SearchParameters into effect. The commit stands
// whatever happens here, and who keeps the index finds it too.
func (x *indexing) committed(ctx context.Context, drafts []*draft) {
	if !x.joined.Load() || !x.concerns(drafts) {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaseTime)
	defer cancel()
	x.mu.Lock()
	defer x.mu.Unlock()
	err := x.change(ctx, func(s *indexState) (bool, error) { return x.rescan(ctx, s) })
	if err == nil {
		err = x.advance(ctx)
	}
	if err != nil {
		x.seen = mark{}
		x.engine.log.Warn("a changed SearchParameter isn't in effect yet", "error", err)
	}
	select {
	case x.wake <- struct{}{}:
	default:
	}
}
