package mapping

import (
	"caseway/mapping/casemodel"

	claimpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/claim_go_proto"
	responsepb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/claim_response_go_proto"
	taskpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/task_go_proto"
)

// requests are the Claims by which the insurer is asked. What was decided is
// in the ClaimResponse: see decisions.
var requests = pair[casemodel.Authorization, claimpb.Claim, *claimpb.Claim]{
	typ: "Claim", subject: "patient",
	id:    func(a *casemodel.Authorization) *casemodel.Ref { return &a.ID },
	fixed: fixClaim,
	bindings: []binding[casemodel.Authorization]{
		status("status", "authorization-status", func(a *casemodel.Authorization) *casemodel.AuthorizationStatus { return &a.Status }, tableOf("authorization-claim")),
		one("referral", func(a *casemodel.Authorization) *casemodel.Ref { return &a.Service }, ref),
		numbered("item", many("item", func(a *casemodel.Authorization) *[]casemodel.Concept { return &a.Codes }, only("productOrService", concept))),
		numbered("insurance", insideFirst("insurance",
			one("coverage", func(a *casemodel.Authorization) *casemodel.Ref { return &a.Coverage }, ref),
		)),
		one("insurer", func(a *casemodel.Authorization) *casemodel.Party { return &a.Insurer }, party),
		one("provider", func(a *casemodel.Authorization) *casemodel.Party { return &a.Provider }, party),
		extension("quantity-asked", func(a *casemodel.Authorization) **casemodel.Quantity { return &a.Asked }, pointer(inQuantity)),
		one("total", func(a *casemodel.Authorization) **casemodel.Money { return &a.Price }, pointer(amountOf)),
		extension("necessity", func(a *casemodel.Authorization) *string { return &a.Necessity }, inString),
		one("created", func(a *casemodel.Authorization) *casemodel.Date { return &a.RequestedAt }, date),
		one("enterer", func(a *casemodel.Authorization) *casemodel.Party { return &a.RequestedBy }, party),
		numbered("diagnosis", many("diagnosis", func(a *casemodel.Authorization) *[]casemodel.Ref { return &a.Problems }, only("diagnosis", only("reference", ref)))),
		extension("decision-due", func(a *casemodel.Authorization) *casemodel.Date { return &a.Due }, inDate),
		extensions("remark", func(a *casemodel.Authorization) *[]casemodel.Remark { return &a.Remarks }, remarkIn),
	},
}

// decisions are the insurer's answers.
var decisions = pair[casemodel.Authorization, responsepb.ClaimResponse, *responsepb.ClaimResponse]{
	typ: "ClaimResponse", subject: "patient",
	id:    func(a *casemodel.Authorization) *casemodel.Ref { return &a.Decision },
	owner: one("request", func(f *frame) *casemodel.Ref { return &f.owner }, ref),
	fixed: fixResponse,
	bindings: []binding[casemodel.Authorization]{
		status("outcome", "authorization-status", func(a *casemodel.Authorization) *casemodel.AuthorizationStatus { return &a.Status }, tableOf("authorization-outcome")),
		writeOnly(writeInsurer),
		one("created", func(a *casemodel.Authorization) *casemodel.Date { return &a.DecidedAt }, date),
		extension("decided-by", func(a *casemodel.Authorization) *casemodel.Party { return &a.DecidedBy }, inParty),
		one("preAuthRef", func(a *casemodel.Authorization) *string { return &a.Number }, words),
		one("preAuthPeriod", func(a *casemodel.Authorization) *casemodel.Period { return &a.Period }, period),
		extension("quantity-granted", func(a *casemodel.Authorization) **casemodel.Quantity { return &a.Granted }, pointer(inQuantity)),
		insideFirst("adjudication",
			one("amount", func(a *casemodel.Authorization) **casemodel.Money { return &a.Amount }, pointer(amountOf)),
			one("reason", func(a *casemodel.Authorization) *casemodel.Concept { return &a.Reason }, concept),
		),
		writeOnly(writeAdjudication),
		extension("exception-saves", func(a *casemodel.Authorization) *string { return &a.Saves }, inString),
	},
}

var appeals = pair[casemodel.Appeal, taskpb.Task, *taskpb.Task]{
	typ: "Task", subject: "for",
	id:    func(a *casemodel.Appeal) *casemodel.Ref { return &a.ID },
	owner: one("focus", func(f *frame) *casemodel.Ref { return &f.owner }, ref),
	fixed: func(m *taskpb.Task) { set(m, "intent", "order"); setCode(m, appealCode) },
	bindings: []binding[casemodel.Appeal]{
		one("status", func(a *casemodel.Appeal) *casemodel.AppealStatus { return &a.Status }, coded[casemodel.AppealStatus](tableOf("appeal-status"))),
		one("authoredOn", func(a *casemodel.Appeal) *casemodel.Date { return &a.At }, date),
		one("requester", func(a *casemodel.Appeal) *casemodel.Party { return &a.By }, party),
		one("description", func(a *casemodel.Appeal) *string { return &a.Grounds }, words),
		inside("restriction", inside("period", one("end", func(a *casemodel.Appeal) *casemodel.Date { return &a.Due }, date))),
		extension("answered-at", func(a *casemodel.Appeal) *casemodel.Date { return &a.DecidedAt }, inDate),
		extension("decided-by", func(a *casemodel.Appeal) *casemodel.Party { return &a.DecidedBy }, inParty),
		one("statusReason", func(a *casemodel.Appeal) *string { return &a.Reason }, wordsOf),
	},
}
