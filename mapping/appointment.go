package mapping

import (
	"caseway/mapping/casemodel"

	appointmentpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/appointment_go_proto"
)

// attendee is the codec of Appointment.participant.
var attendee = object(
	actor(),
	attendeeTypes(),
	one("required", func(a *casemodel.Attendee) *string { return &a.Required }, words),
	one("status", func(a *casemodel.Attendee) *string { return &a.Status }, words),
	one("period", func(a *casemodel.Attendee) *casemodel.Period { return &a.Period }, period),
).about(func(a, b casemodel.Attendee) bool { return a.Party.Same(b.Party) })

var appointments = pair[casemodel.Appointment, appointmentpb.Appointment, *appointmentpb.Appointment]{
	typ: "Appointment",
	id:  func(a *casemodel.Appointment) *casemodel.Ref { return &a.ID },
	bindings: []binding[casemodel.Appointment]{
		one("status", func(a *casemodel.Appointment) *casemodel.AppointmentStatus { return &a.Status }, coded[casemodel.AppointmentStatus](tableOf("appointment-status"))),
		one("cancelationReason", func(a *casemodel.Appointment) *casemodel.Concept { return &a.StatusReason }, concept),
		many("basedOn", func(a *casemodel.Appointment) *[]casemodel.Ref { return &a.Services }, ref),
		many("serviceType", func(a *casemodel.Appointment) *[]casemodel.Concept { return &a.Types }, concept),
		one("description", func(a *casemodel.Appointment) *string { return &a.Text }, words),
		one("minutesDuration", func(a *casemodel.Appointment) *int { return &a.Minutes }, number),
		appointmentTimes(), // the end may follow from the minutes, and whether they are needed from the status
		many("participant", func(a *casemodel.Appointment) *[]casemodel.Attendee { return &a.Attendees }, attendee),
		many("reasonReference", func(a *casemodel.Appointment) *[]casemodel.Ref { return &a.Problems }, ref),
		one("created", func(a *casemodel.Appointment) *casemodel.Date { return &a.CreatedAt }, date),
		one("comment", func(a *casemodel.Appointment) *string { return &a.Remark }, words),
		one("patientInstruction", func(a *casemodel.Appointment) *string { return &a.Instructions }, words),
	},
}
