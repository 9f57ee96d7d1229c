package cases

import (
	"sync"

	"caseway/fhir"

	"google.golang.org/protobuf/proto"
)

// maxParts is how many decoded resources are kept: a few KB each.
const maxParts = 4096

// partKey names a version of a resource, which never changes.
type partKey struct {
	key     fhir.Key
	version int64
}

// parts keeps decoded resources, the oldest of which make room for new ones.
// Nobody changes a resource that is kept. Safe for concurrent use.
type parts struct {
	mu    sync.Mutex
	known map[partKey]proto.Message
	order []partKey // a ring
	next  int
}

func newParts(size int) *parts {
	return &parts{known: make(map[partKey]proto.Message), order: make([]partKey, size)}
}

func (p *parts) get(k partKey) (proto.Message, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	m, ok := p.known[k]
	return m, ok
}

func (p *parts) put(k partKey, m proto.Message) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, known := p.known[k]; known {
		return
	}
	delete(p.known, p.order[p.next])
	p.order[p.next], p.known[k] = k, m
	p.next = (p.next + 1) % len(p.order)
}
