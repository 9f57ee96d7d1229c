package casemodel_test

import (
	"slices"
	"testing"
	"time"

	"caseway/mapping/casemodel"
)

// illegal is a step that is refused, and the rules that it is refused with.
type illegal struct {
	name string
	from *course // where the step is tried; it stays as it is
	do   func(k *course) error
	want []string
}

func run(t *testing.T, rows []illegal) {
	t.Helper()
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			k := *row.from
			k.t = t
			before := k.c.Clone()
			err := row.do(&k)
			got := rulesOf(err)
			slices.Sort(got)
			slices.Sort(row.want)
			if !slices.Equal(got, row.want) {
				t.Errorf("refused with %v, not %v\n%v", got, row.want, err)
			}
			if changes := casemodel.Diff(before, k.c); len(changes) > 0 {
				t.Errorf("a refused step changed %v", changes)
			}
		})
	}
}

// errOf drops a result.
func errOf(_ casemodel.Result, err error) error { return err }

const (
	cm  = casemodel.RoleCaseManager
	doc = casemodel.RolePhysician
)

func TestIllegalOpenings(t *testing.T) {
	fresh, referred := newCourse(t), at(t, casemodel.PhaseReferred)
	nobody := newCourse(t)
	nobody.c.Client = casemodel.Client{}
	unnamed := newCourse(t)
	unnamed.c.ID = ""
	foreign := newCourse(t)
	foreign.c.Phase = casemodel.PhaseActive
	open := func(a casemodel.Opening) func(*course) error {
		return func(k *course) error { return errOf(casemodel.Open(k.c, k.as(casemodel.RoleAdministrator), a)) }
	}
	clinical := casemodel.Opening{Model: casemodel.ModelClinical, Setting: casemodel.SettingCommunity, Manager: manager}
	run(t, []illegal{
		{"a referral of nobody", nobody, func(k *course) error {
			return errOf(casemodel.Refer(k.c, k.as(cm), casemodel.Referring{Referral: casemodel.Referral{From: manager}}))
		}, []string{"client-needed"}},
		{"a referral without an id", unnamed, func(k *course) error {
			return errOf(casemodel.Refer(k.c, k.as(cm), casemodel.Referring{Referral: casemodel.Referral{From: manager}}))
		}, []string{"case-needs-id"}},
		{"a referral from nobody for nothing", fresh, func(k *course) error {
			return errOf(casemodel.Refer(k.c, k.as(cm), casemodel.Referring{}))
		}, []string{"referral-needs-reason"}},
		{"opening with nothing said", referred, open(casemodel.Opening{}), []string{"manager-needed", "model-needed", "setting-needed"}},
		{"opening with a model of nobody's", referred, open(casemodel.Opening{Model: "holistic", Setting: "hospital", Manager: manager}), []string{"model-unknown", "setting-unknown"}},
		{"targeted at nobody", referred, open(casemodel.Opening{Model: casemodel.ModelTargeted, Setting: casemodel.SettingCommunity, Manager: manager}), []string{"target-population-needed"}},
		{"a template of another model", referred, open(casemodel.Opening{
			Model: casemodel.ModelClinical, Setting: casemodel.SettingCommunity, Manager: manager,
			Template: &casemodel.Template{Model: casemodel.ModelIntensive},
		}), []string{"template-of-other-model"}},
		{"a template without the cadence that it requires", referred, open(casemodel.Opening{
			Model: casemodel.ModelClinical, Setting: casemodel.SettingCommunity, Manager: manager,
			Template: &casemodel.Template{Model: casemodel.ModelClinical, Requires: []casemodel.Requirement{casemodel.RequireCadence}},
		}), []string{"cadence-needed"}},
		{"a cadence of no days", referred, open(casemodel.Opening{
			Model: casemodel.ModelClinical, Setting: casemodel.SettingCommunity, Manager: manager,
			Template: &casemodel.Template{Model: casemodel.ModelClinical, Cadences: []casemodel.Cadence{{Kind: casemodel.ContactVideo}}},
		}), []string{"cadence-needs-days"}},
		{"opening by nobody", referred, func(k *course) error {
			return errOf(casemodel.Open(k.c, casemodel.Step{At: k.at, NewID: k.newID}, clinical))
		}, []string{"actor-needed"}},
		{"opening by an unheard-of role", referred, func(k *course) error {
			s := k.as(cm)
			s.Actor.Role = "janitor"
			return errOf(casemodel.Open(k.c, s, clinical))
		}, []string{"actor-needed", "role-not-allowed"}},
		{"opening at no time", referred, func(k *course) error {
			s := k.as(cm)
			s.At = time.Time{}
			return errOf(casemodel.Open(k.c, s, clinical))
		}, []string{"time-needed"}},
		{"opening before the referral", referred, func(k *course) error {
			s := k.as(cm)
			s.At = k.at.AddDate(0, 0, -1)
			return errOf(casemodel.Open(k.c, s, clinical))
		}, []string{"time-runs-backwards"}},
		{"work on a case from elsewhere", foreign, func(k *course) error {
			return errOf(casemodel.Work(k.c, k.as(cm), casemodel.Task{Text: "call"}))
		}, []string{"case-not-adopted"}},
		{"adopting a case of ours", referred, func(k *course) error {
			return errOf(casemodel.Adopt(k.c, k.as(cm), clinical))
		}, []string{"case-adopted-already"}},
		{"adopting without a model", foreign, func(k *course) error {
			return errOf(casemodel.Adopt(k.c, k.as(casemodel.RoleAdministrator), casemodel.Opening{}))
		}, []string{"manager-needed", "model-needed", "setting-needed"}},
		{"adopting a running case as closed", foreign, func(k *course) error {
			a := clinical
			a.Phase = casemodel.PhaseClosed
			return errOf(casemodel.Adopt(k.c, k.as(cm), a))
		}, []string{"phase-has-ended"}},
		{"adopting as active without a plan", foreign, func(k *course) error {
			a := clinical
			a.Phase = casemodel.PhaseActive
			return errOf(casemodel.Adopt(k.c, k.as(cm), a))
		}, []string{"plan-needs-approval"}},
	})
}

