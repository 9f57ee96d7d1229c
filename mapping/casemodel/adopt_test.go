package casemodel_test

import (
	"slices"
	"testing"

	"caseway/mapping/casemodel"
)

// elsewhere gives a case that another system wrote, in a phase inferred.
func elsewhere(t *testing.T, p casemodel.Phase, plans ...casemodel.Plan) *course {
	t.Helper()
	k := newCourse(t)
	k.c.Phase, k.c.Plans = p, plans
	k.c.History = []casemodel.PhaseSpan{
		{Phase: casemodel.PhaseReferred, Start: "2020-02", End: "2020-01", Inferred: true},
		{Phase: p, Start: "2020-03", End: "2020-04", Inferred: true},
	}
	return k
}

func (k *course) adopt(o casemodel.Opening) casemodel.Result {
	k.t.Helper()
	o.Model, o.Setting = casemodel.ModelIntensive, casemodel.SettingCommunity
	r, err := casemodel.Adopt(k.c, k.as(cm), o)
	k.must(r, err)
	return r
}

// TestAdoptingCareThatRuns goes on by the plan of the other system.
func TestAdoptingCareThatRuns(t *testing.T) {
	running := casemodel.Plan{ID: "CarePlan/old", Status: casemodel.PlanApproved}
	for _, row := range []struct {
		name  string
		phase casemodel.Phase
		plans []casemodel.Plan
		ask   casemodel.Opening
		want  casemodel.Phase
		plan  casemodel.Ref
	}{
		{"by its plan", casemodel.PhaseActive, []casemodel.Plan{running}, casemodel.Opening{}, casemodel.PhaseActive, "CarePlan/old"},
		{"as it was asked", casemodel.PhaseActive, []casemodel.Plan{running}, casemodel.Opening{Phase: casemodel.PhaseMonitoring}, casemodel.PhaseMonitoring, "CarePlan/old"},
		{"by the plan that was asked for", casemodel.PhaseActive, []casemodel.Plan{running, {ID: "CarePlan/new", Status: casemodel.PlanApproved, DraftedAt: "2024"}}, casemodel.Opening{Plan: "CarePlan/old"}, casemodel.PhaseActive, "CarePlan/old"},
		{"by the latest", casemodel.PhaseActive, []casemodel.Plan{running, {ID: "CarePlan/new", Status: casemodel.PlanApproved, DraftedAt: "2024"}}, casemodel.Opening{}, casemodel.PhaseActive, "CarePlan/new"},
		{"by the whole", casemodel.PhaseActive, []casemodel.Plan{running, {ID: "CarePlan/a", Status: casemodel.PlanApproved, DraftedAt: "2024", PartOf: []casemodel.Ref{"CarePlan/old"}}}, casemodel.Opening{}, casemodel.PhaseActive, "CarePlan/old"},
		{"with no plan", casemodel.PhaseActive, nil, casemodel.Opening{}, casemodel.PhaseOpened, ""},
		{"with a proposal", casemodel.PhaseActive, []casemodel.Plan{{ID: "CarePlan/old", Status: casemodel.PlanProposed}}, casemodel.Opening{}, casemodel.PhaseOpened, ""},
		{"with a plan that is over", casemodel.PhaseActive, []casemodel.Plan{{ID: "CarePlan/old", Status: casemodel.PlanCompleted}}, casemodel.Opening{}, casemodel.PhaseOpened, ""},
		{"on hold", casemodel.PhaseOnHold, []casemodel.Plan{running}, casemodel.Opening{}, casemodel.PhaseOnHold, "CarePlan/old"},
	} {
		t.Run(row.name, func(t *testing.T) {
			k := elsewhere(t, row.phase, row.plans...)
			if broken := casemodel.Check(k.c); broken != nil {
				t.Fatalf("rules bind a case from elsewhere: %v", broken)
			}
			was := slices.Clone(k.c.History)
			r := k.adopt(row.ask)
			k.phase(row.want)
			p := k.c.CurrentPlan()
			switch {
			case row.plan == "" && p != nil, row.plan != "" && (p == nil || p.ID != row.plan || !p.Foreign || len(p.Approvals) != 1):
				t.Errorf("the plan in force is %+v, want %s", p, row.plan)
			case (len(r.Notes) == 1) != (row.plan != ""):
				t.Errorf("noted is %q", r.Notes)
			}
			if !slices.Equal(k.c.History[:2], was) || len(k.c.History) != 3 {
				t.Errorf("the history is %+v, want %+v and a span of ours", k.c.History, was)
			}
		})
	}
}

