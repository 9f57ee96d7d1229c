package casemodel

import (
	"slices"
	"strings"
	"time"
)

// Action is the name of something that people do with a case.
type Action string

// The actions.
const (
	ActionRefer                Action = "refer"
	ActionOpen                 Action = "open"
	ActionAdopt                Action = "adopt" // a case that came from elsewhere
	ActionAssess               Action = "assess"
	ActionPlan                 Action = "plan"
	ActionSubmit               Action = "submit"
	ActionApprove              Action = "approve"
	ActionReturn               Action = "return"
	ActionRevise               Action = "revise"
	ActionOffer                Action = "offer"
	ActionAccept               Action = "accept"
	ActionDecline              Action = "decline"
	ActionChoose               Action = "choose" // the client's choice among providers
	ActionDeliver              Action = "deliver"
	ActionSchedule             Action = "schedule"
	ActionRecordContact        Action = "record-contact"
	ActionReview               Action = "review"
	ActionRequestAuthorization Action = "request-authorization"
	ActionDecide               Action = "decide"
	ActionAppeal               Action = "appeal"
	ActionNegotiate            Action = "negotiate"
	ActionRecordOutcome        Action = "record-outcome"
	ActionWork                 Action = "work" // on tasks
	ActionMonitor              Action = "monitor"
	ActionHold                 Action = "hold"
	ActionResume               Action = "resume"
	ActionTransfer             Action = "transfer"
	ActionClose                Action = "close"
	ActionReopen               Action = "reopen"
	ActionCancel               Action = "cancel"
	ActionRetract              Action = "retract" // the case was entered in error
)

// Step is who does something to a case, when, and why.
type Step struct {
	Actor Actor
	At    time.Time
	// Why is the reason, which some actions need.
	Why string
	// NewID names a new part of the given resource type ("Task/t7"). It must not
	// give the same name twice, and may not be nil.
	NewID func(resourceType string) Ref
}

// PhaseStep is a row of the phase machine: an action, from which phases it is
// possible, to which it leads, and who may do it.
type PhaseStep struct {
	Action Action  `json:"action"`
	From   []Phase `json:"from"` // "" is a case that isn't there yet
	// To is empty where the phase stays, and for resume, which leads back to
	// where the case was held.
	To    Phase  `json:"to,omitempty"`
	Roles []Role `json:"roles"` // RoleSystem is always among who may
	// Reason says that the action needs a reason.
	Reason bool `json:"reason,omitempty"`
	// Needs names the rules that must hold first, beyond phase, role and reason.
	Needs []string `json:"needs,omitempty"`
}

var (
	openPhases = []Phase{
		PhaseReferred, PhaseOpened, PhaseAssessing, PhasePlanning, PhaseAwaitingApproval, PhaseActive,
		PhaseMonitoring, PhaseOnHold, PhaseReopened,
	}
	heldPhases    = without(openPhases, PhaseOnHold)
	managedPhases = without(heldPhases, PhaseReferred)
	activePhases  = []Phase{PhaseActive, PhaseMonitoring}
)

var (
	byManager   = []Role{RoleCaseManager}
	byLeader    = []Role{RoleCaseManager, RoleAdministrator}
	byClinician = []Role{RoleCaseManager, RolePhysician, RoleProvider}
	byClient    = []Role{RoleClient, RoleFamily, RoleCaseManager}
)

func without(all []Phase, less Phase) []Phase {
	return slices.DeleteFunc(slices.Clone(all), func(p Phase) bool { return p == less })
}

