package casemodel_test

import (
	"math"
	"testing"

	"caseway/mapping/casemodel"
)

// requested gives an active case that waits for the insurer's decision.
func requested(t *testing.T) *course {
	t.Helper()
	k := at(t, casemodel.PhaseActive)
	return k.must(casemodel.RequestAuthorization(k.c, k.as(cm), casemodel.Authorization{Service: serviceOf(k), Necessity: "to walk"}))
}

func denied(t *testing.T) *course {
	t.Helper()
	k := requested(t)
	return k.must(casemodel.Decide(k.c, k.as(casemodel.RolePayer), casemodel.Ruling{
		Authorization: authorizationOf(k), Status: casemodel.AuthorizationDenied, Reason: words("not covered"),
	}))
}

func TestIllegalAuthorizations(t *testing.T) {
	active, asked, refusal := at(t, casemodel.PhaseActive), requested(t), denied(t)
	uninsured := at(t, casemodel.PhaseActive)
	uninsured.c.Coverages = nil
	pended := requested(t)
	pended.must(casemodel.Decide(pended.c, pended.as(casemodel.RolePayer), casemodel.Ruling{
		Authorization: authorizationOf(pended), Status: casemodel.AuthorizationPended, Reason: words("more is needed"),
	}))
	appealed := denied(t)
	appealed.must(casemodel.FileAppeal(appealed.c, appealed.as(casemodel.RoleClient, "it is needed"), casemodel.Appealing{Authorization: authorizationOf(appealed)}))
	upheld := *appealed
	upheld.t = t
	upheld.must(casemodel.Decide(upheld.c, upheld.as(casemodel.RolePayer), casemodel.Ruling{
		Authorization: authorizationOf(&upheld), Appeal: upheld.c.Authorizations[0].Appeals[0].ID, AppealStatus: casemodel.AppealUpheld,
	}))
	request := func(a casemodel.Authorization) func(*course) error {
		return func(k *course) error {
			if a.Service == "" {
				a.Service = serviceOf(k)
			}
			return errOf(casemodel.RequestAuthorization(k.c, k.as(cm), a))
		}
	}
	rule := func(a casemodel.Ruling) func(*course) error {
		return func(k *course) error {
			if a.Authorization == "" {
				a.Authorization = authorizationOf(k)
			}
			if a.Appeal == "first" {
				a.Appeal = k.c.Authorizations[0].Appeals[0].ID
			}
			return errOf(casemodel.Decide(k.c, k.as(casemodel.RolePayer), a))
		}
	}
	appeal := func(why string) func(*course) error {
		return func(k *course) error {
			return errOf(casemodel.FileAppeal(k.c, k.as(cm, why), casemodel.Appealing{Authorization: authorizationOf(k)}))
		}
	}
	nothing, gold := casemodel.USD(0), casemodel.Money{Minor: 5, Currency: "XAU"}
	run(t, []illegal{
		{"asking for no service", active, request(casemodel.Authorization{Service: "ServiceRequest/none", Necessity: "need"}), []string{"service-unknown"}},
		{"asking without a need", active, request(casemodel.Authorization{}), []string{"necessity-needed"}},
		{"asking nobody", uninsured, request(casemodel.Authorization{Necessity: "need"}), []string{"insurer-needed"}},
		{"asking twice", asked, request(casemodel.Authorization{Necessity: "need"}), []string{"authorization-asked-already"}},
		{"asking for yesterday", active, request(casemodel.Authorization{Necessity: "need", Due: "2025"}), []string{"due-in-the-past"}},
		{"asking at a price in gold", active, request(casemodel.Authorization{Necessity: "need", Price: &gold}), []string{"amount-must-be-positive"}},
		{"deciding nothing", active, rule(casemodel.Ruling{Status: casemodel.AuthorizationApproved}), []string{"authorization-unknown"}},
		{"deciding to withdraw", asked, rule(casemodel.Ruling{Status: casemodel.AuthorizationCancelled}), []string{"decision-unknown"}},
		{"denying without a reason", asked, rule(casemodel.Ruling{Status: casemodel.AuthorizationDenied}), []string{"denial-needs-reason"}},
		{"pending without a reason", asked, rule(casemodel.Ruling{Status: casemodel.AuthorizationPended}), []string{"pend-needs-reason"}},
		{"an exception without what it saves", asked, rule(casemodel.Ruling{Status: casemodel.AuthorizationException}), []string{"exception-needs-reason", "exception-needs-reason"}[:1]},
		{"approving nothing", asked, rule(casemodel.Ruling{Status: casemodel.AuthorizationApproved, Amount: &nothing}), []string{"amount-must-be-positive"}},
		{"approving by nobody", asked, func(k *course) error {
			return errOf(casemodel.Decide(k.c, k.by(casemodel.RolePayer, casemodel.Party{}), casemodel.Ruling{
				Authorization: authorizationOf(k), Status: casemodel.AuthorizationApproved,
			}))
		}, []string{"decision-needs-decider"}},
		{"pending twice", pended, rule(casemodel.Ruling{Status: casemodel.AuthorizationPended, Reason: words("more")}), []string{"authorization-step-not-allowed"}},
		{"approving what was denied without an appeal", refusal, rule(casemodel.Ruling{Status: casemodel.AuthorizationApproved}), []string{"authorization-step-not-allowed"}},
		{"appealing what wasn't denied", asked, appeal("it is needed"), []string{"appeal-needs-denial"}},
		{"appealing without grounds", refusal, appeal(""), []string{"reason-needed"}},
		{"appealing twice at a time", appealed, appeal("it is needed"), []string{"appeal-filed-already"}},
		{"appealing nothing", active, appeal("it is needed"), []string{"authorization-unknown"}},
		{"deciding no appeal", appealed, rule(casemodel.Ruling{Appeal: "Task/none", AppealStatus: casemodel.AppealUpheld}), []string{"appeal-unknown"}},
		{"deciding an appeal for nothing", appealed, rule(casemodel.Ruling{Appeal: "first"}), []string{"decision-unknown"}},
		{"deciding an appeal twice", &upheld, rule(casemodel.Ruling{Appeal: "first", AppealStatus: casemodel.AppealOverturned}), []string{"appeal-step-not-allowed"}},
		{"withdrawing for the insurer", appealed, rule(casemodel.Ruling{Appeal: "first", AppealStatus: casemodel.AppealWithdrawn}), []string{"decision-unknown"}},
	})
}

