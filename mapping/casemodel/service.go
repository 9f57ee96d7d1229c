package casemodel

// ServiceStatus is where a service stands.
type ServiceStatus string

// The statuses of a service.
const (
	ServiceDraft          ServiceStatus = "draft" // planned, not ordered yet
	ServiceRequested      ServiceStatus = "requested"
	ServiceOffered        ServiceStatus = "offered"  // to one or several providers
	ServiceDeclined       ServiceStatus = "declined" // by all that were asked
	ServiceAccepted       ServiceStatus = "accepted" // by a provider that the client chose
	ServiceScheduled      ServiceStatus = "scheduled"
	ServiceInProgress     ServiceStatus = "in-progress"
	ServiceOnHold         ServiceStatus = "on-hold"
	ServiceDelivered      ServiceStatus = "delivered"
	ServiceEnded          ServiceStatus = "ended" // before it was delivered whole
	ServiceEnteredInError ServiceStatus = "entered-in-error"
	ServiceUnknown        ServiceStatus = "unknown"
)

// Done says whether nothing more is expected of a service of this status.
func (s ServiceStatus) Done() bool {
	return s == ServiceDelivered || s == ServiceEnded || s == ServiceEnteredInError
}

// Service is something that a provider organization is asked to do.
type Service struct {
	ID           Ref           `json:"id"`
	Status       ServiceStatus `json:"status,omitempty"`
	StatusReason string        `json:"statusReason,omitempty"`
	Intent       string        `json:"intent,omitempty"` // proposal, plan, order, …
	Priority     string        `json:"priority,omitempty"`
	Categories   []Concept     `json:"categories,omitempty"`
	Code         Concept       `json:"code,omitzero"`
	Details      []Concept     `json:"details,omitempty"`
	Not          bool          `json:"not,omitempty"` // it must not be done
	// Ordered is how much was ordered (12 visits, 21 days), to compare with use.
	Ordered *Quantity `json:"ordered,omitempty"`
	// When is the time wanted: a date, a period, or words.
	When        Value     `json:"when,omitzero"`
	RequestedAt Date      `json:"requestedAt,omitzero"`
	RequestedBy Party     `json:"requestedBy,omitzero"`
	Performers  []Party   `json:"performers,omitempty"` // who is wanted; the provider once chosen
	Goals       []Ref     `json:"goals,omitempty"`
	Plans       []Ref     `json:"plans,omitempty"`
	Reasons     []Concept `json:"reasons,omitempty"`
	Problems    []Ref     `json:"problems,omitempty"`
	Coverages   []Ref     `json:"coverages,omitempty"`
	// NeedsAuthorization says that it can't start before the insurer approves.
	NeedsAuthorization bool `json:"needsAuthorization,omitempty"`
	// Provider is whose acceptance was taken, empty until then.
	Provider Party   `json:"provider,omitzero"`
	Offers   []Offer `json:"offers,omitempty"`
	// Due is when it must have begun, empty for no date.
	Due          Date     `json:"due,omitzero"`
	StartedAt    Date     `json:"startedAt,omitzero"`
	EndedAt      Date     `json:"endedAt,omitzero"`
	Instructions string   `json:"instructions,omitempty"`
	Remarks      []Remark `json:"remarks,omitempty"`
}

// TaskStatus is where a task, or an offer of a service to a provider, stands.
type TaskStatus string

// The statuses of tasks and offers.
const (
	TaskDraft          TaskStatus = "draft"
	TaskRequested      TaskStatus = "requested"
	TaskReceived       TaskStatus = "received"
	TaskAccepted       TaskStatus = "accepted"
	TaskRejected       TaskStatus = "rejected"
	TaskReady          TaskStatus = "ready"
	TaskInProgress     TaskStatus = "in-progress"
	TaskOnHold         TaskStatus = "on-hold"
	TaskFailed         TaskStatus = "failed"
	TaskCompleted      TaskStatus = "completed"
	TaskCancelled      TaskStatus = "cancelled"
	TaskEnteredInError TaskStatus = "entered-in-error"
)

// Done says whether nothing more is expected of a task of this status.
func (s TaskStatus) Done() bool {
	switch s {
	case TaskRejected, TaskFailed, TaskCompleted, TaskCancelled, TaskEnteredInError:
		return true
	}
	return false
}

// taken says whether a provider has said yes and not given up.
func (s TaskStatus) taken() bool {
	switch s {
	case TaskAccepted, TaskReady, TaskInProgress, TaskOnHold, TaskCompleted:
		return true
	}
	return false
}

// Offer asks one provider to do a service.
type Offer struct {
	ID       Ref        `json:"id"`
	Status   TaskStatus `json:"status"`
	Business Concept    `json:"business,omitzero"` // the finer state
	Provider Party      `json:"provider,omitzero"`
	// Chosen says that the client chose this provider.
	Chosen bool `json:"chosen,omitempty"`
	// OutOfNetwork is why a provider outside the insurer's network is asked.
	OutOfNetwork string `json:"outOfNetwork,omitempty"`
	At           Date   `json:"at,omitzero"`
	By           Party  `json:"by,omitzero"`
	Due          Date   `json:"due,omitzero"` // when the answer is due
	AnsweredAt   Date   `json:"answeredAt,omitzero"`
	Reason       string `json:"reason,omitempty"` // of declining, cancelling, failing
	// Evidence is there where somebody else than the provider recorded the answer.
	Evidence Evidence `json:"evidence,omitzero"`
	Remarks  []Remark `json:"remarks,omitempty"`
}

// Stands reports whether the offer makes its provider one of the case's: it was
// made, and neither turned down nor taken back.
func (o *Offer) Stands() bool {
	return o.Status != TaskDraft && (o.Status == TaskCompleted || !o.Status.Done())
}
