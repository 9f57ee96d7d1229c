package casemodel

import "slices"

// Check judges a case as it stands: what must hold in every state, whoever
// brought it there. It gives nothing for a case that isn't adopted.
func Check(c Case) Errors {
	if !c.Adopted {
		return nil
	}
	var found Errors
	checkCase(&c, &found)
	checkHistory(&c, &found)
	checkParts(&c, &found)
	checkPlans(&c, &found)
	checkServices(&c, &found)
	checkAuthorizations(&c, &found)
	for i := range c.Agreements {
		checkAgreement(&c, i, &found)
	}
	checkRefs(&c, &found)
	checkWritten(&c, &found)
	return found
}

// checkTaken judges the steps that a change itself takes: they exist, and are
// the actor's.
func checkTaken(before, after *Case, s Step, found *Errors) {
	if !before.Adopted {
		return
	}
	permitStep(before, s, found)
	checkPhaseSteps(before, after, s, found)
	checkEdges(before, after, s, found)
	if after.Phase == PhaseClosed && before.Phase != PhaseClosed {
		checkClosable(after, found) // before what is open is ended with the case
	}
	checkAsked(before, after, found)
	checkSaid(before, after, s, found)
	checkWriters(before, after, s, found)
}

// checkOutcome judges what came of a change: nothing is broken that wasn't
// broken before.
func checkOutcome(before, after *Case, s Step, found *Errors) {
	if before.Adopted && !after.Adopted {
		found.add(notAdopted, "", "adopted")
	}
	if !after.Adopted {
		return
	}
	checkStays(before, after, found)
	checkNeeds(before, after, found)
	checkNewStatuses(before, after, s, found)
	old := checkAnyway(*before)
	if !before.Adopted {
		// What its parts are like may be history; what the case is like is now ours.
		old = slices.DeleteFunc(old, func(one *RuleError) bool { return one.Part == "" })
	}
	for _, one := range Check(*after).missing(old) {
		if !found.Has(one.Rule) || one.Part != "" {
			*found = append(*found, one)
		}
	}
}

// checkAnyway judges a case as if it were adopted.
func checkAnyway(c Case) Errors {
	c.Adopted = true
	return Check(c)
}

var (
	phaseUnknown     = rule("phase-unknown", "The phase isn't one that a case can be in.")
	clientNeeded     = rule("client-needed", "A case needs the client whom it is for.")
	managerNeeded    = rule("manager-needed", "An opened case needs a case manager.")
	modelNeeded      = rule("model-needed", "An opened case needs the model by which it is run.")
	settingNeeded    = rule("setting-needed", "An opened case needs its setting.")
	modelUnknown     = rule("model-unknown", "The model isn't one of the five.")
	settingUnknown   = rule("setting-unknown", "The setting isn't one of the seven.")
	populationNeeded = rule("target-population-needed", "The targeted model needs the target population that makes the client eligible.")
	cadenceNeeded    = rule("cadence-needed", "The model needs a cadence of contacts.")
	cadenceDays      = rule("cadence-needs-days", "A cadence needs a kind of contact and at least a day from one to the next.")
	holdNeeded       = rule("hold-needed", "A case on hold needs the open phase that it resumes to.")
	closureReason    = rule("closure-needs-reason", "Closing needs a reason.")
	closureSummary   = rule("closure-needs-summary", "Closing needs a summary of the outcomes.")
	queuedReferral   = rule("queued-after-opening", "Only a referral can wait in the queue.")
)

func checkCase(c *Case, found *Errors) {
	if !c.Phase.Valid() {
		found.add(phaseUnknown, "", "phase", "The phases are "+join(Phases())+".")
	}
	if c.Client.Party().IsZero() {
		found.add(clientNeeded, "", "client")
	}
	if c.Phase.Open() && c.Phase != PhaseReferred {
		checkOpened(c, found)
	}
	if c.Queued && c.Phase != PhaseReferred && c.Phase.Open() && c.Phase != PhaseOnHold {
		found.add(queuedReferral, "", "queued")
	}
	for i, k := range c.Cadences {
		if known, _ := oneOf(k.Kind, ContactKinds()); !known || k.Days < 1 {
			found.add(cadenceDays, "", indexed("cadences", i))
		}
	}
	checkEnds(c, found)
}

