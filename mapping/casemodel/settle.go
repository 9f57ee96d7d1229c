package casemodel

import (
	"slices"
)

// Consequence is something that follows from a change, whichever way the change
// came: it is written together with it.
type Consequence struct {
	Name string `json:"name"`
	When string `json:"when"`
	Then string `json:"then"`

	apply func(w *acting, before *Case)
}

// consequences in the order in which they are looked at.
var consequences = []Consequence{
	{"phase-recorded", "The phase was changed, and the history doesn't tell of it.", "The history gets a span for the new phase; a hold notes what it resumes to.", settleHistory},
	{"assessment-begins", "An opened or reopened case has a new assessment.", "The phase goes to assessing.", settleAssessing},
	{"planning-begins", "A case that is being assessed has a completed assessment and a draft of a plan.", "The phase goes to planning.", settlePlanning},
	{"decision-noted", "A physician or insurer has decided, and it doesn't say who or when.", "Whoever was asked decided now.", settleDecided},
	{"plan-submitted", "A draft has a request for approval.", "The draft awaits approval, the phase with it unless a plan is in force.", settleSubmitted},
	{"plan-approved", "A request for approval was approved.", "The version is approved and replaces the one before, which is revoked; its goals become active and its draft services requested; the phase goes to active.", settleApproved},
	{"plan-returned", "A request for approval was returned.", "The version is returned, the phase goes back to planning unless a plan is in force.", settleReturned},
	{"offer-taken", "A provider that the client chose, or the only one that was asked, has accepted.", "The service is that provider's, the other offers are cancelled.", settleTaken},
	{"offers-declined", "Every provider that was asked has declined, or failed before it was taken.", "The service is declined.", settleDeclined},
	{"service-begins", "The provider's offer goes in progress, or an appointment of the service was kept.", "The service is in progress, and the provider's offer with it.", settleBegun},
	{"service-scheduled", "An accepted service has an appointment.", "The service is scheduled.", settleScheduled},
	{"service-ends", "The provider's offer was completed, or failed.", "The service is delivered, or ended.", settleServiceEnds},
	{"first-service", "A service has begun.", "The task to start the first service is completed.", settleFirstService},
	{"all-services-over", "Every service of the plan is over, and at least one was delivered.", "The phase goes to monitoring.", settleMonitoring},
	{"denial-overturned", "An appeal was decided for the client.", "The authorization is approved.", settleAppeals},
	{"agreement-billed", "A cost agreement was agreed.", "Each who pays gets a bill of the share.", settleBills},
	{"contact-follows", "A contact of a cadence was held.", "The next is planned.", settleCadence},
	{"task-comes-again", "A task that comes again was completed.", "The next is made.", settleTasks},
	{"case-ends", "The case was closed, cancelled or retracted.", "Open tasks, offers, planned contacts, appointments and reviews are cancelled, drafts revoked, the plan in force completed.", settleEnd},
}

// Settle adds to after what follows from the change that led to it from before.
// What the change itself set is left as it is. It does nothing for a case that
// isn't adopted.
func Settle(before, after Case, s Step) Case {
	w := &acting{c: after.Clone(), step: s}
	w.settle(&before)
	return w.c
}

func (w *acting) settle(before *Case) {
	if !w.c.Adopted {
		return
	}
	for _, q := range consequences {
		q.apply(w, before)
	}
	w.c.keepNextDue()
}

func settleHistory(w *acting, before *Case) {
	if w.c.Phase == PhaseOnHold && before.Phase != PhaseOnHold && w.c.Hold != nil && w.c.Hold.From == "" {
		w.c.Hold.From = before.Phase
	}
	n := len(w.c.History)
	if before.Adopted && w.c.Phase != before.Phase && (n == 0 || w.c.History[n-1].Phase != w.c.Phase) {
		w.move(w.c.Phase)
	}
}

func settleAssessing(w *acting, before *Case) {
	if (w.c.Phase == PhaseOpened || w.c.Phase == PhaseReopened) && len(w.c.Assessments) > len(before.Assessments) {
		w.move(PhaseAssessing)
	}
}

func settlePlanning(w *acting, _ *Case) {
	if w.c.Phase == PhaseAssessing && w.c.assessed() && w.c.DraftPlan() != nil {
		w.move(PhasePlanning)
	}
}

func settleSubmitted(w *acting, _ *Case) {
	p := w.c.DraftPlan()
	if p == nil || len(p.Approvals) == 0 {
		return
	}
	if a := p.Approvals[len(p.Approvals)-1]; a.Status == ApprovalRequested && p.Status != PlanAwaitingApproval {
		p.Status = PlanAwaitingApproval
	}
	if p.Status == PlanAwaitingApproval && w.c.Phase == PhasePlanning {
		w.move(PhaseAwaitingApproval)
	}
}

func settleApproved(w *acting, _ *Case) {
	p := w.c.DraftPlan()
	if p == nil || p.Status != PlanAwaitingApproval || !wasApproved(p) {
		return
	}
	for i := range w.c.Plans {
		if old := &w.c.Plans[i]; old.current() {
			old.Status = PlanRevoked
			if !slices.Contains(p.Replaces, old.ID) {
				p.Replaces = append(p.Replaces, old.ID)
			}
		}
	}
	p.Status = PlanApproved
	w.startPlan(p)
	if w.c.Phase == PhaseAwaitingApproval || w.c.Phase == PhaseMonitoring {
		w.move(PhaseActive)
	}
}

// startPlan makes the goals of an approved plan active and orders its services.
func (w *acting) startPlan(p *Plan) {
	for _, id := range p.Goals {
		if g := w.c.Goal(id); g != nil && (g.Status == GoalProposed || g.Status == GoalPlanned || g.Status == GoalAccepted) {
			g.Status, g.StatusAt = GoalActive, Day(w.step.At)
		}
	}
	for _, a := range p.Activities {
		if s := w.c.Service(a.Ref); s != nil && s.Status == ServiceDraft {
			s.Status, s.RequestedAt = ServiceRequested, At(w.step.At)
		}
	}
}

func settleReturned(w *acting, _ *Case) {
	p := w.c.DraftPlan()
	if p == nil || p.Status != PlanAwaitingApproval || len(p.Approvals) == 0 {
		return
	}
	if p.Approvals[len(p.Approvals)-1].Status != ApprovalReturned {
		return
	}
	p.Status = PlanReturned
	if w.c.Phase == PhaseAwaitingApproval {
		w.move(PhasePlanning)
	}
}

func settleMonitoring(w *acting, before *Case) {
	if w.c.Phase == PhaseActive && before.Phase == PhaseActive && allServicesOver(&w.c) && !allServicesOver(before) {
		w.move(PhaseMonitoring)
		w.startWork(SettingWork(w.c.Setting), TriggerLeaving)
	}
}

// allServicesOver says whether nothing that the plan ordered goes on, and
// something was delivered.
func allServicesOver(c *Case) bool {
	p, delivered := c.CurrentPlan(), false
	if p == nil {
		return false
	}
	for _, a := range p.Activities {
		s := c.Service(a.Ref)
		if s == nil || s.Not {
			continue
		}
		if !s.Status.Done() {
			return false
		}
		delivered = delivered || s.Status == ServiceDelivered
	}
	return delivered
}
