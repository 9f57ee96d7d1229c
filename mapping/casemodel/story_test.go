package casemodel_test

import (
	"testing"

	"caseway/mapping/casemodel"
)

// TestTheAccident runs the first story: a cyclist with broken bones and a head
// injury, from the hospital to a recovery that is measured.
func TestTheAccident(t *testing.T) {
	k := opened(t, casemodel.ModelClinical, casemodel.SettingAcuteHospital)
	k.assess()
	therapies := []string{"physical therapy", "neuropsychology", "occupational therapy"}
	plan := casemodel.Planning{
		Plan:  casemodel.Plan{Title: "After the accident", Participants: []casemodel.Party{client}},
		Goals: []casemodel.Goal{goal("to walk without a stick"), goal("to remember appointments")},
	}
	for _, therapy := range append(therapies, "financial help") {
		plan.Services = append(plan.Services, service(therapy))
	}
	k.must(casemodel.DraftPlan(k.c, k.as(casemodel.RoleCaseManager), plan)).submit().approve()
	k.phase(casemodel.PhaseActive)

	providers := []casemodel.Party{rehab, agency, {Ref: "Organization/neuro"}, {Ref: "Organization/fund"}}
	for i, x := range k.c.Services {
		k.offerTo(x.ID, providers[i])
		k.must(casemodel.Schedule(k.c, k.as(casemodel.RoleCaseManager), casemodel.Appointment{
			Services: []casemodel.Ref{x.ID}, Start: casemodel.At(k.at.AddDate(0, 0, 3)),
		}))
		if got := k.c.Service(x.ID).Status; got != casemodel.ServiceScheduled {
			t.Fatalf("service with an appointment is %s", got)
		}
	}
	k.must(casemodel.RecordContact(k.c, k.as(casemodel.RoleCaseManager), casemodel.Contact{
		Kind: casemodel.ContactTelephone, Learned: "sleeps badly",
	}))
	k.must(casemodel.TransferTo(k.c, k.as(casemodel.RoleCaseManager, "discharged home"), casemodel.Place{Setting: casemodel.SettingHomeHealth}))
	k.wait(10)
	for _, a := range k.c.Appointments {
		a.Status = casemodel.AppointmentKept
		k.must(casemodel.Schedule(k.c, k.as(casemodel.RoleCaseManager), a))
	}
	for _, x := range k.c.Services {
		if x.Status != casemodel.ServiceInProgress {
			t.Fatalf("service with a kept appointment is %s", x.Status)
		}
		k.must(casemodel.Deliver(k.c, k.as(casemodel.RoleCaseManager), casemodel.Delivering{Service: x.ID, Status: casemodel.ServiceDelivered}))
	}
	k.phase(casemodel.PhaseMonitoring) // it follows from the last service

	_, err := casemodel.Close(k.c, k.as(casemodel.RoleCaseManager), closure("goals-met"))
	refused(t, err, "goal-without-outcome", "goal-without-outcome")
	for _, g := range k.c.Goals {
		k.must(casemodel.RecordOutcome(k.c, k.as(casemodel.RoleCaseManager), casemodel.Measuring{
			Outcome: casemodel.Outcome{Goals: []casemodel.Ref{g.ID}, Value: number("9")}, Status: casemodel.GoalCompleted,
		}))
	}
	k.must(casemodel.Close(k.c, k.as(casemodel.RoleCaseManager), closure("goals-met")))
	if k.c.NextDue != nil || k.c.Period.End == "" || k.c.CurrentPlan() != nil {
		t.Errorf("a closed case still has %+v, end %q, plan %+v", k.c.NextDue, k.c.Period.End, k.c.CurrentPlan())
	}
	for _, x := range k.c.Tasks {
		if !x.Status.Done() {
			t.Errorf("a closed case has an open task %s", x.Text)
		}
	}
}

// offerTo offers a service to one provider, which accepts.
func (k *course) offerTo(id casemodel.Ref, p casemodel.Party) {
	k.t.Helper()
	k.must(casemodel.OfferService(k.c, k.as(casemodel.RoleCaseManager), casemodel.Offering{
		Service: id, Providers: []casemodel.Asked{{Provider: p}},
	}))
	offers := k.c.Service(id).Offers
	k.must(casemodel.Accept(k.c, k.by(casemodel.RoleProvider, p), casemodel.Answering{
		Service: id, Offer: offers[len(offers)-1].ID,
	}))
	if got := k.c.Service(id); !got.Provider.Same(p) || got.Status != casemodel.ServiceAccepted {
		k.t.Fatalf("the only provider that was asked wasn't taken: %s", got.Status)
	}
}

func round(kind casemodel.RoundKind, shares ...casemodel.Share) casemodel.Round {
	return casemodel.Round{
		Kind: kind, ListPrice: casemodel.USD(500000), Shares: shares,
		Reductions: []casemodel.Reduction{{By: pharmacy, Amount: casemodel.USD(100000)}},
	}
}

func shares(patient, home, payer int64) []casemodel.Share {
	return []casemodel.Share{
		{Party: client, Role: casemodel.RoleClient, Amount: casemodel.USD(patient)},
		{Party: agency, Role: casemodel.RoleProvider, Amount: casemodel.USD(home), For: "the pump"},
		{Party: insurer, Role: casemodel.RolePayer, Amount: casemodel.USD(payer)},
	}
}

