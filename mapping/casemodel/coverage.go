package casemodel

import "time"

// Coverage is a policy that pays for care.
type Coverage struct {
	ID           Ref        `json:"id"`
	Status       string     `json:"status,omitempty"` // active, cancelled, draft, entered-in-error
	Type         Concept    `json:"type,omitzero"`
	Insurers     []Party    `json:"insurers,omitempty"`
	Holder       Party      `json:"holder,omitzero"`
	Subscriber   Party      `json:"subscriber,omitzero"`
	SubscriberID string     `json:"subscriberId,omitempty"`
	Relationship Concept    `json:"relationship,omitzero"` // of the client to the subscriber
	Dependent    string     `json:"dependent,omitempty"`
	Period       Period     `json:"period,omitzero"`
	Order        int        `json:"order,omitempty"` // in which it pays
	Network      string     `json:"network,omitempty"`
	Classes      []Class    `json:"classes,omitempty"` // group, plan, …
	CopayRules   []CopayFee `json:"copay,omitempty"`
	// Eligibility are the insurer's answers about benefits, the latest last.
	Eligibility []Eligibility `json:"eligibility,omitempty"`
}

// InForce reports whether the policy pays at a time: it is active, and its
// period, as far as it says one, holds the time.
func (v *Coverage) InForce(at time.Time) bool { return v.Status == "active" && v.Period.Covers(at) }

// Class is a classification of a policy: its group, its plan.
type Class struct {
	Type  Concept `json:"type,omitzero"`
	Value string  `json:"value"`
	Name  string  `json:"name,omitempty"`
}

// CopayFee is what the client pays of each service of a type.
type CopayFee struct {
	Type     Concept   `json:"type,omitzero"`
	Amount   *Money    `json:"amount,omitempty"`
	Quantity *Quantity `json:"quantity,omitempty"`
}

// Eligibility is an insurer's answer about what a policy covers.
type Eligibility struct {
	ID       Ref       `json:"id"`
	Status   string    `json:"status,omitempty"`  // active, cancelled, draft, entered-in-error
	Outcome  string    `json:"outcome,omitempty"` // queued, complete, error, partial
	At       Date      `json:"at,omitzero"`
	Insurer  Party     `json:"insurer,omitzero"`
	Inforce  *bool     `json:"inforce,omitempty"`
	Period   Period    `json:"period,omitzero"`
	Benefits []Benefit `json:"benefits,omitempty"`
	Text     string    `json:"text,omitempty"`
}

// Benefit is what a policy covers of a kind of service.
type Benefit struct {
	Category           Concept `json:"category,omitzero"`
	Service            Concept `json:"service,omitzero"`
	Excluded           bool    `json:"excluded,omitempty"`
	Name               string  `json:"name,omitempty"`
	Text               string  `json:"text,omitempty"`
	Network            Concept `json:"network,omitzero"` // in or out
	Unit               Concept `json:"unit,omitzero"`    // individual, family
	Term               Concept `json:"term,omitzero"`    // annual, lifetime
	NeedsAuthorization *bool   `json:"needsAuthorization,omitempty"`
	Limits             []Limit `json:"limits,omitempty"`
}

// Limit is how much of a benefit is allowed, and how much is used.
type Limit struct {
	Type    Concept `json:"type,omitzero"` // visits, days, copayment, …
	Allowed Amount  `json:"allowed,omitzero"`
	Used    Amount  `json:"used,omitzero"`
}

// Amount is money, a count, or words: at most one field is set.
type Amount struct {
	Money *Money  `json:"money,omitempty"`
	Count *int    `json:"count,omitempty"`
	Text  *string `json:"text,omitempty"`
}

// IsZero says whether no field is set.
func (a Amount) IsZero() bool { return a == Amount{} }
