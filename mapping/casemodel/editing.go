package casemodel

import "slices"

// Editing says what an edit may do to parts of a kind (KindCase is the case
// itself): whether it may add one, what becomes of one that is removed, and
// which members stay as they are. Everything else may be changed, within the
// rules.
type Editing struct {
	Kind Kind `json:"kind"`
	// Adds says that an edit may add one. Otherwise Makers are the actions that
	// do; a kind with neither comes from elsewhere, or follows from other parts.
	Adds   bool     `json:"adds,omitempty"`
	Makers []Action `json:"makers,omitempty"`
	// Removal says in words what becomes of one that is removed, "" for a kind
	// of which nothing is removed.
	Removal string  `json:"removal,omitempty"`
	Fixed   []Fixed `json:"fixed,omitempty"`
}

// Fixed is a member that an edit leaves as it is.
type Fixed struct {
	// Member is its name, with dots where it lies deeper; "" for all members.
	Member string `json:"member"`
	// Actions change it. Elsewhere is the resource type that it is kept as, and
	// that the case doesn't own. What has neither follows from the rest.
	Actions   []Action `json:"actions,omitempty"`
	Elsewhere string   `json:"elsewhere,omitempty"`

	presence bool           // it may be changed, not come or go
	when     func(any) bool // of the part as it was, nil for always
}

// What becomes of parts that are removed.
const (
	removedInError   = "marked as entered in error"
	removedByEnding  = "ended: inactive, and its period ends"
	removedCancelled = "cancelled"
	removedInactive  = "made inactive"
)

// set makes rows of members that the same actions change, or that follow.
func set(actions []Action, members ...string) []Fixed {
	all := make([]Fixed, len(members))
	for i, m := range members {
		all[i] = Fixed{Member: m, Actions: actions}
	}
	return all
}

// where limits rows to parts of which something is so.
func where(when func(any) bool, rows []Fixed) []Fixed {
	for i := range rows {
		rows[i].when = when
	}
	return rows
}

func actions(all ...Action) []Action { return all }

func notDrafted(part any) bool {
	p := part.(*Plan)
	return p.Status != PlanDraft && p.Status != PlanReturned
}

func isForeign(part any) bool { return part.(*Plan).Foreign }

func isDecided(part any) bool {
	a := part.(*Authorization)
	return a.Status.Granted() || a.Status == AuthorizationDenied
}

var (
	stepsOfPlan    = actions(ActionSubmit, ActionApprove, ActionReturn, ActionRevise)
	stepsOfService = actions(ActionOffer, ActionAccept, ActionDecline, ActionDeliver)
	stepsOfOffer   = actions(ActionOffer, ActionAccept, ActionDecline, ActionChoose, ActionDeliver)
)