// TestAPlanOfAnotherSystemIsReplacedByOurNext, and until then is its own system's
// to change.
func TestAPlanOfAnotherSystemIsReplacedByOurNext(t *testing.T) {
	k := elsewhere(t, casemodel.PhaseActive, casemodel.Plan{ID: "CarePlan/old", Status: casemodel.PlanApproved, Goals: []casemodel.Ref{"Goal/theirs"}})
	k.adopt(casemodel.Opening{})
	for _, status := range []casemodel.PlanStatus{casemodel.PlanCompleted, casemodel.PlanApproved} {
		after := k.c.Clone()
		after.Plans[0].Status = status
		k.must(casemodel.Apply(k.c, after, k.as(casemodel.RoleSystem)))
	}
	k.must(casemodel.Assess(k.c, k.as(cm), casemodel.Assessing{Assessment: casemodel.Assessment{
		Status: casemodel.AssessmentCompleted, Needs: []casemodel.Need{{Text: "to walk"}},
	}}))
	goal := casemodel.Goal{Description: casemodel.Words("to walk"), NoStrength: true, ClientWords: "walk", Targets: []casemodel.Target{{Due: "2030-01-01"}}}
	k.must(casemodel.Revise(k.c, k.as(cm, "ours"), casemodel.Planning{
		Plan: casemodel.Plan{Participants: []casemodel.Party{client}}, Goals: []casemodel.Goal{goal}, Services: []casemodel.Service{service("aide")},
	}))
	k.submit().approve()
	if p := k.c.CurrentPlan(); p.Foreign || p.Version != 1 || !slices.Contains(p.Replaces, "CarePlan/old") {
		t.Errorf("the plan in force is %+v", p)
	}
}

// TestACaseOverBeforeItIsAdoptedSaysWhenByItself.
func TestACaseOverBeforeItIsAdoptedSaysWhenByItself(t *testing.T) {
	k := elsewhere(t, casemodel.PhaseClosed)
	k.c.Period = casemodel.Period{Start: "2020-01-05", End: "2020-05-06"}
	k.adopt(casemodel.Opening{})
	if at := k.c.Closure.At; at != "2020-05-06" || k.c.Period.End != at || k.c.History[2].Start != at || !k.c.Closure.By.IsZero() {
		t.Errorf("closed at %q, history %+v, period %+v", at, k.c.History, k.c.Period)
	}
	k = elsewhere(t, casemodel.PhaseCancelled)
	k.adopt(casemodel.Opening{})
	if at := k.c.Cancellation.At; at != "2020-03" {
		t.Errorf("cancelled at %q, want when its history says", at)
	}
	k = elsewhere(t, casemodel.PhaseOnHold)
	k.adopt(casemodel.Opening{})
	if h := k.c.Hold; h.At != "2020-03" || h.From != casemodel.PhaseOpened {
		t.Errorf("held as %+v", h)
	}
}

// TestAHistoryOfOthersIsTheirsToRewrite, ours isn't.
func TestAHistoryOfOthersIsTheirsToRewrite(t *testing.T) {
	k := elsewhere(t, casemodel.PhaseActive)
	k.adopt(casemodel.Opening{})
	k.must(casemodel.PutOnHold(k.c, k.as(cm, "away"), casemodel.Holding{}))
	after := k.c.Clone()
	after.History = slices.Delete(after.History, 0, 2)
	k.must(casemodel.Apply(k.c, after, k.as(casemodel.RoleSystem)))
	after = k.c.Clone()
	after.History[0].Start = "2020"
	if _, err := casemodel.Apply(k.c, after, k.as(casemodel.RoleSystem)); err == nil {
		t.Error("a span of ours was rewritten")
	}
}

// TestAnEpisodeThatGetsAPhaseIsReceived with the history that others wrote.
func TestAnEpisodeThatGetsAPhaseIsReceived(t *testing.T) {
	k := elsewhere(t, casemodel.PhaseOpened)
	k.c.Adopted, k.c.Model, k.c.Setting, k.c.Manager = true, casemodel.ModelIntensive, casemodel.SettingCommunity, manager
	r, err := casemodel.Receive(k.c, k.as(casemodel.RoleSystem))
	if err != nil || len(r.Case.History) != 3 || r.Case.History[2].End != "" || r.Case.History[1].End != "2020-04" {
		t.Errorf("%v: the history is %+v", err, r.Case.History)
	}
}

// TestWhatAnAssessmentFindsIsDiagnosed, unless it turned out to be nothing.
func TestWhatAnAssessmentFindsIsDiagnosed(t *testing.T) {
	k := at(t, casemodel.PhaseOpened)
	k.must(casemodel.Assess(k.c, k.as(cm), casemodel.Assessing{
		Assessment: casemodel.Assessment{Status: casemodel.AssessmentDraft},
		Problems: []casemodel.Problem{
			{ID: "Condition/a", Code: casemodel.Words("arthritis")}, {ID: "Condition/b", Verification: "refuted"},
		},
	}))
	if d := k.c.Diagnoses; len(d) != 1 || d[0].Problem != "Condition/a" {
		t.Errorf("diagnoses are %+v, want Condition/a alone", d)
	}
}
