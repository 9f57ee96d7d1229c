package cases

import (
	"context"
	"reflect"
	"slices"
	"strings"

	"caseway/fhir/search"
	"caseway/mapping/casemodel"
	"caseway/server/cases/form"
)

// Overview is a case in short: what it is about, who works on it by which plan,
// and how much there is of all else.
type Overview struct {
	// Case has of its lists of parts only the teams, and the plans that aren't
	// over.
	Case    casemodel.Case `json:"case"`
	Overdue bool           `json:"overdue"`
	Actions []RoleActions  `json:"actions"` // see View
	// Due are the first things that wait for a date.
	Due []casemodel.Due `json:"due"`
	// Parts say by the name of each list what is in it.
	Parts map[string]Parts `json:"parts"`
}

// Parts are those of one list of a case.
type Parts struct {
	Count int `json:"count"`
	// Open are those that something is still to be done about; nil where the
	// parts of the list have no such state.
	Open *int   `json:"open,omitempty"`
	URL  string `json:"url"` // of the list, below the server's root
}

// mostDue is how many things that are due a summary shows.
const mostDue = 10

// openStatuses are those in which something is still to be done about a part.
var openStatuses = map[casemodel.Kind][]string{
	casemodel.KindAssessment: someOf(casemodel.AssessmentDraft),
	casemodel.KindGoal: someOf(casemodel.GoalProposed, casemodel.GoalPlanned, casemodel.GoalAccepted, casemodel.GoalActive,
		casemodel.GoalOnHold),
	casemodel.KindPlan: someOf(casemodel.PlanDraft, casemodel.PlanAwaitingApproval, casemodel.PlanReturned, casemodel.PlanProposed,
		casemodel.PlanApproved, casemodel.PlanOnHold),
	casemodel.KindService: someOf(casemodel.ServiceDraft, casemodel.ServiceRequested, casemodel.ServiceOffered,
		casemodel.ServiceAccepted, casemodel.ServiceScheduled, casemodel.ServiceInProgress, casemodel.ServiceOnHold),
	casemodel.KindAppointment: someOf(casemodel.AppointmentProposed, casemodel.AppointmentPending, casemodel.AppointmentBooked,
		casemodel.AppointmentArrived, casemodel.AppointmentCheckedIn, casemodel.AppointmentWaitlisted),
	casemodel.KindContact: someOf(casemodel.ContactPlanned, casemodel.ContactInProgress),
	casemodel.KindTask: someOf(casemodel.TaskDraft, casemodel.TaskRequested, casemodel.TaskReceived, casemodel.TaskAccepted,
		casemodel.TaskReady, casemodel.TaskInProgress, casemodel.TaskOnHold),
	casemodel.KindReview:        someOf(casemodel.ReviewOpen),
	casemodel.KindAuthorization: someOf(casemodel.AuthorizationDraft, casemodel.AuthorizationRequested, casemodel.AuthorizationPended),
	casemodel.KindAgreement:     someOf(casemodel.AgreementOffered, casemodel.AgreementCountered),
}

func someOf[S ~string](all ...S) []string {
	statuses := make([]string, len(all))
	for i, s := range all {
		statuses[i] = string(s)
	}
	return statuses
}

// The views of a case.
const (
	ViewSummary = "summary"
	ViewWhole   = "whole"
)

// ReadView gives the view that the parameters of showing a case ask for; a summary
// where they don't say.
func ReadView(pairs []search.Pair) (string, error) {
	view := ViewSummary
	err := form.Each(pairs, func(p search.Pair) (wrong string) {
		switch {
		case p.Name != "view":
			return "isn't known; there is view"
		case p.Value != ViewSummary && p.Value != ViewWhole:
			return "must be summary or whole"
		}
		view = p.Value
		return ""
	})
	return view, err
}

// Overview shows a case in short. ifNoneMatch are ETags of the case that the caller
// has already.
func (s *Service) Overview(ctx context.Context, id string, ifNoneMatch []string) (Answer[Overview], error) {
	a, err := s.assembler.LoadBriefly(ctx, s.caller, id, nil)
	if err != nil {
		return Answer[Overview]{}, err
	}
	if matches(ifNoneMatch, a.ETag()) {
		return Answer[Overview]{NotModified: true, ETag: a.ETag()}, nil
	}
	actions, err := s.actionsOf(ctx, &a.Case)
	if err != nil {
		return Answer[Overview]{}, err
	}
	v := overviewOf(&a.Case)
	v.Overdue, v.Actions = casemodel.Overdue(&a.Case, s.assembler.Now()), actions
	return Answer[Overview]{Value: v, ETag: a.ETag()}, nil
}

// overviewOf says in short what a case says, which may know its parts briefly.
func overviewOf(c *casemodel.Case) Overview {
	v := Overview{Case: headOf(*c), Due: casemodel.Dues(c), Parts: make(map[string]Parts, len(PartLists))}
	if v.Due = v.Due[:min(len(v.Due), mostDue)]; v.Due == nil {
		v.Due = []casemodel.Due{}
	}
	for _, l := range PartLists {
		p := Parts{URL: "/cases/" + c.ID + "/" + l.Name}
		if openStatuses[l.Kind] != nil {
			p.Open = new(int)
		}
		v.Parts[l.Name] = p
	}
	for p := range c.Parts() {
		name, _, _ := strings.Cut(p.Path, "[")
		if strings.Contains(p.Path, ".") {
			continue // below another
		}
		list := v.Parts[name]
		list.Count++
		if slices.Contains(openStatuses[p.Kind], p.Status) {
			*list.Open++
		}
		v.Parts[name] = list
	}
	return v
}

// headOf is a case without its lists of parts, but for the teams, and the plans
// that aren't over.
func headOf(c casemodel.Case) casemodel.Case {
	teams, plans := c.Teams, []casemodel.Plan(nil)
	for _, p := range c.Plans {
		if slices.Contains(openStatuses[casemodel.KindPlan], string(p.Status)) {
			plans = append(plans, p)
		}
	}
	v := reflect.ValueOf(&c).Elem()
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		if listNamed(name) != nil {
			v.Field(i).SetZero()
		}
	}
	c.Teams, c.Plans = teams, plans
	return c
}
