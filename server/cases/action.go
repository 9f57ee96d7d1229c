package cases

import (
	"net/http"
	"reflect"
	"slices"

	"caseway/mapping/casemodel"
	"caseway/server/cases/problem"
)

// ActionDefinition is a row of the table of actions.
type ActionDefinition struct {
	Name casemodel.Action
	Text string // for the OpenAPI document
	// Argument is the type of the action's argument, nil for none.
	Argument reflect.Type
	// do takes the action. argument is a value of the argument's type.
	do func(c casemodel.Case, s casemodel.Step, argument any) (casemodel.Result, error)
}

// with is a row of an action with an argument.
func with[A any](
	name casemodel.Action, text string, do func(casemodel.Case, casemodel.Step, A) (casemodel.Result, error),
) ActionDefinition {
	return ActionDefinition{name, text, reflect.TypeFor[A](), func(c casemodel.Case, s casemodel.Step, argument any) (casemodel.Result, error) {
		return do(c, s, argument.(A))
	}}
}

// without is a row of an action that takes no argument.
func without(name casemodel.Action, text string, do func(casemodel.Case, casemodel.Step) (casemodel.Result, error)) ActionDefinition {
	return ActionDefinition{name, text, nil, func(c casemodel.Case, s casemodel.Step, _ any) (casemodel.Result, error) {
		return do(c, s)
	}}
}

// ActionDefinitions is the table of every action that the case API takes.
var ActionDefinitions = []ActionDefinition{
	with(casemodel.ActionRefer, "Refer a client to case management.", casemodel.Refer),
	with(casemodel.ActionOpen, "Open a new or referred case with its model and setting.", casemodel.Open),
	with(casemodel.ActionAdopt, "Take over a case that came from elsewhere, so that the rules bind it.", casemodel.Adopt),
	with(casemodel.ActionAssess, "Record an assessment, as a draft or completed, with what it found.", casemodel.Assess),
	with(casemodel.ActionPlan, "Write the first version of the plan, or change its draft.", casemodel.DraftPlan),
	with(casemodel.ActionSubmit, "Submit the draft of the plan to a physician for approval.", casemodel.Submit),
	with(casemodel.ActionApprove, "Approve the submitted plan.", casemodel.Approve),
	with(casemodel.ActionReturn, "Give the submitted plan back to be changed; the reason says what.", casemodel.Return),
	with(casemodel.ActionRevise, "Make a new version of the plan in force; the reason says why.", casemodel.Revise),
	with(casemodel.ActionOffer, "Offer a service to one or several providers.", casemodel.OfferService),
	with(casemodel.ActionAccept, "Accept an offer.", casemodel.Accept),
	with(casemodel.ActionDecline, "Decline an offer; the reason says why.", casemodel.Decline),
	with(casemodel.ActionChoose, "Note which provider the client chose.", casemodel.Choose),
	with(casemodel.ActionDeliver, "Start a service, note its delivery, hold or end it.", casemodel.Deliver),
	with(casemodel.ActionSchedule, "Book or change an appointment.", schedule),
	with(casemodel.ActionRecordContact, "Record a contact of case manager and client, planned or held.", casemodel.RecordContact),
	with(casemodel.ActionReview, "Add an exchange to a utilization review, or open one.", casemodel.Review),
	with(casemodel.ActionRequestAuthorization, "Ask the insurer to approve a service.", requestAuthorization),
	with(casemodel.ActionDecide, "Decide on a request for authorization, or on an appeal.", casemodel.Decide),
	with(casemodel.ActionAppeal, "Appeal a denial; the reason is its grounds.", casemodel.FileAppeal),
	with(casemodel.ActionNegotiate, "Offer, counter-offer or agree on what a service costs and who pays which share.", casemodel.Negotiate),
	with(casemodel.ActionRecordOutcome, "Record a measured result against goals.", recordOutcome),
	with(casemodel.ActionWork, "Make or change a task.", casemodel.Work),
	without(casemodel.ActionMonitor, "Go over from coordinating to monitoring.", casemodel.Monitor),
	with(casemodel.ActionHold, "Put a case on hold; the reason says why.", casemodel.PutOnHold),
	without(casemodel.ActionResume, "Take a case that was on hold up again.", casemodel.Resume),
	with(casemodel.ActionTransfer, "Hand a case to another case manager, organization or setting; the reason says why.", casemodel.TransferTo),
	with(casemodel.ActionClose, "Close a case with reason, summary and hand-over.", casemodel.Close),
	without(casemodel.ActionReopen, "Take a closed case up again; the reason says why.", casemodel.Reopen),
	without(casemodel.ActionCancel, "End a case that came to nothing; the reason says why.", casemodel.Cancel),
	without(casemodel.ActionRetract, "Mark a case as entered in error; the reason says why.", casemodel.Retract),
}

// Definition gives the row of an action. Its error is a Problem with status 404.
func Definition(name casemodel.Action) (*ActionDefinition, error) {
	for i := range ActionDefinitions {
		if ActionDefinitions[i].Name == name {
			return &ActionDefinitions[i], nil
		}
	}
	return nil, problem.New(http.StatusNotFound, "not-found", "Not found", "there is no action of this name; /cases/openapi.json lists them")
}

// BeginningActions are the actions that make a new case.
var BeginningActions = []casemodel.Action{casemodel.ActionRefer, casemodel.ActionOpen}

// requestAuthorization names who is to provide the service, which a Claim must
// say: the provider that was taken, else who manages the case.
func requestAuthorization(c casemodel.Case, s casemodel.Step, a casemodel.Authorization) (casemodel.Result, error) {
	if x := c.Service(a.Service); x != nil && a.Provider.IsZero() {
		a.Provider = x.Provider
	}
	for _, p := range []casemodel.Party{c.ManagingOrganization, c.Manager, s.Actor.Party} {
		if a.Provider.IsZero() {
			a.Provider = p
		}
	}
	return casemodel.RequestAuthorization(c, s, a)
}

// schedule says who comes, which an Appointment must: the client, and the
// providers of its services.
func schedule(c casemodel.Case, s casemodel.Step, a casemodel.Appointment) (casemodel.Result, error) {
	if len(a.Attendees) > 0 {
		a.Attendees = slices.Clone(a.Attendees)
		for i := range a.Attendees {
			if a.Attendees[i].Status == "" {
				a.Attendees[i].Status = "needs-action"
			}
		}
		return casemodel.Schedule(c, s, a)
	}
	parties := []casemodel.Party{c.Client.Party()}
	for _, id := range a.Services {
		if x := c.Service(id); x != nil && !x.Provider.IsZero() && !slices.ContainsFunc(parties, x.Provider.Same) {
			parties = append(parties, x.Provider)
		}
	}
	for _, p := range parties {
		a.Attendees = append(a.Attendees, casemodel.Attendee{Party: p, Status: "accepted"})
	}
	return casemodel.Schedule(c, s, a)
}

// recordOutcome says what was measured, which an Observation must: what the goal
// is measured by, else the goal itself.
func recordOutcome(c casemodel.Case, s casemodel.Step, a casemodel.Measuring) (casemodel.Result, error) {
	for _, id := range a.Outcome.Goals {
		g := c.Goal(id)
		if g == nil || !a.Outcome.Measure.IsZero() {
			continue
		}
		a.Outcome.Measure = g.Description
		if len(g.Targets) > 0 && !g.Targets[0].Measure.IsZero() {
			a.Outcome.Measure = g.Targets[0].Measure
		}
	}
	return casemodel.RecordOutcome(c, s, a)
}
