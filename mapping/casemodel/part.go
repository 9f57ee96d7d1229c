package casemodel

import (
	"iter"
	"reflect"
	"strconv"
)

// Kind is what a part of a case is.
type Kind string

// The kinds of part.
const (
	KindCase          Kind = "case"
	KindClient        Kind = "client"
	KindRelative      Kind = "relative"
	KindTeam          Kind = "team"
	KindNetwork       Kind = "network"
	KindReferral      Kind = "referral"
	KindProblem       Kind = "problem"
	KindStrength      Kind = "strength"
	KindBarrier       Kind = "barrier"
	KindRisk          Kind = "risk"
	KindAssessment    Kind = "assessment"
	KindGoal          Kind = "goal"
	KindOutcome       Kind = "outcome"
	KindPlan          Kind = "plan"
	KindApproval      Kind = "approval"
	KindService       Kind = "service"
	KindOffer         Kind = "offer"
	KindAppointment   Kind = "appointment"
	KindContact       Kind = "contact"
	KindTask          Kind = "task"
	KindReview        Kind = "review"
	KindExchange      Kind = "exchange"
	KindCoverage      Kind = "coverage"
	KindEligibility   Kind = "eligibility"
	KindAuthorization Kind = "authorization"
	KindAppeal        Kind = "appeal"
	KindAgreement     Kind = "agreement"
	KindBill          Kind = "bill"
	KindFile          Kind = "file"
	KindNote          Kind = "note"
	KindConsent       Kind = "consent"
)

// Part is a part of a case as Parts shows it.
type Part struct {
	Kind   Kind
	ID     Ref
	Path   string // from the case: "services[0].offers[1]"
	Status string
	// Value points at the part within the case.
	Value any
}

// each yields the parts of one list, structs with an ID and perhaps a Status,
// and after each those below it.
func each[T any](yield func(Part) bool, kind Kind, path string, list []T, below func(*T, string) bool) bool {
	if len(list) == 0 {
		return true
	}
	id, _ := reflect.TypeFor[T]().FieldByName("ID")
	status, has := reflect.TypeFor[T]().FieldByName("Status")
	for i := range list {
		at := path + "[" + strconv.Itoa(i) + "]"
		v := reflect.ValueOf(&list[i]).Elem()
		p := Part{Kind: kind, ID: Ref(v.FieldByIndex(id.Index).String()), Path: at, Value: &list[i]}
		if has {
			p.Status = v.FieldByIndex(status.Index).String()
		}
		if !yield(p) || below != nil && !below(&list[i], at) {
			return false
		}
	}
	return true
}

// Parts gives every part of c that has an id of its own, parents before what is
// below them, the client and the case itself left out.
func (c *Case) Parts() iter.Seq[Part] {
	return func(yield func(Part) bool) {
		_ = c.people(yield) && c.findings(yield) && c.work(yield) && c.money(yield) && c.papers(yield)
	}
}

func (c *Case) people(yield func(Part) bool) bool {
	return each(yield, KindRelative, "family", c.Family, nil) &&
		each(yield, KindTeam, "teams", c.Teams, nil) &&
		each(yield, KindNetwork, "networks", c.Networks, nil) &&
		each(yield, KindReferral, "referrals", c.Referrals, nil)
}

func (c *Case) findings(yield func(Part) bool) bool {
	return each(yield, KindProblem, "problems", c.Problems, nil) &&
		each(yield, KindStrength, "strengths", c.Strengths, nil) &&
		each(yield, KindBarrier, "barriers", c.Barriers, nil) &&
		each(yield, KindRisk, "risks", c.Risks, nil) &&
		each(yield, KindAssessment, "assessments", c.Assessments, nil) &&
		each(yield, KindGoal, "goals", c.Goals, nil) &&
		each(yield, KindOutcome, "outcomes", c.Outcomes, nil)
}

