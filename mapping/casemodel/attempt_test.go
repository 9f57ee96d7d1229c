package casemodel_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"caseway/mapping/casemodel"
)

// attempts take each action with arguments that may or may not fit the case.
var attempts = map[casemodel.Action]func(*course, casemodel.Step) (casemodel.Result, error){
	casemodel.ActionRefer: func(k *course, s casemodel.Step) (casemodel.Result, error) {
		return casemodel.Refer(k.c, s, casemodel.Referring{Referral: casemodel.Referral{From: manager}})
	},
	casemodel.ActionOpen: func(k *course, s casemodel.Step) (casemodel.Result, error) {
		return casemodel.Open(k.c, s, casemodel.Opening{
			Model: casemodel.ModelClinical, Setting: casemodel.SettingHomeHealth, Manager: manager,
		})
	},
	casemodel.ActionAssess: func(k *course, s casemodel.Step) (casemodel.Result, error) {
		return casemodel.Assess(k.c, s, assessment())
	},
	casemodel.ActionPlan: func(k *course, s casemodel.Step) (casemodel.Result, error) {
		return casemodel.DraftPlan(k.c, s, casemodel.Planning{Plan: casemodel.Plan{Title: "Another title"}})
	},
	casemodel.ActionSubmit: func(k *course, s casemodel.Step) (casemodel.Result, error) {
		return casemodel.Submit(k.c, s, casemodel.Submission{})
	},
	casemodel.ActionApprove: func(k *course, s casemodel.Step) (casemodel.Result, error) {
		return casemodel.Approve(k.c, s, casemodel.Decision{})
	},
	casemodel.ActionReturn: func(k *course, s casemodel.Step) (casemodel.Result, error) {
		return casemodel.Return(k.c, s, casemodel.Decision{})
	},
	casemodel.ActionRevise: func(k *course, s casemodel.Step) (casemodel.Result, error) {
		return casemodel.Revise(k.c, s, casemodel.Planning{Goals: []casemodel.Goal{goal("to cook")}})
	},
	casemodel.ActionOffer: func(k *course, s casemodel.Step) (casemodel.Result, error) {
		return casemodel.OfferService(k.c, s, casemodel.Offering{
			Service: serviceOf(k), Providers: []casemodel.Asked{{Provider: rehab}},
		})
	},
	casemodel.ActionAccept: func(k *course, s casemodel.Step) (casemodel.Result, error) {
		return casemodel.Accept(k.c, s, answer(k))
	},
	casemodel.ActionDecline: func(k *course, s casemodel.Step) (casemodel.Result, error) {
		return casemodel.Decline(k.c, s, answer(k))
	},
	casemodel.ActionChoose: func(k *course, s casemodel.Step) (casemodel.Result, error) {
		return casemodel.Choose(k.c, s, answer(k))
	},
	casemodel.ActionDeliver: func(k *course, s casemodel.Step) (casemodel.Result, error) {
		return casemodel.Deliver(k.c, s, casemodel.Delivering{Service: serviceOf(k), Status: casemodel.ServiceEnded})
	},
	casemodel.ActionSchedule: func(k *course, s casemodel.Step) (casemodel.Result, error) {
		return casemodel.Schedule(k.c, s, casemodel.Appointment{Start: "2026-12-24"})
	},
	casemodel.ActionRecordContact: func(k *course, s casemodel.Step) (casemodel.Result, error) {
		return casemodel.RecordContact(k.c, s, casemodel.Contact{Kind: casemodel.ContactTelephone, Learned: "sleeps well"})
	},
	casemodel.ActionReview: func(k *course, s casemodel.Step) (casemodel.Result, error) {
		return casemodel.Review(k.c, s, casemodel.Reviewing{Exchange: casemodel.Exchange{
			Kind: casemodel.ExchangeUpdate, Text: "walks ten steps", NextReview: casemodel.Day(k.at.AddDate(0, 0, 2)),
		}})
	},
	casemodel.ActionRequestAuthorization: func(k *course, s casemodel.Step) (casemodel.Result, error) {
		return casemodel.RequestAuthorization(k.c, s, casemodel.Authorization{Service: serviceOf(k), Necessity: "to walk again"})
	},
	casemodel.ActionDecide: func(k *course, s casemodel.Step) (casemodel.Result, error) {
		return casemodel.Decide(k.c, s, casemodel.Ruling{Authorization: authorizationOf(k), Status: casemodel.AuthorizationApproved})
	},
	casemodel.ActionAppeal: func(k *course, s casemodel.Step) (casemodel.Result, error) {
		return casemodel.FileAppeal(k.c, s, casemodel.Appealing{Authorization: authorizationOf(k)})
	},
	casemodel.ActionNegotiate: func(k *course, s casemodel.Step) (casemodel.Result, error) {
		return casemodel.Negotiate(k.c, s, casemodel.Negotiation{
			Service: serviceOf(k), Provider: agency, Round: casemodel.Round{Kind: casemodel.RoundOffer, ListPrice: casemodel.USD(100)},
		})
	},
	casemodel.ActionRecordOutcome: func(k *course, s casemodel.Step) (casemodel.Result, error) {
		var goals []casemodel.Ref
		if len(k.c.Goals) > 0 {
			goals = append(goals, k.c.Goals[0].ID)
		}
		return casemodel.RecordOutcome(k.c, s, casemodel.Measuring{Outcome: casemodel.Outcome{Goals: goals, Value: number("3")}})
	},
	casemodel.ActionWork: func(k *course, s casemodel.Step) (casemodel.Result, error) {
		return casemodel.Work(k.c, s, casemodel.Task{Text: "call the sister"})
	},
	casemodel.ActionMonitor: func(k *course, s casemodel.Step) (casemodel.Result, error) { return casemodel.Monitor(k.c, s) },
	casemodel.ActionHold: func(k *course, s casemodel.Step) (casemodel.Result, error) {
		return casemodel.PutOnHold(k.c, s, casemodel.Holding{})
	},
	casemodel.ActionResume: func(k *course, s casemodel.Step) (casemodel.Result, error) { return casemodel.Resume(k.c, s) },
	casemodel.ActionTransfer: func(k *course, s casemodel.Step) (casemodel.Result, error) {
		return casemodel.TransferTo(k.c, s, casemodel.Place{Manager: casemodel.Party{Ref: "Practitioner/other"}})
	},
	casemodel.ActionClose: func(k *course, s casemodel.Step) (casemodel.Result, error) {
		return casemodel.Close(k.c, s, closure("moved"))
	},
	casemodel.ActionReopen:  func(k *course, s casemodel.Step) (casemodel.Result, error) { return casemodel.Reopen(k.c, s) },
	casemodel.ActionCancel:  func(k *course, s casemodel.Step) (casemodel.Result, error) { return casemodel.Cancel(k.c, s) },
	casemodel.ActionRetract: func(k *course, s casemodel.Step) (casemodel.Result, error) { return casemodel.Retract(k.c, s) },
}

