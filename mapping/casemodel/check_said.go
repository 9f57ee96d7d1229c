package casemodel

import (
	"reflect"
	"slices"
	"strconv"
)

// checkSaid judges what a change has people say: their answers and decisions are
// theirs to give and need their reasons, and what was said before stays.
func checkSaid(before, after *Case, s Step, found *Errors) {
	checkApprovals(before, after, s, found)
	checkAnswers(before, after, s, found)
	checkRulings(before, after, s, found)
	checkNegotiations(before, after, s, found)
	checkBills(before, after, s, found)
	checkExchanges(before, after, found)
	checkTransfers(before, after, found)
}

func checkApprovals(before, after *Case, s Step, found *Errors) {
	for i := range after.Plans {
		p := &after.Plans[i]
		for j := range p.Approvals {
			a, path := &p.Approvals[j], indexed(indexed("plans", i)+".approvals", j)
			was := approvalOf(before, p.ID, a.ID)
			if was == nil {
				checkSubmission(before.Plan(p.ID), a, path, found)
				continue
			}
			if was.Status == a.Status || a.Status != ApprovalApproved && a.Status != ApprovalReturned {
				continue
			}
			if s.Actor.Role != RoleSystem && !was.Approver.IsZero() && !was.Approver.Same(s.Actor.Party) {
				found.add(approverOther, a.ID, path+".decidedBy")
			}
			if a.Status == ApprovalReturned && blank(a.Reason) {
				found.add(reasonNeed, a.ID, path+".reason")
			}
		}
	}
}

// checkSubmission judges a new request for approval by the plan as it was, nil
// for one that comes in with it.
func checkSubmission(was *Plan, a *Approval, path string, found *Errors) {
	if was == nil || was.Foreign {
		return
	}
	switch a.Status {
	case ApprovalRequested:
		if was.Status != PlanDraft && was.Status != PlanReturned {
			found.add(draftNeeded, a.ID, path)
		}
	case ApprovalApproved, ApprovalReturned:
		found.add(planWaiting, a.ID, path)
	}
}

func approvalOf(c *Case, plan, id Ref) *Approval {
	p := c.Plan(plan)
	if p == nil {
		return nil
	}
	return find(p.Approvals, func(a *Approval) bool { return a.ID == id })
}

// checkAnswers holds answers to offers to whom they were made to.
func checkAnswers(before, after *Case, s Step, found *Errors) {
	for i := range after.Services {
		x := &after.Services[i]
		old := before.Service(x.ID)
		if old == nil {
			continue
		}
		for j := range x.Offers {
			o, path := &x.Offers[j], indexed(indexed("services", i)+".offers", j)
			was := old.Offer(o.ID)
			if was != nil {
				checkAnswerer(after, was, o, s.Actor, path, found)
			}
			if was == nil || was.Status == o.Status {
				continue
			}
			if old.Provider.IsZero() && !o.Chosen && o.Status.underWay() && !was.Status.underWay() && old.undecided(o.ID) {
				found.add(choiceNeeded, x.ID, path+".status")
			}
			if s.Actor.Role == RoleProvider && !was.Provider.Same(s.Actor.Party) {
				found.add(notProvider, o.ID, path+".provider")
			}
			if o.Status == TaskRejected && blank(o.Reason) {
				found.add(reasonNeed, o.ID, path+".reason")
			}
		}
	}
}

// undecided says whether the client has yet to choose between an offer and others.
func (s *Service) undecided(offer Ref) bool {
	return slices.ContainsFunc(s.Offers, func(o Offer) bool { return o.ID != offer && !o.Status.Done() })
}

// checkRulings leaves what the insurer has decided to the insurer.
func checkRulings(before, after *Case, s Step, found *Errors) {
	if s.Actor.Role == RoleSystem || s.Actor.Role == RolePayer {
		return
	}
	for i := range after.Authorizations {
		a := &after.Authorizations[i]
		was := before.Authorization(a.ID)
		if was == nil || was.Status != a.Status || !was.Status.Granted() && was.Status != AuthorizationDenied {
			continue
		}
		if !reflect.DeepEqual(ruled(was), ruled(a)) {
			found.add(roleBars, a.ID, indexed("authorizations", i), "It is a step of "+join(byPayer)+".")
		}
	}
}

