package casemodel

// AppointmentStatus is where an appointment stands.
type AppointmentStatus string

// The statuses of an appointment.
const (
	AppointmentProposed       AppointmentStatus = "proposed"
	AppointmentPending        AppointmentStatus = "pending"
	AppointmentBooked         AppointmentStatus = "booked"
	AppointmentArrived        AppointmentStatus = "arrived"
	AppointmentCheckedIn      AppointmentStatus = "checked-in"
	AppointmentWaitlisted     AppointmentStatus = "waitlisted"
	AppointmentKept           AppointmentStatus = "kept"
	AppointmentMissed         AppointmentStatus = "missed"
	AppointmentCancelled      AppointmentStatus = "cancelled"
	AppointmentEnteredInError AppointmentStatus = "entered-in-error"
)

// Done says whether nothing more is expected of an appointment of this status.
func (s AppointmentStatus) Done() bool {
	switch s {
	case AppointmentKept, AppointmentMissed, AppointmentCancelled, AppointmentEnteredInError:
		return true
	}
	return false
}

// Appointment is a dated visit with a provider.
type Appointment struct {
	ID           Ref               `json:"id"`
	Status       AppointmentStatus `json:"status"`
	StatusReason Concept           `json:"statusReason,omitzero"`
	Services     []Ref             `json:"services,omitempty"` // that it delivers
	Types        []Concept         `json:"types,omitempty"`
	Text         string            `json:"text,omitempty"`
	Start        Date              `json:"start,omitzero"`
	End          Date              `json:"end,omitzero"`
	Minutes      int               `json:"minutes,omitempty"`
	Attendees    []Attendee        `json:"attendees,omitempty"`
	Problems     []Ref             `json:"problems,omitempty"`
	CreatedAt    Date              `json:"createdAt,omitzero"`
	Remark       string            `json:"remark,omitempty"`
	Instructions string            `json:"instructions,omitempty"` // for the client
}

// Attendee is who takes part in an appointment, and whether they said that they come.
type Attendee struct {
	Party    Party     `json:"party,omitzero"`
	Roles    []Concept `json:"roles,omitempty"`
	Required string    `json:"required,omitempty"` // required, optional, information-only
	Status   string    `json:"status,omitempty"`   // accepted, declined, tentative, needs-action
	Period   Period    `json:"period,omitzero"`
}
