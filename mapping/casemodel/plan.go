package casemodel

// PlanStatus is where a version of the plan stands.
type PlanStatus string

// The statuses of a plan version.
const (
	PlanDraft            PlanStatus = "draft"
	PlanAwaitingApproval PlanStatus = "awaiting-approval"
	PlanReturned         PlanStatus = "returned" // to be changed and submitted again
	PlanProposed         PlanStatus = "proposed" // suggested by another system, and nobody's to act on
	PlanApproved         PlanStatus = "approved" // the current plan
	PlanOnHold           PlanStatus = "on-hold"
	PlanRevoked          PlanStatus = "revoked" // replaced by a later version, or given up
	PlanCompleted        PlanStatus = "completed"
	PlanEnteredInError   PlanStatus = "entered-in-error"
	PlanUnknown          PlanStatus = "unknown"
)

// Plan is one version of goals plus services plus schedule.
type Plan struct {
	ID      Ref        `json:"id"`
	Version int        `json:"version,omitempty"` // from 1; 0 where a foreign plan has none
	Status  PlanStatus `json:"status,omitempty"`
	// Foreign says that the plan came from another system, which keeps it: such
	// plans stand beside the case's own and aren't bound by the rules for versions.
	Foreign     bool       `json:"foreign,omitempty"`
	Intent      string     `json:"intent,omitempty"` // proposal, plan, order, option
	Title       string     `json:"title,omitempty"`
	Description string     `json:"description,omitempty"`
	Categories  []Concept  `json:"categories,omitempty"`
	Templates   []string   `json:"templates,omitempty"` // canonical URLs of what it was made from
	Period      Period     `json:"period,omitzero"`
	Goals       []Ref      `json:"goals,omitempty"`
	Addresses   []Ref      `json:"addresses,omitempty"`
	Activities  []Activity `json:"activities,omitempty"`
	Teams       []Ref      `json:"teams,omitempty"`
	Supporting  []Ref      `json:"supporting,omitempty"` // assessments among them
	Replaces    []Ref      `json:"replaces,omitempty"`
	PartOf      []Ref      `json:"partOf,omitempty"`
	BasedOn     []Ref      `json:"basedOn,omitempty"`
	// DraftedBy, DraftedAt and Why say who made this version, when, and why.
	DraftedBy Party  `json:"draftedBy,omitzero"`
	DraftedAt Date   `json:"draftedAt,omitzero"`
	Why       string `json:"why,omitempty"`
	// Participants are the client, family and others who took part in drafting.
	Participants []Party `json:"participants,omitempty"`
	// Approvals are the requests for approval, the latest last.
	Approvals  []Approval `json:"approvals,omitempty"`
	NextReview Date       `json:"nextReview,omitzero"`
	Remarks    []Remark   `json:"remarks,omitempty"`
}

// ApprovalStatus is how a request for approval was answered.
type ApprovalStatus string

// The statuses of a request for approval.
const (
	ApprovalRequested      ApprovalStatus = "requested"
	ApprovalApproved       ApprovalStatus = "approved"
	ApprovalReturned       ApprovalStatus = "returned"
	ApprovalCancelled      ApprovalStatus = "cancelled"
	ApprovalEnteredInError ApprovalStatus = "entered-in-error"
)

// Approval is a request to a physician to approve a plan version, with the decision.
type Approval struct {
	ID          Ref            `json:"id"`
	Status      ApprovalStatus `json:"status"`
	RequestedAt Date           `json:"requestedAt,omitzero"`
	RequestedBy Party          `json:"requestedBy,omitzero"`
	Approver    Party          `json:"approver,omitzero"` // who is asked, empty for any physician
	Due         Date           `json:"due,omitzero"`
	DecidedAt   Date           `json:"decidedAt,omitzero"`
	DecidedBy   Party          `json:"decidedBy,omitzero"`
	Reason      string         `json:"reason,omitempty"`
}

// Activity is a line of a plan: a part that carries it out, or a description.
type Activity struct {
	Ref          Ref       `json:"ref,omitempty"`
	Outcomes     []Ref     `json:"outcomes,omitempty"`
	OutcomeCodes []Concept `json:"outcomeCodes,omitempty"`
	Progress     []Remark  `json:"progress,omitempty"`
	Detail       *Detail   `json:"detail,omitempty"`
}

// Detail describes an activity that no part of its own stands for.
type Detail struct {
	Kind         string    `json:"kind,omitempty"` // Appointment, Task, ServiceRequest, …
	Code         Concept   `json:"code,omitzero"`
	Status       string    `json:"status,omitempty"` // not-started, scheduled, in-progress, on-hold, completed, cancelled, stopped, unknown, entered-in-error
	StatusReason Concept   `json:"statusReason,omitzero"`
	Not          bool      `json:"not,omitempty"` // it must not be done
	Description  string    `json:"description,omitempty"`
	Scheduled    Value     `json:"scheduled,omitzero"` // a period or words
	Location     Party     `json:"location,omitzero"`
	Performers   []Party   `json:"performers,omitempty"`
	Product      Concept   `json:"product,omitzero"`
	ProductRef   Ref       `json:"productRef,omitempty"`
	Daily        *Quantity `json:"daily,omitempty"`
	Quantity     *Quantity `json:"quantity,omitempty"`
	Reasons      []Concept `json:"reasons,omitempty"`
	Problems     []Ref     `json:"problems,omitempty"`
	Goals        []Ref     `json:"goals,omitempty"`
}
