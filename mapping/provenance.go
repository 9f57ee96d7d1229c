package mapping

import (
	"caseway/mapping/casemodel"
	"caseway/mapping/fhirproto"

	provenancepb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/provenance_go_proto"
)

// Record says who did what to parts of a case, when and why.
type Record struct {
	ID       casemodel.Ref   // Provenance/…
	Targets  []casemodel.Ref // versioned where the version is known: CarePlan/1/_history/2
	At       casemodel.Date  // an instant
	By       casemodel.Party // person, organization or device
	For      casemodel.Party // on whose behalf; empty for nobody
	Activity casemodel.Concept
	Why      string
}

// agent is the codec of Provenance.agent.
var agent = []binding[Record]{
	one("who", func(r *Record) *casemodel.Party { return &r.By }, party),
	one("onBehalfOf", func(r *Record) *casemodel.Party { return &r.For }, party),
}

var records = pair[Record, provenancepb.Provenance, *provenancepb.Provenance]{
	typ: "Provenance",
	id:  func(r *Record) *casemodel.Ref { return &r.ID },
	bindings: []binding[Record]{
		many("target", func(r *Record) *[]casemodel.Ref { return &r.Targets }, ref),
		one("recorded", func(r *Record) *casemodel.Date { return &r.At }, date),
		one("activity", func(r *Record) *casemodel.Concept { return &r.Activity }, concept),
		first("reason", func(r *Record) *string { return &r.Why }, wordsOf),
		insideFirst("agent", agent...),
	},
}

// ProvenanceFromRecord makes the Provenance of a step.
func ProvenanceFromRecord(r Record) (*provenancepb.Provenance, Losses) {
	return records.fromCase(frame{}, r, nil)
}

// RecordFromProvenance reads who did what from a Provenance.
func RecordFromProvenance(m *provenancepb.Provenance) (Record, Losses) { return records.fromFHIR(m) }

// ApprovalRecord says who approved a plan version; ok is false where it isn't
// approved.
func ApprovalRecord(id casemodel.Ref, p casemodel.Plan) (r Record, ok bool) {
	for _, a := range p.Approvals {
		if a.Status == casemodel.ApprovalApproved {
			r = Record{
				ID: id, Targets: []casemodel.Ref{p.ID}, At: a.DecidedAt, By: a.DecidedBy, Why: a.Reason,
				Activity: casemodel.Concept{Codings: []casemodel.Coding{{
					System: decisionSystem, Code: string(a.Status), Display: displayOf("approval-decision", string(a.Status)),
				}}},
			}
			ok = true // the latest counts
		}
	}
	return r, ok
}

// JSON is a Provenance as JSON.
func (r Record) JSON() []byte {
	m, _ := ProvenanceFromRecord(r)
	return fhirproto.Encode(m)
}
