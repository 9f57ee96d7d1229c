package casemodel_test

import (
	"errors"
	"slices"
	"testing"

	"caseway/mapping/casemodel"
)

func TestTheFirstAcceptanceThatTheClientChoseIsTaken(t *testing.T) {
	k := offered(t, agency, rehab, pharmacy)
	id := serviceOf(k)
	offer := func(i int) casemodel.Answering {
		return casemodel.Answering{Service: id, Offer: k.c.Service(id).Offers[i].ID}
	}
	k.must(casemodel.Accept(k.c, k.by(casemodel.RoleProvider, agency), offer(0)))
	if x := k.c.Service(id); !x.Provider.IsZero() || x.Status != casemodel.ServiceOffered {
		t.Fatalf("a provider was taken before the client chose: %+v", x)
	}
	k.must(casemodel.Choose(k.c, k.as(casemodel.RoleClient), offer(1)))
	k.must(casemodel.Accept(k.c, k.by(casemodel.RoleProvider, rehab), offer(1)))
	x := k.c.Service(id)
	if !x.Provider.Same(rehab) || x.Status != casemodel.ServiceAccepted {
		t.Fatalf("the chosen provider wasn't taken: %+v", x)
	}
	want := []casemodel.TaskStatus{casemodel.TaskCancelled, casemodel.TaskAccepted, casemodel.TaskCancelled}
	for i, o := range x.Offers {
		if o.Status != want[i] {
			t.Errorf("offer %d is %s, not %s", i, o.Status, want[i])
		}
	}
}

func TestChoosingOneThatHasAcceptedTakesIt(t *testing.T) {
	k := offered(t, agency, rehab)
	k.must(casemodel.Accept(k.c, k.as(casemodel.RoleProvider), answer(k)))
	k.must(casemodel.Choose(k.c, k.as(casemodel.RoleFamily), answer(k)))
	if x := k.c.Services[0]; !x.Provider.Same(agency) || x.Offers[1].Status != casemodel.TaskCancelled {
		t.Errorf("the service is %+v", x)
	}
}

func TestAServiceThatAllDeclinedIsOfferedAnew(t *testing.T) {
	k := offered(t, agency, rehab)
	id := serviceOf(k)
	for i, p := range []casemodel.Party{agency, rehab} {
		k.must(casemodel.Decline(k.c, k.by(casemodel.RoleProvider, p, "full"), casemodel.Answering{Service: id, Offer: k.c.Services[0].Offers[i].ID}))
	}
	if got := k.c.Services[0].Status; got != casemodel.ServiceDeclined {
		t.Fatalf("a service that all declined is %s", got)
	}
	k.offerTo(id, pharmacy)
}

func TestAnImportedOfferMayBeginAnywhere(t *testing.T) {
	for _, status := range []casemodel.TaskStatus{
		casemodel.TaskDraft, casemodel.TaskReceived, casemodel.TaskReady, casemodel.TaskInProgress,
		casemodel.TaskCompleted, casemodel.TaskFailed, casemodel.TaskEnteredInError,
	} {
		k := at(t, casemodel.PhaseActive)
		after := k.c.Clone()
		after.Services[0].Offers = []casemodel.Offer{{ID: "Task/import", Status: status, Provider: agency}}
		k.must(casemodel.Apply(k.c, after, k.as(casemodel.RoleSystem)))
		if got := k.c.Services[0].Offers[0].Status; got != status {
			t.Errorf("an offer that came as %s became %s", status, got)
		}
	}
}

func TestATaskCompletedElsewhereMovesTheCase(t *testing.T) {
	k := offered(t, agency)
	become := func(s casemodel.TaskStatus) {
		t.Helper()
		after := k.c.Clone()
		after.Services[0].Offers[0].Status = s
		k.must(casemodel.Apply(k.c, after, k.as(casemodel.RoleProvider)))
	}
	become(casemodel.TaskAccepted)
	become(casemodel.TaskInProgress)
	become(casemodel.TaskCompleted)
	if k.c.Services[0].Status != casemodel.ServiceDelivered || k.c.Services[0].EndedAt == "" {
		t.Errorf("the service is %+v", k.c.Services[0])
	}
	k.phase(casemodel.PhaseMonitoring)
}

