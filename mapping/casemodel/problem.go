package casemodel

// Problem is what is wrong.
type Problem struct {
	ID           Ref       `json:"id"`
	Code         Concept   `json:"code,omitzero"`
	Clinical     string    `json:"clinical,omitempty"`     // active, recurrence, relapse, inactive, remission, resolved
	Verification string    `json:"verification,omitempty"` // unconfirmed, provisional, differential, confirmed, refuted, entered-in-error
	Categories   []Concept `json:"categories,omitempty"`
	Severity     Concept   `json:"severity,omitzero"`
	Onset        Value     `json:"onset,omitzero"`
	Abatement    Value     `json:"abatement,omitzero"`
	RecordedAt   Date      `json:"recordedAt,omitzero"`
	RecordedBy   Party     `json:"recordedBy,omitzero"`
	AssertedBy   Party     `json:"assertedBy,omitzero"`
	Remarks      []Remark  `json:"remarks,omitempty"`
}

// StrengthSource is whose strength it is.
type StrengthSource string

// The sources of strengths.
const (
	StrengthOwn       StrengthSource = "own"
	StrengthFamily    StrengthSource = "family"
	StrengthFriends   StrengthSource = "friends"
	StrengthCommunity StrengthSource = "community"
	StrengthHome      StrengthSource = "home"
)

// StrengthSources lists all sources of strengths.
func StrengthSources() []StrengthSource {
	return []StrengthSource{StrengthOwn, StrengthFamily, StrengthFriends, StrengthCommunity, StrengthHome}
}

// FindingStatus is how sure an observed part is.
type FindingStatus string

// The statuses of findings: strengths, outcomes, risks and assessments.
const (
	FindingRegistered     FindingStatus = "registered"
	FindingPreliminary    FindingStatus = "preliminary"
	FindingFinal          FindingStatus = "final"
	FindingAmended        FindingStatus = "amended"
	FindingCorrected      FindingStatus = "corrected"
	FindingCancelled      FindingStatus = "cancelled"
	FindingEnteredInError FindingStatus = "entered-in-error"
	FindingUnknown        FindingStatus = "unknown"
)

// counts says whether a finding of this status may be built on.
func (s FindingStatus) counts() bool {
	return s != FindingEnteredInError && s != FindingCancelled
}

// Strength is something that the client can build on.
type Strength struct {
	ID      Ref            `json:"id"`
	Source  StrengthSource `json:"source,omitempty"`
	Code    Concept        `json:"code,omitzero"` // what kind of strength
	Text    string         `json:"text,omitempty"`
	Value   Value          `json:"value,omitzero"` // where it isn't words
	Status  FindingStatus  `json:"status,omitempty"`
	At      Date           `json:"at,omitzero"`
	By      []Party        `json:"by,omitempty"`
	Remarks []Remark       `json:"remarks,omitempty"`
}

// Barrier is what stands in the way: no transport, no heating, a language.
type Barrier struct {
	ID         Ref       `json:"id"`
	Status     string    `json:"status,omitempty"` // active, inactive, entered-in-error
	Categories []Concept `json:"categories,omitempty"`
	Code       Concept   `json:"code,omitzero"`
	Period     Period    `json:"period,omitzero"`
	By         Party     `json:"by,omitzero"`
}

// Risk is what may go wrong, how likely, and what is done against it.
type Risk struct {
	ID          Ref           `json:"id"`
	Status      FindingStatus `json:"status,omitempty"`
	Code        Concept       `json:"code,omitzero"`
	Problem     Ref           `json:"problem,omitempty"`
	At          Date          `json:"at,omitzero"`
	By          Party         `json:"by,omitzero"`
	Basis       []Ref         `json:"basis,omitempty"`
	Predictions []Prediction  `json:"predictions,omitempty"`
	Mitigation  string        `json:"mitigation,omitempty"`
	Remarks     []Remark      `json:"remarks,omitempty"`
}

// Prediction is one thing that a risk may lead to.
type Prediction struct {
	Outcome     Concept `json:"outcome,omitzero"`
	Probability Value   `json:"probability,omitzero"` // a decimal or a range
	Level       Concept `json:"level,omitzero"`       // low, moderate, high
	When        Value   `json:"when,omitzero"`        // a period or a range
	Rationale   string  `json:"rationale,omitempty"`
}