func (c *Case) work(yield func(Part) bool) bool {
	return each(yield, KindPlan, "plans", c.Plans, func(p *Plan, at string) bool {
		return each(yield, KindApproval, at+".approvals", p.Approvals, nil)
	}) &&
		each(yield, KindService, "services", c.Services, func(s *Service, at string) bool {
			return each(yield, KindOffer, at+".offers", s.Offers, nil)
		}) &&
		each(yield, KindAppointment, "appointments", c.Appointments, nil) &&
		each(yield, KindContact, "contacts", c.Contacts, nil) &&
		each(yield, KindTask, "tasks", c.Tasks, nil)
}

func (c *Case) money(yield func(Part) bool) bool {
	return each(yield, KindReview, "reviews", c.Reviews, func(r *UtilizationReview, at string) bool {
		return each(yield, KindExchange, at+".exchanges", r.Exchanges, nil)
	}) &&
		each(yield, KindCoverage, "coverages", c.Coverages, func(v *Coverage, at string) bool {
			return each(yield, KindEligibility, at+".eligibility", v.Eligibility, nil)
		}) &&
		each(yield, KindAuthorization, "authorizations", c.Authorizations, func(a *Authorization, at string) bool {
			return each(yield, KindAppeal, at+".appeals", a.Appeals, nil)
		}) &&
		each(yield, KindAgreement, "agreements", c.Agreements, func(a *CostAgreement, at string) bool {
			return each(yield, KindBill, at+".bills", a.Bills, nil)
		})
}

func (c *Case) papers(yield func(Part) bool) bool {
	return each(yield, KindFile, "files", c.Files, nil) &&
		each(yield, KindNote, "notes", c.Notes, nil) &&
		each(yield, KindConsent, "consents", c.Consents, nil)
}

// find gives a pointer to the element of list that want accepts, nil for none.
func find[T any](list []T, want func(*T) bool) *T {
	for i := range list {
		if want(&list[i]) {
			return &list[i]
		}
	}
	return nil
}

// Goal gives the goal of this id, nil for none.
func (c *Case) Goal(id Ref) *Goal { return find(c.Goals, func(p *Goal) bool { return p.ID == id }) }

// Plan gives the plan version of this id, nil for none.
func (c *Case) Plan(id Ref) *Plan { return find(c.Plans, func(p *Plan) bool { return p.ID == id }) }

// Service gives the service of this id, nil for none.
func (c *Case) Service(id Ref) *Service {
	return find(c.Services, func(p *Service) bool { return p.ID == id })
}

// Offer gives the offer of this id, nil for none.
func (s *Service) Offer(id Ref) *Offer {
	return find(s.Offers, func(p *Offer) bool { return p.ID == id })
}

// Authorization gives the authorization of this id, nil for none.
func (c *Case) Authorization(id Ref) *Authorization {
	return find(c.Authorizations, func(p *Authorization) bool { return p.ID == id })
}

// Agreement gives the cost agreement of this id, nil for none.
func (c *Case) Agreement(id Ref) *CostAgreement {
	return find(c.Agreements, func(p *CostAgreement) bool { return p.ID == id })
}

// CurrentPlan gives the plan that is approved (and perhaps on hold): the case's
// own, else one of another system that was approved in the case; nil for none.
func (c *Case) CurrentPlan() *Plan {
	if own := find(c.Plans, func(p *Plan) bool { return !p.Foreign && p.current() }); own != nil {
		return own
	}
	return find(c.Plans, func(p *Plan) bool { return p.current() })
}

func (p *Plan) current() bool {
	return (!p.Foreign || wasApproved(p)) && (p.Status == PlanApproved || p.Status == PlanOnHold)
}

// adopted says whether a plan of another system was taken for the case's plan.
func (p *Plan) adopted() bool { return p.Foreign && wasApproved(p) && p.Status != PlanEnteredInError }

// DraftPlan gives the version that is being worked on or waits for approval,
// nil for none.
func (c *Case) DraftPlan() *Plan { return find(c.Plans, func(p *Plan) bool { return p.drafted() }) }

func (p *Plan) drafted() bool {
	return !p.Foreign && (p.Status == PlanDraft || p.Status == PlanReturned || p.Status == PlanAwaitingApproval)
}

// Current gives the round in force, nil where nothing was put forward.
func (a *CostAgreement) Current() *Round {
	if len(a.Rounds) == 0 {
		return nil
	}
	return &a.Rounds[len(a.Rounds)-1]
}