func TestIllegalAssessmentsAndPlans(t *testing.T) {
	strengths := opened(t, casemodel.ModelStrengthsBased, casemodel.SettingCommunity)
	assessed := opened(t, casemodel.ModelStrengthsBased, casemodel.SettingCommunity).assess()
	undrafted := at(t, casemodel.PhaseAssessing)
	opened0 := at(t, casemodel.PhaseOpened)
	assessing := opened(t, casemodel.ModelClinical, casemodel.SettingCommunity)
	assessing.must(casemodel.Assess(assessing.c, assessing.as(cm), casemodel.Assessing{Assessment: casemodel.Assessment{Status: casemodel.AssessmentDraft}}))
	empty := at(t, casemodel.PhaseAssessing)
	empty.must(casemodel.DraftPlan(empty.c, empty.as(cm), casemodel.Planning{}))
	wanting := opened(t, casemodel.ModelStrengthsBased, casemodel.SettingCommunity).assess()
	wanting.must(casemodel.DraftPlan(wanting.c, wanting.as(cm), casemodel.Planning{
		Plan:     casemodel.Plan{Participants: []casemodel.Party{client}},
		Goals:    []casemodel.Goal{{}, {ClientWords: "walk", Targets: []casemodel.Target{{Due: "2027"}}, BuildsOn: []casemodel.Ref{"Observation/none"}, NoStrength: true}},
		Services: []casemodel.Service{service("walking")},
	}))
	unmeasured := at(t, casemodel.PhaseAssessing)
	unmeasured.must(casemodel.DraftPlan(unmeasured.c, unmeasured.as(cm), casemodel.Planning{
		Plan:     casemodel.Plan{Participants: []casemodel.Party{client}},
		Goals:    []casemodel.Goal{goal("walk")},
		Services: []casemodel.Service{{Code: words("therapy")}},
	}))
	awaiting, active := at(t, casemodel.PhaseAwaitingApproval), at(t, casemodel.PhaseActive)
	revising := at(t, casemodel.PhaseActive)
	revising.must(casemodel.Revise(revising.c, revising.as(cm, "a fall"), casemodel.Planning{}))
	resubmitted := at(t, casemodel.PhaseActive)
	resubmitted.must(casemodel.Revise(resubmitted.c, resubmitted.as(cm, "a fall"), casemodel.Planning{Services: []casemodel.Service{service("aide")}})).submit()
	draft := func(k *course) error {
		return errOf(casemodel.DraftPlan(k.c, k.as(cm), casemodel.Planning{Goals: []casemodel.Goal{goal("walk")}}))
	}
	submit := func(k *course) error { return errOf(casemodel.Submit(k.c, k.as(cm), casemodel.Submission{})) }
	run(t, []illegal{
		{"a strengths-based assessment without strengths", strengths, func(k *course) error {
			a := assessment()
			a.Strengths = nil
			return errOf(casemodel.Assess(k.c, k.as(cm), a))
		}, []string{"strengths-needed"}},
		{"strengths that were entered in error", strengths, func(k *course) error {
			a := assessment()
			a.Strengths[0].Status = casemodel.FindingEnteredInError
			return errOf(casemodel.Assess(k.c, k.as(cm), a))
		}, []string{"strengths-needed"}},
		{"a strength of no source", strengths, func(k *course) error {
			a := assessment()
			a.Strengths[0].Source = "neighbours"
			return errOf(casemodel.Assess(k.c, k.as(cm), a))
		}, []string{"strength-needs-source"}},
		{"a completed assessment of nothing", opened0, func(k *course) error {
			return errOf(casemodel.Assess(k.c, k.as(cm), casemodel.Assessing{}))
		}, []string{"needs-needed"}},
		{"an assessment at no readable date", opened0, func(k *course) error {
			a := assessment()
			a.Assessment.At = "yesterday"
			return errOf(casemodel.Assess(k.c, k.as(cm), a))
		}, []string{"date-unreadable"}},
		{"an assessment with somebody else's id", opened0, func(k *course) error {
			a := assessment()
			a.Problems[0].ID = "Coverage/v1"
			return errOf(casemodel.Assess(k.c, k.as(cm), a))
		}, []string{"part-twice"}},
		{"an assessment with an id of no type", opened0, func(k *course) error {
			a := assessment()
			a.Problems[0].ID = "17"
			return errOf(casemodel.Assess(k.c, k.as(cm), a))
		}, []string{"part-needs-id"}},
		{"a plan before any assessment", opened0, draft, []string{"assessment-needed", "phase-not-allowed"}},
		{"a plan on an assessment that isn't complete", assessing, draft, []string{"assessment-needed"}},
		{"a plan with a goal of nobody's", assessed, func(k *course) error {
			return errOf(casemodel.DraftPlan(k.c, k.as(cm), casemodel.Planning{Plan: casemodel.Plan{Goals: []casemodel.Ref{"Goal/none"}}}))
		}, []string{"goal-unknown"}},
		{"a draft while one awaits approval", awaiting, draft, []string{"one-draft-plan", "phase-not-allowed"}},
		{"a draft beside the plan in force", active, draft, []string{"draft-needed"}},
		{"submitting nothing", undrafted, submit, []string{"draft-needed", "phase-not-allowed"}},
		{"submitting an empty plan", empty, submit, []string{"client-takes-part", "goals-needed", "services-needed"}},
		{"submitting goals that say nothing", wanting, submit, []string{
			"client-words-needed", "goal-needs-description", "goal-needs-strength", "goal-needs-target",
			"strength-and-none", "strength-unknown",
		}},
		{"submitting a therapy of no amount", unmeasured, submit, []string{"ordered-amount-needed"}},
		{"submitting with nothing drafted", active, submit, []string{"draft-needed"}},
		{"submitting twice", resubmitted, submit, []string{"draft-needed"}},
		{"approving what wasn't submitted", active, func(k *course) error {
			return errOf(casemodel.Approve(k.c, k.as(doc), casemodel.Decision{}))
		}, []string{"plan-not-submitted"}},
		{"approving another plan than the one that waits", awaiting, func(k *course) error {
			return errOf(casemodel.Approve(k.c, k.as(doc), casemodel.Decision{Plan: "CarePlan/other"}))
		}, []string{"plan-not-submitted"}},
		{"approving as another physician", awaiting, func(k *course) error {
			return errOf(casemodel.Approve(k.c, k.by(doc, rehab), casemodel.Decision{}))
		}, []string{"approver-is-another"}},
		{"approving by nobody", awaiting, func(k *course) error {
			return errOf(casemodel.Approve(k.c, k.by(casemodel.RoleSystem, casemodel.Party{}), casemodel.Decision{}))
		}, []string{"approval-needs-decider"}},
		{"approving one's own plan", awaiting, func(k *course) error {
			return errOf(casemodel.Approve(k.c, k.as(cm), casemodel.Decision{}))
		}, []string{"approver-is-another", "role-not-allowed"}},
		{"returning without a reason", awaiting, func(k *course) error {
			return errOf(casemodel.Return(k.c, k.as(doc), casemodel.Decision{}))
		}, []string{"reason-needed"}},
		{"returning what wasn't submitted", revising, func(k *course) error {
			return errOf(casemodel.Return(k.c, k.as(doc, "more"), casemodel.Decision{}))
		}, []string{"plan-not-submitted"}},
		{"revising without a reason", active, func(k *course) error {
			return errOf(casemodel.Revise(k.c, k.as(cm), casemodel.Planning{}))
		}, []string{"reason-needed"}},
		{"revising for a blank reason", active, func(k *course) error {
			return errOf(casemodel.Revise(k.c, k.as(cm, " \t"), casemodel.Planning{}))
		}, []string{"reason-needed"}},
		{"revising twice at a time", revising, func(k *course) error {
			return errOf(casemodel.Revise(k.c, k.as(cm, "again"), casemodel.Planning{}))
		}, []string{"one-draft-plan"}},
	})
}
