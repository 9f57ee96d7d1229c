package budget_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"caseway/fhir"
	"caseway/fhir/budget"
)

func wantKind(t *testing.T, err error, kind fhir.Kind) {
	t.Helper()
	if !fhir.Is(err, kind) {
		t.Errorf("got %v, want kind %d", err, kind)
	}
}

func TestAnAnswerIsBounded(t *testing.T) {
	a := budget.NewAnswer(100, nil)
	first, second := a.Share(), a.Share()
	if !first.Take(60) || second.Take(50) || !second.Take(40) || second.Take(1) {
		t.Error("want 60 and 40 of 100 bytes to fit, 50 and one more not")
	}
	wantKind(t, second.Refusal(), fhir.TooCostly)
	first.Keep(10)
	if !second.Take(50) {
		t.Error("what was given back isn't there")
	}
}

func TestTheFirstResourceAlwaysFits(t *testing.T) {
	a := budget.NewAnswer(100, nil)
	s := a.Share()
	if !s.Take(1000) {
		t.Error("the first resource, which is larger than the answer may be, is refused")
	}
	if s.Take(1) {
		t.Error("something fits beside a resource that is larger than the answer may be")
	}
}

func TestMemoryIsSharedByAnswers(t *testing.T) {
	m := budget.NewMemory(4 << 20)
	one, other := budget.NewAnswer(4<<20, m), budget.NewAnswer(4<<20, m)
	if err := one.Take(3 << 20); err != nil {
		t.Fatal(err)
	}
	wantKind(t, other.Take(1<<20), fhir.Transient)
	if err := budget.NewAnswer(0, m).Take(budget.Small); err != nil {
		t.Errorf("little is refused while another has much: %v", err)
	}
	one.Release()
	one.Release()
	if err := other.Take(2 << 20); err != nil {
		t.Errorf("what was released isn't there: %v", err)
	}
	other.Sent(1 << 20)
	if got, want := m.Held(), int64(1<<20+budget.Small); got != want {
		t.Errorf("%d bytes are held, want %d", got, want)
	}
}

func TestAHoldGrows(t *testing.T) {
	m := budget.NewMemory(1 << 20)
	h := budget.NewHold(m)
	for _, n := range []int64{100, 1 << 19, 1 << 18} {
		if err := h.Grow(n); err != nil {
			t.Fatal(err)
		}
	}
	wantKind(t, h.Grow(1<<20), fhir.Transient)
	wantKind(t, h.Fits(1<<20), fhir.Transient)
	if err := h.Fits(1<<19 + 1<<18); err != nil {
		t.Errorf("what there is room for doesn't fit: %v", err)
	}
	if m.Held() != 1<<19 {
		t.Errorf("%d bytes are held, want %d", m.Held(), 1<<19)
	}
	h.Release()
	if m.Held() != 0 {
		t.Errorf("%d bytes are held by nobody", m.Held())
	}
}

func TestWorkEnds(t *testing.T) {
	w := budget.NewWork(t.Context(), 10)
	if err := w.Spend(9); err != nil {
		t.Fatal(err)
	}
	wantKind(t, w.Spend(1), fhir.TooCostly)
	late, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	<-late.Done()
	wantKind(t, budget.NewWork(late, 10).Err(), fhir.TooCostly)
	gone, leave := context.WithCancel(t.Context())
	leave()
	if err := budget.NewWork(gone, 10).Err(); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that the request has ended", err)
	}
}

func TestAGateLetsInByWeight(t *testing.T) {
	const mb = 1 << 20
	g := budget.NewGate(10*mb, time.Hour)
	enter := func(weight int64) func() {
		t.Helper()
		leave, err := g.Enter(t.Context(), weight)
		if err != nil {
			t.Fatal(err)
		}
		return leave
	}
	first, second := enter(6*mb), enter(4*mb)
	enter(budget.Small) // is always let in
	let := make(chan func(), 2)
	go func() { let <- enter(100 * mb) }() // alone, as soon as nobody is inside
	first()
	select {
	case <-let:
		t.Fatal("let in beside another, though heavier than the limit")
	case <-time.After(20 * time.Millisecond):
	}
	second()
	(<-let)()
	enter(10 * mb)
}

func TestAGateIsLeftByWhoGivesUp(t *testing.T) {
	const mb = 1 << 20
	g := budget.NewGate(mb, time.Millisecond)
	leave, err := g.Enter(t.Context(), mb)
	if err != nil {
		t.Fatal(err)
	}
	_, err = g.Enter(t.Context(), mb)
	wantKind(t, err, fhir.Transient)
	gone, left := context.WithCancel(t.Context())
	left()
	patient := budget.NewGate(mb, time.Hour)
	if _, err := patient.Enter(t.Context(), mb); err != nil {
		t.Fatal(err)
	}
	if _, err := patient.Enter(gone, mb); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that the request has ended", err)
	}
	leave()
	if _, err := g.Enter(t.Context(), mb); err != nil {
		t.Errorf("what was left isn't there: %v", err)
	}
}