// editings is the table of what edits may do.
var editings = []Editing{
	{Kind: KindCase, Fixed: slices.Concat(
		set(nil, "id", "history", "nextDue", "hold.from", "hold.at", "hold.by"),
		set(actions(ActionAdopt), "adopted"),
		set(nil, "phase"), // its actions go by the phases
		set(actions(ActionOpen, ActionTransfer), "manager", "managingOrganization", "setting"),
		set(actions(ActionClose, ActionReopen), "period.end", "closure.reason", "closure.at", "closure.by"),
		set(actions(ActionCancel), "cancellation"), set(actions(ActionTransfer), "transfers"), set(actions(ActionReopen), "reopenings"),
		[]Fixed{
			{Member: "hold", Actions: actions(ActionHold, ActionResume), presence: true},
			{Member: "closure", Actions: actions(ActionClose, ActionReopen), presence: true},
			{Member: "client", Elsewhere: "Patient"},
		},
	)},
	{Kind: KindRelative, Adds: true, Removal: removedByEnding},
	{Kind: KindTeam, Adds: true, Removal: removedByEnding},
	{Kind: KindNetwork, Fixed: []Fixed{{Elsewhere: "OrganizationAffiliation"}}},
	{Kind: KindReferral, Adds: true, Removal: removedInError},
	{Kind: KindProblem, Adds: true, Removal: removedInError},
	{Kind: KindStrength, Adds: true, Removal: removedInError},
	{Kind: KindBarrier, Adds: true, Removal: removedInError},
	{Kind: KindRisk, Adds: true, Removal: removedInError},
	{Kind: KindAssessment, Makers: actions(ActionAssess), Removal: removedInError, Fixed: set(actions(ActionAssess), "status")},
	{Kind: KindGoal, Adds: true, Removal: removedInError},
	{Kind: KindOutcome, Makers: actions(ActionRecordOutcome), Removal: removedInError},
	{Kind: KindPlan, Makers: actions(ActionPlan, ActionRevise), Removal: removedInError, Fixed: slices.Concat(
		where(isForeign, []Fixed{{Elsewhere: "CarePlan"}}),
		set(stepsOfPlan, "status"), set(nil, "version", "foreign", "replaces", "draftedBy", "draftedAt"),
		where(notDrafted, set(actions(ActionRevise), "intent", "title", "description", "categories", "templates", "period",
			"goals", "addresses", "partOf", "basedOn", "why", "participants")),
	)},
	{Kind: KindApproval, Makers: actions(ActionSubmit), Fixed: set(actions(ActionSubmit, ActionApprove, ActionReturn), "")},
	{Kind: KindService, Makers: actions(ActionPlan, ActionRevise), Removal: removedInError, Fixed: slices.Concat(
		set(stepsOfService, "status", "statusReason"), set(actions(ActionAccept, ActionChoose), "provider"), set(actions(ActionDeliver), "startedAt", "endedAt"),
	)},
	{Kind: KindOffer, Makers: actions(ActionOffer), Fixed: slices.Concat(
		set(stepsOfOffer, "status", "reason", "answeredAt", "evidence"), set(actions(ActionOffer), "provider", "at", "by"), set(actions(ActionChoose), "chosen"),
	)},
	{Kind: KindAppointment, Makers: actions(ActionSchedule), Removal: removedInError, Fixed: set(actions(ActionSchedule), "status")},
	{Kind: KindContact, Makers: actions(ActionRecordContact), Removal: removedInError, Fixed: set(actions(ActionRecordContact), "status", "held", "cadence")},
	{Kind: KindTask, Makers: actions(ActionWork), Removal: removedInError, Fixed: slices.Concat(set(actions(ActionWork), "status"), set(nil, "changedAt"))},
	{Kind: KindReview, Makers: actions(ActionReview), Removal: removedInError, Fixed: set(actions(ActionReview), "status", "closedAt")},
	{Kind: KindExchange, Makers: actions(ActionReview), Fixed: set(actions(ActionReview), "")},
	{Kind: KindCoverage, Adds: true, Removal: removedCancelled},
	{Kind: KindEligibility, Adds: true, Removal: removedInError},
	{Kind: KindAuthorization, Makers: actions(ActionRequestAuthorization), Removal: removedCancelled, Fixed: slices.Concat(
		set(actions(ActionRequestAuthorization, ActionDecide), "status"),
		set(actions(ActionDecide), "decision", "decidedAt", "decidedBy", "number", "period", "granted", "amount", "reason", "saves"),
		where(isDecided, set(actions(ActionRequestAuthorization), "service", "codes", "coverage", "insurer", "provider", "asked",
			"price", "necessity", "requestedAt", "requestedBy")),
	)},
	{Kind: KindAppeal, Makers: actions(ActionAppeal), Fixed: set(actions(ActionAppeal, ActionDecide), "")},
	{Kind: KindAgreement, Makers: actions(ActionNegotiate), Removal: removedCancelled, Fixed: set(actions(ActionNegotiate), "status", "service", "provider", "rounds")},
	{Kind: KindBill, Fixed: set(nil, "payer", "issuer", "account", "amount", "at")},
	{Kind: KindFile, Adds: true, Removal: removedInError},
	{Kind: KindNote, Adds: true, Removal: removedInError},
	{Kind: KindConsent, Adds: true, Removal: removedInactive},
}

// EditingOf gives the row of a kind.
func EditingOf(kind Kind) Editing {
	if row := find(editings, func(e *Editing) bool { return e.Kind == kind }); row != nil {
		return *row
	}
	return Editing{Kind: kind}
}