// phaseSteps is the phase machine. The first row that fits action and phase counts.
var phaseSteps = []PhaseStep{
	{Action: ActionRefer, From: []Phase{""}, To: PhaseReferred, Roles: Roles(), Needs: []string{"client-needed"}},
	{Action: ActionOpen, From: []Phase{"", PhaseReferred}, To: PhaseOpened, Roles: byLeader, Needs: []string{"client-needed", "manager-needed", "model-needed", "setting-needed", "target-population-needed"}},
	{Action: ActionAdopt, From: append([]Phase{PhaseClosed, PhaseCancelled}, openPhases...), Roles: byLeader, Needs: []string{"client-needed", "manager-needed", "model-needed", "setting-needed", "target-population-needed"}},
	{Action: ActionAssess, From: []Phase{PhaseOpened, PhaseReopened, PhaseAssessing}, To: PhaseAssessing, Roles: byClinician, Needs: []string{"strengths-needed"}},
	{Action: ActionAssess, From: []Phase{PhasePlanning, PhaseAwaitingApproval, PhaseActive, PhaseMonitoring}, Roles: byClinician, Needs: []string{"strengths-needed"}},
	{Action: ActionPlan, From: []Phase{PhaseAssessing, PhasePlanning, PhaseReopened}, To: PhasePlanning, Roles: []Role{RoleCaseManager, RolePhysician}, Needs: []string{"assessment-needed"}},
	{Action: ActionPlan, From: activePhases, Roles: []Role{RoleCaseManager, RolePhysician}, Needs: []string{"draft-needed"}},
	{Action: ActionSubmit, From: []Phase{PhasePlanning}, To: PhaseAwaitingApproval, Roles: byManager, Needs: []string{"draft-needed", "goals-needed", "services-needed", "goal-needs-strength", "client-words-needed", "ordered-amount-needed", "client-takes-part"}},
	{Action: ActionSubmit, From: activePhases, Roles: byManager, Needs: []string{"draft-needed", "goals-needed", "services-needed", "goal-needs-strength", "client-words-needed", "ordered-amount-needed", "client-takes-part"}},
	{Action: ActionApprove, From: []Phase{PhaseAwaitingApproval, PhaseActive, PhaseMonitoring}, To: PhaseActive, Roles: []Role{RolePhysician}, Needs: []string{"plan-not-submitted"}},
	{Action: ActionReturn, From: []Phase{PhaseAwaitingApproval}, To: PhasePlanning, Roles: []Role{RolePhysician}, Reason: true, Needs: []string{"plan-not-submitted"}},
	{Action: ActionReturn, From: activePhases, Roles: []Role{RolePhysician}, Reason: true, Needs: []string{"plan-not-submitted"}},
	{Action: ActionRevise, From: activePhases, Roles: []Role{RoleCaseManager, RolePhysician}, Reason: true, Needs: []string{"plan-needed", "one-draft-plan"}},
	{Action: ActionRevise, From: []Phase{PhaseReopened}, To: PhasePlanning, Roles: []Role{RoleCaseManager, RolePhysician}, Reason: true, Needs: []string{"plan-needed", "one-draft-plan"}},
	{Action: ActionOffer, From: activePhases, Roles: byManager, Needs: []string{"plan-needs-approval", "service-unknown", "service-is-over", "provider-needed"}},
	{Action: ActionAccept, From: openPhases, Roles: []Role{RoleProvider, RoleCaseManager}, Needs: []string{"offer-unknown", "offer-step-not-allowed"}},
	{Action: ActionDecline, From: openPhases, Roles: []Role{RoleProvider, RoleCaseManager}, Reason: true, Needs: []string{"offer-unknown", "offer-step-not-allowed"}},
	{Action: ActionChoose, From: openPhases, Roles: byClient, Needs: []string{"offer-unknown"}},
	{Action: ActionDeliver, From: activePhases, Roles: []Role{RoleProvider, RoleCaseManager}, Needs: []string{"service-unknown", "service-step-not-allowed", "service-needs-authorization"}},
	{Action: ActionSchedule, From: managedPhases, Roles: []Role{RoleCaseManager, RoleProvider, RoleClient, RoleFamily}, Needs: []string{"appointment-needs-start"}},
	{Action: ActionRecordContact, From: openPhases, Roles: byClinician, Needs: []string{"contact-needs-kind", "learned-needed"}},
	{Action: ActionReview, From: managedPhases, Roles: []Role{RoleCaseManager, RolePhysician, RoleProvider, RolePayer}, Needs: []string{"insurer-needed", "update-needed", "next-review-needed"}},
	{Action: ActionRequestAuthorization, From: managedPhases, Roles: byClinician, Needs: []string{"service-unknown", "insurer-needed", "necessity-needed"}},
	{Action: ActionDecide, From: openPhases, Roles: []Role{RolePayer}, Needs: []string{"authorization-unknown", "exception-needs-reason", "denial-needs-reason"}},
	{Action: ActionAppeal, From: openPhases, Roles: []Role{RoleCaseManager, RolePhysician, RoleProvider, RoleClient, RoleFamily}, Reason: true, Needs: []string{"appeal-needs-denial"}},
	{Action: ActionNegotiate, From: managedPhases, Roles: []Role{RoleCaseManager, RoleProvider, RolePayer, RoleClient, RoleFamily}, Needs: []string{"service-unknown", "price-needed", "shares-must-add-up"}},
	{Action: ActionRecordOutcome, From: without(heldPhases, PhaseReferred), Roles: byClinician, Needs: []string{"goal-unknown", "outcome-needs-value"}},
	{Action: ActionWork, From: openPhases, Roles: append([]Role{RolePayer, RoleAdministrator}, byClinician...), Needs: []string{"task-step-not-allowed"}},
	{Action: ActionMonitor, From: []Phase{PhaseActive}, To: PhaseMonitoring, Roles: byManager, Needs: []string{"plan-needs-approval"}},
	{Action: ActionHold, From: heldPhases, To: PhaseOnHold, Roles: byLeader, Reason: true},
	{Action: ActionResume, From: []Phase{PhaseOnHold}, Roles: byLeader},
	{Action: ActionTransfer, From: openPhases, Roles: byLeader, Reason: true, Needs: []string{"transfer-changes-nothing"}},
	{Action: ActionClose, From: []Phase{PhaseActive, PhaseMonitoring, PhaseReopened}, To: PhaseClosed, Roles: byLeader, Needs: []string{"closure-needs-reason", "closure-needs-summary", "hand-over-needed", "service-not-ended", "referral-not-closed", "authorization-undecided", "appeal-undecided", "goal-without-outcome", "draft-not-decided"}},
	{Action: ActionReopen, From: []Phase{PhaseClosed}, To: PhaseReopened, Roles: byLeader, Reason: true},
	{Action: ActionCancel, From: []Phase{PhaseReferred}, To: PhaseCancelled, Roles: append([]Role{RoleReferrer}, byLeader...), Reason: true},
	{Action: ActionCancel, From: without(openPhases, PhaseReferred), To: PhaseCancelled, Roles: byLeader, Reason: true},
	{Action: ActionRetract, From: append([]Phase{PhaseClosed, PhaseCancelled}, openPhases...), To: PhaseEnteredInError, Roles: byLeader, Reason: true},
}

