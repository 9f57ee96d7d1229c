package casemodel

import (
	"fmt"
	"slices"
)

var (
	phaseEnded   = rule("phase-has-ended", "The phase to adopt a case in is an open one, unless the case is over.")
	planNotThere = rule("plan-not-in-force", "The plan to go on by isn't one of another system that is in force in the case.")
)

// Adopt takes over a case that came from elsewhere: from now on the rules bind
// it. What was there stays as it is, its history and dates among it; nothing is
// started but the cadence. The phase is the inferred one. Care that runs by a plan
// of another system goes on by it: that plan counts as approved on the word of who
// adopts. Without one, a case that is running counts as opened.
func Adopt(c Case, s Step, a Opening) (Result, error) {
	return act(c, ActionAdopt, s, func(w *acting) {
		w.begin()
		w.run(a)
		for i := range w.c.Plans {
			// What others wrote is theirs; ours begins with the next version.
			w.c.Plans[i].Foreign = w.c.Plans[i].Foreign || w.c.Plans[i].Version == 0
		}
		if a.Plan != "" && w.runningPlan(a.Plan) == nil {
			w.add(planNotThere, a.Plan, "argument.plan")
		}
		if a.Phase != "" && c.Phase.Open() != a.Phase.Open() {
			w.add(phaseEnded, "", "argument.phase")
		}
		if len(w.found) > 0 {
			return
		}
		to := w.adoptedPhase(a)
		if needsPlan(to) || to == PhaseOnHold {
			w.adoptPlan(a.Plan)
		}
		w.adoptEnd(to)
		w.adoptHistory(to)
		w.cadences(a.Template)
	})
}

func (w *acting) adoptedPhase(a Opening) Phase {
	if a.Phase != "" {
		return a.Phase
	}
	if needsPlan(w.c.Phase) && w.c.CurrentPlan() == nil && w.runningPlan(a.Plan) == nil {
		return PhaseOpened
	}
	return w.c.Phase
}

func needsPlan(p Phase) bool { return p == PhaseActive || p == PhaseMonitoring }

// runningPlan gives a plan of another system that is in force: the wanted one, or
// else the latest, those that others are made of before those that are part of
// another. It gives nil for none.
func (w *acting) runningPlan(wanted Ref) *Plan {
	var best *Plan
	for i := range w.c.Plans {
		p := &w.c.Plans[i]
		if !p.Foreign || p.Status != PlanApproved && p.Status != PlanOnHold || wanted != "" && p.ID != wanted {
			continue
		}
		if best == nil || len(best.PartOf) > 0 && len(p.PartOf) == 0 ||
			(len(best.PartOf) > 0) == (len(p.PartOf) > 0) && p.since().Start().After(best.since().Start()) {
			best = p
		}
	}
	return best
}

// since is from when on a plan holds, as far as it says.
func (p *Plan) since() Date {
	if p.Period.Start != "" {
		return p.Period.Start
	}
	return p.DraftedAt
}

// adoptPlan has the plan by which care runs count as approved.
func (w *acting) adoptPlan(wanted Ref) {
	p := w.runningPlan(wanted)
	if w.c.CurrentPlan() != nil || p == nil {
		return
	}
	now, by := At(w.step.At), w.step.Actor.Party
	p.Approvals = append(p.Approvals, Approval{
		ID: w.step.NewID("Task"), Status: ApprovalApproved, RequestedAt: now, RequestedBy: by, DecidedAt: now, DecidedBy: by,
		Reason: "in force when the case was adopted",
	})
	w.notes = append(w.notes, fmt.Sprintf("%s was in force when the case was adopted, and counts as approved on the word of who adopted it", p.ID))
}

// adoptEnd says what a case that was on hold or over when it was adopted has
// nothing to say for itself: when that was, by its own account, and not who did it.
func (w *acting) adoptEnd(to Phase) {
	switch {
	case to == PhaseOnHold && w.c.Hold == nil:
		w.c.Hold = &Hold{From: PhaseOpened, Reason: "on hold when it was adopted", At: w.c.since(to)}
		if w.c.CurrentPlan() != nil {
			w.c.Hold.From = PhaseActive
		}
	case to == PhaseClosed && w.c.Closure == nil:
		w.c.Closure = &Closure{Reason: ClosureReason("other"), Summary: "closed before it was adopted", At: w.c.ended(to)}
	case to == PhaseCancelled && w.c.Cancellation == nil:
		w.c.Cancellation = &Cancellation{Reason: "cancelled before it was adopted", At: w.c.ended(to)}
	}
}

// since is when the case went to a phase for the last time, as its history tells.
func (c *Case) since(p Phase) Date {
	for _, h := range slices.Backward(c.History) {
		if h.Phase == p {
			return h.Start
		}
	}
	return ""
}

// ended is when a case that is over ended: its own end, else when it went to the
// phase that it is over in.
func (c *Case) ended(p Phase) Date {
	if c.Period.End != "" {
		return c.Period.End
	}
	return c.since(p)
}

// adoptHistory adds the phase that the case is in behind a history that others
// wrote, which stays as it is. What is over has been so since its own end.
func (w *acting) adoptHistory(to Phase) {
	from := At(w.step.At)
	if end := w.c.ended(to); !to.Open() && end.Valid() && !end.Start().After(w.step.At) {
		from = end
	}
	for i := range w.c.History {
		w.c.History[i].Inferred = true
	}
	w.c.Phase = to
	w.c.Queued = w.c.Queued && to == PhaseReferred
	w.c.History = append(w.c.History, PhaseSpan{Phase: to, Queued: w.c.Queued, Start: from})
}
