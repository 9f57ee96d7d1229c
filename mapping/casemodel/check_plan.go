package casemodel

import (
	"fmt"
	"slices"
	"strings"
)

var (
	oneCurrent    = rule("one-current-plan", "A case has one approved plan at a time: the new version replaces the old one, which is revoked.")
	oneDraft      = rule("one-draft-plan", "A case has one version in the making at a time: submit, return or revoke it first.")
	versionTwice  = rule("plan-version-twice", "Each version of the plan has a number of its own, from 1.")
	planApproval  = rule("plan-needs-approval", "The plan needs a physician's approval first.")
	planWaiting   = rule("plan-not-submitted", "There is no plan that was submitted and waits for a decision.")
	planDecided   = rule("approval-needs-decider", "A decision on a plan needs who decided and when.")
	planReplaces  = rule("plan-replaces-nothing", "An approved version replaces the version that was approved before it.")
	replacesItems = rule("plan-replaces-itself", "A plan version can't replace itself.")
	planNeedsWho  = rule("revision-needs-author", "A new version of the plan needs who made it, and when.")
)

func checkPlans(c *Case, found *Errors) {
	current, drafts := 0, 0
	versions := map[int]bool{}
	for i := range c.Plans {
		p, path := &c.Plans[i], indexed("plans", i)
		if slices.Contains(p.Replaces, p.ID) {
			found.add(replacesItems, p.ID, path+".replaces")
		}
		if p.Foreign || p.Status == PlanEnteredInError {
			continue
		}
		if p.current() {
			if current++; current > 1 {
				found.add(oneCurrent, p.ID, path+".status")
			}
		}
		if p.drafted() {
			if drafts++; drafts > 1 {
				found.add(oneDraft, p.ID, path+".status")
			}
		}
		if p.Version < 1 || versions[p.Version] {
			found.add(versionTwice, p.ID, path+".version")
		}
		versions[p.Version] = true
		checkVersion(c, p, path, found)
	}
	checkPlanOfPhase(c, current, found)
}

func checkVersion(c *Case, p *Plan, path string, found *Errors) {
	if p.current() && !slices.ContainsFunc(p.Approvals, func(a Approval) bool { return a.Status == ApprovalApproved }) {
		found.add(planApproval, p.ID, path+".approvals")
	}
	if p.Version > 1 && (p.DraftedBy.IsZero() || p.DraftedAt == "") {
		found.add(planNeedsWho, p.ID, path+".draftedBy")
	}
	if p.Version > 1 && blank(p.Why) {
		found.add(reasonNeed, p.ID, path+".why")
	}
	for _, q := range c.Plans {
		if p.current() && !q.Foreign && q.Status == PlanRevoked && wasApproved(&q) && q.Version < p.Version &&
			!replaced(c, q.ID) {
			found.add(planReplaces, p.ID, path+".replaces")
		}
	}
	for i, a := range p.Approvals {
		decided := a.Status == ApprovalApproved || a.Status == ApprovalReturned
		if decided && (a.DecidedBy.IsZero() || a.DecidedAt == "") {
			found.add(planDecided, a.ID, fmt.Sprintf("%s.approvals[%d]", path, i))
		}
	}
}

func wasApproved(p *Plan) bool {
	return slices.ContainsFunc(p.Approvals, func(a Approval) bool { return a.Status == ApprovalApproved })
}

func replaced(c *Case, id Ref) bool {
	return slices.ContainsFunc(c.Plans, func(p Plan) bool { return slices.Contains(p.Replaces, id) })
}

// checkPlanOfPhase holds the phases that work on a plan to there being one.
func checkPlanOfPhase(c *Case, current int, found *Errors) {
	switch c.Phase {
	case PhaseActive, PhaseMonitoring:
		// Another system ends a plan of its own when it likes.
		if current == 0 && !slices.ContainsFunc(c.Plans, func(p Plan) bool { return p.adopted() }) {
			found.add(planApproval, "", "plans")
		}
	case PhaseAwaitingApproval:
		if d := c.DraftPlan(); d == nil || d.Status != PlanAwaitingApproval {
			found.add(planWaiting, "", "plans")
		}
	}
}

