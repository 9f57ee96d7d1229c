package mapping

import (
	"caseway/mapping/casemodel"

	claimpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/claim_go_proto"
	responsepb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/claim_response_go_proto"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// fixClaim sets what FHIR demands of a Claim.
func fixClaim(m *claimpb.Claim) {
	set(m, "status", "active")
	set(m, "use", "preauthorization")
	setConcept(m, "type", terminology+"claim-type", "institutional", "Institutional")
	setConcept(m, "priority", terminology+"processpriority", "normal", "Normal")
}

// fixResponse sets what FHIR demands of a ClaimResponse.
func fixResponse(m *responsepb.ClaimResponse) {
	set(m, "status", "active")
	set(m, "use", "preauthorization")
	setConcept(m, "type", terminology+"claim-type", "institutional", "Institutional")
}

func setConcept(m proto.Message, element, system, code, display string) {
	r := m.ProtoReflect()
	concept.write(r.Mutable(field(r, element)).Message(), casemodel.Concept{
		Codings: []casemodel.Coding{{System: system, Code: code, Display: display}},
	})
}

// writeAdjudication gives the adjudication that says amount and reason the
// category that FHIR demands.
func writeAdjudication(m protoreflect.Message, _ *casemodel.Authorization) {
	list := m.Get(field(m, "adjudication")).List()
	if list.Len() == 0 {
		return
	}
	child := list.Get(0).Message()
	if f := field(child, "category"); !child.Has(f) {
		concept.write(child.Mutable(f).Message(), casemodel.Concept{Codings: []casemodel.Coding{{
			System: terminology + "adjudication", Code: "benefit", Display: "Benefit Amount",
		}}})
	}
}

// writeOfferRole gives the party of an offer the role that FHIR demands.
func writeOfferRole(m protoreflect.Message, _ *casemodel.Round) {
	list := m.Get(field(m, "party")).List()
	if list.Len() == 0 {
		return
	}
	child := list.Get(0).Message()
	if f := field(child, "role"); !child.Has(f) {
		concept.write(child.Mutable(f).Message(), casemodel.Concept{Codings: []casemodel.Coding{{
			System: systemOf("offer-role"), Code: "offeror", Display: displayOf("offer-role", "offeror"),
		}}})
	}
}

// writeInsurer says who answers, where the answer doesn't.
func writeInsurer(m protoreflect.Message, a *casemodel.Authorization) {
	if f := field(m, "insurer"); !m.Has(f) && !a.Insurer.IsZero() {
		party.write(m.Mutable(f).Message(), a.Insurer)
	}
}

var (
	claimStatus    = tableOf("authorization-claim")
	outcomeOfClaim = tableOf("authorization-outcome")
)

// asked is what the Claim says of an authorization: once there is an answer,
// the answer says what was decided.
func asked(a casemodel.Authorization) casemodel.Authorization {
	if a.Decision != "" && outcomeOfClaim.toFHIR[string(a.Status)] != "" {
		a.Status = casemodel.AuthorizationRequested
	}
	return a
}

// answered is what the ClaimResponse says of it.
func answered(a casemodel.Authorization) casemodel.Authorization {
	if outcomeOfClaim.toFHIR[string(a.Status)] == "" {
		a.Status = casemodel.AuthorizationPended
	}
	return a
}

// withAnswer lays what a ClaimResponse says onto an authorization.
func withAnswer(a, answer casemodel.Authorization) casemodel.Authorization {
	if claimStatus.toFHIR[string(a.Status)] == "active" {
		a.Status = answer.Status
	}
	a.Decision, a.DecidedAt, a.DecidedBy = answer.Decision, answer.DecidedAt, answer.DecidedBy
	a.Number, a.Period, a.Granted, a.Amount = answer.Number, answer.Period, answer.Granted, answer.Amount
	a.Reason, a.Saves = answer.Reason, answer.Saves
	return a
}
