package casemodel_test

import (
	"testing"

	"caseway/mapping/casemodel"
)

func TestIllegalEnds(t *testing.T) {
	active, monitoring := at(t, casemodel.PhaseActive), at(t, casemodel.PhaseMonitoring)
	closed, held := at(t, casemodel.PhaseClosed), at(t, casemodel.PhaseOnHold)
	taken := offered(t, agency)
	taken.must(casemodel.Accept(taken.c, taken.as(casemodel.RoleProvider), answer(taken)))
	asked := requested(t)
	appealed := denied(t)
	appealed.must(casemodel.FileAppeal(appealed.c, appealed.as(cm, "it is needed"), casemodel.Appealing{Authorization: authorizationOf(appealed)}))
	revised := at(t, casemodel.PhaseActive)
	revised.must(casemodel.Revise(revised.c, revised.as(cm, "a fall"), casemodel.Planning{})).submit()
	broker := opened(t, casemodel.ModelBrokerage, casemodel.SettingCommunity).assess().plan().submit().approve()
	end := func(a casemodel.Closure) func(*course) error {
		return func(k *course) error { return errOf(casemodel.Close(k.c, k.as(cm), a)) }
	}
	moved := end(closure("moved"))
	run(t, []illegal{
		{"closing with nothing said", monitoring, end(casemodel.Closure{}), []string{"closure-needs-reason", "closure-needs-summary"}},
		{"closing without a summary", monitoring, end(casemodel.Closure{Reason: casemodel.ClosureReason("moved"), Summary: " "}), []string{"closure-needs-summary"}},
		{"closing for a reason of nobody's", monitoring, end(casemodel.Closure{Reason: words("because"), Summary: "it was"}), []string{"closure-reason-unknown"}},
		{"closing with goals met and nothing measured", active, end(closure("goals-met")), []string{"goal-without-outcome"}},
		{"handing over to nobody", active, end(closure("transferred")), []string{"hand-over-needed"}},
		{"closing while a service goes on", taken, moved, []string{"service-not-ended"}},
		{"closing while the insurer decides", asked, moved, []string{"authorization-undecided"}},
		{"closing while an appeal is undecided", appealed, moved, []string{"appeal-undecided"}},
		{"closing while a plan awaits approval", revised, moved, []string{"draft-not-decided"}},
		{"closing with an open referral", broker, moved, []string{"referral-not-closed"}},
		{"closing from on hold", held, moved, []string{"phase-not-allowed"}},
		{"closing twice", closed, moved, []string{"phase-not-allowed"}},
		{"reopening without a reason", closed, func(k *course) error { return errOf(casemodel.Reopen(k.c, k.as(cm))) }, []string{"reason-needed"}},
		{"reopening what is open", active, func(k *course) error { return errOf(casemodel.Reopen(k.c, k.as(cm, "back"))) }, []string{"phase-not-allowed"}},
		{"holding without a reason", active, func(k *course) error {
			return errOf(casemodel.PutOnHold(k.c, k.as(cm), casemodel.Holding{}))
		}, []string{"reason-needed"}},
		{"holding until yesterday", active, func(k *course) error {
			return errOf(casemodel.PutOnHold(k.c, k.as(cm, "away"), casemodel.Holding{Until: "2026-01-01"}))
		}, []string{"due-in-the-past"}},
		{"holding what is on hold", held, func(k *course) error {
			return errOf(casemodel.PutOnHold(k.c, k.as(cm, "away"), casemodel.Holding{}))
		}, []string{"phase-not-allowed"}},
		{"transferring to where it is", active, func(k *course) error {
			return errOf(casemodel.TransferTo(k.c, k.as(cm, "moved"), casemodel.Place{Manager: manager}))
		}, []string{"transfer-changes-nothing"}},
		{"transferring without a reason to a setting of nobody's", active, func(k *course) error {
			return errOf(casemodel.TransferTo(k.c, k.as(cm), casemodel.Place{Setting: "moon"}))
		}, []string{"reason-needed", "setting-unknown"}},
		{"cancelling without a reason", active, func(k *course) error { return errOf(casemodel.Cancel(k.c, k.as(cm))) }, []string{"reason-needed"}},
		{"retracting without a reason", active, func(k *course) error { return errOf(casemodel.Retract(k.c, k.as(cm))) }, []string{"reason-needed"}},
		{"monitoring before the plan is approved", at(t, casemodel.PhasePlanning), func(k *course) error {
			return errOf(casemodel.Monitor(k.c, k.as(cm)))
		}, []string{"phase-not-allowed"}},
		{"a wrong step by the wrong one for no reason", closed, func(k *course) error {
			return errOf(casemodel.PutOnHold(k.c, k.as(casemodel.RoleClient), casemodel.Holding{}))
		}, []string{"phase-not-allowed", "reason-needed", "role-not-allowed"}},
	})
}

