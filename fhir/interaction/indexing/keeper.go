package indexing

import (
	"context"
	"encoding/json"
	"log/slog"
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

// Keeper keeps the search parameters of this process in step with those that
// are stored and with what other processes do. Safe for concurrent use.
type Keeper struct {
	store      store.Store
	schema     fhir.Schema
	types      []string // that resources are counted of
	log        *slog.Logger
	registries Registries
	// alone says that no other process can use the store.
	alone   bool
	options []search.Option
	program string
	process string // the id of this one

	begun  atomic.Bool                // Join was called
	joined atomic.Bool                // and came to its end
	works  atomic.Bool                // Keep runs
	now    atomic.Pointer[indexState] // that this process has taken on
	lease  atomic.Int64               // until when this process counts as alive, milliseconds since 1970
	done   atomic.Pointer[Progress]
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

// Registries is what the search parameters of a state are used by.
type Registries interface {
	// Use lets requests be understood by reading and what is written be indexed by
	// writing, which is of a generation; nil leaves either as it is. It gives back when
	// nobody writes by an earlier one any more.
	Use(ctx context.Context, reading, writing *search.Registry, generation int64) error
	// Generation is that by which resources are indexed now.
	Generation() int64
	// Index is what a resource is found by, and the compartments that it is in, by
	// that generation. Where it doesn't decode, it keeps the terms that it has.
	Index(key fhir.Key, tree *fhir.Tree, terms []search.Term) (search.Index, []string)
}

// Config is what a Keeper needs.
type Config struct {
	Store      store.Store
	Schema     fhir.Schema
	Types      []string // of the resources that are stored
	Base       string   // see search.WithBase; "" where it isn't known
	Prefer     bool     // see search.PreferCustom
	Registries Registries
	Log        *slog.Logger
}

// New makes a Keeper. It doesn't use the store yet.
func New(c Config) *Keeper {
	x := &Keeper{
		store: c.Store, schema: c.Schema, types: c.Types, log: c.Log, registries: c.Registries,
		process: fhir.NewID(time.Now()), wake: make(chan struct{}, 1),
	}
	if c.Base != "" {
		x.options = append(x.options, search.WithBase(c.Base))
	}
	if c.Prefer {
		x.options = append(x.options, search.PreferCustom())
	}
	x.alone = c.Store.Exclusive()
	x.now.Store(&indexState{})
	x.done.Store(&Progress{})
	return x
}

// Join reads the stored search parameters and takes part in keeping
// the index: from then on SearchParameters that are written come into effect.
// Call it before the engine is used, and Keep beside its use.
//
// Where the store takes no writes now, which is of kind Transient, the engine can
// be used all the same: it refuses searches until Keep has made up for it.
func (x *Keeper) Join(ctx context.Context) error {
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
			if err := pause(ctx, pollEvery/4); err != nil {
				return err
			}
		}
	}
	x.joined.Store(true)
	return x.advance(ctx)
}

// rescan brings a state in line with the stored SearchParameters.
func (x *Keeper) rescan(ctx context.Context, s *indexState) (changed bool, err error) {
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
func (x *Keeper) apply(ctx context.Context, s *indexState) error {
	var reading, writing *search.Registry
	if s.Program == x.program {
		reading = x.registryOf(s)
		if s.Writing == s.Generation {
			writing = reading
		}
	}
	x.now.Store(s)
	// What is being written by the old set is of an older generation, and has
	// to be there before anybody looks whether such are left.
	if err := x.registries.Use(ctx, reading, writing, s.Generation); err != nil {
		return err
	}
	return x.sayAlive(ctx)
}

// sayAlive renews this process's lease, where it is time or there is news.
func (x *Keeper) sayAlive(ctx context.Context) error {
	now := time.Now()
	say := lease{Known: x.now.Load().Generation, Writing: x.registries.Generation()}
	if say == x.acked && now.Add(leaseTime/2).UnixMilli() < x.lease.Load() {
		return nil
	}
	value, err := json.Marshal(say)
	if err != nil {
		return err
	}
	until := now.Add(leaseTime).UTC().Truncate(time.Millisecond)
	_, err = x.store.Commit(ctx, store.Commit{Records: []store.RecordWrite{{
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
func (x *Keeper) leave(ctx context.Context) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.lease.Store(0)
	x.acked = lease{}
	_, err := x.store.Commit(ctx, store.Commit{Records: []store.RecordWrite{{
		Kind: processKind, Key: x.process, Delete: true, Expect: store.AnyVersion,
	}}})
	return err
}

// most processes of a store.
const mostProcesses = 1000

// others gives what the living processes have taken on, this one among them.
func (x *Keeper) others(ctx context.Context) ([]lease, error) {
	records, err := x.store.Records(ctx, processKind, "", "", mostProcesses)
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
func (x *Keeper) advance(ctx context.Context) error {
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
		page, err := x.store.Stale(ctx, s.Generation, search.Place{}, 1)
		if err != nil || len(page.Hits) > 0 {
			return false, err
		}
		s.Opened = s.Generation
		return true, nil
	})
}

// step changes the state where edit wants it by what this process knows, so
// that nothing is read where nothing is to be done.
func (x *Keeper) step(ctx context.Context, edit func(s *indexState) (bool, error)) error {
	if s := x.now.Load(); s.Writing == s.Generation && s.Opened == s.Generation {
		return nil
	}
	return x.change(ctx, edit)
}

// sync takes on what other processes changed. Callers hold x.mu.
func (x *Keeper) sync(ctx context.Context) error {
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

// Ready makes sure that this process is in step before it reads or writes. It
// costs nothing while the lease holds. Those who wait for one that asks a store
// in vain share its answer: one after the other they would wait for minutes.
func (x *Keeper) Ready(ctx context.Context) error {
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

// Searchable refuses searches whose answers could be incomplete whatever they
// ask for.
func (x *Keeper) Searchable(ctx context.Context) error {
	if err := x.Ready(ctx); err != nil {
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

// Rebuilding reports whether the index may be incomplete whatever is asked for.
func (x *Keeper) Rebuilding() bool {
	s := x.now.Load()
	return x.joined.Load() && (s.Program != x.program || s.rebuilding())
}

// Committed brings a change of SearchParameters into effect. The commit stands
// whatever happens here, and who keeps the index finds it too.
func (x *Keeper) Committed(ctx context.Context, written []Written) {
	if !x.joined.Load() || !x.concerns(written) {
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
		x.log.Warn("a changed SearchParameter isn't in effect yet", "error", err)
	}
	select {
	case x.wake <- struct{}{}:
	default:
	}
}

// Reach fails where the store doesn't answer.
func (x *Keeper) Reach(ctx context.Context) error {
	_, err := x.store.Records(ctx, searchKind, stateKey, "", 1)
	return err
}

// Written is what a commit made of a resource: nil where it was deleted.
type Written struct {
	Key   fhir.Key
	After *fhir.Tree
}
