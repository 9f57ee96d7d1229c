package casemodel_test

import (
	"errors"
	"reflect"
	"slices"
	"testing"

	"caseway/mapping/casemodel"
)

// edit changes a case by hand.
func (k *course) edit(change func(c *casemodel.Case), removed ...casemodel.Ref) (casemodel.Result, error) {
	after := k.c.Clone()
	change(&after)
	return casemodel.Edit(k.c, after, removed, k.as(cm, "a reason"))
}

// edited gives a case in which everything has begun.
func edited(t *testing.T) *course {
	t.Helper()
	k := opened(t, casemodel.ModelClinical, casemodel.SettingAcuteHospital).assess().plan().submit().approve()
	k.offerTo(serviceOf(k), agency)
	amount := casemodel.USD(100)
	k.must(casemodel.RequestAuthorization(k.c, k.as(cm), casemodel.Authorization{Service: serviceOf(k), Necessity: "to walk"}))
	k.must(casemodel.Decide(k.c, k.as(casemodel.RolePayer), casemodel.Ruling{
		Authorization: authorizationOf(k), Status: casemodel.AuthorizationDenied, Reason: words("not covered"),
	}))
	k.must(casemodel.FileAppeal(k.c, k.as(cm, "it is"), casemodel.Appealing{Authorization: authorizationOf(k)}))
	k.must(casemodel.Negotiate(k.c, k.as(cm), casemodel.Negotiation{
		Service: serviceOf(k), Provider: agency, Round: casemodel.Round{Kind: casemodel.RoundOffer, ListPrice: amount, Shares: []casemodel.Share{{Party: client, Role: casemodel.RoleClient, Amount: amount}}},
	}))
	k.must(casemodel.Schedule(k.c, k.as(cm), casemodel.Appointment{Services: []casemodel.Ref{serviceOf(k)}, Start: casemodel.At(k.at.AddDate(0, 0, 1))}))
	k.must(casemodel.RecordContact(k.c, k.as(cm), casemodel.Contact{Kind: casemodel.ContactTelephone, Learned: "sleeps well"}))
	k.must(casemodel.Review(k.c, k.as(cm), casemodel.Reviewing{Review: k.c.Reviews[0].ID, Exchange: casemodel.Exchange{
		Kind: casemodel.ExchangeUpdate, Text: "walks", NextReview: casemodel.Day(k.at.AddDate(0, 0, 2)),
	}}))
	k.must(casemodel.RecordOutcome(k.c, k.as(cm), casemodel.Measuring{Outcome: casemodel.Outcome{Goals: []casemodel.Ref{k.c.Goals[0].ID}, Value: number("3")}}))
	k.c.Networks = []casemodel.Network{{ID: "OrganizationAffiliation/n", Member: agency}}
	k.c.Consents = []casemodel.Consent{{ID: "Consent/c", Status: "active"}}
	k.c.Files = []casemodel.File{{ID: "DocumentReference/f", Status: "current"}}
	k.c.Notes = []casemodel.Note{{ID: "Communication/n", Status: "completed"}}
	k.c.Family = []casemodel.Relative{{ID: "RelatedPerson/r", Name: "Sister"}}
	k.c.Barriers = []casemodel.Barrier{{ID: "Flag/b", Status: "active"}}
	k.c.Risks = []casemodel.Risk{{ID: "RiskAssessment/r", Status: casemodel.FindingFinal}}
	return k
}

