package casemodel

import "slices"

// Assessing is an assessment with what it found. Parts without an id get one;
// parts with an id replace what the case has.
type Assessing struct {
	Assessment Assessment `json:"assessment"`
	Problems   []Problem  `json:"problems,omitempty"`
	Strengths  []Strength `json:"strengths,omitempty"`
	Barriers   []Barrier  `json:"barriers,omitempty"`
	Risks      []Risk     `json:"risks,omitempty"`
}

// Assess records an assessment, as a draft or completed.
func Assess(c Case, s Step, a Assessing) (Result, error) {
	return act(c, ActionAssess, s, func(w *acting) {
		x := clone(a.Assessment)
		x.ID, x.At, x.By = w.named(x.ID, "QuestionnaireResponse"), w.now(x.At), w.by(x.By)
		if x.Status == "" {
			x.Status = AssessmentCompleted
		}
		w.find(&x, a)
		if old := find(w.c.Assessments, func(o *Assessment) bool { return o.ID == x.ID }); old != nil && old.Status.complete() && x.Status == AssessmentCompleted {
			x.Status = AssessmentAmended
		}
		w.c.Assessments = put(w.c.Assessments, x, func(x *Assessment) Ref { return x.ID })
		checkAssessment(&w.c, &x, "argument.assessment", &w.found)
	})
}

// diagnose ties a problem that an assessment found to the case, unless it turned
// out to be none.
func (w *acting) diagnose(p Problem) {
	if p.Verification == inError || p.Verification == "refuted" ||
		slices.ContainsFunc(w.c.Diagnoses, func(d Diagnosis) bool { return d.Problem == p.ID }) {
		return
	}
	w.c.Diagnoses = append(w.c.Diagnoses, Diagnosis{Problem: p.ID})
}

// find takes what an assessment found into the case, and names it there.
func (w *acting) find(x *Assessment, a Assessing) {
	for _, p := range clone(a.Problems) {
		p.ID, p.RecordedAt, p.RecordedBy = w.named(p.ID, "Condition"), w.now(p.RecordedAt), w.by(p.RecordedBy)
		if p.Clinical == "" && p.Verification != inError {
			p.Clinical = "active"
		}
		w.c.Problems, x.Problems = put(w.c.Problems, p, func(p *Problem) Ref { return p.ID }), link(x.Problems, p.ID)
		w.diagnose(p)
	}
	for i, p := range clone(a.Strengths) {
		if known, names := oneOf(p.Source, StrengthSources()); !known {
			w.add(strengthSource, p.ID, indexed("argument.strengths", i)+".source", "One of "+names+".")
		}
		p.ID, p.At = w.named(p.ID, "Observation"), w.now(p.At)
		if p.Status == "" {
			p.Status = FindingFinal
		}
		w.c.Strengths, x.Strengths = put(w.c.Strengths, p, func(p *Strength) Ref { return p.ID }), link(x.Strengths, p.ID)
	}
	for _, p := range clone(a.Barriers) {
		p.ID, p.By = w.named(p.ID, "Flag"), w.by(p.By)
		if p.Status == "" {
			p.Status = "active"
		}
		w.c.Barriers, x.Barriers = put(w.c.Barriers, p, func(p *Barrier) Ref { return p.ID }), link(x.Barriers, p.ID)
	}
	for _, p := range clone(a.Risks) {
		p.ID, p.At, p.By = w.named(p.ID, "RiskAssessment"), w.now(p.At), w.by(p.By)
		if p.Status == "" {
			p.Status = FindingFinal
		}
		w.c.Risks, x.Risks = put(w.c.Risks, p, func(p *Risk) Ref { return p.ID }), link(x.Risks, p.ID)
	}
}

// link adds a reference once.
func link(all []Ref, id Ref) []Ref {
	if slices.Contains(all, id) {
		return all
	}
	return append(all, id)
}

// Planning is a draft of the plan with the goals and services that it brings.
// Parts without an id get one and are taken into the plan.
type Planning struct {
	Plan     Plan      `json:"plan"`
	Goals    []Goal    `json:"goals,omitempty"`
	Services []Service `json:"services,omitempty"`
}

