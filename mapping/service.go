package mapping

import (
	"caseway/mapping/casemodel"

	requestpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/service_request_go_proto"
	taskpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/task_go_proto"
)

// services are ServiceRequests; their offers are Tasks of their own.
var services = pair[casemodel.Service, requestpb.ServiceRequest, *requestpb.ServiceRequest]{
	typ: "ServiceRequest", subject: "subject",
	id:    func(s *casemodel.Service) *casemodel.Ref { return &s.ID },
	fixed: func(m *requestpb.ServiceRequest) { set(m, "status", "draft"); set(m, "intent", "order") },
	bindings: []binding[casemodel.Service]{
		demanded(status("status", "service-status", func(s *casemodel.Service) *casemodel.ServiceStatus { return &s.Status }, tableOf("service-status")), func(s *casemodel.Service) bool { return s.Status == "" }),
		extension("status-reason", func(s *casemodel.Service) *string { return &s.StatusReason }, inString),
		demanded(one("intent", func(s *casemodel.Service) *string { return &s.Intent }, words), func(s *casemodel.Service) bool { return s.Intent == "" }),
		one("priority", func(s *casemodel.Service) *string { return &s.Priority }, words),
		many("category", func(s *casemodel.Service) *[]casemodel.Concept { return &s.Categories }, concept),
		one("code", func(s *casemodel.Service) *casemodel.Concept { return &s.Code }, concept),
		many("orderDetail", func(s *casemodel.Service) *[]casemodel.Concept { return &s.Details }, concept),
		one("doNotPerform", func(s *casemodel.Service) *bool { return &s.Not }, boolean),
		typed("quantity", "quantity", func(s *casemodel.Service) **casemodel.Quantity { return &s.Ordered }, pointer(quantity)),
		one("occurrence", func(s *casemodel.Service) *casemodel.Value { return &s.When }, value),
		one("authoredOn", func(s *casemodel.Service) *casemodel.Date { return &s.RequestedAt }, date),
		one("requester", func(s *casemodel.Service) *casemodel.Party { return &s.RequestedBy }, party),
		many("performer", func(s *casemodel.Service) *[]casemodel.Party { return &s.Performers }, party),
		extensions("service-goal", func(s *casemodel.Service) *[]casemodel.Ref { return &s.Goals }, inRef),
		many("basedOn", func(s *casemodel.Service) *[]casemodel.Ref { return &s.Plans }, ref),
		many("reasonCode", func(s *casemodel.Service) *[]casemodel.Concept { return &s.Reasons }, concept),
		many("reasonReference", func(s *casemodel.Service) *[]casemodel.Ref { return &s.Problems }, ref),
		many("insurance", func(s *casemodel.Service) *[]casemodel.Ref { return &s.Coverages }, ref),
		extension("needs-authorization", func(s *casemodel.Service) *bool { return &s.NeedsAuthorization }, inBoolean),
		extension("service-provider", func(s *casemodel.Service) *casemodel.Party { return &s.Provider }, inParty),
		extension("service-due", func(s *casemodel.Service) *casemodel.Date { return &s.Due }, inDate),
		extension("service-started", func(s *casemodel.Service) *casemodel.Date { return &s.StartedAt }, inDate),
		extension("service-ended", func(s *casemodel.Service) *casemodel.Date { return &s.EndedAt }, inDate),
		one("patientInstruction", func(s *casemodel.Service) *string { return &s.Instructions }, words),
		many("note", func(s *casemodel.Service) *[]casemodel.Remark { return &s.Remarks }, remark),
	},
}

// offers are Tasks to fulfil a service: one for each provider asked.
var offers = pair[casemodel.Offer, taskpb.Task, *taskpb.Task]{
	typ: "Task", subject: "for",
	id:    func(o *casemodel.Offer) *casemodel.Ref { return &o.ID },
	owner: offerOf,
	fixed: func(m *taskpb.Task) { set(m, "intent", "order"); setCode(m, fulfilCode) },
	bindings: []binding[casemodel.Offer]{
		one("status", func(o *casemodel.Offer) *casemodel.TaskStatus { return &o.Status }, coded[casemodel.TaskStatus](taskStatus)),
		one("businessStatus", func(o *casemodel.Offer) *casemodel.Concept { return &o.Business }, concept),
		one("owner", func(o *casemodel.Offer) *casemodel.Party { return &o.Provider }, party),
		extension("offer-chosen", func(o *casemodel.Offer) *bool { return &o.Chosen }, inBoolean),
		extension("offer-out-of-network", func(o *casemodel.Offer) *string { return &o.OutOfNetwork }, inString),
		one("authoredOn", func(o *casemodel.Offer) *casemodel.Date { return &o.At }, date),
		one("requester", func(o *casemodel.Offer) *casemodel.Party { return &o.By }, party),
		inside("restriction", inside("period", one("end", func(o *casemodel.Offer) *casemodel.Date { return &o.Due }, date))),
		extension("answered-at", func(o *casemodel.Offer) *casemodel.Date { return &o.AnsweredAt }, inDate),
		one("statusReason", func(o *casemodel.Offer) *string { return &o.Reason }, wordsOf),
		extension("evidence", func(o *casemodel.Offer) *casemodel.Evidence { return &o.Evidence }, evidenceIn),
		many("note", func(o *casemodel.Offer) *[]casemodel.Remark { return &o.Remarks }, remark),
	},
}

// approvals are Tasks to approve a plan. The decision stands in Task.output.
var approvals = pair[casemodel.Approval, taskpb.Task, *taskpb.Task]{
	typ: "Task", subject: "for",
	id:    func(a *casemodel.Approval) *casemodel.Ref { return &a.ID },
	owner: one("focus", func(f *frame) *casemodel.Ref { return &f.owner }, ref),
	fixed: func(m *taskpb.Task) { set(m, "intent", "order"); setCode(m, approveCode) },
	bindings: []binding[casemodel.Approval]{
		{readDecision, writeDecision},
		one("authoredOn", func(a *casemodel.Approval) *casemodel.Date { return &a.RequestedAt }, date),
		one("requester", func(a *casemodel.Approval) *casemodel.Party { return &a.RequestedBy }, party),
		one("owner", func(a *casemodel.Approval) *casemodel.Party { return &a.Approver }, party),
		inside("restriction", inside("period", one("end", func(a *casemodel.Approval) *casemodel.Date { return &a.Due }, date))),
		extension("answered-at", func(a *casemodel.Approval) *casemodel.Date { return &a.DecidedAt }, inDate),
		extension("decided-by", func(a *casemodel.Approval) *casemodel.Party { return &a.DecidedBy }, inParty),
		one("statusReason", func(a *casemodel.Approval) *string { return &a.Reason }, wordsOf),
	},
}
