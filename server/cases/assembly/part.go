package assembly

import (
	"sync"

	"caseway/fhir"
	"caseway/mapping"
	"caseway/mapping/casemodel"

	"google.golang.org/protobuf/proto"
)

// maxParts is how many decoded resources are kept: a few KB each.
const maxParts = 4096

// partKey names a version of a resource, which never changes, or a few elements
// of it.
type partKey struct {
	key     fhir.Key
	version int64
	brief   bool
}

// parts keeps decoded resources and what is read from them, the oldest of which
// make room for new ones. Nobody changes a resource that is kept. Safe for
// concurrent use.
type parts struct {
	memory mapping.Memory

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
	if old, there := p.known[p.order[p.next]]; there {
		p.memory.Drop(old)
		delete(p.known, p.order[p.next])
	}
	p.memory.Keep(m)
	p.order[p.next], p.known[k] = k, m
	p.next = (p.next + 1) % len(p.order)
}

// assemble puts a case together from resources, those that are kept among them.
// It shares nothing with others.
func (p *parts) assemble(resources []proto.Message) casemodel.Case {
	return p.memory.Assemble(resources).Clone()
}
