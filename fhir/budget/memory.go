package budget

import (
	"sync/atomic"
	"time"

	"caseway/fhir"
)

// Small is up to how many bytes a request may hold when all but a quarter of
// Memory is taken: who asks for little is served while others ask for much.
const Small = 64 << 10

// Memory counts bytes. Safe for concurrent use. A nil Memory has no bound.
type Memory struct {
	limit int64
	held  atomic.Int64
}

// NewMemory gives a Memory of so many bytes; 0 or less: without a bound.
func NewMemory(limit int64) *Memory {
	if limit <= 0 {
		return nil
	}
	return &Memory{limit: limit}
}

// Held is how many bytes are taken.
func (m *Memory) Held() int64 {
	if m == nil {
		return 0
	}
	return m.held.Load()
}

// Limit is how many bytes there are; 0 without a bound.
func (m *Memory) Limit() int64 {
	if m == nil {
		return 0
	}
	return m.limit
}

// take takes n bytes more for who has some already, or none.
func (m *Memory) take(n, has int64) bool {
	if m == nil {
		return true
	}
	if m.held.Add(n) > m.limitFor(n+has) {
		m.held.Add(-n)
		return false
	}
	return true
}

// limitFor is what may be held in all where somebody has n bytes of it.
func (m *Memory) limitFor(n int64) int64 {
	if n > Small {
		return m.limit - m.limit/4
	}
	return m.limit
}

// scarce reports whether who has little gets no more than a little.
func (m *Memory) scarce() bool { return m != nil && m.held.Load() >= m.limit-m.limit/4 }

func (m *Memory) give(n int64) {
	if m != nil {
		m.held.Add(-n)
	}
}

// Hold is what one request has of Memory for what it is sent. The zero Hold has
// nothing. Not safe for concurrent use.
type Hold struct {
	memory *Memory
	n      int64
}

// NewHold gives a Hold without anything in it.
func NewHold(m *Memory) Hold { return Hold{memory: m} }

// Grow makes it n bytes in all, and fails with kind Transient where there aren't as many.
func (h *Hold) Grow(n int64) error {
	if n <= h.n {
		return nil
	}
	if !h.memory.take(n-h.n, h.n) {
		return scarce()
	}
	h.n = n
	return nil
}

// Fits fails where Grow would at this moment, and takes nothing.
func (h *Hold) Fits(n int64) error {
	if m := h.memory; m != nil && n > h.n && m.held.Load()+n-h.n > m.limitFor(n) {
		return scarce()
	}
	return nil
}

// Release gives everything back. It may be called again.
func (h *Hold) Release() {
	h.memory.give(h.n)
	h.n = 0
}

// scarceFor is after how long a client may try again.
const scarceFor = 5 * time.Second

func scarce() error {
	e := fhir.NewError(fhir.Transient, fhir.IssueTransient, "the server holds as many bytes for its clients as it may; try again")
	e.RetryAfter = scarceFor
	return e
}
