package cases_test

import (
	"context"
	"net/http"
	"testing"

	"caseway/mapping/casemodel"
	"caseway/server/cases"
	"caseway/server/cases/problem"
)

// TestRolesFollowFromWhatIsInForce asks for a role by facts that give it, and by
// the same facts when they hold no longer.
func TestRolesFollowFromWhatIsInForce(t *testing.T) {
	onEachOffice(t, testRolesFollowFromWhatIsInForce)
}

func testRolesFollowFromWhatIsInForce(t *testing.T, d *workplace, manager context.Context) {
	who := d.takePart(manager)
	const policy, team, task = `"beneficiary":{"reference":"Patient/p1"},"payor":[{"reference":"Organization/insurer"}]`,
		`"subject":{"reference":"Patient/p1"},$belongs,"participant":[{` + administratorOf + `,"member":{"reference":"Practitioner/stranger"}`,
		`"intent":"order","for":{"reference":"Patient/p1"},"owner":{"reference":"Organization/rehab"},"code":{"coding":[{"system":"http://hl7.org/fhir/CodeSystem/task-code","code":"fulfill"}]},"focus":{"reference":"ServiceRequest/service"}`
	d.put(who["boss"], "ServiceRequest/service", resource("ServiceRequest/service", d.with(`"status":"active","intent":"order","subject":{"reference":"Patient/p1"},"code":{"text":"x"},$belongs`)))
	tag := `"meta":{"tag":[{"system":"https://caseway.dev/fhir/CodeSystem/case","code":"` + d.id + `"}]},`
	for _, row := range []struct {
		name, as, key, body string
		role                casemodel.Role
		has                 bool
	}{
		{"an old policy", "insurer", "Coverage/old", tag + `"status":"cancelled",` + policy, casemodel.RolePayer, false},
		{"a policy in force", "insurer", "Coverage/old", tag + `"status":"active",` + policy, casemodel.RolePayer, true},
		{"a policy that has ended", "insurer", "Coverage/old", tag + `"status":"active","period":{"end":"2020-01-01"},` + policy, casemodel.RolePayer, false},
		{"a policy to come", "insurer", "Coverage/old", tag + `"status":"active","period":{"start":"2999-01-01"},` + policy, casemodel.RolePayer, false},
		{"a member of the team", "stranger", "CareTeam/ward", `"status":"active",` + team + `}]`, casemodel.RoleAdministrator, true},
		{"a member that left", "stranger", "CareTeam/ward", `"status":"active",` + team + `,"period":{"end":"2020-01-01"}}]`, casemodel.RoleAdministrator, false},
		{"a team that has ended", "stranger", "CareTeam/ward", `"status":"inactive",` + team + `}]`, casemodel.RoleAdministrator, false},
		{"an offer", "rehab", "Task/offer", `"status":"accepted",` + task, casemodel.RoleProvider, true},
		{"an offer in error", "rehab", "Task/offer", `"status":"entered-in-error",` + task, casemodel.RoleProvider, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			if err := d.write(who["boss"], row.key, d.with(row.body)); err != nil {
				t.Fatal(err)
			}
			_, err := act(who[row.as], d.service, d.id, "monitor", `{"role":"`+string(row.role)+`"}`)
			p := problem.Of(err, http.StatusUnprocessableEntity)
			if err == nil || (p.Status == http.StatusForbidden) == row.has {
				t.Errorf("as %s: %v, want the role %v", row.role, err, row.has)
			}
		})
	}
	d.put(who["stranger"], "CareTeam/club", resource("CareTeam/club", `"status":"active","subject":{"reference":"Patient/p1"},"participant":[{`+administratorOf+`,"member":{"reference":"Practitioner/stranger"}}]`))
	_, err := d.service.UpdateTeams(who["stranger"], d.id, []casemodel.Ref{"CareTeam/club"}, cases.ActionRequest{})
	if p := problem.Of(err, http.StatusUnprocessableEntity); err == nil || p.Rule != "role-may-not-write" && p.Rule != "role-not-granted" && p.Rule != "role-not-allowed" {
		t.Errorf("the teams are brought in: %v", err)
	}
}
