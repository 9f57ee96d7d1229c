package budget

import (
	"fmt"
	"sync"

	"caseway/fhir"
)

// DefaultAnswer is how many bytes an answer may have where nothing else is
// said.
const DefaultAnswer = 64 << 20

// Answer is what one answer may have. Whatever its bound is, the first resource
// fits into an answer that has nothing else: none is out of reach. Safe for
// concurrent use. A nil Answer has no bound.
type Answer struct {
	memory *Memory
	limit  int64

	mu      sync.Mutex
	taken   int64
	refused int  // how often bytes weren't given
	scarce  bool // Memory has refused something
}

// NewAnswer gives an answer its bytes; limit 0: DefaultAnswer. They go back
// to memory by Release.
func NewAnswer(limit int64, memory *Memory) *Answer {
	if limit <= 0 {
		limit = DefaultAnswer
	}
	return &Answer{memory: memory, limit: limit}
}

// Release gives back what has been taken. Nothing may be taken any more.
func (a *Answer) Release() { a.Sent(1 << 62) }

// Sent gives back up to n bytes of what has been taken, for they needn't be
// held any more.
func (a *Answer) Sent(n int64) {
	if a == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	n = min(n, a.taken)
	a.taken -= n
	a.memory.give(n)
}

// Share begins a part of the answer.
func (a *Answer) Share() *Share {
	if a == nil {
		return nil
	}
	return &Share{answer: a}
}

// mostRefused is how often bytes are refused before the answer counts as full:
// what is found too large has been read in vain.
const mostRefused = 8

// Err is nil where it is worth trying to take more; else it says why not.
func (a *Answer) Err() error {
	if a == nil {
		return nil
	}
	a.mu.Lock()
	full := a.taken >= a.limit || a.refused >= mostRefused
	a.scarce = a.scarce || a.memory.scarce()
	scarce := a.scarce
	a.mu.Unlock()
	if full || scarce {
		return a.Share().Refusal()
	}
	return nil
}

// Take takes bytes for what stands in the answer by itself, and fails where
// Refusal says why.
func (a *Answer) Take(n int) error {
	if s := a.Share(); !s.Take(n) {
		return s.Refusal()
	}
	return nil
}

func (a *Answer) take(n int64) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.taken > 0 && a.taken+n > a.limit {
		a.refused++
		return false
	}
	if !a.memory.take(n, a.taken) {
		a.refused++
		a.scarce = true
		return false
	}
	a.taken += n
	return true
}

func (a *Answer) give(n int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.taken -= n
	a.memory.give(n)
}

// Share is what a part of an answer has drawn. It isn't safe for concurrent
// use. A nil Share has no bound.
type Share struct {
	answer  *Answer
	taken   int64
	refused bool
}

// Take draws n bytes; false where they don't fit. Where that is so for what the
// part can't do without, Refusal is its error.
func (s *Share) Take(n int) bool {
	if s == nil {
		return true
	}
	if !s.answer.take(int64(n)) {
		s.refused = true
		return false
	}
	s.taken += int64(n)
	return true
}

// Taken is how many bytes there are in the part.
func (s *Share) Taken() int {
	if s == nil {
		return 0
	}
	return int(s.taken)
}

// Refused reports whether bytes weren't given.
func (s *Share) Refused() bool { return s != nil && s.refused }

// Keep gives back all but n bytes.
func (s *Share) Keep(n int) {
	if s == nil || s.taken <= int64(n) {
		return
	}
	s.answer.give(s.taken - int64(n))
	s.taken = int64(n)
}

// Refusal says why bytes weren't given: with kind TooCostly where the answer
// is full, with kind Transient where all answers together are.
func (s *Share) Refusal() error {
	s.answer.mu.Lock()
	defer s.answer.mu.Unlock()
	if s.answer.scarce {
		return scarce()
	}
	return fhir.NewError(fhir.TooCostly, fhir.IssueTooCostly, fmt.Sprintf(
		"the answer would be larger than the %d bytes that this server gives at once; ask for this by itself", s.answer.limit))
}