var (
	draftNeeded    = rule("draft-needed", "There is no draft of a plan; make one, or revise the approved plan.")
	planNeeded     = rule("plan-needed", "There is no plan to revise.")
	goalsNeeded    = rule("goals-needed", "A plan needs at least one goal.")
	goalUnknown    = rule("goal-unknown", "The goal isn't part of the case.")
	goalWords      = rule("goal-needs-description", "A goal needs to say what is wanted.")
	goalMeasure    = rule("goal-needs-target", "A goal needs a target: what is measured, or by when.")
	servicesNeeded = rule("services-needed", "A plan needs at least one service or activity.")
	goalStrength   = rule("goal-needs-strength", "Each goal names the strength or support that it builds on, or says that there is none.")
	clientWords    = rule("client-words-needed", "Each goal needs the client's own words.")
	orderedNeeded  = rule("ordered-amount-needed", "Each ordered service needs how much is ordered, so that its use can be tracked.")
	clientTakes    = rule("client-takes-part", "The client or family takes part in planning: name who did.")
	strengthTwice  = rule("strength-and-none", "A goal that builds on a strength can't say that there is none.")
	strengthGone   = rule("strength-unknown", "What the goal builds on isn't a strength or relative of the case.")
)

// checkReady finds what keeps a draft from being submitted.
func checkReady(c *Case, p *Plan, found *Errors) {
	path := indexed("plans", slices.IndexFunc(c.Plans, func(q Plan) bool { return q.ID == p.ID }))
	if len(p.Goals) == 0 {
		found.add(goalsNeeded, p.ID, path+".goals")
	}
	if len(p.Activities) == 0 {
		found.add(servicesNeeded, p.ID, path+".activities")
	}
	if len(p.Participants) == 0 {
		found.add(clientTakes, p.ID, path+".participants")
	}
	for i := range c.Goals {
		if g := &c.Goals[i]; slices.Contains(p.Goals, g.ID) {
			checkGoal(c, g, indexed("goals", i), found)
		}
	}
	if !c.requires(RequireOrderedAmount) {
		return
	}
	for i, s := range c.Services {
		if slices.ContainsFunc(p.Activities, func(a Activity) bool { return a.Ref == s.ID }) && s.Ordered == nil && !s.Not {
			found.add(orderedNeeded, s.ID, indexed("services", i)+".ordered")
		}
	}
}

func checkGoal(c *Case, g *Goal, path string, found *Errors) {
	if g.Description.IsZero() && blank(g.ClientWords) {
		found.add(goalWords, g.ID, path+".description")
	}
	if len(g.Targets) == 0 {
		found.add(goalMeasure, g.ID, path+".targets")
	}
	if c.requires(RequireClientWords) && blank(g.ClientWords) {
		found.add(clientWords, g.ID, path+".clientWords")
	}
	if c.requires(RequireGoalStrength) && len(g.BuildsOn) == 0 && !g.NoStrength {
		found.add(goalStrength, g.ID, path+".buildsOn")
	}
	if len(g.BuildsOn) > 0 && g.NoStrength {
		found.add(strengthTwice, g.ID, path+".noStrength")
	}
	for _, id := range g.BuildsOn {
		if !c.support(id) {
			found.add(strengthGone, g.ID, path+".buildsOn")
		}
	}
}

// support says whether id is a strength of the case that counts, or a relative.
func (c *Case) support(id Ref) bool {
	return slices.ContainsFunc(c.Strengths, func(s Strength) bool { return s.ID == id && s.Status.counts() }) ||
		slices.ContainsFunc(c.Family, func(r Relative) bool { return r.ID == id })
}

var (
	strengthsNeeded = rule("strengths-needed", "A completed assessment needs the client's strengths: own, of family, friends, community or home.")
	needsNeeded     = rule("needs-needed", "A completed assessment needs what was found: needs, problems, answers or results.")
	assessmentNeed  = rule("assessment-needed", "Planning needs a completed assessment.")
	strengthSource  = rule("strength-needs-source", "A strength is the client's own, or of family, friends, community or home.")
)

// checkAssessment finds what a completed assessment lacks.
func checkAssessment(c *Case, a *Assessment, path string, found *Errors) {
	if !a.Status.complete() {
		return
	}
	if len(a.Needs)+len(a.Problems)+len(a.Answers)+len(a.Observations)+len(a.Strengths) == 0 {
		found.add(needsNeeded, a.ID, path+".needs")
	}
	if c.requires(RequireStrengths) && !slices.ContainsFunc(c.Strengths, func(s Strength) bool {
		return s.Status.counts() && slices.Contains(a.Strengths, s.ID)
	}) {
		found.add(strengthsNeeded, a.ID, path+".strengths")
	}
}

// assessed says whether planning has an assessment to build on.
func (c *Case) assessed() bool {
	return slices.ContainsFunc(c.Assessments, func(a Assessment) bool { return a.Status.complete() })
}

func indexed(list string, i int) string { return fmt.Sprintf("%s[%d]", list, i) }

func blank(text string) bool { return strings.TrimSpace(text) == "" }
