package casemodel

// Monitor goes over from coordinating to monitoring: the client is at home, or
// otherwise left. What the setting leaves to do starts.
func Monitor(c Case, s Step) (Result, error) {
	return act(c, ActionMonitor, s, func(w *acting) {
		w.startWork(SettingWork(w.c.Setting), TriggerLeaving)
	})
}

// Holding puts a case on hold.
type Holding struct {
	Until Date `json:"until,omitzero"` // when to look at it again
}

// PutOnHold holds a case where it is; the reason of the step says why.
func PutOnHold(c Case, s Step, a Holding) (Result, error) {
	return act(c, ActionHold, s, func(w *acting) {
		if a.Until.Past(s.At) {
			w.add(dueInPast, "", "argument.until")
		}
		w.c.Hold = &Hold{From: c.Phase, Reason: s.Why, At: At(s.At), By: s.Actor.Party, Until: a.Until}
	})
}

// Resume takes a case that was on hold up where it was.
func Resume(c Case, s Step) (Result, error) {
	return act(c, ActionResume, s, func(w *acting) {
		if c.Phase != PhaseOnHold {
			return
		}
		w.move(rowFor(ActionResume, PhaseOnHold).leads(&c, c.Phase))
		w.c.Hold = nil
	})
}

var transferEmpty = rule("transfer-changes-nothing", "A transfer needs another case manager, organization or setting.")

// TransferTo hands a case to another case manager, organization or setting; what
// to leaves empty stays. The reason of the step says why. Work of a setting that
// is left, and of one that is entered, starts.
func TransferTo(c Case, s Step, to Place) (Result, error) {
	return act(c, ActionTransfer, s, func(w *acting) {
		from := Place{c.Manager, c.ManagingOrganization, c.Setting}
		now := from
		if !to.Manager.IsZero() {
			now.Manager = to.Manager
		}
		if !to.Organization.IsZero() {
			now.Organization = to.Organization
		}
		take(&now.Setting, to.Setting)
		if now == from {
			w.add(transferEmpty, "", "argument.to")
		}
		if known, names := oneOf(now.Setting, Settings()); !known && to.Setting != "" {
			w.add(settingUnknown, "", "argument.to.setting", "One of "+names+".")
		}
		if len(w.found) > 0 {
			return
		}
		w.c.Transfers = append(w.c.Transfers, Transfer{from, now, s.Why, At(s.At), s.Actor.Party})
		w.c.Manager, w.c.ManagingOrganization, w.c.Setting = now.Manager, now.Organization, now.Setting
		w.handOver(from, now)
	})
}

// handOver moves the team, the open tasks and the setting's work along.
func (w *acting) handOver(from, to Place) {
	if !from.Manager.Same(to.Manager) {
		for i := range w.c.Tasks {
			if t := &w.c.Tasks[i]; !t.Status.Done() && t.Owner.Same(from.Manager) && !t.Owner.IsZero() {
				t.Owner = to.Manager
			}
		}
		w.changeManager(from.Manager, to.Manager)
	}
	if from.Setting != to.Setting && w.c.Phase != PhaseReferred {
		w.startWork(SettingWork(from.Setting), TriggerLeaving)
		w.startWork(SettingWork(to.Setting), TriggerOpening)
	}
}

// changeManager ends the old manager's membership in the first team and begins
// the new one's.
func (w *acting) changeManager(old, now Party) {
	if len(w.c.Teams) == 0 {
		return
	}
	t := &w.c.Teams[0]
	at, roles := At(w.step.At), []Concept{Words("case manager")}
	for i := range t.Members {
		if m := &t.Members[i]; m.Party.Same(old) && m.Period.End == "" {
			m.Period.End, roles = at, clone(m.Roles)
		}
	}
	t.Members = append(t.Members, Member{Party: now, Roles: roles, Period: Period{Start: at}})
}

// Close closes a case with its reason, the summary of the outcomes, and the
// hand-over to whoever goes on.
func Close(c Case, s Step, a Closure) (Result, error) {
	return act(c, ActionClose, s, func(w *acting) {
		x := clone(a)
		x.At, x.By = w.now(x.At), w.by(x.By)
		if x.Reason.IsZero() {
			w.add(closureReason, "", "argument.reason")
		}
		if blank(x.Summary) {
			w.add(closureSummary, "", "argument.summary")
		}
		w.c.Closure = &x
		checkClosable(&w.c, &w.found)
	})
}

// Reopen takes a closed case up again; the reason of the step says why.
func Reopen(c Case, s Step) (Result, error) {
	return act(c, ActionReopen, s, func(w *acting) {
		w.c.Reopenings = append(w.c.Reopenings, Reopening{s.Why, At(s.At), s.Actor.Party, w.c.Closure})
		w.c.Closure, w.c.Period.End = nil, ""
		for i := range w.c.Cadences {
			k := &w.c.Cadences[i]
			k.NextDue = daysAfter(s.At, k.Days)
			w.planContact(k)
		}
	})
}

// Cancel ends a case that came to nothing; the reason of the step says why.
func Cancel(c Case, s Step) (Result, error) {
	return act(c, ActionCancel, s, func(w *acting) {
		w.c.Cancellation = &Cancellation{s.Why, At(s.At), s.Actor.Party}
		w.c.Hold = nil
	})
}

// Retract marks a case as entered in error.
func Retract(c Case, s Step) (Result, error) {
	return act(c, ActionRetract, s, func(w *acting) { w.c.Hold = nil })
}
