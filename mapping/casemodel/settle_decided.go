package casemodel

// settleDecided notes who decided and when, where another system only said what:
// a Task that is completed is completed by whom it was given to.
func settleDecided(w *acting, before *Case) {
	old := byID(before)
	for i := range w.c.Plans {
		p := &w.c.Plans[i]
		for j := range p.Approvals {
			a := &p.Approvals[j]
			if (a.Status == ApprovalApproved || a.Status == ApprovalReturned) && old[a.ID].Status != string(a.Status) {
				w.decided(&a.DecidedAt, &a.DecidedBy, RolePhysician, a.Approver)
			}
		}
	}
	for i := range w.c.Authorizations {
		a := &w.c.Authorizations[i]
		if (a.Status.Granted() || a.Status == AuthorizationDenied) && old[a.ID].Status != string(a.Status) {
			w.decided(&a.DecidedAt, &a.DecidedBy, RolePayer, a.Insurer)
		}
	}
}

// decided fills in what a decision leaves out: the time of the step, and the
// actor in the role that decides, else whom was asked.
func (w *acting) decided(at *Date, by *Party, r Role, asked Party) {
	if *at == "" {
		*at = At(w.step.At)
	}
	switch {
	case !by.IsZero():
	case w.step.Actor.Role == r:
		*by = w.step.Actor.Party
	default:
		*by = asked
	}
}