// TestWhatAnEditMayNotChange: each is refused with the rule, the place and the
// actions that change it.
func TestWhatAnEditMayNotChange(t *testing.T) {
	k := edited(t)
	for _, row := range []struct {
		name, rule, path string
		actions          []casemodel.Action
		change           func(c *casemodel.Case)
	}{
		{"the phase", "action-needed", "phase", []casemodel.Action{casemodel.ActionClose}, func(c *casemodel.Case) { c.Phase = casemodel.PhaseClosed }},
		{"the phase to where none leads", "action-needed", "phase", []casemodel.Action{"monitor", "hold", "close", "cancel", "retract"}, func(c *casemodel.Case) { c.Phase = casemodel.PhaseReferred }},
		{"whose it is", "action-needed", "adopted", []casemodel.Action{casemodel.ActionAdopt}, func(c *casemodel.Case) { c.Adopted = false }},
		{"the id", "follows-from-others", "id", nil, func(c *casemodel.Case) { c.ID = "other" }},
		{"the history", "follows-from-others", "history", nil, func(c *casemodel.Case) { c.History = nil }},
		{"what is due next", "follows-from-others", "nextDue", nil, func(c *casemodel.Case) { c.NextDue = nil }},
		{"the manager", "action-needed", "manager", []casemodel.Action{casemodel.ActionOpen, casemodel.ActionTransfer}, func(c *casemodel.Case) { c.Manager = physician }},
		{"the setting", "action-needed", "setting", []casemodel.Action{casemodel.ActionOpen, casemodel.ActionTransfer}, func(c *casemodel.Case) { c.Setting = casemodel.SettingCommunity }},
		{"the end", "action-needed", "period.end", []casemodel.Action{casemodel.ActionClose, casemodel.ActionReopen}, func(c *casemodel.Case) { c.Period.End = "2030" }},
		{"a hold", "action-needed", "hold", []casemodel.Action{casemodel.ActionHold, casemodel.ActionResume}, func(c *casemodel.Case) { c.Hold = &casemodel.Hold{} }},
		{"a closure", "action-needed", "closure", []casemodel.Action{casemodel.ActionClose, casemodel.ActionReopen}, func(c *casemodel.Case) { c.Closure = &casemodel.Closure{} }},
		{"a transfer", "action-needed", "transfers", []casemodel.Action{casemodel.ActionTransfer}, func(c *casemodel.Case) { c.Transfers = []casemodel.Transfer{{}} }},
		{"the client", "kept-elsewhere", "client", nil, func(c *casemodel.Case) { c.Client.Name = "Other" }},
		{"a network", "kept-elsewhere", "networks[0]", nil, func(c *casemodel.Case) { c.Networks[0].Inactive = true }},
		{"a new network", "kept-elsewhere", "networks[1]", nil, func(c *casemodel.Case) {
			c.Networks = append(c.Networks, casemodel.Network{ID: "OrganizationAffiliation/x"})
		}},
		{"a certification", "kept-elsewhere", "teams[0].members[0].certifications", nil, func(c *casemodel.Case) {
			c.Teams[0].Members[0].Certifications = []casemodel.Certification{{Code: words("CCM")}}
		}},
		{"a member's network", "kept-elsewhere", "teams[0].members[0].networks", nil, func(c *casemodel.Case) { c.Teams[0].Members[0].Networks = []casemodel.Party{insurer} }},
		{"a new member's certification", "kept-elsewhere", "teams[1].members[0].certifications", nil, func(c *casemodel.Case) {
			c.Teams = append(c.Teams, casemodel.Team{ID: "CareTeam/x", Members: []casemodel.Member{{Party: physician, Certifications: []casemodel.Certification{{Code: words("MD")}}}}})
		}},
		{"a plan's status", "action-needed", "plans[0].status", []casemodel.Action{"submit", "approve", "return", "revise"}, func(c *casemodel.Case) { c.Plans[0].Status = casemodel.PlanDraft }},
		{"an approved plan's goals", "action-needed", "plans[0].goals", []casemodel.Action{casemodel.ActionRevise}, func(c *casemodel.Case) { c.Plans[0].Goals = nil }},
		{"an approved plan's activities", "action-needed", "plans[0].activities", []casemodel.Action{casemodel.ActionRevise}, func(c *casemodel.Case) { c.Plans[0].Activities = nil }},
		{"a plan's version", "follows-from-others", "plans[0].version", nil, func(c *casemodel.Case) { c.Plans[0].Version = 7 }},
		{"an approval", "action-needed", "plans[0].approvals[0]", []casemodel.Action{"submit", "approve", "return"}, func(c *casemodel.Case) { c.Plans[0].Approvals[0].DecidedBy = manager }},
		{"a new approval", "action-needed", "plans[0].approvals[1]", []casemodel.Action{casemodel.ActionSubmit}, func(c *casemodel.Case) {
			c.Plans[0].Approvals = append(c.Plans[0].Approvals, casemodel.Approval{ID: "Task/x", Status: casemodel.ApprovalApproved})
		}},
		{"a new plan", "action-needed", "plans[1]", []casemodel.Action{"plan", "revise"}, func(c *casemodel.Case) { c.Plans = append(c.Plans, casemodel.Plan{ID: "CarePlan/x"}) }},
		{"a service's status", "action-needed", "services[0].status", []casemodel.Action{"offer", "accept", "decline", "deliver"}, func(c *casemodel.Case) { c.Services[0].Status = casemodel.ServiceDelivered }},
		{"a service's provider", "action-needed", "services[0].provider", []casemodel.Action{"accept", "choose"}, func(c *casemodel.Case) { c.Services[0].Provider = rehab }},
		{"an offer's status", "action-needed", "services[0].offers[0].status", []casemodel.Action{"offer", "accept", "decline", "choose", "deliver"}, func(c *casemodel.Case) { c.Services[0].Offers[0].Status = casemodel.TaskCompleted }},
		{"the client's choice", "action-needed", "services[0].offers[0].chosen", []casemodel.Action{casemodel.ActionChoose}, func(c *casemodel.Case) { c.Services[0].Offers[0].Chosen = true }},
		{"an appointment's status", "action-needed", "appointments[0].status", []casemodel.Action{casemodel.ActionSchedule}, func(c *casemodel.Case) { c.Appointments[0].Status = casemodel.AppointmentMissed }},
		{"a contact's status", "action-needed", "contacts[0].status", []casemodel.Action{casemodel.ActionRecordContact}, func(c *casemodel.Case) { c.Contacts[0].Status = casemodel.ContactMissed }},
		{"a task's status", "action-needed", "tasks[0].status", []casemodel.Action{casemodel.ActionWork}, func(c *casemodel.Case) { c.Tasks[0].Status = casemodel.TaskCompleted }},
		{"when a task was changed", "follows-from-others", "tasks[0].changedAt", nil, func(c *casemodel.Case) { c.Tasks[0].ChangedAt = "2026" }},
		{"an assessment's status", "action-needed", "assessments[0].status", []casemodel.Action{casemodel.ActionAssess}, func(c *casemodel.Case) { c.Assessments[0].Status = casemodel.AssessmentDraft }},
		{"an exchange", "action-needed", "reviews[0].exchanges[0]", []casemodel.Action{casemodel.ActionReview}, func(c *casemodel.Case) { c.Reviews[0].Exchanges[0].Text = "runs" }},
		{"an authorization's status", "action-needed", "authorizations[0].status", []casemodel.Action{"request-authorization", "decide"}, func(c *casemodel.Case) {
			c.Authorizations[0].Status = casemodel.AuthorizationApproved
		}},
		{"what was asked for before the decision", "action-needed", "authorizations[0].necessity", []casemodel.Action{"request-authorization"}, func(c *casemodel.Case) { c.Authorizations[0].Necessity = "to run" }},
		{"an appeal", "action-needed", "authorizations[0].appeals[0]", []casemodel.Action{"appeal", "decide"}, func(c *casemodel.Case) { c.Authorizations[0].Appeals[0].Grounds = "none" }},
		{"a round", "action-needed", "agreements[0].rounds", []casemodel.Action{casemodel.ActionNegotiate}, func(c *casemodel.Case) { c.Agreements[0].Rounds[0].Shares = nil }},
		{"a bill", "follows-from-others", "agreements[0].bills[0]", nil, func(c *casemodel.Case) { c.Agreements[0].Bills = []casemodel.Bill{{ID: "Invoice/x"}} }},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := k.edit(row.change)
			var found casemodel.Errors
			if !errors.As(err, &found) || len(found) != 1 || found[0].Rule != row.rule || found[0].Path != row.path || !slices.Equal(found[0].Actions, row.actions) {
				t.Errorf("%s: %v, %+v", row.name, err, found)
			}
		})
	}
}

