package casemodel

// AgreementStatus is how far the negotiation of a price is.
type AgreementStatus string

// The statuses of a cost agreement.
const (
	AgreementOffered        AgreementStatus = "offered"
	AgreementCountered      AgreementStatus = "countered"
	AgreementAgreed         AgreementStatus = "agreed"
	AgreementCancelled      AgreementStatus = "cancelled"
	AgreementEnteredInError AgreementStatus = "entered-in-error"
	AgreementUnknown        AgreementStatus = "unknown"
)

// CostAgreement is what a service costs and who pays which share.
type CostAgreement struct {
	ID       Ref             `json:"id"`
	Status   AgreementStatus `json:"status"`
	Title    string          `json:"title,omitempty"`
	Service  Ref             `json:"service,omitempty"`
	Provider Party           `json:"provider,omitzero"` // whose price it is
	// Rounds are offer, counter-offers and agreement, the latest last and in force.
	Rounds []Round `json:"rounds,omitempty"`
	Period Period  `json:"period,omitzero"`
	// Bills are made when agreed, one for each who pays.
	Bills   []Bill   `json:"bills,omitempty"`
	Remarks []Remark `json:"remarks,omitempty"`
}

// RoundKind is which step of a negotiation a round is.
type RoundKind string

// The kinds of round.
const (
	RoundOffer        RoundKind = "offer"
	RoundCounterOffer RoundKind = "counter-offer"
	RoundAgreement    RoundKind = "agreement"
)

// Round is one step of a negotiation: price, reductions and shares as somebody
// put them forward. Shares, where there are any, add up to price less reductions.
type Round struct {
	ID         string      `json:"id,omitempty"` // within the agreement
	Kind       RoundKind   `json:"kind"`
	By         Party       `json:"by,omitzero"`
	At         Date        `json:"at,omitzero"`
	ListPrice  Money       `json:"listPrice,omitzero"`
	Reductions []Reduction `json:"reductions,omitempty"`
	Shares     []Share     `json:"shares,omitempty"`
	Text       string      `json:"text,omitempty"`
	// Evidence is there where somebody else than the party recorded what it said.
	Evidence Evidence `json:"evidence,omitzero"`
}

// Reduction is what a party takes off the price.
type Reduction struct {
	By     Party  `json:"by,omitzero"`
	Amount Money  `json:"amount"`
	Reason string `json:"reason,omitempty"`
}

// Share is what a party pays.
type Share struct {
	Party  Party `json:"party,omitzero"`
	Role   Role  `json:"role,omitempty"` // payer, provider, client, …
	Amount Money `json:"amount"`
	// Authorization is the decision that the insurer's share rests on.
	Authorization Ref    `json:"authorization,omitempty"`
	For           string `json:"for,omitempty"` // what it pays for: the pump
}

// Bill asks one payer for its share.
type Bill struct {
	ID      Ref    `json:"id"`
	Status  string `json:"status,omitempty"` // draft, issued, balanced, cancelled, entered-in-error
	Payer   Party  `json:"payer,omitzero"`
	Issuer  Party  `json:"issuer,omitzero"`
	Account Ref    `json:"account,omitempty"`
	Amount  Money  `json:"amount"`
	At      Date   `json:"at,omitzero"`
}
