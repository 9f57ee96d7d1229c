package mapping

import (
	"caseway/mapping/casemodel"

	communicationpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/communication_go_proto"
	consentpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/consent_go_proto"
	documentpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/document_reference_go_proto"
)

// content is the codec of DocumentReference.content.
var content = object(
	inside("attachment",
		one("contentType", func(c *casemodel.Content) *string { return &c.ContentType }, words),
		one("language", func(c *casemodel.Content) *string { return &c.Language }, words),
		one("url", func(c *casemodel.Content) *string { return &c.URL }, words),
		one("size", func(c *casemodel.Content) *int64 { return &c.Size }, integer[int64]()),
		one("hash", func(c *casemodel.Content) *string { return &c.Hash }, words),
		one("title", func(c *casemodel.Content) *string { return &c.Title }, words),
		one("creation", func(c *casemodel.Content) *casemodel.Date { return &c.CreatedAt }, date),
	),
	one("format", func(c *casemodel.Content) *casemodel.Coding { return &c.Format }, coding),
).about(func(a, b casemodel.Content) bool { return a.URL == b.URL && a.URL != "" })

var files = pair[casemodel.File, documentpb.DocumentReference, *documentpb.DocumentReference]{
	typ: "DocumentReference", subject: "subject",
	id:    func(f *casemodel.File) *casemodel.Ref { return &f.ID },
	fixed: func(m *documentpb.DocumentReference) { set(m, "status", "current") },
	bindings: []binding[casemodel.File]{
		demanded(one("status", func(f *casemodel.File) *string { return &f.Status }, words), func(f *casemodel.File) bool { return f.Status == "" }),
		one("docStatus", func(f *casemodel.File) *string { return &f.Progress }, words),
		one("type", func(f *casemodel.File) *casemodel.Concept { return &f.Type }, concept),
		many("category", func(f *casemodel.File) *[]casemodel.Concept { return &f.Categories }, concept),
		extension("file-title", func(f *casemodel.File) *string { return &f.Title }, inString),
		one("description", func(f *casemodel.File) *string { return &f.Description }, words),
		moment("date", "file-date", func(f *casemodel.File) *casemodel.Date { return &f.At }),
		many("author", func(f *casemodel.File) *[]casemodel.Party { return &f.By }, party),
		many("content", func(f *casemodel.File) *[]casemodel.Content { return &f.Contents }, content),
		many("relatesTo", func(f *casemodel.File) *[]casemodel.Ref { return &f.Replaces }, replaced),
		many("securityLabel", func(f *casemodel.File) *[]casemodel.Concept { return &f.Labels }, concept),
	},
}

// The categories of the Communications that the case writes.
var (
	contactCategory = casemodel.Coding{System: systemOf("communication-kind"), Code: "contact", Display: "Contact with the client"}
	noteCategory    = casemodel.Coding{System: systemOf("communication-kind"), Code: "note", Display: "Note of the case"}
)

func addCategory(m *communicationpb.Communication, c casemodel.Coding) {
	r := m.ProtoReflect()
	writeOnlyCoding(r.Mutable(field(r, "category")).List().AppendMutable().Message(), c)
}

// notes are Communications that nothing else of the case claims.
var notes = pair[casemodel.Note, communicationpb.Communication, *communicationpb.Communication]{
	typ: "Communication", subject: "subject",
	id:    func(n *casemodel.Note) *casemodel.Ref { return &n.ID },
	fixed: func(m *communicationpb.Communication) { set(m, "status", "completed"); addCategory(m, noteCategory) },
	bindings: []binding[casemodel.Note]{
		demanded(one("status", func(n *casemodel.Note) *string { return &n.Status }, words), func(n *casemodel.Note) bool { return n.Status == "" }),
		one("sent", func(n *casemodel.Note) *casemodel.Date { return &n.At }, date),
		one("sender", func(n *casemodel.Note) *casemodel.Party { return &n.By }, party),
		many("recipient", func(n *casemodel.Note) *[]casemodel.Party { return &n.To }, party),
		one("topic", func(n *casemodel.Note) *casemodel.Concept { return &n.Topic }, concept),
		insideFirst("payload", typed("content", "string", func(n *casemodel.Note) *string { return &n.Text }, words)),
		many("about", func(n *casemodel.Note) *[]casemodel.Ref { return &n.About }, ref),
	},
}

var consentActor = object(
	one("role", func(c *casemodel.ConsentActor) *casemodel.Concept { return &c.Role }, concept),
	one("reference", func(c *casemodel.ConsentActor) *casemodel.Party { return &c.Party }, party),
)

var consentedPart = object(
	one("meaning", func(c *casemodel.ConsentedPart) *string { return &c.Meaning }, words),
	one("reference", func(c *casemodel.ConsentedPart) *casemodel.Ref { return &c.Ref }, ref),
)

// provision is the codec of Consent.provision, whose exceptions are provisions
// of another message with the same elements.
var provision = recursive(func(self codec[casemodel.Provision]) codec[casemodel.Provision] {
	return object(
		one("type", func(p *casemodel.Provision) *string { return &p.Type }, words),
		one("period", func(p *casemodel.Provision) *casemodel.Period { return &p.Period }, period),
		one("dataPeriod", func(p *casemodel.Provision) *casemodel.Period { return &p.Data }, period),
		many("actor", func(p *casemodel.Provision) *[]casemodel.ConsentActor { return &p.Actors }, consentActor),
		many("action", func(p *casemodel.Provision) *[]casemodel.Concept { return &p.Actions }, concept),
		many("purpose", func(p *casemodel.Provision) *[]casemodel.Coding { return &p.Purposes }, coding),
		many("class", func(p *casemodel.Provision) *[]casemodel.Coding { return &p.Classes }, coding),
		many("securityLabel", func(p *casemodel.Provision) *[]casemodel.Coding { return &p.Labels }, coding),
		many("code", func(p *casemodel.Provision) *[]casemodel.Concept { return &p.Codes }, concept),
		many("data", func(p *casemodel.Provision) *[]casemodel.ConsentedPart { return &p.Parts }, consentedPart),
		many("provision", func(p *casemodel.Provision) *[]casemodel.Provision { return &p.Provisions }, self),
	)
})

var consents = pair[casemodel.Consent, consentpb.Consent, *consentpb.Consent]{
	typ: "Consent", subject: "patient",
	id:    func(c *casemodel.Consent) *casemodel.Ref { return &c.ID },
	fixed: func(m *consentpb.Consent) { set(m, "status", "draft") },
	bindings: []binding[casemodel.Consent]{
		demanded(one("status", func(c *casemodel.Consent) *string { return &c.Status }, words), func(c *casemodel.Consent) bool { return c.Status == "" }),
		one("scope", func(c *casemodel.Consent) *casemodel.Concept { return &c.Scope }, concept),
		many("category", func(c *casemodel.Consent) *[]casemodel.Concept { return &c.Categories }, concept),
		one("dateTime", func(c *casemodel.Consent) *casemodel.Date { return &c.At }, date),
		many("performer", func(c *casemodel.Consent) *[]casemodel.Party { return &c.By }, party),
		many("organization", func(c *casemodel.Consent) *[]casemodel.Party { return &c.Organizations }, party),
		one("policyRule", func(c *casemodel.Consent) *casemodel.Concept { return &c.Policy }, concept),
		typed("source", "reference", func(c *casemodel.Consent) *casemodel.Ref { return &c.Source }, ref),
		one("provision", func(c *casemodel.Consent) **casemodel.Provision { return &c.Provision }, pointer(provision)),
	},
}
