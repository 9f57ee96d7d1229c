package casemodel

import "testing"

// TestWhoBringsPartsIn: what asks something of others comes in by those whose step
// that is, a decision by those who decide; what comes from elsewhere, or was never
// right, by whoever keeps it.
func TestWhoBringsPartsIn(t *testing.T) {
	for _, row := range []struct {
		name string
		part Part
		may  []Role
		not  []Role
	}{
		{"a plan", Part{Kind: KindPlan, Status: string(PlanDraft), Value: &Plan{}}, []Role{RoleCaseManager, RolePhysician, RoleAdministrator, RoleSystem}, []Role{RoleClient, RolePayer}},
		{"a plan from elsewhere", Part{Kind: KindPlan, Status: string(PlanDraft), Value: &Plan{Foreign: true}}, []Role{RoleClient, RoleProvider}, nil},
		{"a plan in error", Part{Kind: KindPlan, Status: inError, Value: &Plan{}}, []Role{RoleClient, RoleProvider}, nil},
		{"a goal", Part{Kind: KindGoal, Status: string(GoalActive), Value: &Goal{}}, []Role{RoleClient, RoleProvider}, nil},
		{"a request for approval", Part{Kind: KindApproval, Status: string(ApprovalRequested), Value: &Approval{}}, []Role{RoleCaseManager}, []Role{RoleClient, RoleProvider}},
		{"an approval", Part{Kind: KindApproval, Status: string(ApprovalApproved), Value: &Approval{}}, []Role{RolePhysician}, []Role{RoleCaseManager, RoleAdministrator, RolePayer}},
		{"a request for authorization", Part{Kind: KindAuthorization, Status: string(AuthorizationRequested), Value: &Authorization{}}, []Role{RoleCaseManager, RoleProvider}, []Role{RolePayer, RoleClient}},
		{"an authorization", Part{Kind: KindAuthorization, Status: string(AuthorizationApproved), Value: &Authorization{}}, []Role{RolePayer}, []Role{RoleCaseManager, RoleProvider}},
		{"an appeal", Part{Kind: KindAppeal, Status: string(AppealFiled), Value: &Appeal{}}, []Role{RoleClient, RoleProvider}, []Role{RolePayer}},
		{"an appeal that was decided", Part{Kind: KindAppeal, Status: string(AppealUpheld), Value: &Appeal{}}, []Role{RolePayer}, []Role{RoleClient, RoleCaseManager}},
		// Whose status has the name of a decision, and isn't one that roles are kept for.
		{"an agreement", Part{Kind: KindAgreement, Status: string(AgreementAgreed), Value: &CostAgreement{}}, []Role{RoleCaseManager, RolePayer, RoleProvider}, []Role{RolePhysician}},
	} {
		for want, roles := range map[bool][]Role{true: row.may, false: row.not} {
			for _, role := range roles {
				t.Run(row.name+" as "+string(role), func(t *testing.T) {
					var found Errors
					checkBeginning(row.part, role, &found)
					if got := len(found) == 0; got != want {
						t.Errorf("let through: %v, %v, want %v", got, found, want)
					}
				})
			}
		}
	}
}
