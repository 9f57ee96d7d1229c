package interaction

import (
	"context"
	"slices"
	"sync"
)

// locks lets one goroutine of this process at a time work on a name, so that
// writers of one resource wait for each other and don't burn retries. What is
// correct doesn't rest on them: the store's preconditions see other processes.
type locks struct {
	mu   sync.Mutex
	held map[string]*turn
}

// turn is whose turn it is for one name.
type turn struct {
	token   chan struct{} // holds one value while the name is taken
	waiting int           // holders and waiters, guarded by locks.mu
}

func newLocks() *locks { return &locks{held: make(map[string]*turn)} }

// take waits until all names are free, takes them, and returns what frees
// them. Names are taken in one order, so that nobody waits in a circle.
func (l *locks) take(ctx context.Context, names ...string) (release func(), err error) {
	names = slices.Clone(names)
	slices.Sort(names)
	names = slices.Compact(names)
	taken := 0
	release = func() {
		for _, n := range names[:taken] {
			l.leave(n, true)
		}
	}
	for _, n := range names {
		select {
		case l.enter(n).token <- struct{}{}:
			taken++
		case <-ctx.Done():
			l.leave(n, false)
			release()
			return nil, ctx.Err()
		}
	}
	return release, nil
}

func (l *locks) enter(name string) *turn {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := l.held[name]
	if t == nil {
		t = &turn{token: make(chan struct{}, 1)}
		l.held[name] = t
	}
	t.waiting++
	return t
}

func (l *locks) leave(name string, holder bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := l.held[name]
	if holder {
		<-t.token
	}
	if t.waiting--; t.waiting == 0 {
		delete(l.held, name)
	}
}
