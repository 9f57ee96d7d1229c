package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"caseway/mapping/casemodel"
	"caseway/server/cases"
)

// Who takes part besides client and family.
var (
	hospital  = casemodel.Party{Ref: "Organization/riverside-hospital"}
	insurer   = casemodel.Party{Ref: "Organization/northern-mutual"}
	rehab     = casemodel.Party{Ref: "Organization/harbour-rehabilitation"}
	neuro     = casemodel.Party{Ref: "Organization/linden-neuropsychology"}
	agency    = casemodel.Party{Ref: "Organization/homeward-nursing"}
	pharmacy  = casemodel.Party{Ref: "Organization/corner-pharmacy"}
	fund      = casemodel.Party{Ref: "Organization/city-relief-fund"}
	manager   = casemodel.Party{Ref: "Practitioner/nora-lind"}
	physician = casemodel.Party{Ref: "Practitioner/omar-haddad"}
)

// course takes a case through actions; after the first error it does nothing.
type course struct {
	ctx     context.Context
	service *cases.Service
	base    string
	clock   *time.Time // what the service takes for now
	begin   time.Time  // of the story
	patient string
	c       casemodel.Case
	err     error
}

func (k *course) client() casemodel.Party {
	return casemodel.Party{Ref: casemodel.Ref("Patient/" + k.patient)}
}

func (k *course) family() casemodel.Party {
	return casemodel.Party{Ref: casemodel.Ref("RelatedPerson/" + k.patient + "-family")}
}

// on sets the clock to a day of the story, counted from 0.
func (k *course) on(days int) { *k.clock = k.begin.Add(time.Duration(days) * day) }

// create makes the case by a referral of the hospital's physician.
func (k *course) create(why string) {
	k.on(0)
	argument, err := json.Marshal(casemodel.Referring{Referral: casemodel.Referral{
		From: hospital, Reasons: []casemodel.Concept{casemodel.Words(why)}, Priority: "urgent",
	}})
	if err != nil {
		k.err = err
		return
	}
	answer, err := k.service.Create(k.ctx, cases.NewCase{
		Action: casemodel.ActionRefer, Client: k.client().Ref,
		Bring: []casemodel.Ref{casemodel.Ref("Coverage/" + k.patient), k.family().Ref},
		Role:  casemodel.RoleReferrer, By: physician, Argument: argument,
	})
	k.take(casemodel.ActionRefer, answer, err)
}

// act takes an action, whose reason may be "".
func (k *course) act(name casemodel.Action, role casemodel.Role, by casemodel.Party, argument any, why string) {
	if k.err != nil {
		return
	}
	*k.clock = k.clock.Add(time.Minute)
	request := cases.ActionRequest{Role: role, By: by, Reason: why}
	if argument != nil {
		if request.Argument, k.err = json.Marshal(argument); k.err != nil {
			return
		}
	}
	answer, err := k.service.Act(k.ctx, k.c.ID, name, request, nil)
	k.take(name, answer, err)
}

// manage is an action of the case manager that needs no reason.
func (k *course) manage(name casemodel.Action, argument any) {
	k.act(name, casemodel.RoleCaseManager, manager, argument, "")
}

// errLost: a story says something that FHIR has no place for.
var errLost = errors.New("something was lost")

func (k *course) take(name casemodel.Action, answer cases.Answer[cases.View], err error) {
	if err != nil {
		k.err = fmt.Errorf("%s in phase %s: %w", name, k.c.Phase, err)
		return
	}
	v := answer.Value
	if len(v.Losses) > 0 {
		k.err = fmt.Errorf("%s: %w: %s", name, errLost, v.Losses[0].Path)
	}
	k.c = v.Case
}

// open opens the case in the clinical model.
func (k *course) open() {
	k.manage(casemodel.ActionOpen, casemodel.Opening{
		Model: casemodel.ModelClinical, Setting: casemodel.SettingAcuteHospital, Manager: manager, ManagingOrganization: hospital,
	})
}

// approved brings the plan that is drafted into force.
func (k *course) approved() {
	k.manage(casemodel.ActionSubmit, casemodel.Submission{Approver: physician})
	k.act(casemodel.ActionApprove, casemodel.RolePhysician, physician, nil, "")
}

