package mapping

import (
	"caseway/mapping/casemodel"

	appointmentpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/appointment_go_proto"
	communicationpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/communication_go_proto"
	requestpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/communication_request_go_proto"
	encounterpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/encounter_go_proto"
)

const (
	actCodes   = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
	mediaCodes = "http://terminology.hl7.org/CodeSystem/v3-ParticipationMode"
)

func contactStatus(c *casemodel.Contact) *casemodel.ContactStatus { return &c.Status }
func contactKind(c *casemodel.Contact) *casemodel.ContactKind     { return &c.Kind }
func contactID(c *casemodel.Contact) *casemodel.Ref               { return &c.ID }

var (
	contactClass  = tableOf("contact-class")
	contactMedium = tableOf("contact-medium")
)

// besideContact are the facts of a contact that none of its resources has an
// element for.
var besideContact = []binding[casemodel.Contact]{
	extension("contact-cadence", func(c *casemodel.Contact) *bool { return &c.Cadence }, inBoolean),
	extension("contact-plan", func(c *casemodel.Contact) *casemodel.Ref { return &c.Plan }, inRef),
	extensions("contact-symptom", func(c *casemodel.Contact) *[]casemodel.Ref { return &c.Symptoms }, inRef),
	extensions("contact-message", func(c *casemodel.Contact) *[]casemodel.Ref { return &c.Messages }, inRef),
}

// plannedMark is the extension that tells a planned contact from an
// appointment with a provider.
const plannedMark = "contact-planned"

func markContact(m *appointmentpb.Appointment) {
	yes := true
	extension(plannedMark, func(b *bool) *bool { return b }, inBoolean).write(m.ProtoReflect(), &yes)
}

// plannedVisits are contacts that are planned as an Appointment.
var plannedVisits = pair[casemodel.Contact, appointmentpb.Appointment, *appointmentpb.Appointment]{
	typ: "Appointment", id: contactID,
	fixed: markContact,
	bindings: append([]binding[casemodel.Contact]{
		status("status", "contact-status", contactStatus, tableOf("contact-appointment")),
		extension("contact-kind", contactKind, inText[casemodel.ContactKind]("code")),
		insideFirst("requestedPeriod", one("start", func(c *casemodel.Contact) *casemodel.Date { return &c.Due }, date)),
		{readAttended, writeAttended},
		many("reasonCode", func(c *casemodel.Contact) *[]casemodel.Concept { return &c.Reasons }, concept),
		many("reasonReference", func(c *casemodel.Contact) *[]casemodel.Ref { return &c.Problems }, ref),
		one("cancelationReason", func(c *casemodel.Contact) *string { return &c.Reason }, wordsOf),
		extension("contact-period", func(c *casemodel.Contact) *casemodel.Period { return &c.Period }, inPeriod),
		extension("contact-learned", func(c *casemodel.Contact) *string { return &c.Learned }, inString),
		extensions("remark", func(c *casemodel.Contact) *[]casemodel.Remark { return &c.Remarks }, remarkIn),
		writeOnly(writeVisitTimes),
	}, besideContact...),
}

// plannedCalls are contacts that are planned as a CommunicationRequest.
var plannedCalls = pair[casemodel.Contact, requestpb.CommunicationRequest, *requestpb.CommunicationRequest]{
	typ: "CommunicationRequest", subject: "subject", id: contactID,
	bindings: append([]binding[casemodel.Contact]{
		status("status", "contact-status", contactStatus, tableOf("contact-request")),
		fine(firstConcept("medium", mediaCodes), "contact-kind", contactKind, contactMedium),
		typed("occurrence", "dateTime", func(c *casemodel.Contact) *casemodel.Date { return &c.Due }, date),
		many("recipient", func(c *casemodel.Contact) *[]casemodel.Party { return &c.With }, party),
		one("sender", func(c *casemodel.Contact) *casemodel.Party { return &c.By }, party),
		many("reasonCode", func(c *casemodel.Contact) *[]casemodel.Concept { return &c.Reasons }, concept),
		many("reasonReference", func(c *casemodel.Contact) *[]casemodel.Ref { return &c.Problems }, ref),
		one("statusReason", func(c *casemodel.Contact) *string { return &c.Reason }, wordsOf),
		many("note", func(c *casemodel.Contact) *[]casemodel.Remark { return &c.Remarks }, remark),
		extension("contact-period", func(c *casemodel.Contact) *casemodel.Period { return &c.Period }, inPeriod),
		extension("contact-learned", func(c *casemodel.Contact) *string { return &c.Learned }, inString),
	}, besideContact...),
}