func checkOpened(c *Case, found *Errors) {
	if c.Phase == PhaseOnHold && c.Hold != nil && c.Hold.From == PhaseReferred {
		return
	}
	if c.Manager.IsZero() {
		found.add(managerNeeded, "", "manager")
	}
	checkKind(c.Model, Models(), modelNeeded, modelUnknown, "model", found)
	checkKind(c.Setting, Settings(), settingNeeded, settingUnknown, "setting", found)
	if c.requires(RequireTargetPopulation) && c.TargetPopulation.IsZero() {
		found.add(populationNeeded, "", "targetPopulation")
	}
	if c.requires(RequireCadence) && len(c.Cadences) == 0 {
		found.add(cadenceNeeded, "", "cadences")
	}
}

func checkKind[S ~string](s S, all []S, needed, unknown *Rule, path string, found *Errors) {
	known, names := oneOf(s, all)
	switch {
	case s == "":
		found.add(needed, "", path, "One of "+names+".")
	case !known:
		found.add(unknown, "", path, "One of "+names+".")
	}
}

func checkEnds(c *Case, found *Errors) {
	switch c.Phase {
	case PhaseOnHold:
		if c.Hold == nil || blank(c.Hold.Reason) {
			found.add(reasonNeed, "", "hold.reason")
		}
		if c.Hold != nil && (!c.Hold.From.Open() || c.Hold.From == PhaseOnHold) {
			found.add(holdNeeded, "", "hold.from")
		}
	case PhaseClosed:
		if c.Closure == nil || c.Closure.Reason.IsZero() {
			found.add(closureReason, "", "closure.reason", "One of "+join(closureCodes())+".")
		}
		if c.Closure == nil || blank(c.Closure.Summary) {
			found.add(closureSummary, "", "closure.summary")
		}
	case PhaseCancelled:
		if c.Cancellation == nil || blank(c.Cancellation.Reason) {
			found.add(reasonNeed, "", "cancellation.reason")
		}
	}
}

// requires says whether the case's template demands r: the adapted one as the
// case has it, else the built-in one of its model.
func (c *Case) requires(r Requirement) bool {
	if len(c.Requires) > 0 || c.Template != "" {
		return slices.Contains(c.Requires, r)
	}
	t, _ := TemplateOf(c.Model)
	return slices.Contains(t.Requires, r)
}

var historyGap = rule("history-not-contiguous", "Each span of the phase history starts when the one before ends, and the last one lasts and is of the phase that the case is in.")

// checkHistory holds our own spans to a line without gaps; what was inferred
// from somebody else's history stands as it is.
func checkHistory(c *Case, found *Errors) {
	last := len(c.History) - 1
	if last < 0 {
		found.add(historyGap, "", "history", "There is none.")
		return
	}
	for i, h := range c.History {
		path := indexed("history", i)
		switch {
		case i == last:
			if h.Phase != c.Phase || h.End != "" {
				found.add(historyGap, "", path)
			}
		case h.Inferred || c.History[i+1].Inferred:
		case h.End == "" || h.End != c.History[i+1].Start || h.End.Before(h.Start):
			found.add(historyGap, "", path)
		}
	}
}

var (
	partNeedsID = rule("part-needs-id", "Every part needs an id of the form Type/id.")
	partTwice   = rule("part-twice", "Two parts can't have the same id.")
)

func checkParts(c *Case, found *Errors) {
	seen := map[Ref]bool{}
	for p := range c.Parts() {
		switch {
		case p.ID.Type() == "":
			found.add(partNeedsID, "", p.Path+".id")
		case seen[p.ID]:
			found.add(partTwice, p.ID, p.Path+".id")
		}
		seen[p.ID] = true
	}
}
