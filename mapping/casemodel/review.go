package casemodel

// ReviewStatus is whether the exchange with the insurer goes on.
type ReviewStatus string

// The statuses of a utilization review.
const (
	ReviewOpen           ReviewStatus = "open"
	ReviewClosed         ReviewStatus = "closed"
	ReviewCancelled      ReviewStatus = "cancelled"
	ReviewEnteredInError ReviewStatus = "entered-in-error"
)

// UtilizationReview is a running exchange with the insurer's case manager about
// one stay or service.
type UtilizationReview struct {
	ID         Ref          `json:"id"`
	Status     ReviewStatus `json:"status"`
	Service    Ref          `json:"service,omitempty"` // empty for the stay itself
	Insurer    Party        `json:"insurer,omitzero"`
	Reviewer   Party        `json:"reviewer,omitzero"` // the insurer's case manager
	OpenedAt   Date         `json:"openedAt,omitzero"`
	Exchanges  []Exchange   `json:"exchanges,omitempty"` // the latest last
	NextReview Date         `json:"nextReview,omitzero"`
	ClosedAt   Date         `json:"closedAt,omitzero"`
	Remarks    []Remark     `json:"remarks,omitempty"`
}

// ExchangeKind is what one message of a utilization review does.
type ExchangeKind string

// The kinds of exchange; the first goes to the insurer, the others come back.
const (
	ExchangeUpdate     ExchangeKind = "clinical-update"
	ExchangeAuthorized ExchangeKind = "authorized"
	ExchangeDenied     ExchangeKind = "denied"
	ExchangePended     ExchangeKind = "pended" // more is asked for
)

// Exchange is one message between provider and insurer.
type Exchange struct {
	ID         Ref          `json:"id"`
	Kind       ExchangeKind `json:"kind"`
	At         Date         `json:"at,omitzero"`
	By         Party        `json:"by,omitzero"`
	Text       string       `json:"text,omitempty"`
	Days       int          `json:"days,omitempty"`      // authorized
	Services   int          `json:"services,omitempty"`  // units authorized
	Authorized Period       `json:"authorized,omitzero"` // the days
	Number     string       `json:"number,omitempty"`    // of the authorization
	NextReview Date         `json:"nextReview,omitzero"` // as the insurer set it
	Reason     string       `json:"reason,omitempty"`    // of a denial
	Denial     Ref          `json:"denialRef,omitempty"` // the authorization that was denied
	Attached   []Ref        `json:"attached,omitempty"`  // files sent along
}
