package casemodel_test

import (
	"testing"

	"caseway/mapping/casemodel"
)

// offered gives an active case whose service was offered to these providers.
func offered(t *testing.T, providers ...casemodel.Party) *course {
	t.Helper()
	k := at(t, casemodel.PhaseActive)
	var asked []casemodel.Asked
	for _, p := range providers {
		asked = append(asked, casemodel.Asked{Provider: p})
	}
	return k.must(casemodel.OfferService(k.c, k.as(cm), casemodel.Offering{Service: serviceOf(k), Providers: asked}))
}

func TestIllegalOffers(t *testing.T) {
	active, one, two := at(t, casemodel.PhaseActive), offered(t, agency), offered(t, agency, rehab)
	planned := at(t, casemodel.PhasePlanning)
	taken, declined := offered(t, agency), offered(t, agency)
	taken.must(casemodel.Accept(taken.c, taken.as(casemodel.RoleProvider), answer(taken)))
	declined.must(casemodel.Decline(declined.c, declined.as(casemodel.RoleProvider, "full"), answer(declined)))
	begun := *taken
	begun.t = t
	begun.must(casemodel.Deliver(begun.c, begun.as(casemodel.RoleProvider), casemodel.Delivering{Service: serviceOf(&begun), Status: casemodel.ServiceInProgress}))
	over := begun
	over.must(casemodel.Deliver(over.c, over.as(casemodel.RoleProvider), casemodel.Delivering{Service: serviceOf(&over), Status: casemodel.ServiceDelivered}))
	accepted := offered(t, agency, rehab)
	accepted.must(casemodel.Accept(accepted.c, accepted.as(casemodel.RoleProvider), answer(accepted)))
	denied := requested(t)
	denied.must(casemodel.Decide(denied.c, denied.as(casemodel.RolePayer), casemodel.Ruling{
		Authorization: authorizationOf(denied), Status: casemodel.AuthorizationDenied, Reason: words("not covered"),
	}))
	denied.offerTo(serviceOf(denied), agency)
	network := at(t, casemodel.PhaseActive)
	network.c.Networks = []casemodel.Network{{ID: "OrganizationAffiliation/a1", Member: agency, Owner: insurer}}
	offer := func(a casemodel.Offering) func(*course) error {
		return func(k *course) error {
			if a.Service == "" {
				a.Service = serviceOf(k)
			}
			return errOf(casemodel.OfferService(k.c, k.as(cm), a))
		}
	}
	accept := func(k *course) error {
		return errOf(casemodel.Accept(k.c, k.as(casemodel.RoleProvider), answer(k)))
	}
	deliver := func(to casemodel.ServiceStatus) func(*course) error {
		return func(k *course) error {
			return errOf(casemodel.Deliver(k.c, k.as(casemodel.RoleProvider), casemodel.Delivering{Service: serviceOf(k), Status: to}))
		}
	}
	ask := []casemodel.Asked{{Provider: rehab}}
	run(t, []illegal{
		{"offering before the plan is approved", planned, offer(casemodel.Offering{Providers: ask}), []string{"phase-not-allowed", "plan-needs-approval", "service-is-draft"}},
		{"offering no service of the case", active, offer(casemodel.Offering{Service: "ServiceRequest/none", Providers: ask}), []string{"service-unknown"}},
		{"offering to nobody", active, offer(casemodel.Offering{}), []string{"provider-needed"}},
		{"offering to a provider without a name", active, offer(casemodel.Offering{Providers: []casemodel.Asked{{}}}), []string{"provider-needed"}},
		{"offering to one provider twice", one, offer(casemodel.Offering{Providers: []casemodel.Asked{{Provider: agency}}}), []string{"provider-asked-twice"}},
		{"offering what was taken", taken, offer(casemodel.Offering{Providers: ask}), []string{"service-is-over"}},
		{"offering with an answer due yesterday", active, offer(casemodel.Offering{Providers: ask, Due: "2026-02"}), []string{"due-in-the-past"}},
		{"offering outside the network", network, offer(casemodel.Offering{Providers: ask}), []string{"offer-out-of-network"}},
		{"accepting for another provider", one, func(k *course) error {
			return errOf(casemodel.Accept(k.c, k.by(casemodel.RoleProvider, rehab), answer(k)))
		}, []string{"provider-is-another"}},
		{"accepting no offer", active, accept, []string{"offer-unknown"}},
		{"accepting twice", taken, accept, []string{"offer-step-not-allowed"}},
		{"accepting what was declined", declined, accept, []string{"offer-step-not-allowed"}},
		{"accepting what another provider has", takenBy(t, rehab), accept, []string{"offer-step-not-allowed"}},
		{"declining without a reason", one, func(k *course) error {
			return errOf(casemodel.Decline(k.c, k.as(casemodel.RoleProvider), answer(k)))
		}, []string{"reason-needed"}},
		{"declining what is under way", &begun, func(k *course) error {
			return errOf(casemodel.Decline(k.c, k.as(casemodel.RoleProvider, "full"), answer(k)))
		}, []string{"offer-step-not-allowed"}},
		{"choosing who declined", declined, func(k *course) error {
			return errOf(casemodel.Choose(k.c, k.as(casemodel.RoleClient), answer(k)))
		}, []string{"offer-step-not-allowed"}},
		{"choosing after one was taken", taken, func(k *course) error {
			return errOf(casemodel.Choose(k.c, k.as(casemodel.RoleClient), answer(k)))
		}, []string{"service-is-over"}},
		{"choosing an offer of another service", two, func(k *course) error {
			return errOf(casemodel.Choose(k.c, k.as(casemodel.RoleClient), casemodel.Answering{Service: serviceOf(k), Offer: "Task/none"}))
		}, []string{"offer-unknown"}},
		{"starting what nobody has accepted", one, func(k *course) error {
			return errOf(casemodel.Deliver(k.c, k.as(cm), casemodel.Delivering{Service: serviceOf(k), Status: casemodel.ServiceInProgress}))
		}, []string{"service-step-not-allowed"}},
		{"starting before the client has chosen", accepted, func(k *course) error {
			return errOf(casemodel.Deliver(k.c, k.as(cm), casemodel.Delivering{Service: serviceOf(k), Status: casemodel.ServiceInProgress}))
		}, []string{"client-choice-needed"}},
		{"delivering what hasn't begun", taken, deliver(casemodel.ServiceDelivered), []string{"service-step-not-allowed"}},
		{"delivering twice", &over, deliver(casemodel.ServiceDelivered), []string{"service-step-not-allowed"}},
		{"starting again what is over", &over, deliver(casemodel.ServiceInProgress), []string{"service-step-not-allowed"}},
		{"delivering to a status of nobody's", taken, deliver("finished"), []string{"service-step-not-allowed"}},
		{"delivering for another provider", taken, func(k *course) error {
			return errOf(casemodel.Deliver(k.c, k.by(casemodel.RoleProvider, rehab), casemodel.Delivering{Service: serviceOf(k), Status: casemodel.ServiceInProgress}))
		}, []string{"provider-is-another"}},
		{"ending without a reason", taken, deliver(casemodel.ServiceEnded), []string{"ending-needs-reason"}},
		{"starting what the insurer denied", denied, deliver(casemodel.ServiceInProgress), []string{"service-needs-authorization"}},
	})
}

