package mapping

import (
	"caseway/mapping/casemodel"

	eligibilitypb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/coverage_eligibility_response_go_proto"
	coveragepb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/coverage_go_proto"
)

// class is the codec of Coverage.class.
var class = object(
	one("type", func(c *casemodel.Class) *casemodel.Concept { return &c.Type }, concept),
	one("value", func(c *casemodel.Class) *string { return &c.Value }, words),
	one("name", func(c *casemodel.Class) *string { return &c.Name }, words),
)

// copay is the codec of Coverage.costToBeneficiary.
var copay = object(
	one("type", func(c *casemodel.CopayFee) *casemodel.Concept { return &c.Type }, concept),
	typed("value", "money", func(c *casemodel.CopayFee) **casemodel.Money { return &c.Amount }, pointer(amountOf)),
	typed("value", "quantity", func(c *casemodel.CopayFee) **casemodel.Quantity { return &c.Quantity }, pointer(quantity)),
)

// coverages are what policies say; the insurers' answers about benefits are
// CoverageEligibilityResponses of their own.
var coverages = pair[casemodel.Coverage, coveragepb.Coverage, *coveragepb.Coverage]{
	typ: "Coverage", subject: "beneficiary",
	id:    func(c *casemodel.Coverage) *casemodel.Ref { return &c.ID },
	fixed: func(m *coveragepb.Coverage) { set(m, "status", "active") },
	bindings: []binding[casemodel.Coverage]{
		demanded(one("status", func(c *casemodel.Coverage) *string { return &c.Status }, words), func(c *casemodel.Coverage) bool { return c.Status == "" }),
		one("type", func(c *casemodel.Coverage) *casemodel.Concept { return &c.Type }, concept),
		many("payor", func(c *casemodel.Coverage) *[]casemodel.Party { return &c.Insurers }, party),
		one("policyHolder", func(c *casemodel.Coverage) *casemodel.Party { return &c.Holder }, party),
		one("subscriber", func(c *casemodel.Coverage) *casemodel.Party { return &c.Subscriber }, party),
		one("subscriberId", func(c *casemodel.Coverage) *string { return &c.SubscriberID }, words),
		one("relationship", func(c *casemodel.Coverage) *casemodel.Concept { return &c.Relationship }, concept),
		one("dependent", func(c *casemodel.Coverage) *string { return &c.Dependent }, words),
		one("period", func(c *casemodel.Coverage) *casemodel.Period { return &c.Period }, period),
		one("order", func(c *casemodel.Coverage) *int { return &c.Order }, number),
		one("network", func(c *casemodel.Coverage) *string { return &c.Network }, words),
		many("class", func(c *casemodel.Coverage) *[]casemodel.Class { return &c.Classes }, class),
		many("costToBeneficiary", func(c *casemodel.Coverage) *[]casemodel.CopayFee { return &c.CopayRules }, copay),
	},
}

// amount is the codec of how much of a benefit is allowed or used.
var amount = object(
	one("money", func(a *casemodel.Amount) **casemodel.Money { return &a.Money }, pointer(amountOf)),
	one("unsignedInt", func(a *casemodel.Amount) **int { return &a.Count }, pointer(number)),
	one("string", func(a *casemodel.Amount) **string { return &a.Text }, pointer(words)),
)

var limit = object(
	one("type", func(l *casemodel.Limit) *casemodel.Concept { return &l.Type }, concept),
	one("allowed", func(l *casemodel.Limit) *casemodel.Amount { return &l.Allowed }, amount),
	one("used", func(l *casemodel.Limit) *casemodel.Amount { return &l.Used }, amount),
)

// benefit is the codec of CoverageEligibilityResponse.insurance.item.
var benefit = object(
	one("category", func(b *casemodel.Benefit) *casemodel.Concept { return &b.Category }, concept),
	one("productOrService", func(b *casemodel.Benefit) *casemodel.Concept { return &b.Service }, concept),
	one("excluded", func(b *casemodel.Benefit) *bool { return &b.Excluded }, boolean),
	one("name", func(b *casemodel.Benefit) *string { return &b.Name }, words),
	one("description", func(b *casemodel.Benefit) *string { return &b.Text }, words),
	one("network", func(b *casemodel.Benefit) *casemodel.Concept { return &b.Network }, concept),
	one("unit", func(b *casemodel.Benefit) *casemodel.Concept { return &b.Unit }, concept),
	one("term", func(b *casemodel.Benefit) *casemodel.Concept { return &b.Term }, concept),
	one("authorizationRequired", func(b *casemodel.Benefit) **bool { return &b.NeedsAuthorization }, pointer(boolean)),
	many("benefit", func(b *casemodel.Benefit) *[]casemodel.Limit { return &b.Limits }, limit),
)

var eligibilities = pair[casemodel.Eligibility, eligibilitypb.CoverageEligibilityResponse, *eligibilitypb.CoverageEligibilityResponse]{
	typ: "CoverageEligibilityResponse", subject: "patient",
	id:    func(e *casemodel.Eligibility) *casemodel.Ref { return &e.ID },
	owner: insideFirst("insurance", one("coverage", func(f *frame) *casemodel.Ref { return &f.owner }, ref)),
	fixed: fixEligibility,
	bindings: []binding[casemodel.Eligibility]{
		demanded(one("status", func(e *casemodel.Eligibility) *string { return &e.Status }, words), func(e *casemodel.Eligibility) bool { return e.Status == "" }),
		demanded(one("outcome", func(e *casemodel.Eligibility) *string { return &e.Outcome }, words), func(e *casemodel.Eligibility) bool { return e.Outcome == "" }),
		one("created", func(e *casemodel.Eligibility) *casemodel.Date { return &e.At }, date),
		one("insurer", func(e *casemodel.Eligibility) *casemodel.Party { return &e.Insurer }, party),
		one("disposition", func(e *casemodel.Eligibility) *string { return &e.Text }, words),
		insideFirst("insurance",
			one("inforce", func(e *casemodel.Eligibility) **bool { return &e.Inforce }, pointer(boolean)),
			one("benefitPeriod", func(e *casemodel.Eligibility) *casemodel.Period { return &e.Period }, period),
			many("item", func(e *casemodel.Eligibility) *[]casemodel.Benefit { return &e.Benefits }, benefit),
		),
	},
}

// fixEligibility sets what FHIR demands of an answer that nobody asked for.
func fixEligibility(m *eligibilitypb.CoverageEligibilityResponse) {
	set(m, "status", "active")
	set(m, "outcome", "complete")
	r := m.ProtoReflect()
	words.write(r.Mutable(field(r, "purpose")).List().AppendMutable().Message(), "benefits")
	party.write(r.Mutable(field(r, "request")).Message(), casemodel.Party{Name: "none"})
}
