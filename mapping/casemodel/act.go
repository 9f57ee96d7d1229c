package casemodel

// Result is what an action made of a case.
type Result struct {
	Case    Case     `json:"case"`
	Changes []Change `json:"changes"`
	// Taken is the case as the step itself made it, without what follows from it.
	Taken Case `json:"-"`
	// Notes are what is to be said of the step beside its reason.
	Notes []string `json:"-"`
}

// acting is an action under way on a copy of a case.
type acting struct {
	c     Case
	step  Step
	found Errors
	notes []string
}

// act takes an action: it looks whether the case, its phase and the actor allow
// it, does it on a copy, adds what follows, and judges the outcome. The error is
// Errors, with everything that was found.
func act(c Case, a Action, s Step, do func(w *acting)) (Result, error) {
	w := &acting{c: c.Clone(), step: s}
	permit(&c, a, s, &w.found)
	do(w)
	if len(w.found) > 0 {
		return Result{}, w.found
	}
	if to := rowFor(a, c.Phase).leads(&c, c.Phase); to != w.c.Phase && w.c.Phase == c.Phase {
		w.move(to)
	}
	s.Actor.Role = RoleSystem // whose step it is has been judged
	checkTaken(&c, &w.c, s, &w.found)
	return w.result(c)
}

// result adds what follows from a step, and judges what came of both. What
// follows is nobody's to refuse.
func (w *acting) result(before Case) (Result, error) {
	taken := w.c.Clone()
	w.settle(&before)
	checkOutcome(&before, &w.c, w.step, &w.found)
	if len(w.found) > 0 {
		return Result{}, w.found.once()
	}
	return Result{Case: w.c, Changes: Diff(before, w.c), Taken: taken, Notes: w.notes}, nil
}

// Apply judges a changed case that no single action made (a part was edited, a
// FHIR write was laid onto it): the steps that the change itself takes must be
// the actor's, and with what follows from it the case must hold to the rules.
// The error is Errors, with everything that was found.
func Apply(before, after Case, s Step) (Result, error) {
	w := &acting{c: after.Clone(), step: s}
	checkTaken(&before, &after, s, &w.found)
	return w.result(before)
}

// move takes the case to another phase and writes it into the history. Two
// moves at one instant leave the first as a span without length. A span that
// somebody else wrote stays as it is.
func (w *acting) move(to Phase) {
	now := At(w.step.At)
	if n := len(w.c.History); n > 0 && !w.c.History[n-1].Inferred {
		w.c.History[n-1].End = now
	}
	w.c.Phase = to
	w.c.Queued = w.c.Queued && to == PhaseReferred
	w.c.History = append(w.c.History, PhaseSpan{Phase: to, Queued: w.c.Queued, Start: now})
}

// add notes a broken rule at an argument of the action, or at a part.
func (w *acting) add(r *Rule, part Ref, path string, more ...string) {
	w.found.add(r, part, path, more...)
}

// named gives an id for a part: the one that it has, or a new one.
func (w *acting) named(id Ref, resourceType string) Ref {
	if id != "" {
		return id
	}
	return w.step.NewID(resourceType)
}

// by gives the actor, where nobody else is named.
func (w *acting) by(p Party) Party {
	if p.IsZero() {
		return w.step.Actor.Party
	}
	return p
}

// now gives the time of the step, where no other is given.
func (w *acting) now(d Date) Date {
	if d == "" {
		return At(w.step.At)
	}
	return d
}

// put replaces the element that has the same id as v, or appends v.
func put[T any](list []T, v T, id func(*T) Ref) []T {
	for i := range list {
		if id(&list[i]) == id(&v) {
			list[i] = v
			return list
		}
	}
	return append(list, v)
}