func TestAnApprovalGivenElsewhereMovesTheCase(t *testing.T) {
	k := at(t, casemodel.PhaseAwaitingApproval)
	after := k.c.Clone()
	a := &after.Plans[0].Approvals[0]
	a.Status, a.DecidedBy, a.DecidedAt = casemodel.ApprovalApproved, physician, casemodel.At(k.at)
	k.must(casemodel.Apply(k.c, after, k.as(casemodel.RolePhysician)))
	k.phase(casemodel.PhaseActive)
	if k.c.Plans[0].Status != casemodel.PlanApproved || k.c.Goals[0].Status != casemodel.GoalActive || k.c.Services[0].Status != casemodel.ServiceRequested {
		t.Errorf("plan %s, goal %s, service %s", k.c.Plans[0].Status, k.c.Goals[0].Status, k.c.Services[0].Status)
	}
}

func TestARevisionReplacesThePlanOnceItIsApproved(t *testing.T) {
	k := at(t, casemodel.PhaseActive)
	first := k.c.CurrentPlan().ID
	k.must(casemodel.Revise(k.c, k.as(cm, "a fall"), casemodel.Planning{Services: []casemodel.Service{service("aide")}}))
	if k.c.CurrentPlan().ID != first {
		t.Fatal("a draft is in force")
	}
	k.submit()
	k.must(casemodel.Return(k.c, k.as(doc, "say how often"), casemodel.Decision{}))
	if k.c.CurrentPlan().ID != first || k.c.Phase != casemodel.PhaseActive {
		t.Fatal("returning a revision touched the plan in force")
	}
	k.must(casemodel.DraftPlan(k.c, k.as(cm, "twice a week"), casemodel.Planning{})).submit().approve()
	now := k.c.CurrentPlan()
	if now.Version != 2 || !slices.Contains(now.Replaces, first) || k.c.Plan(first).Status != casemodel.PlanRevoked {
		t.Errorf("version %d replaces %v, the first is %s", now.Version, now.Replaces, k.c.Plan(first).Status)
	}
	if len(now.Approvals) != 2 || now.Approvals[0].Status != casemodel.ApprovalReturned || now.Why != "twice a week" {
		t.Errorf("the approvals are %+v, why %q", now.Approvals, now.Why)
	}
}

func TestAForeignPlanStandsBesideOurOwn(t *testing.T) {
	k := at(t, casemodel.PhaseActive)
	after := k.c.Clone()
	after.Plans = append(after.Plans, casemodel.Plan{ID: "CarePlan/ehr", Foreign: true, Status: casemodel.PlanApproved, Goals: []casemodel.Ref{"Goal/ehr"}})
	k.must(casemodel.Apply(k.c, after, k.as(casemodel.RoleSystem)))
	if len(k.c.Plans) != 2 || k.c.CurrentPlan().ID == "CarePlan/ehr" {
		t.Errorf("plans are %+v", k.c.Plans)
	}
}

func TestOnHoldGoesBackToWhereItWas(t *testing.T) {
	for _, p := range []casemodel.Phase{casemodel.PhaseReferred, casemodel.PhasePlanning, casemodel.PhaseAwaitingApproval, casemodel.PhaseMonitoring, casemodel.PhaseReopened} {
		k := at(t, p)
		k.must(casemodel.PutOnHold(k.c, k.as(cm, "away"), casemodel.Holding{Until: "2026-12-01"}))
		if k.c.NextDue == nil || k.c.NextDue.Kind != "hold" || k.c.NextDue.Date != "2026-12-01" {
			t.Errorf("on hold, next due is %+v", k.c.NextDue)
		}
		k.must(casemodel.Resume(k.c, k.as(cm)))
		k.phase(p)
		if k.c.Hold != nil {
			t.Errorf("resumed to %s, and still held", p)
		}
	}
}

