package casemodel

import "slices"

func settleAppeals(w *acting, _ *Case) {
	for i := range w.c.Authorizations {
		a := &w.c.Authorizations[i]
		for _, p := range a.Appeals {
			if p.Status == AppealOverturned && a.Status == AuthorizationDenied && !a.DecidedAt.after(p.DecidedAt) {
				a.Status, a.DecidedAt, a.DecidedBy = AuthorizationApproved, p.DecidedAt, p.DecidedBy
			}
		}
	}
}

// after says whether d starts after other does, both of them known.
func (d Date) after(other Date) bool { return d != "" && other != "" && d.Start().After(other.Start()) }

func settleBills(w *acting, before *Case) {
	for i := range w.c.Agreements {
		a := &w.c.Agreements[i]
		old := before.Agreement(a.ID)
		if r := a.Current(); r == nil || a.Status != AgreementAgreed || len(a.Bills) > 0 || old != nil && old.Status == a.Status {
			continue
		}
		account := Ref("")
		if len(w.c.Accounts) > 0 {
			account = w.c.Accounts[0]
		}
		for _, s := range a.Current().Shares {
			a.Bills = append(a.Bills, Bill{
				ID: w.step.NewID("Invoice"), Status: "issued", Payer: s.Party, Issuer: a.Provider,
				Account: account, Amount: s.Amount, At: At(w.step.At),
			})
		}
	}
}

func settleCadence(w *acting, before *Case) {
	for i := range w.c.Contacts {
		k := w.c.Contacts[i]
		old := find(before.Contacts, func(b *Contact) bool { return b.ID == k.ID })
		if k.Status != ContactHeld || old != nil && old.Status == ContactHeld {
			continue
		}
		for j := range w.c.Cadences {
			if d := &w.c.Cadences[j]; k.Kind.meets(d.Kind) {
				w.meet(d, k.Period.Start)
			}
		}
	}
}

// meet takes note that a contact of a cadence was held, and plans the next one.
func (w *acting) meet(d *Cadence, held Date) {
	if held.Before(d.LastAt) && d.LastAt != "" {
		return // an older contact, recorded late
	}
	d.LastAt = held
	d.NextDue = daysAfter(held.Start(), d.Days)
	if !w.c.Phase.Open() {
		return
	}
	planned := false
	for i := range w.c.Contacts {
		k := &w.c.Contacts[i]
		if k.Cadence && k.Status == ContactPlanned && k.Kind == d.Kind {
			k.Due, planned = d.NextDue, true
		}
	}
	if !planned {
		w.planContact(d)
	}
}

func settleTasks(w *acting, before *Case) {
	for _, t := range slices.Clone(w.c.Tasks) {
		old := find(before.Tasks, func(b *Task) bool { return b.ID == t.ID })
		if t.Every < 1 || t.Status != TaskCompleted || old == nil || old.Status == TaskCompleted || !w.c.Phase.Open() {
			continue
		}
		next := clone(t)
		next.ID, next.Status, next.CreatedAt = w.step.NewID("Task"), TaskRequested, At(w.step.At)
		next.ChangedAt, next.Period, next.Outputs, next.Remarks = "", Period{}, nil, nil
		next.Due = daysAfter(w.step.At, t.Every)
		w.c.Tasks = append(w.c.Tasks, next)
	}
}
