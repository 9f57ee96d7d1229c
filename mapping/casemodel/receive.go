package casemodel

// Receive judges a case that comes in whole from elsewhere and is bound by the
// rules from then on: it may stand anywhere in its course, and must hold to what
// holds in every state. A history that it lacks begins now. The error is Errors,
// with everything that was found.
func Receive(c Case, s Step) (Result, error) {
	w := &acting{c: c.Clone(), step: s}
	permitStep(&Case{}, s, &w.found)
	if len(w.c.History) == 0 {
		from := w.c.Period.Start
		if from == "" {
			from = At(s.At)
		}
		w.c.History = []PhaseSpan{{Phase: c.Phase, Queued: c.Queued, Start: from}}
	}
	w.c.keepNextDue()
	w.found = append(w.found, Check(w.c)...)
	if len(w.found) > 0 {
		return Result{}, w.found.once()
	}
	return Result{Case: w.c, Changes: Diff(c, w.c), Taken: c}, nil
}
