package casemodel

import "strconv"

var (
	sharesAddUp      = rule("shares-must-add-up", "The shares add up to the price less the reductions.")
	sharesNeeded     = rule("shares-needed", "An agreement needs who pays which share.")
	sharePositive    = rule("share-must-be-positive", "A share is more than nothing.")
	shareTwice       = rule("share-party-twice", "A party has one share.")
	shareParty       = rule("share-needs-party", "A share needs the party that pays it.")
	reductionTooBig  = rule("reduction-exceeds-price", "The reductions can't be more than the price.")
	reductionPos     = rule("reduction-must-be-positive", "A reduction is more than nothing.")
	reductionBy      = rule("reduction-needs-party", "A reduction needs the party that gives it.")
	priceNeeded      = rule("price-needed", "A round of a negotiation needs the list price, which is more than nothing.")
	currencyUnknown  = rule("currency-unknown", "A currency is a code of ISO 4217.")
	currencyMixed    = rule("currency-mixed", "Price, reductions and shares of an agreement are in one currency.")
	moneyTooMuch     = rule("amount-too-large", "The amounts are too large to add up.")
	offerFirst       = rule("offer-needed-first", "A negotiation starts with an offer; a counter-offer or agreement answers one.")
	agreementOver    = rule("negotiation-is-over", "What was agreed or cancelled can't be negotiated; start anew.")
	roundStatus      = rule("round-does-not-fit-status", "An agreement that is agreed ends with a round of kind agreement, one that was countered with a counter-offer.")
	roundParty       = rule("round-needs-party", "A round of a negotiation needs who put it forward.")
	agreedElsewhere  = rule("one-agreement", "A service has one agreement in force; cancel it before another is agreed.")
	serviceUnknown   = rule("service-unknown", "The service isn't part of the case.")
	agreementUnknown = rule("agreement-unknown", "The cost agreement isn't part of the case.")
)

func checkAgreement(c *Case, i int, found *Errors) {
	a, path := &c.Agreements[i], indexed("agreements", i)
	if a.Status == AgreementEnteredInError {
		return
	}
	for j := range a.Rounds {
		checkRound(&a.Rounds[j], a.ID, path+".rounds["+strconv.Itoa(j)+"]", found)
	}
	last := a.Current()
	if last == nil {
		found.add(priceNeeded, a.ID, path+".rounds")
		return
	}
	fits := map[AgreementStatus]RoundKind{
		AgreementOffered: RoundOffer, AgreementCountered: RoundCounterOffer, AgreementAgreed: RoundAgreement,
	}
	if want, known := fits[a.Status]; known && last.Kind != want {
		found.add(roundStatus, a.ID, path+".status")
	}
	if a.Status != AgreementAgreed {
		return
	}
	if len(last.Shares) == 0 {
		found.add(sharesNeeded, a.ID, path+".shares")
	}
	for j := range c.Agreements[:i] {
		if b := &c.Agreements[j]; b.Status == AgreementAgreed && b.Service == a.Service && a.Service != "" {
			found.add(agreedElsewhere, a.ID, path+".status")
		}
	}
}

// checkRound judges price, reductions and shares that somebody put forward.
func checkRound(r *Round, part Ref, path string, found *Errors) {
	if r.ListPrice.Minor <= 0 {
		found.add(priceNeeded, part, path+".listPrice")
	}
	if r.By.IsZero() {
		found.add(roundParty, part, path+".by")
	}
	if _, known := MinorDigits(r.ListPrice.Currency); !known {
		found.add(currencyUnknown, part, path+".listPrice.currency")
	}
	net, ok := reduce(r, part, path, found)
	if ok && len(r.Shares) > 0 {
		share(r, net, part, path, found)
	}
}

// Net gives the price of a round less its reductions; ok is false where
// currencies differ or amounts don't fit.
func (r *Round) Net() (net Money, ok bool) {
	net = r.ListPrice
	for _, d := range r.Reductions {
		if net, ok = net.add(Money{-d.Amount.Minor, d.Amount.Currency}); !ok {
			return Money{}, false
		}
	}
	return net, true
}

func reduce(r *Round, part Ref, path string, found *Errors) (net Money, ok bool) {
	ok = true
	for i, d := range r.Reductions {
		at := path + ".reductions[" + strconv.Itoa(i) + "]"
		if d.By.IsZero() {
			found.add(reductionBy, part, at+".by")
		}
		if d.Amount.Minor <= 0 {
			found.add(reductionPos, part, at+".amount")
			ok = false
		}
		ok = sameCurrency(d.Amount, r.ListPrice, part, at, found) && ok
	}
	if !ok {
		return net, false
	}
	if net, ok = r.Net(); !ok {
		found.add(moneyTooMuch, part, path)
	}
	if ok && net.Minor < 0 && len(r.Reductions) > 0 {
		found.add(reductionTooBig, part, path+".reductions")
	}
	return net, ok && net.Minor >= 0
}

func sameCurrency(m, price Money, part Ref, at string, found *Errors) bool {
	if m.Currency == price.Currency {
		return true
	}
	if _, known := MinorDigits(m.Currency); !known {
		found.add(currencyUnknown, part, at+".amount.currency")
	}
	found.add(currencyMixed, part, at+".amount.currency")
	return false
}

func share(r *Round, net Money, part Ref, path string, found *Errors) {
	sum, ok := Money{0, r.ListPrice.Currency}, true
	var parties []Party
	for i, s := range r.Shares {
		at := path + ".shares[" + strconv.Itoa(i) + "]"
		if s.Party.IsZero() {
			found.add(shareParty, part, at+".party")
		} else if containsParty(parties, s.Party) {
			found.add(shareTwice, part, at+".party")
		}
		parties = append(parties, s.Party)
		if s.Amount.Minor <= 0 {
			found.add(sharePositive, part, at+".amount")
		}
		if !sameCurrency(s.Amount, r.ListPrice, part, at, found) {
			ok = false
			continue
		}
		var fits bool
		if sum, fits = sum.add(s.Amount); !fits {
			found.add(moneyTooMuch, part, at)
			return
		}
	}
	if ok && sum != net {
		found.add(sharesAddUp, part, path+".shares")
	}
}

// Cost compares what was agreed for a service with what was billed.
type Cost struct {
	Agreement Ref   `json:"agreement"`
	Service   Ref   `json:"service,omitempty"`
	Estimate  Money `json:"estimate"` // price less reductions as agreed
	Billed    Money `json:"billed"`
}

// Costs compares cost with estimate for every agreement in force.
func Costs(c *Case) []Cost {
	var all []Cost
	for _, a := range c.Agreements {
		r := a.Current()
		if a.Status != AgreementAgreed || r == nil {
			continue
		}
		net, ok := r.Net()
		if !ok {
			continue
		}
		billed := Money{0, net.Currency}
		for _, b := range a.Bills {
			if b.Status == "cancelled" || b.Status == inError {
				continue
			}
			if sum, fits := billed.add(b.Amount); fits {
				billed = sum
			}
		}
		all = append(all, Cost{a.ID, a.Service, net, billed})
	}
	return all
}
