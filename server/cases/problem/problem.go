// Package problem says what is wrong with a request of the case API, in the form of
// RFC 9457, with the names of the rules that stand against it.
//
// Not here: what the rules are (package casemodel).
package problem

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"caseway/fhir"
	"caseway/mapping/casemodel"
)

// Base begins the types of problems; their names follow.
const Base = fhir.CanonicalBase + "/problem/"

// Problem is an error as clients of the case API get it (RFC 9457).
type Problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
	// Rule is the name of the first rule that stands against a change.
	Rule string `json:"rule,omitempty"`
	// Pointer is the JSON Pointer of the first thing that is wrong in the body.
	Pointer string `json:"pointer,omitempty"`
	// Errors are all that was found.
	Errors []Fault `json:"errors,omitempty"`
}

// Fault is one thing that is wrong.
type Fault struct {
	// Rule is the name of a rule of cases, "" where the request itself is wrong.
	Rule string `json:"rule,omitempty"`
	// Pointer is the JSON Pointer of the element in the request's body, or of
	// the part in the case.
	Pointer string        `json:"pointer,omitempty"`
	Part    casemodel.Ref `json:"part,omitempty"`
	// Column is that of a CSV file.
	Column string `json:"column,omitempty"`
	Detail string `json:"detail"`
	// Actions do what an edit can't.
	Actions []casemodel.Action `json:"actions,omitempty"`
}

// Error implements error.
func (p *Problem) Error() string { return p.Title + ": " + p.Detail }

// JSON is the problem's body.
func (p *Problem) JSON() []byte {
	text, err := json.Marshal(p)
	if err != nil {
		return []byte(`{"type":"about:blank","title":"Internal error","status":500}`) // strings always marshal
	}
	return text
}

// New makes a Problem of a kind. A title belongs to the name.
func New(status int, name, title, detail string) *Problem {
	return &Problem{Type: Base + name, Title: title, Status: status, Detail: detail}
}

// BadRequest makes the Problem of a request that can't be understood.
func BadRequest(detail string, faults ...Fault) *Problem {
	p := New(http.StatusBadRequest, "invalid-request", "The request isn't valid", detail)
	return p.With(faults)
}

// With gives a Problem what was found; the first of it is told in Rule, Pointer and,
// where there is none, Detail.
func (p *Problem) With(faults []Fault) *Problem {
	p.Errors = faults
	if len(faults) > 0 {
		p.Rule, p.Pointer = faults[0].Rule, faults[0].Pointer
		if p.Detail == "" {
			p.Detail = faults[0].Detail
		}
	}
	return p
}

// refusedBy is a step that rules stand against.
func refusedBy(found casemodel.Errors) *Problem {
	p := New(http.StatusUnprocessableEntity, "business-rule", "A rule of the case stands against it", "")
	faults := make([]Fault, len(found))
	for i, e := range found {
		faults[i] = Fault{Rule: e.Rule, Pointer: Pointer(e.Path), Part: e.Part, Detail: e.Text}
	}
	return p.With(faults)
}

// Pointer writes a path of casemodel ("plans[1].goals") as a JSON Pointer.
func Pointer(path string) string {
	if path == "" {
		return ""
	}
	if path == "actor.role" {
		return "/role"
	}
	if path == "argument.reason" {
		return "/reason"
	}
	return "/" + strings.NewReplacer("[", "/", "]", "", ".", "/").Replace(path)
}

// StoreRefuses is the title where FHIR stands against what would be stored.
const StoreRefuses = "What the action would store isn't accepted"

// Of gives the problem for an error and the status that FHIR answers it
// with. What a client can't act on shows nothing of itself.
func Of(err error, status int) *Problem {
	if p := (*Problem)(nil); errors.As(err, &p) {
		return p
	}
	if found := casemodel.Errors(nil); errors.As(err, &found) {
		return refusedBy(found)
	}
	fe := (*fhir.Error)(nil)
	if !errors.As(err, &fe) || status >= http.StatusInternalServerError && fe.Kind != fhir.Transient {
		return New(status, "internal-error", "Internal error", "")
	}
	p := New(status, fe.Issues[0].Code, http.StatusText(status), "")
	if status == http.StatusUnprocessableEntity {
		p.Title = StoreRefuses
	}
	faults := make([]Fault, len(fe.Issues))
	for i, is := range fe.Issues {
		faults[i].Detail = is.Text
		if is.Expression != "" {
			faults[i].Detail = is.Expression + ": " + is.Text
		}
		if rule, _, named := strings.Cut(is.Text, ": "); named && is.Code == fhir.IssueBusinessRule {
			faults[i].Rule = rule
		}
	}
	return p.With(faults)
}