func TestIllegalReviews(t *testing.T) {
	active := at(t, casemodel.PhaseActive)
	uninsured := at(t, casemodel.PhaseActive)
	uninsured.c.Coverages, uninsured.c.Reviews = nil, nil
	over := at(t, casemodel.PhaseActive)
	over.must(casemodel.Review(over.c, over.as(cm), casemodel.Reviewing{
		Review: over.c.Reviews[0].ID, Exchange: casemodel.Exchange{Kind: casemodel.ExchangeUpdate, Text: "goes home"}, Close: true,
	}))
	review := func(r casemodel.Role, x casemodel.Exchange) func(*course) error {
		return func(k *course) error {
			a := casemodel.Reviewing{Exchange: x}
			if len(k.c.Reviews) > 0 {
				a.Review = k.c.Reviews[0].ID
			}
			return errOf(casemodel.Review(k.c, k.as(r), a))
		}
	}
	payer := casemodel.RolePayer
	run(t, []illegal{
		{"an update of nothing", active, review(cm, casemodel.Exchange{Kind: casemodel.ExchangeUpdate, NextReview: "2026-12"}), []string{"update-needed"}},
		{"an exchange of no kind", active, review(cm, casemodel.Exchange{NextReview: "2026-12"}), []string{"exchange-kind-unknown"}},
		{"days authorized by the hospital", active, review(cm, casemodel.Exchange{Kind: casemodel.ExchangeAuthorized, Days: 3, NextReview: "2026-12"}), []string{"answer-needs-payer"}},
		{"no days authorized", active, review(payer, casemodel.Exchange{Kind: casemodel.ExchangeAuthorized, NextReview: "2026-12"}), []string{"authorized-amount-needed"}},
		{"days denied without a reason", active, review(payer, casemodel.Exchange{Kind: casemodel.ExchangeDenied, NextReview: "2026-12"}), []string{"review-denial-needs-reason"}},
		{"a next review in the past", active, review(payer, casemodel.Exchange{Kind: casemodel.ExchangeAuthorized, Days: 3, NextReview: "2026-02"}), []string{"next-review-needed"}},
		{"a review with no insurer and no next date", uninsured, review(cm, casemodel.Exchange{Kind: casemodel.ExchangeUpdate, Text: "walks"}), []string{"insurer-needed", "next-review-needed"}},
		{"a review that is closed", over, review(cm, casemodel.Exchange{Kind: casemodel.ExchangeUpdate, Text: "walks", NextReview: "2026-12"}), []string{"review-is-closed"}},
		{"no review of the case", active, func(k *course) error {
			return errOf(casemodel.Review(k.c, k.as(cm), casemodel.Reviewing{Review: "Task/none"}))
		}, []string{"review-unknown"}},
		{"a review of no service of the case", active, func(k *course) error {
			return errOf(casemodel.Review(k.c, k.as(cm), casemodel.Reviewing{Service: "ServiceRequest/none"}))
		}, []string{"service-unknown"}},
	})
}

