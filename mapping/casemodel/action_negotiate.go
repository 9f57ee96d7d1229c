package casemodel

// Negotiation is an offer, a counter-offer or the agreement on a price.
type Negotiation struct {
	// Agreement is the one that is negotiated, empty for a first offer.
	Agreement Ref    `json:"agreement,omitempty"`
	Service   Ref    `json:"service,omitempty"`
	Provider  Party  `json:"provider,omitzero"` // whose price it is
	Title     string `json:"title,omitempty"`
	// Round is what is put forward. An agreement that leaves price, reductions
	// and shares out agrees to the round before it.
	Round Round `json:"round"`
}

var (
	roundUnknown = rule("round-kind-unknown", "A round is an offer, a counter-offer or an agreement.")
	ownOffer     = rule("agreement-needs-other-side", "Nobody agrees alone: whoever put the last round forward waits for somebody else to agree.")
)

// Negotiate takes a step of a negotiation on what a service costs and who pays
// which share.
func Negotiate(c Case, s Step, a Negotiation) (Result, error) {
	return act(c, ActionNegotiate, s, func(w *acting) {
		x := w.agreement(a)
		if x == nil {
			return
		}
		r := clone(a.Round)
		last := x.Current()
		if r.Kind == RoundAgreement && last != nil && r.ListPrice.IsZero() && len(r.Shares) == 0 {
			r.ListPrice, r.Reductions, r.Shares = last.ListPrice, clone(last.Reductions), clone(last.Shares)
		}
		r.By, r.At = w.by(r.By), w.now(r.At)
		r.Evidence = w.evidence(r.Evidence)
		w.follow(x, &r, last)
		checkSpeaker(&w.c, &r, s.Actor, x.ID, "argument.round", &w.found)
		checkRound(&r, x.ID, "argument.round", &w.found)
		if r.Kind == RoundAgreement && len(r.Shares) == 0 {
			w.add(sharesNeeded, x.ID, "argument.round.shares")
		}
		x.Rounds = append(x.Rounds, r)
	})
}

// agreement gives what is negotiated, a new one for a first offer.
func (w *acting) agreement(a Negotiation) *CostAgreement {
	if a.Agreement != "" {
		x := w.c.Agreement(a.Agreement)
		if x == nil {
			w.add(agreementUnknown, a.Agreement, "argument.agreement")
		}
		return x
	}
	if a.Round.Kind != RoundOffer {
		w.add(offerFirst, "", "argument.round.kind")
	}
	x := w.service(a.Service)
	if x == nil {
		return nil
	}
	if a.Provider.IsZero() {
		a.Provider = x.Provider
	}
	if a.Provider.IsZero() {
		w.add(providerNeeded, x.ID, "argument.provider")
	}
	w.c.Agreements = append(w.c.Agreements, CostAgreement{
		ID: w.step.NewID("Contract"), Service: x.ID, Provider: a.Provider, Title: a.Title,
	})
	return &w.c.Agreements[len(w.c.Agreements)-1]
}

// follow moves the agreement's status on to what a round makes of it.
func (w *acting) follow(x *CostAgreement, r *Round, last *Round) {
	if x.Status == AgreementAgreed || x.Status == AgreementCancelled || x.Status == AgreementEnteredInError {
		w.add(agreementOver, x.ID, "argument.agreement")
		return
	}
	switch r.Kind {
	case RoundOffer:
		if last != nil {
			w.add(edgeRules[KindAgreement], x.ID, "argument.round.kind", "An offer is answered by a counter-offer.")
			return
		}
		x.Status = AgreementOffered
	case RoundCounterOffer:
		x.Status = AgreementCountered
	case RoundAgreement:
		if last != nil && last.By.Same(r.By) && w.step.Actor.Role != RoleCaseManager && w.step.Actor.Role != RoleSystem {
			w.add(ownOffer, x.ID, "argument.round.by")
		}
		x.Status = AgreementAgreed
	default:
		w.add(roundUnknown, x.ID, "argument.round.kind")
	}
}
