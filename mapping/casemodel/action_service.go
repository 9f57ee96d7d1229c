package casemodel

import (
	"fmt"
	"slices"
	"strings"
)

// Offering asks providers to do a service.
type Offering struct {
	Service   Ref     `json:"service"`
	Providers []Asked `json:"providers"`
	Due       Date    `json:"due,omitzero"` // when answers are wanted
}

// Asked is a provider that is asked.
type Asked struct {
	Provider Party `json:"provider"`
	// Chosen says that the client has chosen this provider already.
	Chosen bool `json:"chosen,omitempty"`
	// OutOfNetwork is why one outside the insurer's network is asked.
	OutOfNetwork string `json:"outOfNetwork,omitempty"`
}

var (
	serviceOver  = rule("service-is-over", "The service is over, or a provider was taken for it already.")
	serviceDraft = rule("service-is-draft", "The service is a draft: it can be offered once the plan that asks for it is approved.")
	offerUnknown = rule("offer-unknown", "The offer isn't one of the service's.")
	dueInPast    = rule("due-in-the-past", "What is asked for can't be due before it is asked.")
	notProvider  = rule("provider-is-another", "The offer was made to another provider.")
)

// OfferService offers a service of the plan in force to one or several providers.
func OfferService(c Case, s Step, a Offering) (Result, error) {
	return act(c, ActionOffer, s, func(w *acting) {
		x := w.service(a.Service)
		if w.c.CurrentPlan() == nil && (x == nil || !w.c.orderedElsewhere(x)) {
			w.add(planApproval, "", "plans", w.c.wherePlanStands()...)
		}
		if x == nil {
			return
		}
		checkOfferable(x, x.Status, "argument.service", &w.found)
		if a.Due.Past(s.At) {
			w.add(dueInPast, x.ID, "argument.due")
		}
		if len(a.Providers) == 0 {
			w.add(providerNeeded, x.ID, "argument.providers")
		}
		for i, p := range a.Providers {
			w.ask(x, p, a.Due, indexed("argument.providers", i))
		}
		x.Status = ServiceOffered
	})
}

// wherePlanStands says why no plan is in force, where there is one in the making.
func (c *Case) wherePlanStands() []string {
	if d := c.DraftPlan(); d != nil {
		return []string{fmt.Sprintf("The plan (%s) is %s.", d.ID, statusWords(string(d.Status)))}
	}
	return nil
}

// statusWords are how a text says a status.
func statusWords(status string) string {
	if status == string(PlanDraft) {
		return "a draft"
	}
	return strings.ReplaceAll(status, "-", " ")
}

// checkOfferable finds what keeps a service of a status from being offered.
func checkOfferable(x *Service, status ServiceStatus, path string, found *Errors) {
	switch status {
	case ServiceRequested, ServiceOffered, ServiceDeclined, ServiceUnknown:
	case ServiceDraft:
		found.add(serviceDraft, x.ID, path)
	default:
		found.add(serviceOver, x.ID, path, "It is "+statusWords(string(status))+".")
	}
}

func (w *acting) ask(x *Service, p Asked, due Date, path string) {
	if p.Provider.IsZero() {
		w.add(providerNeeded, x.ID, path+".provider")
	}
	if w.c.Setting == SettingAcuteHospital && !w.c.inNetwork(p.Provider) && blank(p.OutOfNetwork) {
		w.add(outOfNetwork, x.ID, path+".outOfNetwork")
	}
	if slices.ContainsFunc(x.Offers, func(o Offer) bool { return !o.Status.Done() && o.Provider.Same(p.Provider) }) {
		w.add(providerTwice, x.ID, path+".provider")
	}
	x.Offers = append(x.Offers, Offer{
		ID: w.step.NewID("Task"), Status: TaskRequested, Provider: p.Provider, Chosen: p.Chosen,
		OutOfNetwork: p.OutOfNetwork, At: At(w.step.At), By: w.step.Actor.Party, Due: due,
	})
}

// service gives a service of the case, noting where there is none.
func (w *acting) service(id Ref) *Service {
	x := w.c.Service(id)
	if x == nil {
		w.add(serviceUnknown, id, "argument.service")
	}
	return x
}

// Answering is a provider's answer to an offer, or the client's choice of it.
type Answering struct {
	Service Ref `json:"service"`
	Offer   Ref `json:"offer"`
	// Evidence shows the answer, where another than the provider records it.
	Evidence Evidence `json:"evidence,omitzero"`
}

// Accept accepts an offer. It is taken at once if the client chose this
// provider or no other was asked; the others are then cancelled.
func Accept(c Case, s Step, a Answering) (Result, error) {
	return act(c, ActionAccept, s, func(w *acting) { w.answer(a, TaskAccepted) })
}

// Decline declines an offer; the reason of the step says why. A provider that
// was taken gives the service back.
func Decline(c Case, s Step, a Answering) (Result, error) {
	return act(c, ActionDecline, s, func(w *acting) { w.answer(a, TaskRejected) })
}

func (w *acting) answer(a Answering, to TaskStatus) {
	x, o := w.offer(a)
	if o == nil {
		return
	}
	if w.step.Actor.Role == RoleProvider && !o.Provider.Same(w.step.Actor.Party) {
		w.add(notProvider, o.ID, "actor.party")
	}
	if o.Status == to {
		w.add(edgeRules[KindOffer], o.ID, "argument.offer", "It has this answer already.")
	}
	var edge Errors
	checkEdge(Part{KindOffer, o.ID, "argument.offer", string(o.Status), nil},
		Part{KindOffer, o.ID, "argument.offer", string(to), nil}, w.step.Actor.Role, &edge)
	if len(edge) > 0 {
		w.found = append(w.found, edge...)
		return
	}
	was := *o
	o.Status, o.AnsweredAt, o.Reason, o.Evidence = to, At(w.step.At), w.step.Why, w.evidence(a.Evidence)
	checkAnswerer(&w.c, &was, o, w.step.Actor, "argument", &w.found)
	if to == TaskRejected && x.Provider.Same(o.Provider) && !x.Provider.IsZero() && !x.Status.Done() {
		x.Status, x.Provider = ServiceDeclined, Party{}
	}
}