// TestWhatAnEditMayChange: each is in the case afterwards, and told of.
func TestWhatAnEditMayChange(t *testing.T) {
	k := edited(t)
	for name, change := range map[string]func(c *casemodel.Case){
		"identifiers":             func(c *casemodel.Case) { c.Identifiers = []casemodel.Identifier{{Value: "7"}} },
		"target population":       func(c *casemodel.Case) { c.TargetPopulation = words("elders") },
		"start":                   func(c *casemodel.Case) { c.Period.Start = "2026-03-01" },
		"cadence":                 func(c *casemodel.Case) { c.Cadences[0].Days = 7 },
		"relative":                func(c *casemodel.Case) { c.Family[0].Name = "Aunt" },
		"team":                    func(c *casemodel.Case) { c.Teams[0].Members = c.Teams[0].Members[:0] },
		"problem":                 func(c *casemodel.Case) { c.Problems[0].Clinical = "resolved" },
		"strength":                func(c *casemodel.Case) { c.Strengths[0].Text = "two sisters" },
		"goal":                    func(c *casemodel.Case) { c.Goals[0].ClientWords = "dance" },
		"an outcome's remark":     func(c *casemodel.Case) { c.Outcomes[0].Remarks = []casemodel.Remark{{Text: "x"}} },
		"a plan's next review":    func(c *casemodel.Case) { c.Plans[0].NextReview = "2027" },
		"an activity's progress":  func(c *casemodel.Case) { c.Plans[0].Activities[0].Progress = []casemodel.Remark{{Text: "x"}} },
		"a service's instruction": func(c *casemodel.Case) { c.Services[0].Instructions = "slowly" },
		"an offer's due date":     func(c *casemodel.Case) { c.Services[0].Offers[0].Due = "2027" },
		"an appointment's start":  func(c *casemodel.Case) { c.Appointments[0].Start = "2026-12-24" },
		"what was learned":        func(c *casemodel.Case) { c.Contacts[0].Learned = "more" },
		"a task's due date":       func(c *casemodel.Case) { c.Tasks[0].Due = "2027" },
		"a coverage's network":    func(c *casemodel.Case) { c.Coverages[0].Network = "north" },
		"an agreement's title":    func(c *casemodel.Case) { c.Agreements[0].Title = "pump" },
		"a note":                  func(c *casemodel.Case) { c.Notes[0].Text = "x" },
	} {
		t.Run(name, func(t *testing.T) {
			r, err := k.edit(change)
			if err != nil || len(r.Changes) == 0 {
				t.Errorf("%s: %v, %v", name, err, r.Changes)
			}
		})
	}
}

