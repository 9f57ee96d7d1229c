package casemodel

import (
	"reflect"
	"slices"
)

// Edit judges a case that somebody changed by hand, and not by an action: what
// only actions may change stays as it is, and what came of it must hold to the
// rules, with what follows from it. after has the parts of before and new ones;
// removed are parts to remove, which are marked as the table of Editings says,
// for nothing is taken out of a case. The error is Errors, with everything that
// was found.
func Edit(before, after Case, removed []Ref, s Step) (Result, error) {
	w := &acting{c: after.Clone(), step: s}
	if !before.Adopted {
		w.addFixed(notAdopted, "", "adopted", actions(ActionAdopt))
		return Result{}, w.found
	}
	w.checkFixed(&before)
	for _, id := range removed {
		w.remove(id)
	}
	if len(removed) > 0 && blank(s.Why) {
		w.add(reasonNeed, "", "argument.reason")
	}
	if len(w.found) > 0 {
		return Result{}, w.found.once()
	}
	w.complete(&before)
	edited := w.c.Clone()
	checkTaken(&before, &edited, s, &w.found)
	return w.result(before)
}

var (
	actionNeeded  = rule("action-needed", "It is changed by an action of the case, and not by an edit.")
	keptElsewhere = rule("kept-elsewhere", "The case shows it and doesn't own it.")
	followsOnly   = rule("follows-from-others", "It follows from the rest of the case and can't be set.")
)

// checkFixed holds an edit to leaving alone what isn't an edit's to change.
func (w *acting) checkFixed(before *Case) {
	w.fixed(before, Part{Kind: KindCase, Value: before}, Part{Kind: KindCase, Value: &w.c})
	old := byID(before)
	for now := range w.c.Parts() {
		was, existed := old[now.ID]
		if !existed {
			w.checkAdded(now)
			continue
		}
		w.fixed(before, was, now)
		switch p := now.Value.(type) {
		case *Team:
			w.keepDirectory(was.Value.(*Team), p, now.Path)
		case *Plan:
			w.checkActivities(was.Value.(*Plan), p, now.Path)
		}
	}
}

func (w *acting) checkAdded(now Part) {
	row := EditingOf(now.Kind)
	switch {
	case row.Adds:
	case len(row.Makers) > 0:
		w.addFixed(actionNeeded, now.ID, now.Path, row.Makers)
	case len(row.Fixed) > 0 && row.Fixed[0].Elsewhere != "":
		w.addFixed(keptElsewhere, now.ID, now.Path, nil, "Change the "+row.Fixed[0].Elsewhere+" over FHIR.")
	default:
		w.addFixed(followsOnly, now.ID, now.Path, nil)
	}
	if t, ok := now.Value.(*Team); ok {
		w.keepDirectory(&Team{}, t, now.Path)
	}
}

// fixed finds members that an edit changed and may not.
func (w *acting) fixed(before *Case, was, now Part) {
	for _, f := range EditingOf(now.Kind).Fixed {
		if f.when != nil && !f.when(was.Value) {
			continue
		}
		x, y := memberOf(was.Value, f.Member), memberOf(now.Value, f.Member)
		if f.presence && gone(x) == gone(y) || !f.presence && Alike(x, y) {
			continue
		}
		path := now.Path
		if f.Member != "" && path != "" {
			path += "."
		}
		path += f.Member
		to := f.Actions
		if now.Kind == KindCase && f.Member == "phase" {
			to = actionsTo(before, w.c.Phase)
		}
		switch {
		case len(to) > 0:
			w.addFixed(actionNeeded, now.ID, path, to)
		case f.Elsewhere != "":
			w.addFixed(keptElsewhere, now.ID, path, nil, "Change the "+f.Elsewhere+" over FHIR.")
		default:
			w.addFixed(followsOnly, now.ID, path, nil)
		}
		if f.Member == "" {
			return // all of it is; no more need be said
		}
	}
}

// addFixed notes that something is changed by actions, which it names.
func (w *acting) addFixed(r *Rule, part Ref, path string, to []Action, more ...string) {
	if len(to) > 0 {
		more = append(more, "Take "+joinOr(to)+".")
	}
	n := len(w.found)
	w.add(r, part, path, more...)
	if len(w.found) > n {
		w.found[n].Actions = slices.Clone(to)
	}
}

func joinOr(all []Action) string {
	text := ""
	for i, a := range all {
		switch {
		case i == 0:
		case i == len(all)-1:
			text += " or "
		default:
			text += ", "
		}
		text += string(a)
	}
	return text
}

// actionsTo are the actions that lead from the phase of a case to another one,
// or all that lead on where none leads there.
func actionsTo(c *Case, to Phase) []Action {
	var there, on []Action
	for i := range phaseSteps {
		row := &phaseSteps[i]
		next := row.leads(c, c.Phase)
		if !slices.Contains(row.From, c.Phase) || next == c.Phase {
			continue
		}
		if next == to && !slices.Contains(there, row.Action) {
			there = append(there, row.Action)
		}
		if !slices.Contains(on, row.Action) {
			on = append(on, row.Action)
		}
	}
	if len(there) > 0 {
		return there
	}
	return on
}

// keepDirectory keeps of a team's members what the directory says: an edit may
// leave it out and not change it.
func (w *acting) keepDirectory(was, now *Team, path string) {
	for i := range now.Members {
		m, at := &now.Members[i], path+"."+indexed("members", i)
		old := find(was.Members, func(o *Member) bool { return o.Party.Same(m.Party) })
		if old == nil {
			old = &Member{}
		}
		if len(m.Certifications) == 0 {
			m.Certifications = clone(old.Certifications)
		}
		if len(m.Networks) == 0 {
			m.Networks = clone(old.Networks)
		}
		if !Alike(reflect.ValueOf(m.Certifications), reflect.ValueOf(old.Certifications)) {
			w.addFixed(keptElsewhere, now.ID, at+".certifications", nil, "Change the Practitioner over FHIR.")
		}
		if !Alike(reflect.ValueOf(m.Networks), reflect.ValueOf(old.Networks)) {
			w.addFixed(keptElsewhere, now.ID, at+".networks", nil, "Change the OrganizationAffiliation over FHIR.")
		}
	}
}

// checkActivities holds the activities of a plan that was submitted to staying
// what they are; how far they are may be noted.
func (w *acting) checkActivities(was, now *Plan, path string) {
	if was.Foreign || !notDrafted(was) {
		return
	}
	if !Alike(reflect.ValueOf(orders(was)), reflect.ValueOf(orders(now))) {
		w.addFixed(actionNeeded, now.ID, path+".activities", actions(ActionRevise))
	}
}

// orders are the activities of a plan without how far they are.
func orders(p *Plan) []Activity {
	all := clone(p.Activities)
	for i := range all {
		a := &all[i]
		a.Outcomes, a.OutcomeCodes, a.Progress = nil, nil, nil
		if a.Detail != nil {
			a.Detail.Status, a.Detail.StatusReason = "", Concept{}
		}
	}
	return all
}
