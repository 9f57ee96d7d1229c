package budget

import (
	"container/list"
	"context"
	"sync"
	"time"

	"caseway/fhir"
)

// Gate lets heavy work in as long as what is inside weighs no more than its
// limit, in the order in which it comes; what is heavier than the limit works
// alone. Work that weighs no more than Small is always let in. Safe for
// concurrent use. A nil Gate lets everything in.
type Gate struct {
	limit   int64
	patient time.Duration

	mu      sync.Mutex
	inside  int64
	waiting list.List // of *waiter
}

type waiter struct {
	weight int64
	let    chan struct{} // closed when it is let in
}

// NewGate makes a Gate at which nobody waits for longer than patient.
func NewGate(limit int64, patient time.Duration) *Gate { return &Gate{limit: limit, patient: patient} }

// Enter waits to be let in, and gives how to leave, which is to be called once.
// It fails with kind Transient where that takes too long, and with the context's
// error where that ends.
func (g *Gate) Enter(ctx context.Context, weight int64) (leave func(), err error) {
	if g == nil || weight <= Small {
		return func() {}, nil
	}
	w := &waiter{min(weight, g.limit), make(chan struct{})}
	g.mu.Lock()
	place := g.waiting.PushBack(w)
	g.let()
	g.mu.Unlock()
	patience := time.NewTimer(g.patient)
	defer patience.Stop()
	select {
	case <-w.let:
	case <-patience.C:
		err = busy()
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil && g.giveUp(place) {
		return nil, err
	}
	return func() { g.leave(w.weight) }, nil
}

// let lets in who may be.
func (g *Gate) let() {
	for first := g.waiting.Front(); first != nil; first = g.waiting.Front() {
		w := first.Value.(*waiter)
		if g.inside+w.weight > g.limit {
			return
		}
		g.inside += w.weight
		g.waiting.Remove(first)
		close(w.let)
	}
}

// giveUp takes a waiter away; false where it has been let in meanwhile.
func (g *Gate) giveUp(place *list.Element) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	w := place.Value.(*waiter)
	select {
	case <-w.let:
		return false
	default:
	}
	g.waiting.Remove(place)
	g.let() // those behind may be lighter
	return true
}

func (g *Gate) leave(weight int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inside -= weight
	g.let()
}

func busy() error {
	e := fhir.NewError(fhir.Transient, fhir.IssueTransient, "the server is busy with other large requests; try again")
	e.RetryAfter = scarceFor
	return e
}
