package casemodel

import (
	"slices"
)

// checkPhaseSteps holds a change of phase, and each one on the way that the
// history tells of, to a row of the phase machine, and to what that row needs.
func checkPhaseSteps(before, after *Case, s Step, found *Errors) {
	from := before.Phase
	way := []Phase{after.Phase}
	if n, now := len(ownHistory(before)), ownHistory(after); n < len(now) {
		way = way[:0]
		for _, h := range now[n:] {
			way = append(way, h.Phase)
		}
		if way[len(way)-1] != after.Phase {
			way = append(way, after.Phase)
		}
	}
	for _, to := range way {
		if from != to {
			checkPhaseStep(before, from, to, s, found)
		}
		from = to
	}
}

func checkPhaseStep(c *Case, from, to Phase, s Step, found *Errors) {
	var row *PhaseStep
	for i := range phaseSteps {
		x := &phaseSteps[i]
		if slices.Contains(x.From, from) && x.leads(c, from) == to && (row == nil || x.allows(s.Actor.Role)) {
			row = x
		}
	}
	switch {
	case row == nil:
		found.add(phaseBars, "", "phase", "From here it goes to "+join(nextPhases(c, from))+".")
	case !row.allows(s.Actor.Role) && s.Actor.Role != "":
		found.add(roleBars, "", "phase", "It is a step of "+join(row.Roles)+".")
	}
}

func nextPhases(c *Case, from Phase) []Phase {
	var all []Phase
	for i := range phaseSteps {
		row := &phaseSteps[i]
		if to := row.leads(c, from); slices.Contains(row.From, from) && to != from && !slices.Contains(all, to) {
			all = append(all, to)
		}
	}
	return all
}

// checkNeeds finds what the new phase needs that the old one didn't.
func checkNeeds(before, after *Case, found *Errors) {
	if !before.Adopted || before.Phase == after.Phase {
		return
	}
	switch after.Phase {
	case PhasePlanning:
		if !after.assessed() {
			found.add(assessmentNeed, "", "assessments")
		}
	case PhaseClosed:
		checkClosable(after, found)
	case PhaseReopened:
		if before.Phase != PhaseClosed {
			return // taken up again after a hold
		}
		if len(after.Reopenings) <= len(before.Reopenings) || blank(after.Reopenings[len(after.Reopenings)-1].Reason) {
			found.add(reasonNeed, "", "reopenings")
		}
	}
}

var (
	serviceNotEnded  = rule("service-not-ended", "A case can't be closed while a service goes on: deliver or end it first.")
	referralOpen     = rule("referral-not-closed", "Each referral to a service must be accepted, declined or delivered before the case is closed.")
	authUndecided    = rule("authorization-undecided", "A case can't be closed while the insurer's decision is awaited: decide or cancel it first.")
	appealUndecided  = rule("appeal-undecided", "A case can't be closed while an appeal is undecided: decide or withdraw it first.")
	goalOutcome      = rule("goal-without-outcome", "Closing with goals met needs an outcome measured for each goal.")
	handOverNeeded   = rule("hand-over-needed", "Closing because somebody else goes on needs the hand-over: to whom, and what they must know.")
	draftNotDecided  = rule("draft-not-decided", "A case can't be closed while a plan waits for approval.")
	closureUnknown   = rule("closure-reason-unknown", "The reason isn't one of the closure reasons.")
	partGone         = rule("part-removed", "Nothing is taken out of a case; what was wrong is marked as entered in error.")
	historyRewritten = rule("history-rewritten", "The phase history is added to, never rewritten.")
)

func checkClosable(c *Case, found *Errors) {
	for i, s := range c.Services {
		path := indexed("services", i) + ".status"
		switch {
		case s.Status.Done() || s.Not:
		case c.requires(RequireReferralsClosed):
			if s.Status == ServiceRequested || s.Status == ServiceOffered {
				found.add(referralOpen, s.ID, path)
			}
		case s.Status == ServiceAccepted || s.Status == ServiceScheduled || s.Status == ServiceInProgress:
			found.add(serviceNotEnded, s.ID, path)
		}
	}
	for i, a := range c.Authorizations {
		if a.Status == AuthorizationRequested || a.Status == AuthorizationPended {
			found.add(authUndecided, a.ID, indexed("authorizations", i)+".status")
		}
		if slices.ContainsFunc(a.Appeals, func(p Appeal) bool { return p.Status == AppealFiled }) {
			found.add(appealUndecided, a.ID, indexed("authorizations", i)+".appeals")
		}
	}
	for i, p := range c.Plans {
		if !p.Foreign && p.Status == PlanAwaitingApproval {
			found.add(draftNotDecided, p.ID, indexed("plans", i)+".status")
		}
	}
	checkClosure(c, found)
}

