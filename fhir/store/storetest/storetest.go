// Package storetest is the contract of package store as tests and benchmarks:
// every backend runs all of it against a real database.
//
// A backend says in a [Backend] how an empty database is made and how a store
// on it is opened. The suite closes the stores that it opens; the database
// itself goes with the test's cleanup, which is the backend's.
//
// Sizes shrink under -short and under the race detector. No case measures
// time; those that wait end with [patience].
package storetest

import (
	"context"
	"sync"
	"testing"
	"time"

	"caseway/fhir/store"
)

// Open opens a store on one database; the caller closes it.
type Open func(testing.TB) store.Store

// Backend is a kind of database under test.
type Backend struct {
	// New makes an empty database and returns what opens a store on it.
	New func(testing.TB) Open
	// Shared says that several stores may be open on one database at a time,
	// as several server processes are.
	Shared bool
	// Moment says that the database holds what is read within Snapshot to one
	// moment. A stand-in for MongoDB may not.
	Moment bool
}

// patience is how long a case waits for what must happen before it fails.
const patience = 2 * time.Minute

// Run holds a backend to the Store contract.
func Run(t *testing.T, b Backend) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			c.run(t, &database{open: b.New(t), shared: b.Shared, moment: b.Moment, ctx: ctx})
		})
	}
}

// testCase is one promise of the contract.
type testCase struct {
	name string
	run  func(*testing.T, *database)
}

// cases are all promises, file by file.
var cases = join(
	versionCases, conflictCases, criteriaCases, concurrencyCases,
	historyCases, pagingCases, settledCases, recordCases, searchCases,
	watchCases, linearCases, scanCases, reindexCases, compartmentCases,
)

func join(groups ...[]testCase) []testCase {
	var all []testCase
	for _, g := range groups {
		all = append(all, g...)
	}
	return all
}

// database is what a case works on.
type database struct {
	open   Open
	shared bool
	moment bool
	ctx    context.Context // ends when patience does
}

// store opens a store that is closed when the test ends.
func (d *database) store(t testing.TB) store.Store {
	t.Helper()
	s, _ := d.closable(t)
	return s
}

// closable opens a store together with what closes it before the test ends.
func (d *database) closable(t testing.TB) (store.Store, func()) {
	t.Helper()
	s := d.open(t)
	var once sync.Once
	shut := func() {
		once.Do(func() {
			if err := s.Close(); err != nil {
				t.Errorf("closing the store: %v", err)
			}
		})
	}
	t.Cleanup(shut)
	return s, shut
}

// scaled is the size of a case: full, or small where time is dear.
func scaled(full, small int) int {
	if raceEnabled || testing.Short() {
		return small
	}
	return full
}

// together runs n functions at once and returns their errors.
func together(n int, f func(i int) error) []error {
	errs := make([]error, n)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-start
			errs[i] = f(i)
		})
	}
	close(start)
	wg.Wait()
	return errs
}
