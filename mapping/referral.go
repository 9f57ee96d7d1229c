package mapping

import (
	"caseway/mapping/casemodel"

	requestpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/service_request_go_proto"
	"google.golang.org/protobuf/proto"
)

var referrals = pair[casemodel.Referral, requestpb.ServiceRequest, *requestpb.ServiceRequest]{
	typ: "ServiceRequest", subject: "subject",
	id:    func(r *casemodel.Referral) *casemodel.Ref { return &r.ID },
	fixed: func(m *requestpb.ServiceRequest) { set(m, "status", "active"); set(m, "intent", "order") },
	bindings: []binding[casemodel.Referral]{
		demanded(one("status", func(r *casemodel.Referral) *string { return &r.Status }, words), func(r *casemodel.Referral) bool { return r.Status == "" }),
		one("requester", func(r *casemodel.Referral) *casemodel.Party { return &r.From }, party),
		many("performer", func(r *casemodel.Referral) *[]casemodel.Party { return &r.To }, party),
		one("code", func(r *casemodel.Referral) *casemodel.Concept { return &r.Code }, concept),
		many("reasonCode", func(r *casemodel.Referral) *[]casemodel.Concept { return &r.Reasons }, concept),
		many("reasonReference", func(r *casemodel.Referral) *[]casemodel.Ref { return &r.Problems }, ref),
		one("priority", func(r *casemodel.Referral) *string { return &r.Priority }, words),
		one("authoredOn", func(r *casemodel.Referral) *casemodel.Date { return &r.At }, date),
		many("note", func(r *casemodel.Referral) *[]casemodel.Remark { return &r.Remarks }, remark),
	},
}

// CaseFromReferralRequest reads a referral from a ServiceRequest.
func CaseFromReferralRequest(m *requestpb.ServiceRequest) (casemodel.Referral, Losses) {
	return referrals.fromFHIR(m)
}

// ReferralFrom reads a referral from a resource; false for one that isn't a
// ServiceRequest.
func ReferralFrom(resource proto.Message) (casemodel.Referral, bool) {
	m, is := resource.(*requestpb.ServiceRequest)
	if !is {
		return casemodel.Referral{}, false
	}
	r, _ := CaseFromReferralRequest(m)
	return r, true
}
