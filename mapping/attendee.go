package mapping

import (
	"slices"

	"caseway/mapping/casemodel"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// actors are the types that Appointment.participant.actor may lead to.
var actors = []string{"Patient", "Practitioner", "PractitionerRole", "RelatedPerson", "Device", "HealthcareService", "Location"}

// mayAct reports whether FHIR lets a party be an actor; an Organization or a team it
// doesn't.
func mayAct(p casemodel.Party) bool { return p.Ref == "" || slices.Contains(actors, p.Ref.Type()) }

// attendeeURL is the extension with who takes part that may not be an actor.
var attendeeURL = extensionURL("attendee")

// actor binds who takes part.
func actor() binding[casemodel.Attendee] {
	at := func(a *casemodel.Attendee) *casemodel.Party { return &a.Party }
	element, other := one("actor", at, party), extension("attendee", at, inParty)
	return binding[casemodel.Attendee]{
		read: func(m protoreflect.Message, a *casemodel.Attendee) {
			element.read(m, a)
			if a.Party.IsZero() {
				other.read(m, a)
			}
		},
		write: func(m protoreflect.Message, a *casemodel.Attendee) {
			var have casemodel.Attendee
			if element.read(m, &have); mayAct(a.Party) || have.Party == a.Party { // what somebody wrote so stays
				element.write(m, a)
				removeExtensions(m, attendeeURL)
				return
			}
			element.write(m, &casemodel.Attendee{})
			other.write(m, a)
		},
	}
}

// untyped is the type of whoever is no actor and has no role: FHIR wants one of both
// (invariant app-1).
var untyped = []casemodel.Concept{casemodel.Words("participant")}

// attendeeTypes binds the roles of who takes part.
func attendeeTypes() binding[casemodel.Attendee] {
	types := many("type", func(a *casemodel.Attendee) *[]casemodel.Concept { return &a.Roles }, concept)
	return binding[casemodel.Attendee]{
		read: func(m protoreflect.Message, a *casemodel.Attendee) {
			types.read(m, a)
			if !mayAct(a.Party) && findExtension(m, attendeeURL) != nil && same(a.Roles, untyped) {
				a.Roles = nil
			}
		},
		write: func(m protoreflect.Message, a *casemodel.Attendee) {
			b := *a
			if len(a.Roles) == 0 && findExtension(m, attendeeURL) != nil {
				b.Roles = untyped
			}
			types.write(m, &b)
		},
	}
}