// TestIllegalEdits tries changes that no action makes, as a write from outside
// lays them onto a case.
func TestIllegalEdits(t *testing.T) {
	active, monitoring, awaiting := at(t, casemodel.PhaseActive), at(t, casemodel.PhaseMonitoring), at(t, casemodel.PhaseAwaitingApproval)
	one, asked, closed, opened0 := offered(t, agency), requested(t), at(t, casemodel.PhaseClosed), at(t, casemodel.PhaseOpened)
	refusal, elsewhere := denied(t), newCourse(t)
	elsewhere.c.Phase = casemodel.PhaseClosed
	elsewhere.must(casemodel.Adopt(elsewhere.c, elsewhere.as(cm), casemodel.Opening{
		Model: casemodel.ModelClinical, Setting: casemodel.SettingCommunity,
	}))
	elsewhere.must(casemodel.Reopen(elsewhere.c, elsewhere.as(cm, "back")))
	adoptable := newCourse(t)
	adoptable.c.Phase = casemodel.PhaseActive
	reviewed := at(t, casemodel.PhaseActive)
	reviewed.c.Reviews[0].Status = casemodel.ReviewClosed
	edit := func(r casemodel.Role, change func(*casemodel.Case)) func(*course) error {
		return func(k *course) error {
			after := k.c.Clone()
			change(&after)
			return errOf(casemodel.Apply(k.c, after, k.as(r)))
		}
	}
	become := func(p casemodel.Phase) func(*casemodel.Case) {
		return func(c *casemodel.Case) { c.Phase = p }
	}
	sys := casemodel.RoleSystem
	run(t, []illegal{
		{"from opened to active", opened0, edit(sys, become(casemodel.PhaseActive)), []string{"phase-not-allowed", "plan-needs-approval"}},
		{"to planning without an assessment", opened0, edit(sys, become(casemodel.PhasePlanning)), []string{"assessment-needed", "phase-not-allowed"}},
		{"to a phase of nobody's", active, edit(sys, become("waiting")), []string{"phase-not-allowed", "phase-unknown"}},
		{"to closed without a closure", active, edit(sys, become(casemodel.PhaseClosed)), []string{"closure-needs-reason", "closure-needs-summary"}},
		{"to on hold without a reason", active, edit(sys, become(casemodel.PhaseOnHold)), []string{"reason-needed"}},
		{"to cancelled without a reason", active, edit(sys, become(casemodel.PhaseCancelled)), []string{"reason-needed"}},
		{"to reopened without a reason", closed, edit(sys, become(casemodel.PhaseReopened)), []string{"reason-needed"}},
		{"to monitoring by the client", active, edit(casemodel.RoleClient, become(casemodel.PhaseMonitoring)), []string{"role-not-allowed"}},
		{"from closed to active", closed, edit(sys, become(casemodel.PhaseActive)), []string{"phase-not-allowed", "plan-needs-approval"}},
		{"back to referred", active, edit(sys, become(casemodel.PhaseReferred)), []string{"phase-not-allowed"}},
		{"no longer ours", active, edit(sys, func(c *casemodel.Case) { c.Adopted = false }), []string{"case-not-adopted"}},
		{"no client any more", active, edit(sys, func(c *casemodel.Case) { c.Client = casemodel.Client{} }), []string{"client-needed"}},
		{"no manager any more", active, edit(sys, func(c *casemodel.Case) { c.Manager = casemodel.Party{} }), []string{"manager-needed"}},
		{"a rewritten history", active, edit(sys, func(c *casemodel.Case) { c.History[1].Queued = true }), []string{"history-rewritten"}},
		{"a history with a gap", active, edit(sys, func(c *casemodel.Case) { c.History[1].End = "2026-03-09" }), []string{"history-not-contiguous", "history-rewritten"}},
		{"a history cut off", active, edit(sys, func(c *casemodel.Case) { c.History = nil }), []string{
			"history-not-contiguous", "history-rewritten", "history-rewritten", "history-rewritten", "history-rewritten", "history-rewritten",
		}},
		{"a goal taken out", active, edit(sys, func(c *casemodel.Case) { c.Goals = nil }), []string{"goal-unknown", "part-removed"}},
		{"a plan approved by its author", awaiting, edit(cm, func(c *casemodel.Case) {
			a := &c.Plans[0].Approvals[0]
			a.Status, a.DecidedBy, a.DecidedAt = casemodel.ApprovalApproved, manager, "2026-03-03"
		}), []string{"approver-is-another", "role-not-allowed"}},
		{"a plan in force without its approval", awaiting, edit(doc, func(c *casemodel.Case) { c.Plans[0].Status = casemodel.PlanApproved }), []string{"plan-needs-approval", "plan-not-submitted"}},
		{"an approval taken back", active, edit(sys, func(c *casemodel.Case) { c.Plans[0].Approvals[0].Status = casemodel.ApprovalRequested }), []string{"approval-step-not-allowed", "plan-needs-approval"}},
		{"a plan in force made a draft", active, edit(sys, func(c *casemodel.Case) { c.Plans[0].Status = casemodel.PlanDraft }), []string{"plan-needs-approval", "plan-step-not-allowed"}},
		{"a plan in force revoked with nothing in its place", active, edit(sys, func(c *casemodel.Case) { c.Plans[0].Status = casemodel.PlanRevoked }), []string{"plan-needs-approval"}},
		{"a plan without a version", active, edit(sys, func(c *casemodel.Case) { c.Plans[0].Version = 0 }), []string{"plan-version-twice"}},
		{"a plan that replaces itself", active, edit(sys, func(c *casemodel.Case) { c.Plans[0].Replaces = []casemodel.Ref{c.Plans[0].ID} }), []string{"plan-replaces-itself"}},
		{"two plans in force", active, edit(sys, func(c *casemodel.Case) {
			second := c.Clone().Plans[0]
			second.ID, second.Approvals[0].ID = "CarePlan/second", "Task/second"
			c.Plans = append(c.Plans, second)
		}), []string{"one-current-plan", "plan-version-twice"}},
		{"a second version without a reason", active, edit(sys, func(c *casemodel.Case) {
			c.Plans = append(c.Plans, casemodel.Plan{ID: "CarePlan/second", Version: 2, Status: casemodel.PlanDraft})
		}), []string{"reason-needed", "revision-needs-author"}},
		{"an offer from requested back to draft", one, edit(sys, func(c *casemodel.Case) { c.Services[0].Offers[0].Status = casemodel.TaskDraft }), []string{"offer-step-not-allowed"}},
		{"an offer accepted by the client", one, edit(casemodel.RoleClient, func(c *casemodel.Case) { c.Services[0].Offers[0].Status = casemodel.TaskAccepted }), []string{"role-not-allowed"}},
		{"two providers at work", one, edit(sys, func(c *casemodel.Case) {
			c.Services[0].Offers = append(c.Services[0].Offers,
				casemodel.Offer{ID: "Task/a", Provider: rehab, Status: casemodel.TaskInProgress},
				casemodel.Offer{ID: "Task/b", Provider: pharmacy, Status: casemodel.TaskInProgress})
		}), []string{"one-provider"}},
		{"an authorization approved by the hospital", asked, edit(cm, func(c *casemodel.Case) {
			a := &c.Authorizations[0]
			a.Status, a.DecidedBy, a.DecidedAt = casemodel.AuthorizationApproved, manager, "2026-03-03"
		}), []string{"role-not-allowed"}},
		{"an authorization for no service of the case", asked, edit(sys, func(c *casemodel.Case) { c.Authorizations[0].Service = "ServiceRequest/none" }), []string{"service-unknown"}},
		{"an agreement that is agreed with no agreement", active, edit(sys, func(c *casemodel.Case) {
			c.Agreements = []casemodel.CostAgreement{{ID: "Contract/c", Status: casemodel.AgreementAgreed, Rounds: []casemodel.Round{{
				Kind: casemodel.RoundOffer, By: pharmacy, ListPrice: casemodel.USD(5),
			}}}}
		}), []string{"round-does-not-fit-status", "shares-needed"}},
		{"an appeal without grounds", refusal, edit(sys, func(c *casemodel.Case) {
			c.Authorizations[0].Appeals = []casemodel.Appeal{{ID: "Task/a", Status: casemodel.AppealFiled}}
		}), []string{"reason-needed"}},
		{"a contact held at no time", active, edit(sys, func(c *casemodel.Case) {
			c.Contacts = append(c.Contacts, casemodel.Contact{ID: "Encounter/a", Kind: casemodel.ContactVideo, Status: casemodel.ContactHeld, Learned: "well"})
		}), []string{"contact-needs-time"}},
		{"a closed review, cancelled", reviewed, edit(sys, func(c *casemodel.Case) { c.Reviews[0].Status = casemodel.ReviewCancelled }), []string{"review-step-not-allowed"}},
		{"adopting by a plan that isn't there", adoptable, func(k *course) error {
			return errOf(casemodel.Adopt(k.c, k.as(cm), casemodel.Opening{
				Model: casemodel.ModelClinical, Setting: casemodel.SettingCommunity, Plan: "CarePlan/none",
			}))
		}, []string{"plan-not-in-force"}},
		{"revising no plan", elsewhere, func(k *course) error {
			return errOf(casemodel.Revise(k.c, k.as(cm, "anew"), casemodel.Planning{}))
		}, []string{"plan-needed"}},
		{"a second plan in force that replaces nothing", active, edit(sys, func(c *casemodel.Case) {
			c.Plans[0].Status = casemodel.PlanRevoked
			second := c.Clone().Plans[0]
			second.ID, second.Approvals[0].ID, second.Version, second.Status = "CarePlan/second", "Task/second", 2, casemodel.PlanApproved
			second.Why = "a fall"
			c.Plans = append(c.Plans, second)
		}), []string{"plan-replaces-nothing"}},
		{"a diagnosis of no problem of the case", active, edit(sys, func(c *casemodel.Case) {
			c.Diagnoses = []casemodel.Diagnosis{{Problem: "Condition/none"}}
		}), []string{"problem-unknown"}},
		{"a queue after opening", monitoring, edit(sys, func(c *casemodel.Case) { c.Queued = true }), []string{"queued-after-opening"}},
	})
}
