package fhirpath

import (
	"hash/maphash"

	"caseway/fhir"
)

// set tells doubles by equality: by comparing with all while there are few, by
// hash once there are many. Items whose equality is open count as different.
type set struct {
	m       *machine
	items   Collection
	buckets map[uint64][]int
}

const fewItems = 16

func newSet(m *machine, expected int) *set {
	s := &set{m: m}
	if expected > fewItems {
		s.buckets = make(map[uint64][]int, expected)
	}
	return s
}

func (s *set) has(v Value) bool {
	if s.buckets == nil {
		return s.m.has(s.items, v)
	}
	for _, i := range s.buckets[s.m.hash(v)] {
		if s.m.equal(s.items[i], v) == True {
			return true
		}
	}
	return false
}

// add reports whether v wasn't there yet.
func (s *set) add(v Value) bool {
	if s.has(v) {
		return false
	}
	s.items = append(s.items, v)
	if s.buckets == nil && len(s.items) > fewItems {
		s.buckets = map[uint64][]int{}
		for i, w := range s.items {
			s.index(w, i)
		}
	} else if s.buckets != nil {
		s.index(v, len(s.items)-1)
	}
	return true
}

func (s *set) index(v Value, i int) {
	h := s.m.hash(v)
	s.buckets[h] = append(s.buckets[h], i)
}

var seed = maphash.MakeSeed()

func hashText(s string) uint64 { return maphash.String(seed, s) }

// hash gives equal values the same number.
func (m *machine) hash(v Value) uint64 {
	if raw, ok := v.rawText(); ok {
		return maphash.Bytes(seed, raw)
	}
	if s := v.System(); s != nil {
		return hashSystem(s)
	}
	return m.hashNode(v.node)
}

func hashSystem(s System) uint64 {
	switch s := s.(type) {
	case Integer, Decimal, Quantity:
		// A number equals a quantity in the unit '1', and units convert.
		q, _ := quantityFrom(s)
		x := q.measure(false)
		return hashText(x.value.RatString() + x.kind)
	case Date:
		return hashMoment(s.moment)
	case DateTime:
		return hashMoment(s.moment)
	case Time:
		return hashMoment(s.moment)
	}
	return hashText(s.String())
}

func hashMoment(m moment) uint64 {
	from, _ := m.span()
	return uint64(from.Unix())
}

// hashNode adds up the children, whose order doesn't count.
func (m *machine) hashNode(n fhir.Node) uint64 {
	if n.HasValue() && n.Type().Kind == fhir.PrimitiveType {
		return maphash.Bytes(seed, n.Raw())
	}
	h := uint64(1)
	for c := n.First(); c.Valid(); c = c.Next() {
		m.steps--
		h += hashText(c.Name()) ^ m.hash(OfNode(c))*31
	}
	return h
}