// evidence says who recorded it.
func (w *acting) evidence(e Evidence) Evidence {
	if !e.IsZero() {
		e.By = w.by(e.By)
	}
	return e
}

func (w *acting) offer(a Answering) (*Service, *Offer) {
	x := w.service(a.Service)
	if x == nil {
		return nil, nil
	}
	o := x.Offer(a.Offer)
	if o == nil {
		w.add(offerUnknown, a.Offer, "argument.offer")
	}
	return x, o
}

// Choose notes which provider the client chose of those that were asked. If it
// has accepted, it is taken.
func Choose(c Case, s Step, a Answering) (Result, error) {
	return act(c, ActionChoose, s, func(w *acting) {
		x, o := w.offer(a)
		if o == nil {
			return
		}
		if o.Status.Done() {
			w.add(edgeRules[KindOffer], o.ID, "argument.offer", "A provider that declined or was cancelled can't be chosen.")
		}
		if !x.Provider.IsZero() {
			w.add(serviceOver, x.ID, "argument.service")
		}
		o.Chosen = true
	})
}

// Delivering moves a service on.
type Delivering struct {
	Service Ref           `json:"service"`
	Status  ServiceStatus `json:"status"` // in-progress, delivered, on-hold, ended
}

var endReason = rule("ending-needs-reason", "Ending a service before it was delivered whole needs the reason.")

// Deliver starts a service, notes that it was delivered, holds or ends it. Its
// provider's offer goes along. The provider needs to have been taken before.
func Deliver(c Case, s Step, a Delivering) (Result, error) {
	return act(c, ActionDeliver, s, func(w *acting) {
		x := w.service(a.Service)
		if x == nil {
			return
		}
		if w.step.Actor.Role == RoleProvider && !x.Provider.Same(w.step.Actor.Party) {
			w.add(notProvider, x.ID, "actor.party")
		}
		if a.Status == ServiceEnded && blank(s.Why) {
			w.add(endReason, x.ID, "argument.reason")
		}
		next := map[ServiceStatus]TaskStatus{
			ServiceInProgress: TaskInProgress, ServiceDelivered: TaskCompleted, ServiceOnHold: TaskOnHold, ServiceEnded: TaskCancelled,
		}
		if x.Status == ServiceOffered && slices.ContainsFunc(x.Offers, func(o Offer) bool { return o.Status == TaskAccepted }) {
			w.add(choiceNeeded, x.ID, "argument.service")
			return
		}
		to, known := next[a.Status]
		if !known || a.Status == x.Status || a.Status == ServiceInProgress && x.Status == ServiceRequested {
			w.add(edgeRules[KindService], x.ID, "argument.status")
			return
		}
		w.deliver(x, a.Status, to)
	})
}

func (w *acting) deliver(x *Service, to ServiceStatus, offer TaskStatus) {
	now := At(w.step.At)
	if to == ServiceInProgress && x.StartedAt == "" {
		x.StartedAt = now
	}
	if to == ServiceDelivered || to == ServiceEnded {
		x.EndedAt, x.StatusReason = now, w.step.Why
	}
	x.Status = to
	for i := range x.Offers {
		o := &x.Offers[i]
		switch {
		case o.Status.Done():
		case to == ServiceEnded:
			o.Status, o.Reason = TaskCancelled, w.step.Why
		case o.Provider.Same(x.Provider):
			o.Status = offer
		}
	}
}

// Schedule books an appointment, or changes one: an appointment with the id of
// one of the case's replaces it (moved, kept, missed, cancelled).
func Schedule(c Case, s Step, a Appointment) (Result, error) {
	return act(c, ActionSchedule, s, func(w *acting) {
		x := clone(a)
		old := find(w.c.Appointments, func(o *Appointment) bool { return o.ID == x.ID })
		if x.Status == "" {
			x.Status = AppointmentBooked
		}
		x.CreatedAt = w.now(x.CreatedAt)
		if x.ID != "" && old == nil {
			w.add(appointmentUnknown, x.ID, "argument.appointment")
			return
		}
		if old == nil && x.Status == AppointmentBooked && x.Start != "" && x.Start.Past(s.At) {
			w.add(bookedInPast, "", "argument.appointment.start")
		}
		for _, id := range x.Services {
			w.schedule(w.service(id), old == nil)
		}
		x.ID = w.named(x.ID, "Appointment")
		checkAppointment(&x, "argument.appointment", &w.found)
		w.c.Appointments = put(w.c.Appointments, x, func(x *Appointment) Ref { return x.ID })
	})
}

var (
	appointmentUnknown = rule("appointment-unknown", "The appointment isn't part of the case.")
	bookedInPast       = rule("appointment-in-the-past", "An appointment can't be booked for a time that has passed.")
)

func (w *acting) schedule(x *Service, booked bool) {
	if x != nil && booked && (x.Status.Done() || x.Provider.IsZero() && len(x.Offers) > 0) {
		w.add(serviceNotTaken, x.ID, "argument.appointment.services")
	}
}

var serviceNotTaken = rule("service-not-accepted", "An appointment needs a service that a provider has accepted and that isn't over.")