func TestIllegalNegotiations(t *testing.T) {
	fresh, service := infusion(t)
	offered, _ := infusion(t)
	offered.must(casemodel.Negotiate(offered.c, offered.by(casemodel.RoleProvider, pharmacy), casemodel.Negotiation{
		Service: service, Round: round(casemodel.RoundOffer),
	}))
	agreed := *offered
	agreed.t = t
	agreed.must(casemodel.Negotiate(agreed.c, agreed.as(casemodel.RolePayer), casemodel.Negotiation{
		Agreement: agreed.c.Agreements[0].ID, Round: round(casemodel.RoundAgreement, shares(100000, 50000, 250000)...),
	}))
	again := agreed
	again.must(casemodel.Negotiate(again.c, again.by(casemodel.RoleProvider, pharmacy), casemodel.Negotiation{
		Service: service, Round: round(casemodel.RoundOffer, shares(100000, 50000, 250000)...),
	}))
	propose := func(change func(*casemodel.Round)) func(*course) error {
		return func(k *course) error {
			r := round(casemodel.RoundCounterOffer, shares(100000, 50000, 250000)...)
			change(&r)
			return errOf(casemodel.Negotiate(k.c, k.as(cm), casemodel.Negotiation{Agreement: k.c.Agreements[0].ID, Round: r}))
		}
	}
	eur := func(m *casemodel.Money) { m.Currency = "EUR" }
	run(t, []illegal{
		{"a counter-offer to nothing", fresh, func(k *course) error {
			return errOf(casemodel.Negotiate(k.c, k.as(cm), casemodel.Negotiation{Service: service, Round: round(casemodel.RoundCounterOffer)}))
		}, []string{"offer-needed-first"}},
		{"a price for no service", fresh, func(k *course) error {
			return errOf(casemodel.Negotiate(k.c, k.as(cm), casemodel.Negotiation{Service: "ServiceRequest/none", Round: round(casemodel.RoundOffer)}))
		}, []string{"service-unknown"}},
		{"no agreement of the case", fresh, func(k *course) error {
			return errOf(casemodel.Negotiate(k.c, k.as(cm), casemodel.Negotiation{Agreement: "Contract/none"}))
		}, []string{"agreement-unknown"}},
		{"an offer of no price", fresh, func(k *course) error {
			return errOf(casemodel.Negotiate(k.c, k.as(cm), casemodel.Negotiation{Service: service, Round: casemodel.Round{Kind: casemodel.RoundOffer}}))
		}, []string{"currency-unknown", "price-needed"}},
		{"a round by nobody", offered, func(k *course) error {
			return errOf(casemodel.Negotiate(k.c, k.by(cm, casemodel.Party{}), casemodel.Negotiation{
				Agreement: k.c.Agreements[0].ID, Round: round(casemodel.RoundCounterOffer),
			}))
		}, []string{"round-needs-party"}},
		{"a second offer", offered, propose(func(r *casemodel.Round) { r.Kind = casemodel.RoundOffer }), []string{"agreement-step-not-allowed"}},
		{"a round of no kind", offered, propose(func(r *casemodel.Round) { r.Kind = "haggle" }), []string{"round-kind-unknown"}},
		{"shares a cent short", offered, propose(func(r *casemodel.Round) { r.Shares[2].Amount.Minor-- }), []string{"shares-must-add-up"}},
		{"shares a cent over", offered, propose(func(r *casemodel.Round) { r.Shares[2].Amount.Minor++ }), []string{"shares-must-add-up"}},
		{"shares of the price before the reduction", offered, propose(func(r *casemodel.Round) { r.Reductions = nil }), []string{"shares-must-add-up"}},
		{"a share of nothing", offered, propose(func(r *casemodel.Round) { r.Shares[0].Amount.Minor, r.Shares[2].Amount.Minor = 0, 350000 }), []string{"share-must-be-positive"}},
		{"a negative share", offered, propose(func(r *casemodel.Round) { r.Shares[0].Amount.Minor, r.Shares[2].Amount.Minor = -100000, 450000 }), []string{"share-must-be-positive"}},
		{"two shares of one party", offered, propose(func(r *casemodel.Round) { r.Shares[0].Party = insurer }), []string{"share-party-twice"}},
		{"a share of nobody", offered, propose(func(r *casemodel.Round) { r.Shares[0].Party = casemodel.Party{} }), []string{"share-needs-party"}},
		{"a share in another currency", offered, propose(func(r *casemodel.Round) { eur(&r.Shares[0].Amount) }), []string{"currency-mixed"}},
		{"a share in no currency", offered, propose(func(r *casemodel.Round) { r.Shares[0].Amount.Currency = "usd" }), []string{"currency-mixed", "currency-unknown"}},
		{"a reduction in another currency", offered, propose(func(r *casemodel.Round) { eur(&r.Reductions[0].Amount) }), []string{"currency-mixed"}},
		{"a reduction of more than the price", offered, propose(func(r *casemodel.Round) { r.Reductions[0].Amount.Minor = 500001 }), []string{"reduction-exceeds-price"}},
		{"a negative reduction", offered, propose(func(r *casemodel.Round) { r.Reductions[0].Amount.Minor = -1 }), []string{"reduction-must-be-positive"}},
		{"a reduction by nobody", offered, propose(func(r *casemodel.Round) { r.Reductions[0].By = casemodel.Party{} }), []string{"reduction-needs-party"}},
		{"a negative price", offered, propose(func(r *casemodel.Round) { r.ListPrice.Minor, r.Reductions, r.Shares = -1, nil, nil }), []string{"price-needed"}},
		{"amounts that no sum holds", offered, propose(func(r *casemodel.Round) {
			r.Shares[0].Amount.Minor, r.Shares[1].Amount.Minor = math.MaxInt64, math.MaxInt64
		}), []string{"amount-too-large"}},
		{"agreeing on no shares", offered, propose(func(r *casemodel.Round) { r.Kind, r.Shares, r.Evidence = casemodel.RoundAgreement, nil, byTelephone }), []string{"shares-needed"}},
		{"agreeing with oneself", offered, func(k *course) error {
			return errOf(casemodel.Negotiate(k.c, k.by(casemodel.RoleProvider, pharmacy), casemodel.Negotiation{
				Agreement: k.c.Agreements[0].ID, Round: round(casemodel.RoundAgreement, shares(100000, 50000, 250000)...),
			}))
		}, []string{"agreement-needs-other-side"}},
		{"negotiating what was agreed", &agreed, propose(func(*casemodel.Round) {}), []string{"negotiation-is-over"}},
		{"agreeing twice for one service", &again, func(k *course) error {
			return errOf(casemodel.Negotiate(k.c, k.as(casemodel.RolePayer), casemodel.Negotiation{
				Agreement: k.c.Agreements[1].ID, Round: casemodel.Round{Kind: casemodel.RoundAgreement},
			}))
		}, []string{"one-agreement"}},
	})
}

