package casemodel_test

import (
	"testing"

	"caseway/mapping/casemodel"
)

// TestADecisionGivenElsewhereIsNoted: a system that completes the request says
// neither who decided nor when.
func TestADecisionGivenElsewhereIsNoted(t *testing.T) {
	k := at(t, casemodel.PhaseAwaitingApproval)
	after := k.c.Clone()
	after.Plans[0].Approvals[0].Status = casemodel.ApprovalApproved
	k.must(casemodel.Apply(k.c, after, k.as(casemodel.RoleSystem)))
	k.phase(casemodel.PhaseActive)
	if a := k.c.Plans[0].Approvals[0]; !a.DecidedBy.Same(physician) || a.DecidedAt == "" {
		t.Errorf("the approval is %+v", a)
	}
	asked := requested(t)
	after = asked.c.Clone()
	after.Authorizations[0].Status = casemodel.AuthorizationApproved
	asked.must(casemodel.Apply(asked.c, after, asked.as(casemodel.RoleSystem)))
	if a := asked.c.Authorizations[0]; !a.DecidedBy.Same(insurer) || a.DecidedAt == "" {
		t.Errorf("the authorization is %+v", a)
	}
}

// TestAHoldFromElsewhereSaysWhatItResumesTo by itself.
func TestAHoldFromElsewhereSaysWhatItResumesTo(t *testing.T) {
	k := at(t, casemodel.PhaseActive)
	after := k.c.Clone()
	after.Phase, after.Hold = casemodel.PhaseOnHold, &casemodel.Hold{Reason: "away"}
	k.must(casemodel.Apply(k.c, after, k.as(casemodel.RoleSystem)))
	if k.c.Hold.From != casemodel.PhaseActive {
		t.Errorf("held from %q", k.c.Hold.From)
	}
}
