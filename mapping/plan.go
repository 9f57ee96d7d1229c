package mapping

import (
	"caseway/mapping/casemodel"

	planpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/care_plan_go_proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// detail is the codec of CarePlan.activity.detail.
var detail = object(
	one("kind", func(d *casemodel.Detail) *string { return &d.Kind }, words),
	one("code", func(d *casemodel.Detail) *casemodel.Concept { return &d.Code }, concept),
	one("status", func(d *casemodel.Detail) *string { return &d.Status }, words),
	one("statusReason", func(d *casemodel.Detail) *casemodel.Concept { return &d.StatusReason }, concept),
	one("doNotPerform", func(d *casemodel.Detail) *bool { return &d.Not }, boolean),
	one("description", func(d *casemodel.Detail) *string { return &d.Description }, words),
	one("scheduled", func(d *casemodel.Detail) *casemodel.Value { return &d.Scheduled }, value),
	one("location", func(d *casemodel.Detail) *casemodel.Party { return &d.Location }, party),
	many("performer", func(d *casemodel.Detail) *[]casemodel.Party { return &d.Performers }, party),
	typed("product", "codeableConcept", func(d *casemodel.Detail) *casemodel.Concept { return &d.Product }, concept),
	typed("product", "reference", func(d *casemodel.Detail) *casemodel.Ref { return &d.ProductRef }, ref),
	one("dailyAmount", func(d *casemodel.Detail) **casemodel.Quantity { return &d.Daily }, pointer(quantity)),
	one("quantity", func(d *casemodel.Detail) **casemodel.Quantity { return &d.Quantity }, pointer(quantity)),
	many("reasonCode", func(d *casemodel.Detail) *[]casemodel.Concept { return &d.Reasons }, concept),
	many("reasonReference", func(d *casemodel.Detail) *[]casemodel.Ref { return &d.Problems }, ref),
	many("goal", func(d *casemodel.Detail) *[]casemodel.Ref { return &d.Goals }, ref),
)

// activity is the codec of CarePlan.activity.
var activity = object(
	one("reference", func(a *casemodel.Activity) *casemodel.Ref { return &a.Ref }, ref),
	many("outcomeReference", func(a *casemodel.Activity) *[]casemodel.Ref { return &a.Outcomes }, ref),
	many("outcomeCodeableConcept", func(a *casemodel.Activity) *[]casemodel.Concept { return &a.OutcomeCodes }, concept),
	many("progress", func(a *casemodel.Activity) *[]casemodel.Remark { return &a.Progress }, remark),
	one("detail", func(a *casemodel.Activity) **casemodel.Detail { return &a.Detail }, pointer(detail)),
).about(func(a, b casemodel.Activity) bool {
	if a.Ref != "" || b.Ref != "" {
		return a.Ref == b.Ref
	}
	return a.Detail != nil && b.Detail != nil && same(a.Detail.Code, b.Detail.Code) &&
		a.Detail.Description == b.Detail.Description
})

var plans = pair[casemodel.Plan, planpb.CarePlan, *planpb.CarePlan]{
	typ: "CarePlan", subject: "subject",
	id:    func(p *casemodel.Plan) *casemodel.Ref { return &p.ID },
	fixed: func(m *planpb.CarePlan) { set(m, "status", "draft"); set(m, "intent", "plan") },
	bindings: []binding[casemodel.Plan]{
		{readVersion, writeVersion},
		demanded(planStatus, func(p *casemodel.Plan) bool { return p.Status == "" }),
		demanded(one("intent", func(p *casemodel.Plan) *string { return &p.Intent }, words), func(p *casemodel.Plan) bool { return p.Intent == "" }),
		one("title", func(p *casemodel.Plan) *string { return &p.Title }, words),
		one("description", func(p *casemodel.Plan) *string { return &p.Description }, words),
		many("category", func(p *casemodel.Plan) *[]casemodel.Concept { return &p.Categories }, concept),
		many("instantiatesCanonical", func(p *casemodel.Plan) *[]string { return &p.Templates }, words),
		one("period", func(p *casemodel.Plan) *casemodel.Period { return &p.Period }, period),
		many("goal", func(p *casemodel.Plan) *[]casemodel.Ref { return &p.Goals }, ref),
		many("addresses", func(p *casemodel.Plan) *[]casemodel.Ref { return &p.Addresses }, ref),
		many("activity", func(p *casemodel.Plan) *[]casemodel.Activity { return &p.Activities }, activity),
		many("careTeam", func(p *casemodel.Plan) *[]casemodel.Ref { return &p.Teams }, ref),
		many("supportingInfo", func(p *casemodel.Plan) *[]casemodel.Ref { return &p.Supporting }, ref),
		many("replaces", func(p *casemodel.Plan) *[]casemodel.Ref { return &p.Replaces }, ref),
		many("partOf", func(p *casemodel.Plan) *[]casemodel.Ref { return &p.PartOf }, ref),
		many("basedOn", func(p *casemodel.Plan) *[]casemodel.Ref { return &p.BasedOn }, ref),
		one("author", func(p *casemodel.Plan) *casemodel.Party { return &p.DraftedBy }, party),
		one("created", func(p *casemodel.Plan) *casemodel.Date { return &p.DraftedAt }, date),
		extension("plan-reason", func(p *casemodel.Plan) *string { return &p.Why }, inString),
		many("contributor", func(p *casemodel.Plan) *[]casemodel.Party { return &p.Participants }, party),
		extension("next-review", func(p *casemodel.Plan) *casemodel.Date { return &p.NextReview }, inDate),
		many("note", func(p *casemodel.Plan) *[]casemodel.Remark { return &p.Remarks }, remark),
	},
}

// finePlanStatus binds CarePlan.status alone.
var finePlanStatus = status("status", "plan-status", func(p *casemodel.Plan) *casemodel.PlanStatus { return &p.Status }, tableOf("plan-status"))

// planStatus binds where a plan stands. An active plan whose intent is a
// suggestion authorizes nobody (https://hl7.org/fhir/R4/valueset-care-plan-intent.html).
var planStatus = binding[casemodel.Plan]{
	read: readPlanStatus,
	write: func(m protoreflect.Message, p *casemodel.Plan) {
		var have casemodel.Plan
		if readPlanStatus(m, &have); have.Status != p.Status {
			finePlanStatus.write(m, p)
		}
	},
}

func readPlanStatus(m protoreflect.Message, p *casemodel.Plan) {
	finePlanStatus.read(m, p)
	suggested := false
	switch words.read(m.Get(field(m, "intent")).Message()) {
	case "proposal", "option":
		suggested = true
	}
	switch {
	case suggested && p.Status == casemodel.PlanApproved:
		p.Status = casemodel.PlanProposed
	case !suggested && p.Status == casemodel.PlanProposed:
		p.Status = casemodel.PlanApproved
	}
}

var versionURL = extensionURL("plan-version")

// readVersion tells the case's own plans, which have a version, from foreign
// ones. A version once known stays when a client leaves it out.
func readVersion(m protoreflect.Message, p *casemodel.Plan) {
	if e := findExtension(m, versionURL); e != nil {
		p.Version, p.Foreign = inInteger.read(e.ProtoReflect()), false
		return
	}
	p.Foreign = p.Version == 0
}

func writeVersion(m protoreflect.Message, p *casemodel.Plan) {
	e := findExtension(m, versionURL)
	switch {
	case p.Foreign && e != nil:
		removeExtensions(m, versionURL)
	case p.Foreign || e != nil && inInteger.read(e.ProtoReflect()) == p.Version:
	case e != nil:
		inInteger.write(e.ProtoReflect(), p.Version)
	default:
		e = newExtension(versionURL)
		inInteger.write(e.ProtoReflect(), p.Version)
		addExtension(m, e)
	}
}
