package cases

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"caseway/fhir/search"
	"caseway/mapping/casemodel"
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
	viewSummary = "summary"
	viewWhole   = "whole"
)

// readView reads the parameters of showing a case.
func readView(pairs []search.Pair) (string, error) {
	view := viewSummary
	for i, p := range pairs {
		switch {
		case p.Name != "view":
			return "", badRequest("", Fault{Detail: "the parameter " + p.Name + ": isn't known; there is view"})
		case i > 0:
			return "", badRequest("", Fault{Detail: "the parameter view: is there twice"})
		case p.Value != viewSummary && p.Value != viewWhole:
			return "", badRequest("", Fault{Detail: "the parameter view: must be summary or whole"})
		}
		view = p.Value
	}
	return view, nil
}

// Show shows a case (GET /cases/[id]): in short, or whole with view=whole.
// ifNoneMatch are the header's values.
func (s *Service) Show(ctx context.Context, id string, pairs []search.Pair, ifNoneMatch []string) (Answer, error) {
	view, err := readView(pairs)
	if err != nil {
		return Answer{}, err
	}
	if view == viewWhole {
		return s.Read(ctx, id, ifNoneMatch)
	}
	a, err := s.loadBriefly(ctx, id, nil)
	if err != nil {
		return Answer{}, err
	}
	if matches(ifNoneMatch, a.etag()) {
		return Answer{Status: http.StatusNotModified, ETag: a.etag()}, nil
	}
	return s.showOverview(ctx, a)
}

func (s *Service) showOverview(ctx context.Context, a *assembled) (Answer, error) {
	actions, err := s.actionsOf(ctx, &a.c)
	if err != nil {
		return Answer{}, err
	}
	v := overviewOf(&a.c)
	v.Overdue, v.Actions = casemodel.Overdue(&a.c, s.now()), actions
	body, err := json.Marshal(v)
	if err != nil {
		return Answer{}, fmt.Errorf("the summary of a case as JSON: %w", err)
	}
	return Answer{Status: http.StatusOK, ETag: a.etag(), Body: body}, nil
}

// overviewOf says in short what a case says, which may know its parts briefly.
func overviewOf(c *casemodel.Case) Overview {
	v := Overview{Case: headOf(*c), Due: casemodel.Dues(c), Parts: make(map[string]Parts, len(partLists))}
	if v.Due = v.Due[:min(len(v.Due), mostDue)]; v.Due == nil {
		v.Due = []casemodel.Due{}
	}
	for _, l := range partLists {
		p := Parts{URL: "/cases/" + c.ID + "/" + l.name}
		if openStatuses[l.kind] != nil {
			p.Open = new(int)
		}
		v.Parts[l.name] = p
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