// PhaseSteps gives the phase machine as a table.
func PhaseSteps() []PhaseStep { return clone(phaseSteps) }

// Actions lists what an actor may do next by phase and role; what else an
// action needs, its row in PhaseSteps says.
func Actions(c *Case, r Role) []Action {
	var all []Action
	for _, row := range phaseSteps {
		ours := c.Adopted || c.Phase == ""
		if slices.Contains(row.From, c.Phase) && row.allows(r) && !slices.Contains(all, row.Action) && ours != (row.Action == ActionAdopt) {
			all = append(all, row.Action)
		}
	}
	return all
}

func (row *PhaseStep) allows(r Role) bool { return r == RoleSystem || slices.Contains(row.Roles, r) }

// leads gives the phase that a row leads to from a phase that c is or was in.
func (row *PhaseStep) leads(c *Case, from Phase) Phase {
	switch {
	case row.Action == ActionResume && c.Hold != nil:
		return c.Hold.From
	case row.Action == ActionResume:
		return PhaseActive
	case row.To == "":
		return from
	}
	return row.To
}

var (
	notAdopted  = rule("case-not-adopted", "The case came from elsewhere; adopt it before working on it.")
	adopted     = rule("case-adopted-already", "The case is one of ours already.")
	phaseBars   = rule("phase-not-allowed", "The step isn't possible in the phase that the case is in.")
	roleBars    = rule("role-not-allowed", "The action isn't this role's to take.")
	reasonNeed  = rule("reason-needed", "The step needs a reason.")
	actorNeed   = rule("actor-needed", "A step needs somebody who takes it, in one of the roles.")
	timeNeed    = rule("time-needed", "A step needs the time at which it is taken.")
	timeReverse = rule("time-runs-backwards", "A step can't be taken before the last change of phase.")
)

// rowFor gives the row of an action from a phase, nil for none.
func rowFor(a Action, from Phase) *PhaseStep {
	return find(phaseSteps, func(row *PhaseStep) bool { return row.Action == a && slices.Contains(row.From, from) })
}

// permit finds what stands against an action before its arguments are looked at.
func permit(c *Case, a Action, s Step, found *Errors) {
	permitStep(c, s, found)
	if c.Phase != "" && a != ActionAdopt && !c.Adopted {
		found.add(notAdopted, "", "adopted")
	}
	if a == ActionAdopt && c.Adopted {
		found.add(adopted, "", "adopted")
	}
	row := rowFor(a, c.Phase)
	if row == nil {
		found.add(phaseBars, "", "phase", "It is possible in "+phasesOf(a)+".")
	}
	if row == nil {
		row = find(phaseSteps, func(row *PhaseStep) bool { return row.Action == a })
	}
	if s.Actor.Role != "" && !row.allows(s.Actor.Role) {
		found.add(roleBars, "", "actor.role", "It is a step of "+join(row.Roles)+".")
	}
	if row.Reason && strings.TrimSpace(s.Why) == "" {
		found.add(reasonNeed, "", "argument.reason")
	}
}

// permitStep judges who, and when.
func permitStep(c *Case, s Step, found *Errors) {
	if known, _ := oneOf(s.Actor.Role, Roles()); !known {
		found.add(actorNeed, "", "actor.role")
	}
	if s.At.IsZero() {
		found.add(timeNeed, "", "time")
		return
	}
	if n := len(c.History); n > 0 && c.History[n-1].Start.After(s.At) {
		found.add(timeReverse, "", "time")
	}
}

func phasesOf(a Action) string {
	var all []Phase
	for _, row := range phaseSteps {
		if row.Action == a {
			all = append(all, row.From...)
		}
	}
	return join(all)
}

// join lists names for a text; the phase that has none is a new case.
func join[S ~string](all []S) string {
	words := make([]string, len(all))
	for i, w := range all {
		if words[i] = string(w); w == "" {
			words[i] = "new"
		}
	}
	return strings.Join(words, ", ")
}
