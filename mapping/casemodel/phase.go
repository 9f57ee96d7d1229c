package casemodel

import "slices"

// Phase is where a case stands in its course.
type Phase string

// The phases.
const (
	PhaseReferred         Phase = "referred"
	PhaseOpened           Phase = "opened"
	PhaseAssessing        Phase = "assessing"
	PhasePlanning         Phase = "planning"
	PhaseAwaitingApproval Phase = "awaiting-approval"
	PhaseActive           Phase = "active" // implementing and coordinating
	PhaseMonitoring       Phase = "monitoring"
	PhaseOnHold           Phase = "on-hold"
	PhaseClosed           Phase = "closed"
	PhaseReopened         Phase = "reopened" // from closed; assessed or planned anew
	PhaseCancelled        Phase = "cancelled"
	PhaseEnteredInError   Phase = "entered-in-error"
)

// Phases lists all phases in the order of a case's course.
func Phases() []Phase {
	return []Phase{
		PhaseReferred, PhaseOpened, PhaseAssessing, PhasePlanning, PhaseAwaitingApproval, PhaseActive,
		PhaseMonitoring, PhaseOnHold, PhaseClosed, PhaseReopened, PhaseCancelled, PhaseEnteredInError,
	}
}

// Valid says whether p is one of the phases.
func (p Phase) Valid() bool { return slices.Contains(Phases(), p) }

// Open says whether a case in p still goes on, on hold included.
func (p Phase) Open() bool {
	return p.Valid() && p != PhaseClosed && p != PhaseCancelled && p != PhaseEnteredInError
}

// PhaseSpan is a stretch of a case's history: it was in Phase from Start to End.
type PhaseSpan struct {
	Phase Phase `json:"phase"`
	// Queued says that the referral waited for a place.
	Queued bool `json:"queued,omitempty"`
	Start  Date `json:"start,omitzero"`
	End    Date `json:"end,omitzero"` // empty for the span that lasts
	// Inferred says that the phase is guessed from a status that somebody else
	// wrote: such spans may overlap and have gaps.
	Inferred bool `json:"inferred,omitempty"`
}

// Hold is why and from where a case is on hold.
type Hold struct {
	From   Phase  `json:"from"` // what it resumes to
	Reason string `json:"reason,omitempty"`
	At     Date   `json:"at,omitzero"`
	By     Party  `json:"by,omitzero"`
	Until  Date   `json:"until,omitzero"` // when to look at it again
}
