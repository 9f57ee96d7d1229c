package casemodel_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"caseway/mapping/casemodel"
)

// course takes a case through actions one after another, a minute apart.
type course struct {
	t    testing.TB
	c    casemodel.Case
	at   time.Time
	ids  int
	last casemodel.Result
}

var start = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func newCourse(t testing.TB) *course {
	t.Helper()
	return &course{t: t, at: start, c: casemodel.Case{
		ID: "e1", Client: casemodel.Client{ID: "Patient/p1", Name: "Client"},
		Coverages: []casemodel.Coverage{{ID: "Coverage/v1", Status: "active", Insurers: []casemodel.Party{insurer}}},
	}}
}

var (
	manager   = casemodel.Party{Ref: "Practitioner/manager"}
	physician = casemodel.Party{Ref: "Practitioner/physician"}
	insurer   = casemodel.Party{Ref: "Organization/insurer"}
	agency    = casemodel.Party{Ref: "Organization/agency"}
	pharmacy  = casemodel.Party{Ref: "Organization/pharmacy"}
	rehab     = casemodel.Party{Ref: "Organization/rehab"}
	client    = casemodel.Party{Ref: "Patient/p1"}
)

var parties = map[casemodel.Role]casemodel.Party{
	casemodel.RoleCaseManager:   manager,
	casemodel.RolePhysician:     physician,
	casemodel.RolePayer:         insurer,
	casemodel.RoleProvider:      agency,
	casemodel.RoleClient:        client,
	casemodel.RoleFamily:        {Ref: "RelatedPerson/r1"},
	casemodel.RoleReferrer:      {Ref: "Practitioner/referrer"},
	casemodel.RoleAdministrator: {Ref: "Practitioner/administrator"},
	casemodel.RoleSystem:        {Ref: "Device/system"},
}

func (k *course) newID(resourceType string) casemodel.Ref {
	k.ids++
	return casemodel.Ref(fmt.Sprintf("%s/n%d", resourceType, k.ids))
}

// as gives a step of a role, with the reason if there is one.
func (k *course) as(r casemodel.Role, why ...string) casemodel.Step {
	s := casemodel.Step{Actor: casemodel.Actor{Role: r, Party: parties[r]}, At: k.at, NewID: k.newID}
	if len(why) > 0 {
		s.Why = why[0]
	}
	return s
}

// by gives a step of a role taken by somebody else than usual.
func (k *course) by(r casemodel.Role, p casemodel.Party, why ...string) casemodel.Step {
	s := k.as(r, why...)
	s.Actor.Party = p
	return s
}

// must takes the outcome of an action that is allowed over. What it changed must
// be told, and the case that was given must be as it was.
func (k *course) must(r casemodel.Result, err error) *course {
	k.t.Helper()
	if err != nil {
		k.t.Fatalf("in phase %s: %v", k.c.Phase, err)
	}
	if len(r.Changes) == 0 {
		k.t.Fatalf("in phase %s: nothing changed", k.c.Phase)
	}
	k.c, k.last = r.Case, r
	k.at = k.at.Add(time.Minute)
	if broken := casemodel.Check(k.c); len(broken) > 0 {
		k.t.Fatalf("in phase %s: %v", k.c.Phase, broken)
	}
	return k
}

func (k *course) wait(days int) *course {
	k.at = k.at.AddDate(0, 0, days)
	return k
}

func (k *course) phase(want casemodel.Phase) {
	k.t.Helper()
	if k.c.Phase != want {
		k.t.Fatalf("phase is %s, not %s", k.c.Phase, want)
	}
}

// rulesOf gives the names of the rules that an error holds.
func rulesOf(err error) []string {
	var all casemodel.Errors
	if !errors.As(err, &all) {
		return nil
	}
	var names []string
	for _, one := range all {
		names = append(names, one.Rule)
	}
	return names
}

func words(text string) casemodel.Concept { return casemodel.Words(text) }

func number(n string) casemodel.Value {
	return casemodel.Value{Quantity: &casemodel.Quantity{Value: casemodel.Decimal(n)}}
}

func visits(n string) *casemodel.Quantity {
	return &casemodel.Quantity{Value: casemodel.Decimal(n), Unit: "visits"}
}

func goal(text string) casemodel.Goal {
	return casemodel.Goal{
		Description: words(text), ClientWords: "I want " + text, NoStrength: true,
		Targets: []casemodel.Target{{Measure: words(text), Detail: number("10"), Due: "2026-09"}},
	}
}