func checkClosure(c *Case, found *Errors) {
	if c.Closure == nil {
		return // checkEnds says so
	}
	why := c.Closure.Reason
	if known := slices.ContainsFunc(ClosureReasons(), func(k Coding) bool { return why.Is(k.System, k.Code) }); !known && !why.IsZero() {
		found.add(closureUnknown, "", "closure.reason", "One of "+join(closureCodes())+", of the system "+ClosureReasonSystem+".")
	}
	if why.Is(ClosureReasonSystem, "transferred") && (blank(c.Closure.HandOver) || c.Closure.To.IsZero()) {
		found.add(handOverNeeded, "", "closure.handOver")
	}
	if !why.Is(ClosureReasonSystem, "goals-met") {
		return
	}
	for i, g := range c.Goals {
		if g.pursued() && !c.measured(&g) {
			found.add(goalOutcome, g.ID, indexed("goals", i)+".outcomes")
		}
	}
}

func (g *Goal) pursued() bool {
	switch g.Status {
	case GoalAccepted, GoalActive, GoalOnHold, GoalCompleted:
		return true
	}
	return false
}

func (c *Case) measured(g *Goal) bool {
	return len(g.Outcomes)+len(g.OutcomeCodes) > 0 ||
		slices.ContainsFunc(c.Outcomes, func(o Outcome) bool { return o.Status.counts() && slices.Contains(o.Goals, g.ID) })
}

// ClosureReasonSystem is the code system of the reasons for closing a case.
const ClosureReasonSystem = "https://caseway.dev/fhir/CodeSystem/closure-reason"

// ClosureReasons lists the reasons for closing a case.
func ClosureReasons() []Coding {
	reason := func(code, display string) Coding {
		return Coding{System: ClosureReasonSystem, Code: code, Display: display}
	}
	return []Coding{
		reason("goals-met", "Goals met"),
		reason("needs-met-elsewhere", "Needs met elsewhere"),
		reason("transferred", "Transferred to somebody else"),
		reason("client-declined", "Client declined further help"),
		reason("lost-contact", "Contact lost"),
		reason("no-longer-eligible", "No longer eligible"),
		reason("moved", "Client moved away"),
		reason("died", "Client died"),
		reason("other", "Other"),
	}
}

func closureCodes() (codes []string) {
	for _, k := range ClosureReasons() {
		codes = append(codes, k.Code)
	}
	return codes
}

// ClosureReason gives a reason by its code, zero for one that isn't listed.
func ClosureReason(code string) Concept {
	for _, k := range ClosureReasons() {
		if k.Code == code {
			return Concept{Codings: []Coding{k}}
		}
	}
	return Concept{}
}

// checkEdges holds each part's change of status to an edge.
func checkEdges(before, after *Case, s Step, found *Errors) {
	old := byID(before)
	for now := range after.Parts() {
		if was, existed := old[now.ID]; existed {
			checkEdge(was, now, s.Actor.Role, found)
			continue
		}
		checkBeginning(now, s.Actor.Role, found)
	}
}

// checkStays holds parts to staying in the case, and history to being added to.
func checkStays(before, after *Case, found *Errors) {
	if !before.Adopted {
		return
	}
	now := byID(after)
	for was := range before.Parts() {
		if _, stays := now[was.ID]; !stays {
			found.add(partGone, was.ID, was.Path)
		}
	}
	own, kept := ownHistory(before), ownHistory(after)
	for i, h := range own {
		if i < len(own)-1 && (i >= len(kept) || kept[i] != h) {
			found.add(historyRewritten, "", indexed("history", slices.Index(before.History, h)))
		}
	}
}

