package casemodel_test

import (
	"testing"

	"caseway/mapping/casemodel"
)

// TestIllegalAskingAndAnswering edits cases as other systems do: what no action
// would have made is refused by the rules of the action.
func TestIllegalAskingAndAnswering(t *testing.T) {
	sys := casemodel.RoleSystem
	edit := func(r casemodel.Role, change func(c *casemodel.Case)) func(*course) error {
		return func(k *course) error {
			after := k.c.Clone()
			change(&after)
			return errOf(casemodel.Apply(k.c, after, k.as(r)))
		}
	}
	active, planned, awaiting := at(t, casemodel.PhaseActive), at(t, casemodel.PhasePlanning), at(t, casemodel.PhaseAwaitingApproval)
	one, asked, refusal := offered(t, agency), requested(t), denied(t)
	taken := offered(t, agency)
	taken.must(casemodel.Accept(taken.c, taken.as(casemodel.RoleProvider), answer(taken)))
	network := at(t, casemodel.PhaseActive)
	network.c.Networks = []casemodel.Network{{ID: "OrganizationAffiliation/a1", Member: agency, Owner: insurer}}
	reviewed := at(t, casemodel.PhaseActive)
	reviewed.must(casemodel.Review(reviewed.c, reviewed.as(cm), casemodel.Reviewing{
		Exchange: casemodel.Exchange{Kind: casemodel.ExchangeUpdate, Text: "walks", NextReview: "2027-01-01"},
	}))
	closed := *reviewed
	closed.must(casemodel.Review(closed.c, closed.as(cm), casemodel.Reviewing{
		Review: closed.c.Reviews[0].ID, Exchange: casemodel.Exchange{Kind: casemodel.ExchangeUpdate, Text: "walks well"}, Close: true,
	}))
	offering := func(o casemodel.Offer) func(*casemodel.Case) {
		return func(c *casemodel.Case) {
			o.ID, o.Status = "Task/new", casemodel.TaskRequested
			c.Services[0].Offers = append(c.Services[0].Offers, o)
		}
	}
	exchange := func(x casemodel.Exchange) func(*casemodel.Case) {
		return func(c *casemodel.Case) {
			x.ID = "Communication/new"
			r := &c.Reviews[0]
			r.Exchanges = append(r.Exchanges, x)
		}
	}
	booking := casemodel.Appointment{ID: "Appointment/new", Status: casemodel.AppointmentBooked, Start: "2026-04-01T09:00:00Z", CreatedAt: "2026-03-02"}
	book := func(a casemodel.Appointment) func(*casemodel.Case) {
		return func(c *casemodel.Case) {
			a.Services = []casemodel.Ref{c.Services[0].ID}
			c.Appointments = append(c.Appointments, a)
		}
	}
	late := booking
	late.CreatedAt = "2026-04-02"
	run(t, []illegal{
		{"offering a draft", planned, edit(sys, offering(casemodel.Offer{Provider: rehab})), []string{"plan-needs-approval", "service-is-draft"}},
		{"offering what was taken", taken, edit(sys, offering(casemodel.Offer{Provider: rehab})), []string{"service-is-over"}},
		{"offering outside the network", network, edit(sys, offering(casemodel.Offer{Provider: rehab})), []string{"offer-out-of-network"}},
		{"offering after the answer is due", active, edit(sys, offering(casemodel.Offer{Provider: rehab, At: "2026-03-02", Due: "2026-03-01"})), []string{"due-in-the-past"}},
		{"ending a service without a reason", taken, edit(sys, func(c *casemodel.Case) { c.Services[0].Status = casemodel.ServiceEnded }), []string{"ending-needs-reason"}},
		{"asking the insurer twice", asked, edit(sys, func(c *casemodel.Case) {
			a := c.Clone().Authorizations[0]
			a.ID = "Claim/second"
			c.Authorizations = append(c.Authorizations, a)
		}), []string{"authorization-asked-already"}},
		{"a task of no words", active, edit(sys, func(c *casemodel.Case) {
			c.Tasks = append(c.Tasks, casemodel.Task{ID: "Task/new", Status: casemodel.TaskRequested})
		}), []string{"task-needs-description"}},
		{"a task due before it was made", active, edit(sys, func(c *casemodel.Case) {
			c.Tasks = append(c.Tasks, casemodel.Task{ID: "Task/new", Status: casemodel.TaskRequested, Text: "call", CreatedAt: "2026-03-02", Due: "2026-03-01"})
		}), []string{"due-in-the-past"}},
		{"booking a service that nobody has accepted", one, edit(sys, book(booking)), []string{"service-not-accepted"}},
		{"booking for a time that had passed", taken, edit(sys, book(late)), []string{"appointment-in-the-past"}},
		{"a plan returned for no reason", awaiting, edit(doc, func(c *casemodel.Case) {
			a := &c.Plans[0].Approvals[0]
			a.Status, a.DecidedBy, a.DecidedAt = casemodel.ApprovalReturned, physician, "2026-03-03"
		}), []string{"reason-needed"}},
		{"an offer declined for no reason", one, edit(casemodel.RoleProvider, func(c *casemodel.Case) {
			c.Services[0].Offers[0].Status = casemodel.TaskRejected
		}), []string{"reason-needed"}},
		{"an offer accepted by another provider", one, func(k *course) error {
			after := k.c.Clone()
			after.Services[0].Offers[0].Status = casemodel.TaskAccepted
			return errOf(casemodel.Apply(k.c, after, k.by(casemodel.RoleProvider, rehab)))
		}, []string{"provider-is-another"}},
		{"a denial reworded by the hospital", refusal, edit(cm, func(c *casemodel.Case) { c.Authorizations[0].Reason = words("late") }), []string{"role-not-allowed"}},
		{"an exchange of a review that is closed", &closed, edit(sys, exchange(casemodel.Exchange{Kind: casemodel.ExchangeUpdate, Text: "more"})), []string{"review-is-closed"}},
		{"an update that says nothing", reviewed, edit(sys, exchange(casemodel.Exchange{Kind: casemodel.ExchangeUpdate})), []string{"update-needed"}},
		{"days authorized, but how many", reviewed, edit(sys, exchange(casemodel.Exchange{Kind: casemodel.ExchangeAuthorized})), []string{"authorized-amount-needed"}},
		{"days denied for no reason", reviewed, edit(sys, exchange(casemodel.Exchange{Kind: casemodel.ExchangeDenied})), []string{"review-denial-needs-reason"}},
		{"another manager for no reason", active, edit(sys, func(c *casemodel.Case) { c.Manager = physician }), []string{"reason-needed"}},
		{"on hold from no phase that is open", at(t, casemodel.PhaseOnHold), edit(sys, func(c *casemodel.Case) {
			c.Hold = &casemodel.Hold{Reason: "away", From: casemodel.PhaseClosed}
		}), []string{"hold-needed"}},
		{"an amount of nothing", asked, edit(casemodel.RolePayer, func(c *casemodel.Case) {
			a := &c.Authorizations[0]
			a.Status, a.DecidedBy, a.DecidedAt, a.Amount = casemodel.AuthorizationApproved, insurer, "2026-03-03", &casemodel.Money{Currency: "USD"}
		}), []string{"amount-must-be-positive"}},
	})
}

