package casemodel

// GoalStatus is whether a goal is pursued.
type GoalStatus string

// The statuses of a goal.
const (
	GoalProposed       GoalStatus = "proposed"
	GoalPlanned        GoalStatus = "planned"
	GoalAccepted       GoalStatus = "accepted"
	GoalActive         GoalStatus = "active"
	GoalOnHold         GoalStatus = "on-hold"
	GoalCompleted      GoalStatus = "completed"
	GoalCancelled      GoalStatus = "cancelled"
	GoalRejected       GoalStatus = "rejected"
	GoalEnteredInError GoalStatus = "entered-in-error"
)

// Goal is what is wanted, by when, and measured how.
type Goal struct {
	ID          Ref        `json:"id"`
	Status      GoalStatus `json:"status,omitempty"`
	Achievement Concept    `json:"achievement,omitzero"`
	Description Concept    `json:"description,omitzero"`
	// ClientWords is the goal in the client's own words.
	ClientWords string `json:"clientWords,omitempty"`
	// BuildsOn names the strengths or supports (relatives) that the goal rests
	// on; NoStrength says that there is none.
	BuildsOn     []Ref     `json:"buildsOn,omitempty"`
	NoStrength   bool      `json:"noStrength,omitempty"`
	Categories   []Concept `json:"categories,omitempty"`
	Priority     Concept   `json:"priority,omitzero"`
	Addresses    []Ref     `json:"addresses,omitempty"`
	Start        Value     `json:"start,omitzero"` // a date or a concept ("admission")
	Targets      []Target  `json:"targets,omitempty"`
	ExpressedBy  Party     `json:"expressedBy,omitzero"`
	StatusAt     Date      `json:"statusAt,omitzero"`
	StatusReason string    `json:"statusReason,omitempty"`
	Outcomes     []Ref     `json:"outcomes,omitempty"`
	OutcomeCodes []Concept `json:"outcomeCodes,omitempty"`
	Remarks      []Remark  `json:"remarks,omitempty"`
}

// Target is what is measured and what value is wanted by when.
type Target struct {
	Measure Concept   `json:"measure,omitzero"`
	Detail  Value     `json:"detail,omitzero"`
	Due     Date      `json:"due,omitzero"`
	Within  *Quantity `json:"within,omitempty"` // a duration from the goal's start, in place of Due
}

// Outcome is a measured result against goals.
type Outcome struct {
	ID      Ref           `json:"id"`
	Status  FindingStatus `json:"status,omitempty"`
	Goals   []Ref         `json:"goals,omitempty"`
	Measure Concept       `json:"measure,omitzero"`
	Value   Value         `json:"value,omitzero"`
	At      Date          `json:"at,omitzero"`
	By      []Party       `json:"by,omitempty"`
	Remarks []Remark      `json:"remarks,omitempty"`
}
