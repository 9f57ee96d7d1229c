package casemodel

import "slices"

func settleEnd(w *acting, before *Case) {
	if w.c.Phase.Open() || !before.Phase.Open() {
		return
	}
	for i := range w.c.Tasks {
		if t := &w.c.Tasks[i]; !t.Status.Done() {
			t.Status, t.ChangedAt = TaskCancelled, At(w.step.At)
		}
	}
	for i := range w.c.Contacts {
		if k := &w.c.Contacts[i]; k.Status == ContactPlanned {
			k.Status, k.Reason = ContactCancelled, "the case ended"
		}
	}
	for i := range w.c.Cadences {
		w.c.Cadences[i].NextDue = ""
	}
	w.endServices()
	w.endPlans()
	for i := range w.c.Reviews {
		if r := &w.c.Reviews[i]; r.Status == ReviewOpen {
			r.Status, r.ClosedAt = ReviewClosed, At(w.step.At)
		}
	}
	if w.c.Period.End == "" {
		w.c.Period.End = At(w.step.At)
	}
}

// endServices cancels what was asked of providers and is not under way, and
// appointments to come; what was delivered or goes on stays.
func (w *acting) endServices() {
	for i := range w.c.Services {
		s := &w.c.Services[i]
		if begun(s.Status) || s.Status.Done() || w.c.requires(RequireReferralsClosed) && s.Status == ServiceAccepted {
			continue
		}
		for j := range s.Offers {
			if o := &s.Offers[j]; !o.Status.Done() && !o.Status.underWay() {
				o.Status, o.Reason = TaskCancelled, "the case ended"
			}
		}
		if slices.Contains([]ServiceStatus{ServiceRequested, ServiceOffered, ServiceDraft, ServiceDeclined}, s.Status) {
			s.Status, s.EndedAt = ServiceEnded, At(w.step.At)
		}
	}
	for i := range w.c.Appointments {
		if a := &w.c.Appointments[i]; !a.Status.Done() && a.Status != AppointmentArrived && a.Status != AppointmentCheckedIn && a.Start.After(w.step.At) {
			a.Status = AppointmentCancelled
		}
	}
}

func (w *acting) endPlans() {
	for i := range w.c.Plans {
		p := &w.c.Plans[i]
		switch {
		case p.Foreign: // its own system ends it
		case p.drafted():
			p.Status = PlanRevoked
			for j := range p.Approvals {
				if a := &p.Approvals[j]; a.Status == ApprovalRequested {
					a.Status = ApprovalCancelled
				}
			}
		case p.current() && w.c.Phase == PhaseClosed:
			p.Status = PlanCompleted
		case p.current():
			p.Status = PlanRevoked
		}
	}
}
