package mapping

import (
	"caseway/mapping/casemodel"

	claimpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/claim_go_proto"
	claimresponsepb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/claim_response_go_proto"
	consentpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/consent_go_proto"
	contractpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/contract_go_proto"
	eligibilitypb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/coverage_eligibility_response_go_proto"
	coveragepb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/coverage_go_proto"
	documentpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/document_reference_go_proto"
	invoicepb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/invoice_go_proto"
	taskpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/task_go_proto"
)

func (g *gathering) payers() {
	c := &g.c
	c.Coverages = takeAll[casemodel.Coverage, coveragepb.Coverage](g, &coverages)
	for _, r := range of[*eligibilitypb.CoverageEligibilityResponse](g, "CoverageEligibilityResponse") {
		owner := ownerOf(&eligibilities, r)
		for i := range c.Coverages {
			if c.Coverages[i].ID == owner {
				c.Coverages[i].Eligibility = append(c.Coverages[i].Eligibility, take(&eligibilities, r))
			}
		}
	}
	for i := range c.Coverages {
		byTime(c.Coverages[i].Eligibility, func(e *casemodel.Eligibility) casemodel.Date { return e.At })
	}
	for m, r := range of[*claimpb.Claim](g, "Claim") {
		if recall(r, atUse, func() string { return elementAt("use").read(m.ProtoReflect()) }) == "preauthorization" {
			c.Authorizations = append(c.Authorizations, take(&requests, r))
		}
	}
	g.answers()
	c.Agreements = takeAll[casemodel.CostAgreement, contractpb.Contract](g, &agreements)
	for _, r := range of[*invoicepb.Invoice](g, "Invoice") {
		if a := c.Agreement(ownerOf(&bills, r)); a != nil {
			a.Bills = append(a.Bills, take(&bills, r))
		}
	}
}

// answers lays the insurers' answers onto what they answer, the latest last.
func (g *gathering) answers() {
	var all []*remembered
	for _, r := range of[*claimresponsepb.ClaimResponse](g, "ClaimResponse") {
		all = append(all, r)
	}
	byTime(all, func(r **remembered) casemodel.Date { return take(&decisions, *r).DecidedAt })
	for _, r := range all {
		if a := g.c.Authorization(ownerOf(&decisions, r)); a != nil {
			*a = withAnswer(*a, take(&decisions, r))
		}
	}
	for m, r := range of[*taskpb.Task](g, "Task") {
		if !codeOfTask(m, r).Is(appealCode.System, appealCode.Code) {
			continue
		}
		if a := g.c.Authorization(ownerOf(&appeals, r)); a != nil {
			a.Appeals = append(a.Appeals, take(&appeals, r))
			continue
		}
		g.c.Tasks = append(g.c.Tasks, take(&tasks, r))
	}
	for i := range g.c.Authorizations {
		byTime(g.c.Authorizations[i].Appeals, func(a *casemodel.Appeal) casemodel.Date { return a.At })
	}
}

func (g *gathering) papers() {
	c := &g.c
	c.Files = takeAll[casemodel.File, documentpb.DocumentReference](g, &files)
	c.Consents = takeAll[casemodel.Consent, consentpb.Consent](g, &consents)
}