// takenBy gives a case in which of two that were asked the client chose p.
func takenBy(t *testing.T, p casemodel.Party) *course {
	t.Helper()
	k := offered(t, agency, p)
	a := casemodel.Answering{Service: serviceOf(k), Offer: k.c.Services[0].Offers[1].ID}
	k.must(casemodel.Choose(k.c, k.as(casemodel.RoleClient), a))
	return k.must(casemodel.Accept(k.c, k.by(casemodel.RoleProvider, p), a))
}

func TestIllegalVisitsAndWork(t *testing.T) {
	active, one := at(t, casemodel.PhaseActive), offered(t, agency)
	visited := at(t, casemodel.PhaseActive)
	visited.must(casemodel.Schedule(visited.c, visited.as(cm), casemodel.Appointment{Start: casemodel.At(visited.at.AddDate(0, 0, 1))}))
	kept := *visited
	kept.t = t
	kept.wait(2)
	gone := kept.c.Appointments[0]
	gone.Status = casemodel.AppointmentKept
	kept.must(casemodel.Schedule(kept.c, kept.as(cm), gone))
	done := at(t, casemodel.PhaseActive)
	first := done.c.Tasks[0]
	first.Status = casemodel.TaskCompleted
	done.must(casemodel.Work(done.c, done.as(cm), first))
	held := at(t, casemodel.PhaseActive)
	held.must(casemodel.RecordContact(held.c, held.as(cm), casemodel.Contact{Kind: casemodel.ContactTelephone, Learned: "well"}))
	book := func(a casemodel.Appointment) func(*course) error {
		return func(k *course) error { return errOf(casemodel.Schedule(k.c, k.as(cm), a)) }
	}
	become := func(to casemodel.AppointmentStatus) func(*course) error {
		return func(k *course) error {
			a := k.c.Appointments[0]
			a.Status = to
			return errOf(casemodel.Schedule(k.c, k.as(cm), a))
		}
	}
	meet := func(x casemodel.Contact) func(*course) error {
		return func(k *course) error { return errOf(casemodel.RecordContact(k.c, k.as(cm), x)) }
	}
	work := func(x casemodel.Task) func(*course) error {
		return func(k *course) error { return errOf(casemodel.Work(k.c, k.as(cm), x)) }
	}
	measure := func(x casemodel.Measuring) func(*course) error {
		return func(k *course) error {
			if len(x.Outcome.Goals) > 0 && x.Outcome.Goals[0] == "" {
				x.Outcome.Goals = []casemodel.Ref{k.c.Goals[0].ID}
			}
			return errOf(casemodel.RecordOutcome(k.c, k.as(cm), x))
		}
	}
	run(t, []illegal{
		{"booking for no time", active, book(casemodel.Appointment{}), []string{"appointment-needs-start"}},
		{"booking for the past", active, book(casemodel.Appointment{Start: "2025-12-24"}), []string{"appointment-in-the-past"}},
		{"ending before the start", active, book(casemodel.Appointment{Start: "2026-12-24", End: "2026-12-23"}), []string{"appointment-ends-first"}},
		{"booking at no readable time", active, book(casemodel.Appointment{Start: "noon"}), []string{"date-unreadable"}},
		{"changing no appointment of the case", active, book(casemodel.Appointment{ID: "Appointment/none", Start: "2026-12-24"}), []string{"appointment-unknown"}},
		{"booking no service of the case", active, book(casemodel.Appointment{Services: []casemodel.Ref{"ServiceRequest/none"}, Start: "2026-12-24"}), []string{"service-unknown"}},
		{"booking what nobody has accepted", one, func(k *course) error {
			return book(casemodel.Appointment{Services: []casemodel.Ref{serviceOf(k)}, Start: "2026-12-24"})(k)
		}, []string{"service-not-accepted"}},
		{"a visit kept before its time", visited, become(casemodel.AppointmentKept), []string{"not-yet-happened"}},
		{"a visit that was kept, missed", &kept, become(casemodel.AppointmentMissed), []string{"appointment-step-not-allowed"}},
		{"a visit that was kept, cancelled", &kept, become(casemodel.AppointmentCancelled), []string{"appointment-step-not-allowed"}},
		{"a contact of no kind", active, meet(casemodel.Contact{Learned: "well"}), []string{"contact-needs-kind"}},
		{"a contact of an unheard-of kind", active, meet(casemodel.Contact{Kind: "pigeon", Learned: "well"}), []string{"contact-needs-kind"}},
		{"a contact from which nothing was learned", active, meet(casemodel.Contact{Kind: casemodel.ContactHomeVisit}), []string{"learned-needed"}},
		{"a contact held tomorrow", active, meet(casemodel.Contact{Kind: casemodel.ContactHomeVisit, Learned: "well", Period: casemodel.Period{Start: "2026-12-24"}}), []string{"not-yet-happened"}},
		{"a contact that ends before it starts", active, meet(casemodel.Contact{Kind: casemodel.ContactHomeVisit, Learned: "well", Period: casemodel.Period{Start: "2026-01-24", End: "2026-01-23"}}), []string{"period-reversed"}},
		{"a contact planned for no day", active, meet(casemodel.Contact{Kind: casemodel.ContactHomeVisit, Status: casemodel.ContactPlanned}), []string{"contact-needs-date"}},
		{"no contact of the case", active, meet(casemodel.Contact{ID: "Encounter/none", Kind: casemodel.ContactVideo, Learned: "well"}), []string{"contact-unknown"}},
		{"a contact that was held, planned again", held, func(k *course) error {
			x := k.c.Contacts[0]
			x.Status, x.Due = casemodel.ContactPlanned, "2026-12-24"
			return meet(x)(k)
		}, []string{"contact-step-not-allowed"}},
		{"a task to do nothing", active, work(casemodel.Task{}), []string{"task-needs-description"}},
		{"a task due yesterday", active, work(casemodel.Task{Text: "call", Due: "2026-02-01"}), []string{"due-in-the-past"}},
		{"no task of the case", active, work(casemodel.Task{ID: "Task/none", Text: "call"}), []string{"task-unknown"}},
		{"a completed task, begun again", done, func(k *course) error {
			x := k.c.Tasks[0]
			x.Status = casemodel.TaskInProgress
			return work(x)(k)
		}, []string{"task-step-not-allowed"}},
		{"an outcome for no goal", active, measure(casemodel.Measuring{Outcome: casemodel.Outcome{Value: number("3")}}), []string{"outcome-needs-goal"}},
		{"an outcome for another case's goal", active, measure(casemodel.Measuring{Outcome: casemodel.Outcome{Goals: []casemodel.Ref{"Goal/none"}, Value: number("3")}}), []string{"goal-unknown"}},
		{"an outcome of no value", active, measure(casemodel.Measuring{Outcome: casemodel.Outcome{Goals: []casemodel.Ref{""}}}), []string{"outcome-needs-value"}},
		{"an outcome measured tomorrow", active, measure(casemodel.Measuring{Outcome: casemodel.Outcome{Goals: []casemodel.Ref{""}, Value: number("3"), At: "2026-12"}}), []string{"not-yet-happened"}},
		{"a goal that goes back to a proposal", active, measure(casemodel.Measuring{
			Outcome: casemodel.Outcome{Goals: []casemodel.Ref{""}, Value: number("3")}, Status: casemodel.GoalProposed,
		}), []string{"goal-step-not-allowed"}},
	})
}