// infusion gives the second story as far as the plan's approval.
func infusion(t testing.TB) (*course, casemodel.Ref) {
	t.Helper()
	k := opened(t, casemodel.ModelClinical, casemodel.SettingAcuteHospital)
	k.assess()
	k.must(casemodel.DraftPlan(k.c, k.as(casemodel.RoleCaseManager), casemodel.Planning{
		Plan:  casemodel.Plan{Title: "Antibiotics at home", Participants: []casemodel.Party{client}},
		Goals: []casemodel.Goal{goal("to be at home")},
		Services: []casemodel.Service{{
			Code: words("home infusion"), Ordered: &casemodel.Quantity{Value: "21", Unit: "days"}, NeedsAuthorization: true,
		}},
	})).submit().approve()
	id := k.c.Services[0].ID
	k.offerTo(id, pharmacy)
	return k, id
}

// TestTheHomeInfusion runs the second story: offer, counter-offer, agreement and
// the insurer's exception, with shares that must add up.
func TestTheHomeInfusion(t *testing.T) {
	k, id := infusion(t)
	k.must(casemodel.Negotiate(k.c, k.by(casemodel.RoleProvider, pharmacy), casemodel.Negotiation{
		Service: id, Round: casemodel.Round{Kind: casemodel.RoundOffer, ListPrice: casemodel.USD(500000)},
	}))
	deal := k.c.Agreements[0].ID
	_, err := casemodel.Negotiate(k.c, k.as(casemodel.RoleCaseManager), casemodel.Negotiation{
		Agreement: deal, Round: round(casemodel.RoundCounterOffer, shares(100000, 50000, 240000)...),
	})
	refused(t, err, "shares-must-add-up")
	k.must(casemodel.Negotiate(k.c, k.as(casemodel.RoleCaseManager), casemodel.Negotiation{
		Agreement: deal, Round: round(casemodel.RoundCounterOffer, shares(100000, 50000, 250000)...),
	}))
	k.must(casemodel.Negotiate(k.c, k.by(casemodel.RoleProvider, pharmacy), casemodel.Negotiation{
		Agreement: deal, Round: casemodel.Round{Kind: casemodel.RoundAgreement},
	}))

	bills := k.c.Agreement(deal).Bills
	if len(bills) != 3 {
		t.Fatalf("%d bills for 3 who pay", len(bills))
	}
	for i, want := range shares(100000, 50000, 250000) {
		if b := bills[i]; !b.Payer.Same(want.Party) || b.Amount != want.Amount || !b.Issuer.Same(pharmacy) {
			t.Errorf("bill %d is %+v", i, b)
		}
	}

	_, err = casemodel.Deliver(k.c, k.by(casemodel.RoleProvider, pharmacy), casemodel.Delivering{Service: id, Status: casemodel.ServiceInProgress})
	refused(t, err, "service-needs-authorization")
	k.must(casemodel.RequestAuthorization(k.c, k.as(casemodel.RoleCaseManager), casemodel.Authorization{
		Service: id, Necessity: "three weeks of antibiotics",
	}))
	auth := k.c.Authorizations[0].ID
	amount := casemodel.USD(250000)
	_, err = casemodel.Decide(k.c, k.as(casemodel.RolePayer), casemodel.Ruling{
		Authorization: auth, Status: casemodel.AuthorizationException, Amount: &amount,
	})
	refused(t, err, "exception-needs-reason")
	k.must(casemodel.Decide(k.c, k.as(casemodel.RolePayer), casemodel.Ruling{
		Authorization: auth, Status: casemodel.AuthorizationException, Amount: &amount, Saves: "a hospital stay costs more",
	}))
	k.must(casemodel.Deliver(k.c, k.by(casemodel.RoleProvider, pharmacy), casemodel.Delivering{Service: id, Status: casemodel.ServiceInProgress}))
	k.wait(21).must(casemodel.Deliver(k.c, k.by(casemodel.RoleProvider, pharmacy), casemodel.Delivering{Service: id, Status: casemodel.ServiceDelivered}))
	k.phase(casemodel.PhaseMonitoring)
	costs := casemodel.Costs(&k.c)
	if len(costs) != 1 || costs[0].Estimate != casemodel.USD(400000) || costs[0].Billed != casemodel.USD(400000) {
		t.Errorf("costs are %+v", costs)
	}
	k.must(casemodel.RecordOutcome(k.c, k.as(casemodel.RoleCaseManager), casemodel.Measuring{
		Outcome: casemodel.Outcome{Goals: []casemodel.Ref{k.c.Goals[0].ID}, Value: number("1")},
	}))
	k.must(casemodel.Close(k.c, k.as(casemodel.RoleCaseManager), closure("goals-met")))
}

// refused holds an error to naming exactly these rules.
func refused(t testing.TB, err error, want ...string) {
	t.Helper()
	got := rulesOf(err)
	if len(got) != len(want) {
		t.Fatalf("refused with %v, not %v\n%v", got, want, err)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("refused with %v, not %v\n%v", got, want, err)
		}
	}
}