func service(text string) casemodel.Service {
	return casemodel.Service{Code: words(text), Ordered: visits("3")}
}

func assessment() casemodel.Assessing {
	return casemodel.Assessing{
		Assessment: casemodel.Assessment{Needs: []casemodel.Need{{Text: "to walk"}}},
		Problems:   []casemodel.Problem{{Code: words("fracture")}},
		Strengths:  []casemodel.Strength{{Source: casemodel.StrengthFamily, Text: "a sister nearby"}},
	}
}

// opened gives a case that was referred and opened.
func opened(t testing.TB, m casemodel.Model, s casemodel.Setting) *course {
	t.Helper()
	k := newCourse(t)
	k.must(casemodel.Refer(k.c, k.as(casemodel.RoleReferrer), casemodel.Referring{
		Referral: casemodel.Referral{From: parties[casemodel.RoleReferrer], Reasons: []casemodel.Concept{words("fall")}},
	}))
	return k.must(casemodel.Open(k.c, k.as(casemodel.RoleCaseManager), casemodel.Opening{
		Model: m, Setting: s, TargetPopulation: words("chronic mental illness"),
	}))
}

func (k *course) assess() *course {
	k.t.Helper()
	return k.must(casemodel.Assess(k.c, k.as(casemodel.RoleCaseManager), assessment()))
}

func (k *course) plan() *course {
	k.t.Helper()
	return k.must(casemodel.DraftPlan(k.c, k.as(casemodel.RoleCaseManager), casemodel.Planning{
		Plan:     casemodel.Plan{Title: "Plan", Participants: []casemodel.Party{client}},
		Goals:    []casemodel.Goal{goal("to walk")},
		Services: []casemodel.Service{service("physical therapy")},
	}))
}

func (k *course) submit() *course {
	k.t.Helper()
	return k.must(casemodel.Submit(k.c, k.as(casemodel.RoleCaseManager), casemodel.Submission{Approver: physician}))
}

func (k *course) approve() *course {
	k.t.Helper()
	return k.must(casemodel.Approve(k.c, k.as(casemodel.RolePhysician), casemodel.Decision{}))
}

// active gives a case of the clinical model with one therapy, in the given phase
// of its course.
func at(t testing.TB, p casemodel.Phase) *course {
	t.Helper()
	if p == "" {
		return newCourse(t)
	}
	if p == casemodel.PhaseReferred {
		k := newCourse(t)
		return k.must(casemodel.Refer(k.c, k.as(casemodel.RoleReferrer), casemodel.Referring{
			Referral: casemodel.Referral{From: parties[casemodel.RoleReferrer]},
		}))
	}
	k := opened(t, casemodel.ModelClinical, casemodel.SettingAcuteHospital)
	course := []casemodel.Phase{
		casemodel.PhaseOpened, casemodel.PhaseAssessing, casemodel.PhasePlanning, casemodel.PhaseAwaitingApproval,
		casemodel.PhaseActive, casemodel.PhaseMonitoring,
	}
	steps := []func(){
		func() { k.assess() }, func() { k.plan() }, func() { k.submit() }, func() { k.approve() },
		func() { k.must(casemodel.Monitor(k.c, k.as(casemodel.RoleCaseManager))) },
	}
	switch p {
	case casemodel.PhaseOnHold:
		return k.must(casemodel.PutOnHold(k.c, k.as(casemodel.RoleCaseManager, "away"), casemodel.Holding{}))
	case casemodel.PhaseCancelled:
		return k.must(casemodel.Cancel(k.c, k.as(casemodel.RoleCaseManager, "moved")))
	case casemodel.PhaseEnteredInError:
		return k.must(casemodel.Retract(k.c, k.as(casemodel.RoleCaseManager, "wrong client")))
	case casemodel.PhaseClosed, casemodel.PhaseReopened:
		for _, step := range steps {
			step()
		}
		k.must(casemodel.Close(k.c, k.as(casemodel.RoleCaseManager), closure("moved")))
		if p == casemodel.PhaseReopened {
			k.must(casemodel.Reopen(k.c, k.as(casemodel.RoleCaseManager, "back again")))
		}
		return k
	}
	for _, step := range steps[:slices.Index(course, p)] {
		step()
	}
	k.phase(p)
	return k
}

func closure(code string) casemodel.Closure {
	return casemodel.Closure{Reason: casemodel.ClosureReason(code), Summary: "what came of it"}
}