// TestEachKindIsAddedOrSaysHow goes through the table.
func TestEachKindIsAddedOrSaysHow(t *testing.T) {
	k := edited(t)
	for _, row := range []struct {
		kind casemodel.Kind
		add  func(c *casemodel.Case)
	}{
		{casemodel.KindRelative, func(c *casemodel.Case) {
			c.Family = append(c.Family, casemodel.Relative{ID: "RelatedPerson/x", Name: "x"})
		}},
		{casemodel.KindTeam, func(c *casemodel.Case) { c.Teams = append(c.Teams, casemodel.Team{ID: "CareTeam/x"}) }},
		{casemodel.KindReferral, func(c *casemodel.Case) {
			c.Referrals = append(c.Referrals, casemodel.Referral{ID: "ServiceRequest/x"})
		}},
		{casemodel.KindProblem, func(c *casemodel.Case) { c.Problems = append(c.Problems, casemodel.Problem{ID: "Condition/x"}) }},
		{casemodel.KindStrength, func(c *casemodel.Case) {
			c.Strengths = append(c.Strengths, casemodel.Strength{ID: "Observation/x", Source: casemodel.StrengthOwn})
		}},
		{casemodel.KindBarrier, func(c *casemodel.Case) { c.Barriers = append(c.Barriers, casemodel.Barrier{ID: "Flag/x"}) }},
		{casemodel.KindRisk, func(c *casemodel.Case) { c.Risks = append(c.Risks, casemodel.Risk{ID: "RiskAssessment/x"}) }},
		{casemodel.KindGoal, func(c *casemodel.Case) { c.Goals = append(c.Goals, casemodel.Goal{ID: "Goal/x"}) }},
		{casemodel.KindCoverage, func(c *casemodel.Case) { c.Coverages = append(c.Coverages, casemodel.Coverage{ID: "Coverage/x"}) }},
		{casemodel.KindEligibility, func(c *casemodel.Case) {
			c.Coverages[0].Eligibility = []casemodel.Eligibility{{ID: "CoverageEligibilityResponse/x"}}
		}},
		{casemodel.KindFile, func(c *casemodel.Case) { c.Files = append(c.Files, casemodel.File{ID: "DocumentReference/x"}) }},
		{casemodel.KindNote, func(c *casemodel.Case) { c.Notes = append(c.Notes, casemodel.Note{ID: "Communication/x"}) }},
		{casemodel.KindConsent, func(c *casemodel.Case) { c.Consents = append(c.Consents, casemodel.Consent{ID: "Consent/x"}) }},
	} {
		r, err := k.edit(row.add)
		added := slices.ContainsFunc(r.Changes, func(x casemodel.Change) bool { return x.Kind == row.kind && x.How == "created" })
		if err != nil || !added || !casemodel.EditingOf(row.kind).Adds {
			t.Errorf("%s: %v, %v", row.kind, err, r.Changes)
		}
	}
	_, err := k.edit(func(c *casemodel.Case) {
		c.Strengths = append(c.Strengths, casemodel.Strength{ID: "Observation/x"})
	})
	refused(t, err, "strength-needs-source")
}

