package casemodel

// AuthorizationStatus is what the insurer has decided.
type AuthorizationStatus string

// The statuses of an authorization.
const (
	AuthorizationDraft     AuthorizationStatus = "draft"
	AuthorizationRequested AuthorizationStatus = "requested"
	AuthorizationPended    AuthorizationStatus = "pended"
	AuthorizationApproved  AuthorizationStatus = "approved"
	AuthorizationDenied    AuthorizationStatus = "denied"
	// AuthorizationException is an approval beyond the covered benefits.
	AuthorizationException      AuthorizationStatus = "exception"
	AuthorizationCancelled      AuthorizationStatus = "cancelled"
	AuthorizationEnteredInError AuthorizationStatus = "entered-in-error"
)

// Granted says whether the insurer pays.
func (s AuthorizationStatus) Granted() bool {
	return s == AuthorizationApproved || s == AuthorizationException
}

// Authorization is the insurer's decision on a service before it is delivered.
type Authorization struct {
	ID       Ref                 `json:"id"`                 // of the request
	Decision Ref                 `json:"decision,omitempty"` // of the insurer's answer
	Status   AuthorizationStatus `json:"status"`
	Service  Ref                 `json:"service,omitempty"`
	Codes    []Concept           `json:"codes,omitempty"` // what is asked for
	Coverage Ref                 `json:"coverage,omitempty"`
	Insurer  Party               `json:"insurer,omitzero"`
	Provider Party               `json:"provider,omitzero"`
	Asked    *Quantity           `json:"asked,omitempty"` // units or days
	Price    *Money              `json:"price,omitempty"`
	// Necessity is why the service is needed; Saves why an exception pays off.
	Necessity   string    `json:"necessity,omitempty"`
	RequestedAt Date      `json:"requestedAt,omitzero"`
	RequestedBy Party     `json:"requestedBy,omitzero"`
	Problems    []Ref     `json:"problems,omitempty"`
	Due         Date      `json:"due,omitzero"` // when the decision is due
	DecidedAt   Date      `json:"decidedAt,omitzero"`
	DecidedBy   Party     `json:"decidedBy,omitzero"`
	Number      string    `json:"number,omitempty"`
	Period      Period    `json:"period,omitzero"` // in which the approval holds
	Granted     *Quantity `json:"granted,omitempty"`
	Amount      *Money    `json:"amount,omitempty"` // that the insurer pays
	Reason      Concept   `json:"reason,omitzero"`  // of a denial or a pend
	Saves       string    `json:"saves,omitempty"`  // reason of an exception
	Appeals     []Appeal  `json:"appeals,omitempty"`
	Remarks     []Remark  `json:"remarks,omitempty"`
}

// AppealStatus is how an appeal stands.
type AppealStatus string

// The statuses of an appeal.
const (
	AppealFiled          AppealStatus = "filed"
	AppealUpheld         AppealStatus = "upheld" // the denial stays
	AppealOverturned     AppealStatus = "overturned"
	AppealWithdrawn      AppealStatus = "withdrawn"
	AppealEnteredInError AppealStatus = "entered-in-error"
)

// Appeal asks the insurer to think a denial over.
type Appeal struct {
	ID        Ref          `json:"id"`
	Status    AppealStatus `json:"status"`
	At        Date         `json:"at,omitzero"`
	By        Party        `json:"by,omitzero"`
	Grounds   string       `json:"grounds,omitempty"`
	Due       Date         `json:"due,omitzero"`
	DecidedAt Date         `json:"decidedAt,omitzero"`
	DecidedBy Party        `json:"decidedBy,omitzero"`
	Reason    string       `json:"reason,omitempty"`
}
