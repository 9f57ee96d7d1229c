package demo

import "caseway/mapping/casemodel"

// infusionCountered tells the home infusion as far as the case manager's
// counter-offer: the pharmacy asks for 5,000 USD, which the policy doesn't pay.
func (k *course) infusionCountered() {
	k.create("bone infection; could go home with antibiotics by infusion")
	k.open()
	k.reviewed("fever is down, three weeks of antibiotics by infusion to come", 6)
	k.on(1)
	k.manage(casemodel.ActionAssess, casemodel.Assessing{
		Assessment: casemodel.Assessment{
			Status: casemodel.AssessmentCompleted, Informant: k.client(),
			Needs:     []casemodel.Need{{Text: "antibiotics by infusion, three weeks"}},
			Resources: []casemodel.Need{{Text: "a quiet room, and family that can be taught the pump"}},
			Necessity: []casemodel.Necessity{{Care: casemodel.Words("home infusion"), Setting: casemodel.SettingHomeHealth, Reason: "nothing else keeps the client in hospital"}},
			Summary:   "could be at home; the policy doesn't cover drug and pump",
		},
		Problems:  []casemodel.Problem{problem("60168000", "Osteomyelitis")},
		Strengths: []casemodel.Strength{{Source: casemodel.StrengthHome, Text: "a calm home with help at hand"}},
	})
	infusion := service("home infusion", "21", "days")
	infusion.NeedsAuthorization = true
	k.manage(casemodel.ActionPlan, casemodel.Planning{
		Plan:     casemodel.Plan{Title: "Antibiotics at home", Participants: []casemodel.Party{k.client(), k.family()}},
		Goals:    []casemodel.Goal{k.goal("to be treated at home", "I want to sleep in my own bed", "days at home on antibiotics", "21", "days", 30)},
		Services: []casemodel.Service{infusion},
	})
	k.approved()
	k.on(2)
	k.catchUp()
	k.offer(0, casemodel.Asked{Provider: pharmacy, Chosen: true})
	k.negotiate(casemodel.RoleProvider, pharmacy, casemodel.Round{Kind: casemodel.RoundOffer, ListPrice: casemodel.USD(500000)})
	k.on(4)
	k.catchUp()
	k.negotiate(casemodel.RoleCaseManager, manager, casemodel.Round{
		Kind: casemodel.RoundCounterOffer, ListPrice: casemodel.USD(500000),
		Reductions: []casemodel.Reduction{{By: pharmacy, Amount: casemodel.USD(100000)}},
		Shares: []casemodel.Share{
			{Party: k.client(), Role: casemodel.RoleClient, Amount: casemodel.USD(100000)},
			{Party: agency, Role: casemodel.RoleProvider, Amount: casemodel.USD(50000), For: "the pump"},
			{Party: insurer, Role: casemodel.RolePayer, Amount: casemodel.USD(250000), For: "instead of the hospital stay"},
		},
	})
}

// negotiate is a round of the negotiation of the infusion's price.
func (k *course) negotiate(role casemodel.Role, by casemodel.Party, r casemodel.Round) {
	if k.err != nil {
		return
	}
	n := casemodel.Negotiation{Service: k.c.Services[0].ID, Title: "Home infusion, three weeks", Round: r}
	if len(k.c.Agreements) > 0 {
		n = casemodel.Negotiation{Agreement: k.c.Agreements[0].ID, Round: r}
	}
	k.act(casemodel.ActionNegotiate, role, by, n, "")
}

// infusionAtHome goes on to the agreement, the insurer's exception, and home.
func (k *course) infusionAtHome() {
	k.infusionCountered()
	k.on(5)
	k.negotiate(casemodel.RoleProvider, pharmacy, casemodel.Round{Kind: casemodel.RoundAgreement})
	if k.err != nil {
		return
	}
	id := k.c.Services[0].ID
	k.manage(casemodel.ActionRequestAuthorization, casemodel.Authorization{
		Service: id, Necessity: "three weeks of antibiotics by infusion, in hospital or at home",
	})
	if k.err != nil {
		return
	}
	amount := casemodel.USD(250000)
	k.act(casemodel.ActionDecide, casemodel.RolePayer, insurer, casemodel.Ruling{
		Authorization: k.c.Authorizations[0].ID, Status: casemodel.AuthorizationException, Amount: &amount,
		Saves: "three weeks in hospital would cost more", Number: "NM-EX-118",
	}, "")
	k.catchUp()
	k.endReview()
	k.discharge()
	k.on(6)
	k.act(casemodel.ActionDeliver, casemodel.RoleProvider, pharmacy, casemodel.Delivering{Service: id, Status: casemodel.ServiceInProgress}, "")
	k.catchUp()
	k.on(12)
	k.called("no fever; the family manages the pump")
	k.catchUp()
}