func TestReopeningKeepsWhatClosedTheCase(t *testing.T) {
	k := at(t, casemodel.PhaseReopened)
	if len(k.c.Reopenings) != 1 || k.c.Reopenings[0].Closure == nil || k.c.Closure != nil || k.c.Period.End != "" {
		t.Fatalf("reopened as %+v, closure %+v", k.c.Reopenings, k.c.Closure)
	}
	k.must(casemodel.Revise(k.c, k.as(cm, "back again"), casemodel.Planning{Services: []casemodel.Service{service("aide")}}))
	k.phase(casemodel.PhasePlanning)
	k.submit().approve()
	k.phase(casemodel.PhaseActive)
	k.must(casemodel.Close(k.c, k.as(cm), closure("moved")))
}

func TestACaseFromElsewhereIsLeftAsItIs(t *testing.T) {
	k := newCourse(t)
	k.c.Phase = casemodel.PhaseActive
	after := k.c.Clone()
	after.Tasks = []casemodel.Task{{ID: "Task/t", Status: casemodel.TaskRequested, Due: "2026-04"}}
	after.Phase = casemodel.PhaseClosed
	r, err := casemodel.Apply(k.c, after, k.as(casemodel.RoleSystem))
	if err != nil {
		t.Fatalf("rules bind a case from elsewhere: %v", err)
	}
	if changes := casemodel.Diff(after, r.Case); len(changes) > 0 {
		t.Errorf("something follows in a case from elsewhere: %+v", changes)
	}
	if got := casemodel.Actions(&r.Case, cm); !slices.Equal(got, []casemodel.Action{casemodel.ActionAdopt}) {
		t.Errorf("it can be %v, not adopted alone", got)
	}
}

func TestAnOverturnedDenialIsApproved(t *testing.T) {
	k := denied(t)
	id := authorizationOf(k)
	k.must(casemodel.FileAppeal(k.c, k.as(casemodel.RoleClient, "it is needed"), casemodel.Appealing{Authorization: id, Due: "2026-04-01"}))
	appeal := casemodel.Due{Date: "2026-04-01", Kind: "appeal", Part: k.c.Authorizations[0].Appeals[0].ID}
	if got := casemodel.Dues(&k.c); !slices.Contains(got, appeal) {
		t.Errorf("got %+v due, want %+v among it", got, appeal)
	}
	k.must(casemodel.Decide(k.c, k.as(casemodel.RolePayer, "on second thoughts"), casemodel.Ruling{
		Authorization: id, Appeal: k.c.Authorizations[0].Appeals[0].ID, AppealStatus: casemodel.AppealOverturned,
	}))
	a := k.c.Authorizations[0]
	if a.Status != casemodel.AuthorizationApproved || a.Appeals[0].Status != casemodel.AppealOverturned {
		t.Errorf("the authorization is %s, the appeal %s", a.Status, a.Appeals[0].Status)
	}
	if got := casemodel.Dues(&k.c); slices.Contains(got, appeal) {
		t.Errorf("got %+v due, want no appeal that is decided", got)
	}
}

func TestATransferTakesTeamAndTasksAlong(t *testing.T) {
	k := at(t, casemodel.PhaseActive)
	other := casemodel.Party{Ref: "Practitioner/other"}
	k.must(casemodel.TransferTo(k.c, k.as(cm, "leave"), casemodel.Place{Manager: other, Setting: casemodel.SettingHomeHealth}))
	if !k.c.Manager.Same(other) || len(k.c.Transfers) != 1 || k.c.Transfers[0].From.Setting != casemodel.SettingAcuteHospital {
		t.Fatalf("transferred as %+v", k.c.Transfers)
	}
	codes := map[string]bool{}
	for _, x := range k.c.Tasks {
		if !x.Status.Done() && !x.Owner.Same(other) {
			t.Errorf("%s stays with the one who left", x.Text)
		}
		codes[x.Code.Codings[0].Code] = true
	}
	if !codes["supervise-aides"] || !codes["follow-up"] {
		t.Errorf("the tasks are %v", codes)
	}
	members := k.c.Teams[0].Members
	if members[0].Period.End == "" || !members[1].Party.Same(other) {
		t.Errorf("the team is %+v", members)
	}
}

