package casemodel

import (
	"reflect"
	"slices"
)

// complete adds to an edit what its author needn't say: who recorded a new part
// and when, and what goes along with a change.
func (w *acting) complete(before *Case) {
	old := byID(before)
	for now := range w.c.Parts() {
		was, existed := old[now.ID]
		switch {
		case !existed:
			w.begun(now)
		case !Alike(reflect.ValueOf(was.Value).Elem(), reflect.ValueOf(now.Value).Elem()):
			w.changed(was, now)
		}
	}
	if w.c.Model != before.Model && w.c.Template == before.Template && slices.Equal(w.c.Requires, before.Requires) {
		if t, ok := TemplateOf(w.c.Model); ok {
			w.c.Template, w.c.Requires = "", t.Requires
		}
	}
	if n := len(w.c.History); w.c.Queued != before.Queued && w.c.Phase == PhaseReferred && n > 0 {
		w.move(PhaseReferred) // a span of its own, waiting or not
		w.c.History[n].Queued = w.c.Queued
	}
}

// begun gives a new part what the actions give theirs.
func (w *acting) begun(now Part) {
	switch p := now.Value.(type) {
	case *Problem:
		p.RecordedAt, p.RecordedBy = w.now(p.RecordedAt), w.by(p.RecordedBy)
		if p.Clinical == "" && p.Verification != inError {
			p.Clinical = "active"
		}
	case *Strength:
		if known, names := oneOf(p.Source, StrengthSources()); !known {
			w.add(strengthSource, p.ID, now.Path+".source", "One of "+names+".")
		}
		p.At = w.now(p.At)
		start(&p.Status, FindingFinal)
	case *Barrier:
		p.By = w.by(p.By)
		start(&p.Status, "active")
	case *Risk:
		p.At, p.By = w.now(p.At), w.by(p.By)
		start(&p.Status, FindingFinal)
	case *Goal:
		start(&p.Status, GoalProposed)
	case *Team:
		start(&p.Status, TeamActive)
	case *Referral:
		p.At = w.now(p.At)
		start(&p.Status, "active")
	case *Coverage:
		start(&p.Status, "active")
	case *Eligibility:
		p.At = w.now(p.At)
		start(&p.Status, "active")
		start(&p.Outcome, "complete")
	default:
		w.filed(now)
	}
}

// filed completes new papers.
func (w *acting) filed(now Part) {
	switch p := now.Value.(type) {
	case *File:
		p.At = w.now(p.At)
		start(&p.Status, "current")
		if by := w.step.Actor.Party; len(p.By) == 0 && !by.IsZero() {
			p.By = []Party{by}
		}
	case *Note:
		p.At, p.By = w.now(p.At), w.by(p.By)
		start(&p.Status, "completed")
	case *Consent:
		p.At = w.now(p.At)
		start(&p.Status, "active")
	}
}

func start[S ~string](status *S, s S) {
	if *status == "" {
		*status = s
	}
}

// changed takes along what a change of a part brings with it.
func (w *acting) changed(was, now Part) {
	switch p := now.Value.(type) {
	case *Goal:
		if old := was.Value.(*Goal); p.Status != old.Status && p.StatusAt == old.StatusAt {
			p.StatusAt = Day(w.step.At)
		}
	case *Task:
		p.ChangedAt = At(w.step.At)
	case *Assessment:
		if p.Status == AssessmentCompleted {
			p.Status = AssessmentAmended
		}
	case *Outcome:
		if !slices.Equal(p.Goals, was.Value.(*Outcome).Goals) {
			w.measure(p)
		}
	}
}

// measure lets the goals of an outcome name it, and no others.
func (w *acting) measure(o *Outcome) {
	for i := range w.c.Goals {
		g := &w.c.Goals[i]
		if slices.Contains(o.Goals, g.ID) {
			g.Outcomes = link(g.Outcomes, o.ID)
			continue
		}
		g.Outcomes = slices.DeleteFunc(g.Outcomes, func(id Ref) bool { return id == o.ID })
	}
}