// ownHistory is the history without what somebody else wrote, who may rewrite it.
func ownHistory(c *Case) []PhaseSpan {
	return slices.DeleteFunc(slices.Clone(c.History), func(h PhaseSpan) bool { return h.Inferred })
}

// checkNewStatuses finds what parts need that are new or took up a new status.
func checkNewStatuses(before, after *Case, s Step, found *Errors) {
	old := byID(before)
	for now := range after.Parts() {
		if was, existed := old[now.ID]; !existed || was.Status != now.Status {
			checkStarts(before, after, now, found)
			checkHappened(now, s, found)
		}
	}
}

// checkStarts finds what a part needs to take up its new status.
func checkStarts(before, after *Case, now Part, found *Errors) {
	switch p := now.Value.(type) {
	case *Strength:
		if known, names := oneOf(p.Source, StrengthSources()); !known && p.Status.counts() {
			found.add(strengthSource, p.ID, now.Path+".source", "One of "+names+".")
		}
	case *Assessment:
		checkAssessment(after, p, now.Path, found)
	case *Plan:
		checkPlanStart(before, after, p, found)
	case *Appointment:
		checkAppointment(p, now.Path, found)
	case *Contact:
		checkContact(p, now.Path, found)
	case *Outcome:
		if p.Value.IsZero() && p.Status.counts() {
			found.add(outcomeValue, p.ID, now.Path+".value")
		}
	}
}

func checkPlanStart(before, after *Case, p *Plan, found *Errors) {
	if p.Foreign {
		return
	}
	switch p.Status {
	case PlanDraft:
		if before.Plan(p.ID) == nil && !after.assessed() {
			found.add(assessmentNeed, p.ID, "assessments")
		}
	case PlanAwaitingApproval:
		checkReady(after, p, found)
	}
}

var (
	outcomeValue     = rule("outcome-needs-value", "An outcome needs the value that was measured.")
	appointmentStart = rule("appointment-needs-start", "A booked appointment needs its start.")
	appointmentEnds  = rule("appointment-ends-first", "An appointment can't end before it starts.")
	contactKind      = rule("contact-needs-kind", "A contact is face to face, a home visit, by telephone, by video or a message.")
	contactDue       = rule("contact-needs-date", "A planned contact needs the date that it is planned for.")
	learnedNeeded    = rule("learned-needed", "A contact that was held needs what was learned.")
	heldNeeded       = rule("contact-needs-time", "A contact that was held needs when it took place.")
)

func checkAppointment(a *Appointment, path string, found *Errors) {
	switch a.Status {
	case AppointmentBooked, AppointmentArrived, AppointmentCheckedIn, AppointmentKept:
		if a.Start == "" {
			found.add(appointmentStart, a.ID, path+".start")
		}
	}
	if (Period{a.Start, a.End}).reversed() {
		found.add(appointmentEnds, a.ID, path+".end")
	}
}

func checkContact(k *Contact, path string, found *Errors) {
	if known, _ := oneOf(k.Kind, ContactKinds()); !known {
		found.add(contactKind, k.ID, path+".kind")
	}
	switch k.Status {
	case ContactPlanned:
		if k.Due == "" {
			found.add(contactDue, k.ID, path+".due")
		}
	case ContactHeld:
		if blank(k.Learned) {
			found.add(learnedNeeded, k.ID, path+".learned")
		}
		if k.Period.Start == "" {
			found.add(heldNeeded, k.ID, path+".period")
		}
	}
}

var happensLater = rule("not-yet-happened", "What lies in the future can't have happened yet.")

// checkHappened finds a newly recorded fact that lies after the step itself.
func checkHappened(now Part, s Step, found *Errors) {
	switch p := now.Value.(type) {
	case *Appointment:
		if (p.Status == AppointmentKept || p.Status == AppointmentMissed) && p.Start.After(s.At) {
			found.add(happensLater, p.ID, now.Path+".start")
		}
	case *Contact:
		if p.Status == ContactHeld && p.Period.Start.After(s.At) {
			found.add(happensLater, p.ID, now.Path+".period")
		}
	case *Outcome:
		if p.At.After(s.At) {
			found.add(happensLater, p.ID, now.Path+".at")
		}
	}
}