// TestNothingIsTakenOut: what is removed is marked, as far as it may be.
func TestNothingIsTakenOut(t *testing.T) {
	k := edited(t)
	same := func(*casemodel.Case) {}
	for p := range k.c.Parts() {
		row := casemodel.EditingOf(p.Kind)
		r, err := k.edit(same, p.ID)
		if row.Removal == "" || p.Kind == casemodel.KindPlan {
			if err == nil {
				t.Errorf("a %s is removed", p.Kind)
			}
			continue
		}
		if err != nil && p.Kind == casemodel.KindAuthorization { // a denial stands
			refused(t, err, "authorization-step-not-allowed", "appeal-needs-denial")
			continue
		}
		marked := slices.ContainsFunc(r.Changes, func(x casemodel.Change) bool { return x.ID == p.ID && x.How == "changed" })
		if err != nil || !marked {
			t.Errorf("%s: %v, %v", p.Kind, err, r.Changes)
		}
		for q := range r.Case.Parts() {
			if q.ID == p.ID && row.Removal == "marked as entered in error" && p.Kind != casemodel.KindProblem && q.Status != "entered-in-error" {
				t.Errorf("a %s that was removed has status %s", p.Kind, q.Status)
			}
		}
	}
	_, err := casemodel.Edit(k.c, k.c, []casemodel.Ref{k.c.Goals[0].ID}, k.as(cm))
	refused(t, err, "reason-needed")
}

