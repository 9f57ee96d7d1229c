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

// ReviewFromCase writes a review of a case over the stored Task, nil for
// none.
func ReviewFromCase(c *casemodel.Case, r casemodel.UtilizationReview, stored *taskpb.Task) (*taskpb.Task, Losses) {
	return reviews.fromCase(frameOf(c), r, stored)
}

// CaseFromReview reads a review from a Task.
func CaseFromReview(m *taskpb.Task) (casemodel.UtilizationReview, Losses) { return reviews.fromFHIR(m) }

// ApplyReview lays a changed Task onto a review of a case.
func ApplyReview(r casemodel.UtilizationReview, m *taskpb.Task) (casemodel.UtilizationReview, Losses) {
	return reviews.apply(r, m)
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

// ExchangeFromCase writes an exchange of a case over the stored Communication, nil for
// none; of is the review that it belongs to.
func ExchangeFromCase(c *casemodel.Case, of casemodel.Ref, e casemodel.Exchange, stored *communicationpb.Communication) (*communicationpb.Communication, Losses) {
	return exchanges.fromCase(frameOf(c).ownedBy(of), e, stored)
}

// CaseFromExchange reads an exchange from a Communication.
func CaseFromExchange(m *communicationpb.Communication) (casemodel.Exchange, Losses) {
	return exchanges.fromFHIR(m)
}

// ApplyExchange lays a changed Communication onto an exchange of a case.
func ApplyExchange(e casemodel.Exchange, m *communicationpb.Communication) (casemodel.Exchange, Losses) {
	return exchanges.apply(e, m)
}