// TestEndingAService: it needs the reason, which the service and its offer keep.
func TestEndingAService(t *testing.T) {
	const ended = casemodel.ServiceEnded
	for _, row := range []struct {
		name, why string
		path      string // of what is refused; empty: nothing is
	}{
		{"without a reason", "", "argument.reason"},
		{"with blanks for a reason", " ", "argument.reason"},
		{"with a reason", "moved away", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			k := offered(t, agency)
			k.must(casemodel.Accept(k.c, k.as(casemodel.RoleProvider), answer(k)))
			got, err := casemodel.Deliver(k.c, k.as(casemodel.RoleCaseManager, row.why), casemodel.Delivering{Service: serviceOf(k), Status: ended})
			var refused casemodel.Errors
			if row.path != "" {
				if !errors.As(err, &refused) || !slices.ContainsFunc(refused, func(e *casemodel.RuleError) bool {
					return e.Rule == "ending-needs-reason" && e.Path == row.path
				}) {
					t.Errorf("got %v, want ending-needs-reason at %s", err, row.path)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			x := got.Case.Services[0]
			if x.Status != ended || x.StatusReason != row.why || x.EndedAt == "" {
				t.Errorf("got a service %s since %q for %q, want it ended for %q", x.Status, x.EndedAt, x.StatusReason, row.why)
			}
			if o := x.Offers[0]; o.Status != casemodel.TaskCancelled || o.Reason != row.why {
				t.Errorf("got an offer %s for %q, want it cancelled for %q", o.Status, o.Reason, row.why)
			}
		})
	}
}

// TestATaskOfAnotherSystemTakesTheStepsOfR4: it may skip what lies between.
func TestATaskOfAnotherSystemTakesTheStepsOfR4(t *testing.T) {
	for _, row := range []struct {
		from, to casemodel.TaskStatus
		service  casemodel.ServiceStatus
	}{
		{"", casemodel.TaskCompleted, casemodel.ServiceDelivered},
		{"", casemodel.TaskFailed, casemodel.ServiceDeclined},
		{casemodel.TaskReceived, casemodel.TaskCompleted, casemodel.ServiceDelivered},
		{casemodel.TaskAccepted, casemodel.TaskCompleted, casemodel.ServiceDelivered},
		{casemodel.TaskAccepted, casemodel.TaskFailed, casemodel.ServiceEnded},
		{casemodel.TaskOnHold, casemodel.TaskCompleted, casemodel.ServiceDelivered},
		{casemodel.TaskReady, casemodel.TaskEnteredInError, casemodel.ServiceAccepted},
	} {
		t.Run(string(row.from)+" to "+string(row.to), func(t *testing.T) {
			k := offered(t, agency)
			for _, to := range []casemodel.TaskStatus{row.from, row.to} {
				if to == "" {
					continue
				}
				after := k.c.Clone()
				after.Services[0].Offers[0].Status = to
				k.must(casemodel.Apply(k.c, after, k.as(casemodel.RoleSystem)))
			}
			if got := k.c.Services[0].Status; got != row.service {
				t.Errorf("the service is %s, want %s", got, row.service)
			}
		})
	}
}

// TestAnOfferToWhoeverWantsIt has no provider, as Tasks of others may have none.
func TestAnOfferToWhoeverWantsIt(t *testing.T) {
	k := at(t, casemodel.PhaseActive)
	after := k.c.Clone()
	after.Services[0].Offers = []casemodel.Offer{{ID: "Task/a", Status: casemodel.TaskRequested}, {ID: "Task/b", Status: casemodel.TaskRequested}}
	after.Services[0].Intent, after.Services[0].Plans, after.Plans[0].Activities = "order", nil, nil
	k.must(casemodel.Apply(k.c, after, k.as(casemodel.RoleSystem)))
	if got := k.c.Services[0].Status; got != casemodel.ServiceOffered {
		t.Errorf("the service is %s, want offered", got)
	}
}