// DraftPlan writes the first version of the plan, or changes the draft that
// there is (a returned one becomes a draft again).
func DraftPlan(c Case, s Step, a Planning) (Result, error) {
	return act(c, ActionPlan, s, func(w *acting) {
		old := w.c.DraftPlan()
		switch {
		case old == nil && w.c.CurrentPlan() != nil:
			w.add(draftNeeded, "", "plans")
			return
		case old != nil && old.Status == PlanAwaitingApproval:
			w.add(oneDraft, old.ID, "plans")
			return
		case !w.c.assessed():
			w.add(assessmentNeed, "", "assessments")
		}
		p := clone(a.Plan)
		if old != nil {
			p.ID, p.Version, p.Approvals, p.Replaces = old.ID, old.Version, old.Approvals, old.Replaces
			p.Goals, p.Activities = merge(old.Goals, p.Goals), mergeActivities(old.Activities, p.Activities)
			keep(&p.Why, old.Why)
			keep(&p.Title, old.Title)
			if len(p.Participants) == 0 {
				p.Participants = old.Participants
			}
			if p.Supporting == nil {
				p.Supporting = old.Supporting
			}
		}
		w.draft(p, a)
	})
}

func keep(now *string, old string) {
	if *now == "" {
		*now = old
	}
}

func merge(old, now []Ref) []Ref {
	all := slices.Clone(old)
	for _, id := range now {
		all = link(all, id)
	}
	return all
}

func mergeActivities(old, now []Activity) []Activity {
	all := slices.Clone(old)
	for _, a := range now {
		if a.Ref == "" || !slices.ContainsFunc(all, func(o Activity) bool { return o.Ref == a.Ref }) {
			all = append(all, a)
		}
	}
	return all
}

// draft finishes a draft and puts it into the case with what it brings.
func (w *acting) draft(p Plan, a Planning) {
	p.ID, p.Status, p.Foreign = w.named(p.ID, "CarePlan"), PlanDraft, false
	p.DraftedBy, p.DraftedAt = w.by(p.DraftedBy), w.now(p.DraftedAt)
	if p.Version == 0 {
		p.Version = w.nextVersion()
	}
	if p.Intent == "" {
		p.Intent = "plan"
	}
	if w.step.Why != "" {
		p.Why = w.step.Why
	}
	for _, x := range w.c.Assessments {
		if x.Status.complete() {
			p.Supporting = link(p.Supporting, x.ID)
		}
	}
	for _, t := range w.c.Teams {
		p.Teams = link(p.Teams, t.ID)
	}
	w.bring(&p, a)
	for _, g := range p.Goals {
		if w.c.Goal(g) == nil {
			w.add(goalUnknown, p.ID, "argument.plan.goals")
		}
	}
	w.c.Plans = put(w.c.Plans, p, func(p *Plan) Ref { return p.ID })
}

func (w *acting) nextVersion() int {
	last := 0
	for _, p := range w.c.Plans {
		last = max(last, p.Version)
	}
	return last + 1
}

// bring takes the goals and services of a draft into the case.
func (w *acting) bring(p *Plan, a Planning) {
	for _, g := range clone(a.Goals) {
		g.ID = w.named(g.ID, "Goal")
		if g.Status == "" {
			g.Status = GoalProposed
		}
		w.c.Goals, p.Goals = put(w.c.Goals, g, func(g *Goal) Ref { return g.ID }), link(p.Goals, g.ID)
		for _, id := range g.Addresses {
			p.Addresses = link(p.Addresses, id)
		}
	}
	for _, x := range clone(a.Services) {
		x.ID, x.RequestedBy = w.named(x.ID, "ServiceRequest"), w.by(x.RequestedBy)
		if x.Status == "" {
			x.Status = ServiceDraft
		}
		if x.Intent == "" {
			x.Intent = "plan"
		}
		x.Plans = link(x.Plans, p.ID)
		w.c.Services = put(w.c.Services, x, func(x *Service) Ref { return x.ID })
		p.Activities = mergeActivities(p.Activities, []Activity{{Ref: x.ID}})
	}
}

