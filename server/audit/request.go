package audit

import (
	"context"
	"sync"

	"caseway/auth"
	"caseway/fhir"
	"caseway/fhir/interaction"
)

// Request is what is known of a request, and what Access has said in its
// course. Safe for concurrent use.
type Request struct {
	Address string // of the client on the network
	ID      string

	mu     sync.Mutex
	denied []decision
	shown  []Entity
}

// decision is an interaction that was refused.
type decision struct {
	what   interaction.Name
	entity Entity
}

type requestKey struct{}

// With gives a context that carries a request.
func With(ctx context.Context, r *Request) context.Context {
	return context.WithValue(ctx, requestKey{}, r)
}

// from gives the request that a context carries, nil for none.
func from(ctx context.Context) *Request {
	r, _ := ctx.Value(requestKey{}).(*Request)
	return r
}

func (r *Request) deny(d decision) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.denied) < maxEntities {
		r.denied = append(r.denied, d)
	}
}

func (r *Request) show(e Entity) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.shown) < maxEntities {
		r.shown = append(r.shown, e)
	}
}

func (r *Request) take() (denied []decision, shown []Entity) {
	r.mu.Lock()
	defer r.mu.Unlock()
	denied, shown = r.denied, r.shown
	r.denied, r.shown = nil, nil
	return denied, shown
}

// fill says of an event what the context knows.
func (e *Event) fill(ctx context.Context) {
	if e.Who == nil {
		e.Who = auth.From(ctx)
	}
	if r := from(ctx); r != nil {
		e.Address, e.RequestID = r.Address, r.ID
	}
}

// nameable reports whether a key could be one of a resource here: what clients
// make up doesn't get into AuditEvents.
func nameable(k fhir.Key) bool { return k.Type != "" && fhir.IsID(k.ID) }
