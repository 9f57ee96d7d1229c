package mapping

import (
	"caseway/mapping/casemodel"

	communicationpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/communication_go_proto"
	taskpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/task_go_proto"
)

// reviews are Tasks; what is exchanged are Communications that are part of
// them.
var reviews = pair[casemodel.UtilizationReview, taskpb.Task, *taskpb.Task]{
	typ: "Task", subject: "for",
	id:    func(r *casemodel.UtilizationReview) *casemodel.Ref { return &r.ID },
	fixed: func(m *taskpb.Task) { set(m, "intent", "order"); setCode(m, reviewCode) },
	bindings: []binding[casemodel.UtilizationReview]{
		one("status", func(u *casemodel.UtilizationReview) *casemodel.ReviewStatus { return &u.Status }, coded[casemodel.ReviewStatus](tableOf("review-status"))),
		one("focus", func(u *casemodel.UtilizationReview) *casemodel.Ref { return &u.Service }, ref),
		extension("review-insurer", func(u *casemodel.UtilizationReview) *casemodel.Party { return &u.Insurer }, inParty),
		one("owner", func(u *casemodel.UtilizationReview) *casemodel.Party { return &u.Reviewer }, party),
		one("authoredOn", func(u *casemodel.UtilizationReview) *casemodel.Date { return &u.OpenedAt }, date),
		inside("restriction", inside("period", one("end", func(r *casemodel.UtilizationReview) *casemodel.Date { return &r.NextReview }, date))),
		extension("closed-at", func(u *casemodel.UtilizationReview) *casemodel.Date { return &u.ClosedAt }, inDate),
		many("note", func(u *casemodel.UtilizationReview) *[]casemodel.Remark { return &u.Remarks }, remark),
	},
}

var exchanges = pair[casemodel.Exchange, communicationpb.Communication, *communicationpb.Communication]{
	typ: "Communication", subject: "subject",
	id:    func(x *casemodel.Exchange) *casemodel.Ref { return &x.ID },
	owner: first("partOf", func(f *frame) *casemodel.Ref { return &f.owner }, ref),
	fixed: func(m *communicationpb.Communication) { set(m, "status", "completed") },
	bindings: []binding[casemodel.Exchange]{
		fine(conceptAt("topic", systemOf("exchange-kind")), "exchange-kind", func(e *casemodel.Exchange) *casemodel.ExchangeKind { return &e.Kind }, tableOf("exchange-kind")),
		one("sent", func(e *casemodel.Exchange) *casemodel.Date { return &e.At }, date),
		one("sender", func(e *casemodel.Exchange) *casemodel.Party { return &e.By }, party),
		insideFirst("payload", typed("content", "string", func(e *casemodel.Exchange) *string { return &e.Text }, words)),
		extension("days-authorized", func(e *casemodel.Exchange) *int { return &e.Days }, inInteger),
		extension("services-authorized", func(e *casemodel.Exchange) *int { return &e.Services }, inInteger),
		extension("period-authorized", func(e *casemodel.Exchange) *casemodel.Period { return &e.Authorized }, inPeriod),
		extension("authorization-number", func(e *casemodel.Exchange) *string { return &e.Number }, inString),
		extension("next-review", func(e *casemodel.Exchange) *casemodel.Date { return &e.NextReview }, inDate),
		one("statusReason", func(e *casemodel.Exchange) *string { return &e.Reason }, wordsOf),
		extension("denied-authorization", func(e *casemodel.Exchange) *casemodel.Ref { return &e.Denial }, inRef),
		extensions("exchange-attached", func(e *casemodel.Exchange) *[]casemodel.Ref { return &e.Attached }, inRef),
	},
}
