package mapping

import (
	"caseway/mapping/casemodel"

	patientpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/patient_go_proto"
	practitionerpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/practitioner_go_proto"
	"google.golang.org/protobuf/proto"
)

// clients are Patients. A case shows them and doesn't own them: Resources
// makes one where there is none, and never changes one.
var clients = pair[casemodel.Client, patientpb.Patient, *patientpb.Patient]{
	typ: "Patient",
	id:  func(c *casemodel.Client) *casemodel.Ref { return &c.ID },
	bindings: []binding[casemodel.Client]{
		first("name", func(c *casemodel.Client) *string { return &c.Name }, humanName),
		one("birthDate", func(c *casemodel.Client) *casemodel.Date { return &c.BirthDate }, date),
		one("gender", func(c *casemodel.Client) *string { return &c.Gender }, words),
		many("telecom", func(c *casemodel.Client) *[]casemodel.Telecom { return &c.Telecoms }, telecom),
		many("communication", func(c *casemodel.Client) *[]casemodel.Concept { return &c.Languages }, only("language", concept)),
	},
}

// certification is the codec of Practitioner.qualification.
var certification = object(
	one("code", func(c *casemodel.Certification) *casemodel.Concept { return &c.Code }, concept),
	first("identifier", func(c *casemodel.Certification) *casemodel.Identifier { return &c.Identifier }, identifier),
	one("issuer", func(c *casemodel.Certification) *casemodel.Party { return &c.Issuer }, party),
	one("period", func(c *casemodel.Certification) *casemodel.Period { return &c.Period }, period),
).about(func(a, b casemodel.Certification) bool { return same(a.Code, b.Code) && a.Identifier == b.Identifier })

// practitioners hold the certifications of a team's members, and of nobody
// else.
var practitioners = pair[casemodel.Member, practitionerpb.Practitioner, *practitionerpb.Practitioner]{
	typ: "Practitioner",
	id:  func(m *casemodel.Member) *casemodel.Ref { return &m.Party.Ref },
	bindings: []binding[casemodel.Member]{
		many("qualification", func(m *casemodel.Member) *[]casemodel.Certification { return &m.Certifications }, certification),
	},
}

// CaseFromCertifications reads the certifications of a Practitioner as those
// of a member who is only named.
func CaseFromCertifications(m *practitionerpb.Practitioner) (casemodel.Member, Losses) {
	return practitioners.fromFHIR(m)
}

// CertificationsIn are those of a resource that is a Practitioner; ok is false
// for any other resource.
func CertificationsIn(resource proto.Message) (all []casemodel.Certification, ok bool) {
	m, ok := resource.(*practitionerpb.Practitioner)
	if !ok {
		return nil, false
	}
	member, _ := CaseFromCertifications(m)
	return member.Certifications, true
}
