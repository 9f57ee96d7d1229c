package casemodel

import (
	"slices"
	"time"
)

// Dues lists everything in c that waits for a date, the first first. A case on
// hold waits for the end of the hold alone, one that is over for nothing.
func Dues(c *Case) []Due {
	var all []Due
	add := func(date Date, kind string, part Ref) {
		if date.Valid() {
			all = append(all, Due{date, kind, part})
		}
	}
	switch {
	case c.Hold != nil && c.Phase == PhaseOnHold:
		add(c.Hold.Until, "hold", "")
	case c.Phase.Open():
		dueOfWork(c, add)
		dueOfPlans(c, add)
		dueOfPayers(c, add)
	}
	slices.SortStableFunc(all, func(a, b Due) int {
		switch {
		case a.Date.Before(b.Date):
			return -1
		case b.Date.Before(a.Date):
			return 1
		}
		return 0
	})
	return all
}

func dueOfWork(c *Case, add func(Date, string, Ref)) {
	for _, k := range c.Contacts {
		if k.Status == ContactPlanned {
			add(k.Due, "contact", k.ID)
		}
	}
	for _, k := range c.Cadences {
		add(k.NextDue, "contact", "")
	}
	for _, t := range c.Tasks {
		if !t.Status.Done() {
			add(t.Due, "task", t.ID)
		}
	}
	for _, s := range c.Services {
		if !s.Status.Done() && s.StartedAt == "" {
			add(s.Due, "service", s.ID)
		}
		for _, o := range s.Offers {
			if o.Status == TaskRequested || o.Status == TaskReceived {
				add(o.Due, "offer", o.ID)
			}
		}
	}
}

func dueOfPlans(c *Case, add func(Date, string, Ref)) {
	for _, p := range c.Plans {
		if p.Status == PlanApproved {
			add(p.NextReview, "plan", p.ID)
		}
		for _, a := range p.Approvals {
			if a.Status == ApprovalRequested {
				add(a.Due, "approval", a.ID)
			}
		}
	}
	for _, g := range c.Goals {
		if g.Status != GoalActive {
			continue
		}
		for _, t := range g.Targets {
			add(t.Due, "goal", g.ID)
		}
	}
}

func dueOfPayers(c *Case, add func(Date, string, Ref)) {
	for _, r := range c.Reviews {
		if r.Status == ReviewOpen {
			add(r.NextReview, "review", r.ID)
		}
	}
	for _, a := range c.Authorizations {
		if a.Status == AuthorizationRequested || a.Status == AuthorizationPended {
			add(a.Due, "authorization", a.ID)
		}
		for _, p := range a.Appeals {
			if p.Status == AppealFiled {
				add(p.Due, "appeal", p.ID)
			}
		}
	}
}

// keepNextDue stores what comes due first. Every action ends with it.
func (c *Case) keepNextDue() {
	c.NextDue = nil
	if all := Dues(c); len(all) > 0 {
		c.NextDue = &all[0]
	}
}

// KeepNextDue gives c with its stored next-due date brought up to date, after a
// change that no action made.
func KeepNextDue(c Case) Case {
	c.keepNextDue()
	return c
}

// Overdue says whether the stored next-due date of c has passed.
func Overdue(c *Case, now time.Time) bool {
	return c.NextDue != nil && c.NextDue.Date.Past(now)
}

// daysAfter gives the day that lies so many days after t.
func daysAfter(t time.Time, days int) Date { return Day(t.AddDate(0, 0, days)) }