// TestWhatGoesAlongWithAnEdit: dates and statuses that its author needn't say.
func TestWhatGoesAlongWithAnEdit(t *testing.T) {
	k := edited(t)
	r, err := k.edit(func(c *casemodel.Case) {
		c.Goals[0].Status = casemodel.GoalOnHold
		c.Goals[0].Outcomes = nil
		c.Assessments[0].Summary = "better"
		c.Tasks[0].Owner = physician
		c.Problems = append(c.Problems, casemodel.Problem{ID: "Condition/x"})
		c.Model = casemodel.ModelIntensive
	})
	if err != nil {
		t.Fatal(err)
	}
	intensive, _ := casemodel.TemplateOf(casemodel.ModelIntensive)
	c := r.Case
	if c.Goals[0].StatusAt != casemodel.Day(k.at) || c.Assessments[0].Status != casemodel.AssessmentAmended ||
		c.Tasks[0].ChangedAt != casemodel.At(k.at) || c.Problems[1].RecordedBy != manager || c.Problems[1].Clinical != "active" ||
		!reflect.DeepEqual(c.Requires, intensive.Requires) {
		t.Errorf("got the changes %+v, want those of the intensive model", r.Changes)
	}
	r, err = k.edit(func(c *casemodel.Case) { c.Outcomes[0].Goals = nil })
	if err != nil || len(r.Case.Goals[0].Outcomes) > 0 {
		t.Errorf("%v: the goal names %v", err, r.Case.Goals[0].Outcomes)
	}
	waiting := at(t, casemodel.PhaseReferred)
	r, err = waiting.edit(func(c *casemodel.Case) { c.Queued = true })
	if n := len(r.Case.History); err != nil || n != 2 || !r.Case.History[1].Queued || r.Case.History[0].Queued {
		t.Errorf("%v: the history is %+v", err, r.Case.History)
	}
}

// TestEditsAreHeldToTheRules like every other change.
func TestEditsAreHeldToTheRules(t *testing.T) {
	k := edited(t)
	foreign := newCourse(t)
	foreign.c.Phase = casemodel.PhaseActive
	_, err := foreign.edit(func(c *casemodel.Case) { c.Accounts = []casemodel.Ref{"Account/a"} })
	refused(t, err, "case-not-adopted")
	_, err = k.edit(func(c *casemodel.Case) { c.Goals[0].Status = casemodel.GoalRejected })
	refused(t, err, "goal-step-not-allowed")
	_, err = k.edit(func(c *casemodel.Case) { c.Tasks[0].Period = casemodel.Period{Start: "2027", End: "2026"} })
	refused(t, err, "period-reversed")
	_, err = k.edit(func(c *casemodel.Case) { c.Diagnoses = []casemodel.Diagnosis{{Problem: "Condition/none"}} })
	refused(t, err, "problem-unknown")
	_, err = k.edit(func(c *casemodel.Case) { c.Goals = nil })
	refused(t, err, "part-removed", "goal-unknown", "goal-unknown")
	_, err = k.edit(func(c *casemodel.Case) { c.Cadences = nil })
	refused(t, err, "cadence-needed")
}

// TestWordsOfHoldsAndClosuresAreCorrected: neither comes nor goes by an edit.
func TestWordsOfHoldsAndClosuresAreCorrected(t *testing.T) {
	held := at(t, casemodel.PhaseOnHold)
	r, err := held.edit(func(c *casemodel.Case) { c.Hold.Until, c.Hold.Reason = "2027-01-01", "abroad" })
	if err != nil || r.Case.NextDue == nil || r.Case.NextDue.Date != "2027-01-01" {
		t.Errorf("%v: due next is %v", err, r.Case.NextDue)
	}
	_, err = held.edit(func(c *casemodel.Case) { c.Hold.From = casemodel.PhaseActive })
	refused(t, err, "follows-from-others")
	_, err = held.edit(func(c *casemodel.Case) { c.Hold = nil })
	refused(t, err, "action-needed")
	closed := at(t, casemodel.PhaseClosed)
	if r, err = closed.edit(func(c *casemodel.Case) { c.Closure.Summary = "walks again" }); err != nil || r.Case.Closure.Summary != "walks again" {
		t.Error(err)
	}
	_, err = closed.edit(func(c *casemodel.Case) { c.Closure.Reason = casemodel.ClosureReason("died") })
	refused(t, err, "action-needed")
}