// Revise makes a new version of the plan in force as a draft, with the changes
// that a brings; the reason of the step says why. The plan in force stays so
// until the new version is approved.
func Revise(c Case, s Step, a Planning) (Result, error) {
	return act(c, ActionRevise, s, func(w *acting) {
		old := w.lastPlan()
		if old == nil {
			w.add(planNeeded, "", "plans")
			return
		}
		if d := w.c.DraftPlan(); d != nil {
			w.add(oneDraft, d.ID, "plans")
			return
		}
		p := clone(a.Plan)
		p.Version, p.Approvals, p.ID = 0, nil, ""
		p.Goals, p.Activities = merge(w.known(old.Goals), p.Goals), mergeActivities(w.going(old), p.Activities)
		p.Addresses, p.Supporting = merge(old.Addresses, p.Addresses), merge(old.Supporting, p.Supporting)
		keep(&p.Title, old.Title)
		keep(&p.Description, old.Description)
		if len(p.Participants) == 0 {
			p.Participants = slices.Clone(old.Participants)
		}
		w.draft(p, a)
	})
}

// known gives those of some goals that the case has: a plan of another system
// may name others.
func (w *acting) known(goals []Ref) []Ref {
	return slices.DeleteFunc(slices.Clone(goals), func(id Ref) bool { return w.c.Goal(id) == nil })
}

// lastPlan gives the plan in force, or that was in force when the case was closed.
func (w *acting) lastPlan() *Plan {
	if p := w.c.CurrentPlan(); p != nil {
		return p
	}
	var last *Plan
	for i := range w.c.Plans {
		if p := &w.c.Plans[i]; !p.Foreign && p.Status == PlanCompleted && (last == nil || p.Version > last.Version) {
			last = p
		}
	}
	return last
}

// going gives the activities of a plan without the services that are over.
func (w *acting) going(p *Plan) []Activity {
	return slices.DeleteFunc(clone(p.Activities), func(a Activity) bool {
		s := w.c.Service(a.Ref)
		return s != nil && s.Status.Done()
	})
}

// Submission asks a physician to approve the draft.
type Submission struct {
	Approver Party `json:"approver,omitzero"` // empty for any physician
	Due      Date  `json:"due,omitzero"`      // when the decision is wanted
}

// Submit submits the draft of the plan for approval.
func Submit(c Case, s Step, a Submission) (Result, error) {
	return act(c, ActionSubmit, s, func(w *acting) {
		p := w.c.DraftPlan()
		if p == nil || p.Status == PlanAwaitingApproval {
			w.add(draftNeeded, "", "plans")
			return
		}
		checkReady(&w.c, p, &w.found)
		p.Approvals = append(p.Approvals, Approval{
			ID: w.step.NewID("Task"), Status: ApprovalRequested, RequestedAt: At(s.At), RequestedBy: s.Actor.Party,
			Approver: a.Approver, Due: a.Due,
		})
		p.Status = PlanAwaitingApproval
	})
}

// Decision is a physician's decision on the submitted version.
type Decision struct {
	Plan Ref `json:"plan,omitempty"` // empty for the one that waits
}

// Approve approves the submitted version: it becomes the plan in force.
func Approve(c Case, s Step, a Decision) (Result, error) {
	return act(c, ActionApprove, s, func(w *acting) { w.decidePlan(a, ApprovalApproved) })
}

// Return gives the submitted version back to be changed; the reason of the step
// says what.
func Return(c Case, s Step, a Decision) (Result, error) {
	return act(c, ActionReturn, s, func(w *acting) { w.decidePlan(a, ApprovalReturned) })
}

var approverOther = rule("approver-is-another", "The plan was submitted to another physician.")

func (w *acting) decidePlan(a Decision, to ApprovalStatus) {
	p := w.c.DraftPlan()
	if p == nil || p.Status != PlanAwaitingApproval || a.Plan != "" && p.ID != a.Plan || len(p.Approvals) == 0 {
		w.add(planWaiting, a.Plan, "plans")
		return
	}
	q := &p.Approvals[len(p.Approvals)-1]
	if w.step.Actor.Party.IsZero() {
		w.add(planDecided, q.ID, "actor.party")
	}
	if w.step.Actor.Role != RoleSystem && !q.Approver.IsZero() && !q.Approver.Same(w.step.Actor.Party) {
		w.add(approverOther, q.ID, "actor.party")
	}
	q.Status, q.DecidedAt, q.DecidedBy, q.Reason = to, At(w.step.At), w.step.Actor.Party, w.step.Why
}
