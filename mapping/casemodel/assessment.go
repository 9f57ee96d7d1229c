package casemodel

// AssessmentStatus is how far an assessment is.
type AssessmentStatus string

// The statuses of an assessment.
const (
	AssessmentDraft          AssessmentStatus = "draft"
	AssessmentCompleted      AssessmentStatus = "completed"
	AssessmentAmended        AssessmentStatus = "amended" // completed, then changed
	AssessmentStopped        AssessmentStatus = "stopped"
	AssessmentEnteredInError AssessmentStatus = "entered-in-error"
)

// complete says whether planning can build on an assessment of this status.
func (s AssessmentStatus) complete() bool {
	return s == AssessmentCompleted || s == AssessmentAmended
}

// Assessment is what was found out about the client's needs, available
// resources, strengths, barriers and risks, and what is medically necessary.
type Assessment struct {
	ID         Ref              `json:"id"`
	Status     AssessmentStatus `json:"status,omitempty"`
	Instrument string           `json:"instrument,omitempty"` // canonical URL of the questionnaire
	At         Date             `json:"at,omitzero"`
	By         Party            `json:"by,omitzero"`
	Informant  Party            `json:"informant,omitzero"` // who answered
	Needs      []Need           `json:"needs,omitempty"`
	Resources  []Need           `json:"resources,omitempty"` // what is there to help
	Necessity  []Necessity      `json:"necessity,omitempty"`
	Problems   []Ref            `json:"problems,omitempty"`
	Strengths  []Ref            `json:"strengths,omitempty"`
	Barriers   []Ref            `json:"barriers,omitempty"`
	Risks      []Ref            `json:"risks,omitempty"`
	Answers    []Answer         `json:"answers,omitempty"`
	// Observations are measured results that belong to the assessment.
	Observations []Ref  `json:"observations,omitempty"`
	Summary      string `json:"summary,omitempty"`
}

// Need is something that the client needs, or a resource that meets needs.
type Need struct {
	Code    Concept `json:"code,omitzero"`
	Text    string  `json:"text,omitempty"`
	Problem Ref     `json:"problem,omitempty"`
}

// Necessity says which care is medically necessary, and in which setting.
type Necessity struct {
	Care    Concept `json:"care,omitzero"`
	Setting Setting `json:"setting,omitempty"`
	Reason  string  `json:"reason,omitempty"`
}

// Answer is a question of the instrument with its answers and the questions below it.
type Answer struct {
	LinkID string       `json:"linkId"`
	Text   string       `json:"text,omitempty"`
	Values []AnswerItem `json:"values,omitempty"`
	Items  []Answer     `json:"items,omitempty"`
}

// AnswerItem is one answer with the questions that it opens.
type AnswerItem struct {
	Value Value    `json:"value,omitzero"`
	Items []Answer `json:"items,omitempty"`
}