// ruled is what of an authorization the insurer says.
func ruled(a *Authorization) Ruling {
	return Ruling{Number: a.Number, Period: a.Period, Granted: a.Granted, Amount: a.Amount, Reason: a.Reason, Saves: a.Saves}
}

var roundRewritten = rule("round-rewritten", "What was put forward in a negotiation stays as it is; put another round forward.")

func checkNegotiations(before, after *Case, s Step, found *Errors) {
	for i := range after.Agreements {
		a, path := &after.Agreements[i], indexed("agreements", i)+".rounds"
		var rounds []Round
		if was := before.Agreement(a.ID); was != nil {
			rounds = was.Rounds
			if len(a.Rounds) > len(rounds) && (was.Status == AgreementAgreed || was.Status == AgreementCancelled) {
				found.add(agreementOver, a.ID, path)
			}
		}
		checkRounds(after, rounds, a, path, s, found)
	}
}

func checkRounds(c *Case, before []Round, a *CostAgreement, path string, s Step, found *Errors) {
	if a.Status == AgreementEnteredInError {
		return
	}
	for i := range before {
		if i >= len(a.Rounds) || !reflect.DeepEqual(before[i], a.Rounds[i]) {
			found.add(roundRewritten, a.ID, path+"["+strconv.Itoa(i)+"]")
		}
	}
	for i := len(before); i < len(a.Rounds); i++ {
		r, at := &a.Rounds[i], path+"["+strconv.Itoa(i)+"]"
		checkSpeaker(c, r, s.Actor, a.ID, at, found)
		if may := rolesOf(ActionNegotiate); i > 0 && !mayTake(may, s.Actor.Role) {
			found.add(roleBars, a.ID, at, "It is a step of "+join(may)+".")
		}
		switch {
		case i == 0 && r.Kind == RoundCounterOffer:
			found.add(offerFirst, a.ID, at+".kind")
		case i > 0 && r.Kind == RoundAgreement && a.Rounds[i-1].By.Same(r.By) && s.Actor.Role != RoleCaseManager && s.Actor.Role != RoleSystem:
			found.add(ownOffer, a.ID, at+".by")
		}
	}
}

func checkExchanges(before, after *Case, found *Errors) {
	for i := range after.Reviews {
		r := &after.Reviews[i]
		was := find(before.Reviews, func(o *UtilizationReview) bool { return o.ID == r.ID })
		for j := range r.Exchanges {
			x, path := &r.Exchanges[j], indexed(indexed("reviews", i)+".exchanges", j)
			if was != nil && slices.ContainsFunc(was.Exchanges, func(o Exchange) bool { return o.ID == x.ID }) {
				continue
			}
			if was != nil && was.Status != ReviewOpen {
				found.add(reviewOver, r.ID, path)
			}
			checkExchange(x, x.ID, path, found)
		}
	}
}

// checkExchange finds what an exchange of a utilization review leaves out.
func checkExchange(x *Exchange, part Ref, path string, found *Errors) {
	switch x.Kind {
	case ExchangeUpdate:
		if blank(x.Text) {
			found.add(updateNeeded, part, path+".text")
		}
	case ExchangeAuthorized:
		if x.Days < 1 && x.Services < 1 && x.Authorized == (Period{}) {
			found.add(unitsNeeded, part, path+".days")
		}
	case ExchangeDenied, ExchangePended:
		if blank(x.Reason) {
			found.add(denialExplains, part, path+".reason")
		}
	}
}

// checkTransfers finds a case that was handed over and doesn't say why.
func checkTransfers(before, after *Case, found *Errors) {
	moved := func(was, now Party) bool { return !was.IsZero() && !now.IsZero() && !was.Same(now) }
	if before.Phase == PhaseReferred || !moved(before.Manager, after.Manager) &&
		!moved(before.ManagingOrganization, after.ManagingOrganization) &&
		(before.Setting == "" || after.Setting == "" || before.Setting == after.Setting) {
		return
	}
	if n := len(after.Transfers); n <= len(before.Transfers) || blank(after.Transfers[n-1].Reason) {
		found.add(reasonNeed, "", "transfers")
	}
}