// visits are contacts that were held without being planned, as an Encounter.
var visits = pair[casemodel.Contact, encounterpb.Encounter, *encounterpb.Encounter]{
	typ: "Encounter", subject: "subject", id: contactID,
	bindings: append([]binding[casemodel.Contact]{
		status("status", "contact-status", contactStatus, tableOf("contact-encounter")),
		fine(codingAt("class", actCodes), "contact-kind", contactKind, contactClass),
		one("period", func(c *casemodel.Contact) *casemodel.Period { return &c.Period }, period),
		extensions("contact-with", func(c *casemodel.Contact) *[]casemodel.Party { return &c.With }, inParty),
		{readVisitor, writeVisitor},
		extension("contact-due", func(c *casemodel.Contact) *casemodel.Date { return &c.Due }, inDate),
		many("reasonCode", func(c *casemodel.Contact) *[]casemodel.Concept { return &c.Reasons }, concept),
		many("reasonReference", func(c *casemodel.Contact) *[]casemodel.Ref { return &c.Problems }, ref),
		extension("contact-reason", func(c *casemodel.Contact) *string { return &c.Reason }, inString),
		extension("contact-learned", func(c *casemodel.Contact) *string { return &c.Learned }, inString),
		extensions("remark", func(c *casemodel.Contact) *[]casemodel.Remark { return &c.Remarks }, remarkIn),
	}, besideContact...),
}

// messages are contacts that are nothing but a Communication.
var messages = pair[casemodel.Contact, communicationpb.Communication, *communicationpb.Communication]{
	typ: "Communication", subject: "subject", id: contactID,
	fixed: func(m *communicationpb.Communication) { addCategory(m, contactCategory) },
	bindings: append([]binding[casemodel.Contact]{
		status("status", "contact-status", contactStatus, tableOf("contact-communication")),
		fine(firstConcept("medium", mediaCodes), "contact-kind", contactKind, contactMedium),
		{readSent, writeSent},
		many("recipient", func(c *casemodel.Contact) *[]casemodel.Party { return &c.With }, party),
		one("sender", func(c *casemodel.Contact) *casemodel.Party { return &c.By }, party),
		extension("contact-due", func(c *casemodel.Contact) *casemodel.Date { return &c.Due }, inDate),
		many("reasonCode", func(c *casemodel.Contact) *[]casemodel.Concept { return &c.Reasons }, concept),
		many("reasonReference", func(c *casemodel.Contact) *[]casemodel.Ref { return &c.Problems }, ref),
		one("statusReason", func(c *casemodel.Contact) *string { return &c.Reason }, wordsOf),
		insideFirst("payload", typed("content", "string", func(c *casemodel.Contact) *string { return &c.Learned }, words)),
		many("note", func(c *casemodel.Contact) *[]casemodel.Remark { return &c.Remarks }, remark),
	}, besideContact...),
}

// meetings are the Encounters in which planned contacts were held. They name
// what planned them.
var meetings = pair[casemodel.Contact, encounterpb.Encounter, *encounterpb.Encounter]{
	typ: "Encounter", subject: "subject",
	id:    func(c *casemodel.Contact) *casemodel.Ref { return &c.Held },
	owner: binding[frame]{readPlanned, writePlanned},
	bindings: []binding[casemodel.Contact]{
		status("status", "contact-status", contactStatus, tableOf("contact-encounter")),
		fine(codingAt("class", actCodes), "contact-kind", contactKind, contactClass),
		one("period", func(c *casemodel.Contact) *casemodel.Period { return &c.Period }, period),
		{readVisitor, writeVisitor},
	},
}