// offer offers a service to a provider, which accepts.
func (k *course) offer(i int, asked casemodel.Asked) {
	if k.err != nil {
		return
	}
	id := k.c.Services[i].ID
	k.manage(casemodel.ActionOffer, casemodel.Offering{Service: id, Providers: []casemodel.Asked{asked}})
	if k.err != nil {
		return
	}
	offers := k.c.Service(id).Offers
	k.act(casemodel.ActionAccept, casemodel.RoleProvider, asked.Provider, casemodel.Answering{
		Service: id, Offer: offers[len(offers)-1].ID,
	}, "")
}

// catchUp does the case manager's tasks that are due within a day. A task that
// comes again is due later then.
func (k *course) catchUp() {
	for range 3 { // a task may have come again more than once
		for _, t := range k.c.Tasks {
			if k.err == nil && !t.Status.Done() && t.Due.Past(k.clock.Add(day)) {
				t.Status = casemodel.TaskCompleted
				k.manage(casemodel.ActionWork, t)
			}
		}
	}
}

// discharge hands the case over to care at home.
func (k *course) discharge() {
	k.act(casemodel.ActionTransfer, casemodel.RoleCaseManager, manager,
		casemodel.Place{Setting: casemodel.SettingHomeHealth}, "discharged home")
}

// called records a telephone check-in.
func (k *course) called(learned string) {
	k.manage(casemodel.ActionRecordContact, casemodel.Contact{Kind: casemodel.ContactTelephone, Learned: learned})
}

// reviewed is a round of the utilization review: an update and the insurer's answer.
func (k *course) reviewed(update string, days int) {
	if k.err != nil || len(k.c.Reviews) == 0 {
		return
	}
	id, next := k.c.Reviews[0].ID, casemodel.Day(k.clock.Add(time.Duration(days)*day))
	k.manage(casemodel.ActionReview, casemodel.Reviewing{Review: id, Exchange: casemodel.Exchange{
		Kind: casemodel.ExchangeUpdate, Text: update, NextReview: next,
	}})
	k.act(casemodel.ActionReview, casemodel.RolePayer, insurer, casemodel.Reviewing{Review: id, Exchange: casemodel.Exchange{
		Kind: casemodel.ExchangeAuthorized, Days: days, NextReview: next,
	}}, "")
}

// endReview ends the utilization review of the stay.
func (k *course) endReview() {
	if k.err != nil || len(k.c.Reviews) == 0 {
		return
	}
	k.manage(casemodel.ActionReview, casemodel.Reviewing{Review: k.c.Reviews[0].ID, Close: true, Exchange: casemodel.Exchange{
		Kind: casemodel.ExchangeUpdate, Text: "discharged home",
	}})
}

// goal is a goal of a plan.
func (k *course) goal(text, words, measure, wanted, unit string, days int) casemodel.Goal {
	return casemodel.Goal{
		Description: casemodel.Words(text), ClientWords: words,
		Targets: []casemodel.Target{{
			Measure: casemodel.Words(measure),
			Detail:  casemodel.Value{Quantity: &casemodel.Quantity{Value: casemodel.Decimal(wanted), Unit: unit}},
			Due:     casemodel.Day(k.begin.Add(time.Duration(days) * day)),
		}},
	}
}

// problem is an active entry of the problem list with a SNOMED CT code.
func problem(code, display string) casemodel.Problem {
	return casemodel.Problem{
		Code:     casemodel.Concept{Codings: []casemodel.Coding{{System: "http://snomed.info/sct", Code: code, Display: display}}, Text: display},
		Clinical: "active", Verification: "confirmed",
		Categories: []casemodel.Concept{{Codings: []casemodel.Coding{
			{System: "http://terminology.hl7.org/CodeSystem/condition-category", Code: "problem-list-item", Display: "Problem List Item"},
		}}},
	}
}

// service is a service with how much of it is ordered.
func service(text, ordered, unit string) casemodel.Service {
	return casemodel.Service{Code: casemodel.Words(text), Ordered: &casemodel.Quantity{Value: casemodel.Decimal(ordered), Unit: unit}}
}
