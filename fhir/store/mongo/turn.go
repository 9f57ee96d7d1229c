package mongo

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/semaphore"

	"caseway/fhir/store"
)

// turns let a commit that locks all stripes of a type wait for those of this
// process that lock one, and they for it, so that they don't collide and begin
// again. What is correct doesn't rest on them.
type turns struct {
	mu     sync.Mutex
	byType map[string]*semaphore.Weighted
}

func newTurns() *turns { return &turns{byType: map[string]*semaphore.Weighted{}} }

func (t *turns) of(typ string) *semaphore.Weighted {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.byType[typ]
	if s == nil {
		s = semaphore.NewWeighted(typeStripes)
		t.byType[typ] = s
	}
	return s
}

// take waits until the stripes of types that a commit locks are free. Types are
// taken in one order, so that nobody waits in a circle.
func (t *turns) take(ctx context.Context, c *store.Commit) (release func(), err error) {
	if !hasCriteria(c) {
		return func() {}, nil
	}
	wanted := map[string]int64{}
	for _, id := range locksOf(c, 0) {
		if typ, is := strings.CutPrefix(id, "type/"); is {
			typ, _, _ = strings.Cut(typ, "/")
			wanted[typ]++
		}
	}
	var taken []func()
	release = func() {
		for _, f := range taken {
			f()
		}
	}
	for _, typ := range slices.Sorted(maps.Keys(wanted)) {
		s, n := t.of(typ), wanted[typ]
		if err := s.Acquire(ctx, n); err != nil {
			release()
			return nil, err
		}
		taken = append(taken, func() { s.Release(n) })
	}
	return release, nil
}
