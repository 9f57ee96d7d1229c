package casemodel

import "slices"

// Receive judges a case that comes in from elsewhere and is bound by the rules
// from then on: it may stand anywhere in its course, and must hold to what holds
// in every state, but for the plan that its phase needs, which may come in behind
// it. A history that it lacks begins with its period, and it gets the cadence of
// its model where it says none. The error is Errors, with
// everything that was found.
func Receive(c Case, s Step) (Result, error) {
	w := &acting{c: c.Clone(), step: s}
	permitStep(&Case{}, s, &w.found)
	if slices.Contains(byHome, s.Actor.Role) {
		if c.Phase != PhaseReferred {
			w.add(roleBars, "", "phase", "In this role a case begins as referred.")
		}
		checkWriters(&Case{Adopted: true}, &c, s, &w.found)
	}
	w.receiveHistory()
	if t, known := TemplateOf(c.Model); known && c.Template == "" && c.Phase.Open() && len(c.Cadences) == 0 && c.requires(RequireCadence) {
		for _, k := range t.Cadences {
			k.NextDue = daysAfter(s.At, k.Days)
			w.c.Cadences = append(w.c.Cadences, k)
		}
	}
	w.c.keepNextDue()
	w.found = append(w.found, slices.DeleteFunc(Check(w.c), func(e *RuleError) bool { return e.Part == "" && e.Path == "plans" })...)
	if len(w.found) > 0 {
		return Result{}, w.found.once()
	}
	return Result{Case: w.c, Changes: Diff(c, w.c), Taken: c}, nil
}

// receiveHistory begins the history of a case that has none with its period, and
// adds the phase that it is in behind one that tells only what somebody else wrote.
func (w *acting) receiveHistory() {
	n := len(w.c.History)
	if n > 0 && (!w.c.History[n-1].Inferred || w.c.History[n-1].Phase == w.c.Phase && w.c.History[n-1].End == "") {
		return
	}
	from := w.c.Period.Start
	if n > 0 || from == "" {
		from = At(w.step.At)
	}
	w.c.History = append(w.c.History, PhaseSpan{Phase: w.c.Phase, Queued: w.c.Queued, Start: from})
}
