package mapping

import (
	"sync"

	"caseway/mapping/casemodel"

	"google.golang.org/protobuf/proto"
)

// Memory keeps what was read from resources, so that a case of many of them is
// assembled again at the cost of those that are new. Resources are known by
// their protos. The zero Memory keeps nothing until Keep is called. Safe for
// concurrent use.
type Memory struct {
	mu    sync.Mutex
	known map[proto.Message]*remembered
}

// Keep has what is read from a resource remembered, until Drop.
func (m *Memory) Keep(resource proto.Message) {
	r := newRemembered(resource)
	r.kept = true
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known == nil {
		m.known = map[proto.Message]*remembered{}
	}
	if m.known[resource] == nil {
		m.known[resource] = r
	}
}

// Drop forgets a resource.
func (m *Memory) Drop(resource proto.Message) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.known, resource)
}

// Assemble is AssembleOnly. Parts of the case share what they hold with other
// cases that have been assembled: lists and what is behind pointers within a
// part aren't to be changed in place, as casemodel's actions never do.
func (m *Memory) Assemble(resources []proto.Message) casemodel.Case {
	return gatherFrom(m.of(resources))
}

// of gives what is known of resources.
func (m *Memory) of(resources []proto.Message) []*remembered {
	all := make([]*remembered, len(resources))
	m.mu.Lock()
	for i, r := range resources {
		all[i] = m.known[r]
	}
	m.mu.Unlock()
	for i, r := range resources {
		if all[i] == nil {
			all[i] = newRemembered(r)
		}
	}
	return all
}

// remembered is a resource with what was read from it, where that is kept.
type remembered struct {
	resource proto.Message
	typ      string
	id       casemodel.Ref
	kept     bool

	mu   sync.Mutex
	read map[any]any // by what reads
}

func newRemembered(m proto.Message) *remembered {
	return &remembered{resource: m, typ: string(m.ProtoReflect().Descriptor().Name()), id: idOf(m)}
}

// recall gives what a reader reads from a resource, from memory where it has
// been read before. by names the reader, one for each type of result.
func recall[T any](r *remembered, by any, read func() T) T {
	if !r.kept {
		return read()
	}
	r.mu.Lock()
	v, known := r.read[by]
	r.mu.Unlock()
	if known {
		return v.(T)
	}
	fresh := read()
	r.mu.Lock()
	if r.read == nil {
		r.read = make(map[any]any, 1)
	}
	r.read[by] = fresh
	r.mu.Unlock()
	return fresh
}