// TestIllegalBills changes what was billed, as other systems do.
func TestIllegalBills(t *testing.T) {
	k, service := infusion(t)
	k.must(casemodel.Negotiate(k.c, k.by(casemodel.RoleProvider, pharmacy), casemodel.Negotiation{
		Service: service, Round: round(casemodel.RoundOffer, shares(100000, 50000, 250000)...),
	}))
	k.must(casemodel.Negotiate(k.c, k.as(casemodel.RolePayer), casemodel.Negotiation{
		Agreement: k.c.Agreements[0].ID, Round: casemodel.Round{Kind: casemodel.RoundAgreement},
	}))
	edit := func(r casemodel.Role, by casemodel.Party, change func(*casemodel.Bill)) func(*course) error {
		return func(k *course) error {
			after := k.c.Clone()
			change(&after.Agreements[0].Bills[0])
			return errOf(casemodel.Apply(k.c, after, k.by(r, by)))
		}
	}
	cheaper := func(b *casemodel.Bill) { b.Amount.Minor = 1 }
	paid := func(b *casemodel.Bill) { b.Status = "balanced" }
	run(t, []illegal{
		{"a bill for less", k, edit(casemodel.RoleSystem, casemodel.Party{}, cheaper), []string{"bill-not-as-agreed"}},
		{"a bill to somebody else", k, edit(cm, manager, func(b *casemodel.Bill) { b.Payer = agency }), []string{"bill-not-as-agreed"}},
		{"a second bill", k, func(k *course) error {
			after := k.c.Clone()
			a := &after.Agreements[0]
			a.Bills = append(a.Bills, casemodel.Bill{ID: "Invoice/new", Status: "issued", Payer: a.Bills[0].Payer, Issuer: pharmacy, Amount: casemodel.USD(1)})
			return errOf(casemodel.Apply(k.c, after, k.as(cm)))
		}, []string{"bill-not-as-agreed"}},
		{"a bill that its payer settles", k, edit(casemodel.RolePayer, insurer, paid), []string{"role-not-allowed"}},
		{"a bill that the client settles", k, edit(casemodel.RoleClient, client, paid), []string{"role-not-allowed"}},
		{"a bill that another provider settles", k, edit(casemodel.RoleProvider, agency, paid), []string{"role-not-allowed"}},
	})
	after := k.c.Clone()
	paid(&after.Agreements[0].Bills[0])
	if _, err := casemodel.Apply(k.c, after, k.by(casemodel.RoleProvider, pharmacy)); err != nil {
		t.Errorf("the issuer's note that a bill was paid is refused: %v", err)
	}
}