// TestIllegalNegotiationsElsewhere: what was put forward can't be changed.
func TestIllegalNegotiationsElsewhere(t *testing.T) {
	offer := casemodel.Round{
		Kind: casemodel.RoundOffer, By: pharmacy, ListPrice: casemodel.USD(5),
		Shares: []casemodel.Share{{Party: insurer, Role: casemodel.RolePayer, Amount: casemodel.USD(5)}},
	}
	agreement := offer
	agreement.Kind, agreement.By = casemodel.RoundAgreement, insurer
	with := func(status casemodel.AgreementStatus, rounds ...casemodel.Round) *course {
		k := at(t, casemodel.PhaseActive)
		k.c.Agreements = []casemodel.CostAgreement{{ID: "Contract/c", Status: status, Service: k.c.Services[0].ID, Provider: pharmacy, Rounds: rounds}}
		return k
	}
	edit := func(r casemodel.Role, change func(a *casemodel.CostAgreement)) func(*course) error {
		return func(k *course) error {
			after := k.c.Clone()
			change(&after.Agreements[0])
			return errOf(casemodel.Apply(k.c, after, k.by(r, pharmacy)))
		}
	}
	sys, provider := casemodel.RoleSystem, casemodel.RoleProvider
	run(t, []illegal{
		{"another price than was agreed", with(casemodel.AgreementAgreed, offer, agreement), edit(sys, func(a *casemodel.CostAgreement) {
			a.Rounds[1].ListPrice, a.Rounds[1].Shares[0].Amount = casemodel.USD(4), casemodel.USD(4)
		}), []string{"round-rewritten"}},
		{"an offer taken out", with(casemodel.AgreementAgreed, offer, agreement), edit(sys, func(a *casemodel.CostAgreement) {
			a.Rounds = a.Rounds[1:]
		}), []string{"round-rewritten", "round-rewritten"}},
		{"a round after the agreement", with(casemodel.AgreementAgreed, offer, agreement), edit(sys, func(a *casemodel.CostAgreement) {
			a.Rounds = append(a.Rounds, agreement)
		}), []string{"negotiation-is-over"}},
		{"agreeing with oneself", with(casemodel.AgreementOffered, offer), edit(provider, func(a *casemodel.CostAgreement) {
			r := agreement
			r.By = pharmacy
			a.Status, a.Rounds = casemodel.AgreementAgreed, append(a.Rounds, r)
		}), []string{"agreement-needs-other-side"}},
		{"a counter-offer to nothing", at(t, casemodel.PhaseActive), func(k *course) error {
			after := k.c.Clone()
			r := offer
			r.Kind = casemodel.RoundCounterOffer
			after.Agreements = []casemodel.CostAgreement{{ID: "Contract/c", Status: casemodel.AgreementCountered, Rounds: []casemodel.Round{r}}}
			return errOf(casemodel.Apply(k.c, after, k.as(sys)))
		}, []string{"offer-needed-first"}},
	})
}