func serviceOf(k *course) casemodel.Ref {
	if len(k.c.Services) == 0 {
		return "ServiceRequest/none"
	}
	return k.c.Services[0].ID
}

func answer(k *course) casemodel.Answering {
	a := casemodel.Answering{Service: serviceOf(k), Offer: "Task/none"}
	if x := k.c.Service(a.Service); x != nil && len(x.Offers) > 0 {
		a.Offer = x.Offers[0].ID
	}
	return a
}

func authorizationOf(k *course) casemodel.Ref {
	if len(k.c.Authorizations) == 0 {
		return "Claim/none"
	}
	return k.c.Authorizations[0].ID
}

// matrix reads a table of testdata: its header, and its rows by lines.
func matrix(t *testing.T, file string) (head []string, rows [][]string) {
	t.Helper()
	data, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		if fields := strings.Fields(line); len(fields) > 0 && !strings.HasPrefix(line, "#") {
			rows = append(rows, fields)
		}
	}
	return rows[0], rows[1:]
}

// permitted is a role that may take the action.
func permitted(a casemodel.Action) casemodel.Role {
	switch a {
	case casemodel.ActionApprove, casemodel.ActionReturn:
		return casemodel.RolePhysician
	case casemodel.ActionDecide:
		return casemodel.RolePayer
	}
	return casemodel.RoleCaseManager
}

func TestEachActionIsPossibleInItsPhasesAlone(t *testing.T) {
	head, rows := matrix(t, "phases.txt")
	for i, phase := range head[1:] {
		if phase == "new" {
			phase = ""
		}
		k := at(t, casemodel.Phase(phase))
		for _, row := range rows {
			a := casemodel.Action(row[0])
			_, err := attempts[a](k, k.as(permitted(a), "a reason"))
			if got := slices.Contains(rulesOf(err), "phase-not-allowed"); got != (row[i+1] == ".") {
				t.Errorf("%s in phase %q: refused for its phase: %t\n%v", a, phase, got, err)
			}
			if row[i+1] == "." && err == nil {
				t.Errorf("%s in phase %q isn't refused", a, phase)
			}
		}
	}
}

func TestEachActionIsItsRolesAlone(t *testing.T) {
	head, rows := matrix(t, "roles.txt")
	for _, row := range rows {
		phase := row[1]
		if phase == "new" {
			phase = ""
		}
		k, a := at(t, casemodel.Phase(phase)), casemodel.Action(row[0])
		for i, role := range head[2:] {
			_, err := attempts[a](k, k.as(casemodel.Role(role), "a reason"))
			if got := slices.Contains(rulesOf(err), "role-not-allowed"); got != (row[i+2] == ".") {
				t.Errorf("%s by %s: refused for the role: %t\n%v", a, role, got, err)
			}
		}
	}
}

// TestEveryActionIsInTheMatrices keeps a new action from going untested.
func TestEveryActionIsInTheMatrices(t *testing.T) {
	for _, file := range []string{"phases.txt", "roles.txt"} {
		t.Run(file, func(t *testing.T) {
			_, rows := matrix(t, file)
			for _, step := range casemodel.PhaseSteps() {
				listed := slices.ContainsFunc(rows, func(row []string) bool { return row[0] == string(step.Action) })
				if !listed && step.Action != casemodel.ActionAdopt { // it needs a case from elsewhere
					t.Errorf("%s: no row for %s", file, step.Action)
				}
			}
		})
	}
}

func TestActionsSayWhatMayComeNext(t *testing.T) {
	k := at(t, casemodel.PhaseAwaitingApproval)
	for _, a := range casemodel.Actions(&k.c, casemodel.RolePhysician) {
		_, err := attempts[a](k, k.as(casemodel.RolePhysician, "a reason"))
		if got := rulesOf(err); slices.Contains(got, "phase-not-allowed") || slices.Contains(got, "role-not-allowed") {
			t.Errorf("%s is announced and refused: %v", a, got)
		}
	}
	if !slices.Contains(casemodel.Actions(&k.c, casemodel.RolePhysician), casemodel.ActionApprove) {
		t.Error("approve isn't announced to the physician")
	}
	if slices.Contains(casemodel.Actions(&k.c, casemodel.RoleClient), casemodel.ActionApprove) {
		t.Error("approve is announced to the client")
	}
}
