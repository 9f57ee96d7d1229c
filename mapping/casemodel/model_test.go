package casemodel_test

import (
	"slices"
	"testing"

	"caseway/mapping/casemodel"
)

func TestEachModelStartsACaseItsOwnWay(t *testing.T) {
	cadence := map[casemodel.Model]casemodel.Cadence{
		casemodel.ModelStrengthsBased: {Kind: casemodel.ContactFaceToFace, Days: 14},
		casemodel.ModelClinical:       {Kind: casemodel.ContactTelephone, Days: 14},
		casemodel.ModelIntensive:      {Kind: casemodel.ContactFaceToFace, Days: 7},
		casemodel.ModelTargeted:       {Kind: casemodel.ContactTelephone, Days: 30},
	}
	for _, m := range casemodel.Models() {
		k := opened(t, m, casemodel.SettingCommunity)
		template, _ := casemodel.TemplateOf(m)
		for _, a := range template.Activities {
			if !slices.ContainsFunc(k.c.Tasks, func(x casemodel.Task) bool {
				return x.Code.Is(casemodel.ActivitySystem, a.Code) && x.Due != "" && x.Owner.Same(manager)
			}) {
				t.Errorf("%s doesn't start with %s", m, a.Code)
			}
		}
		want, expected := cadence[m]
		if expected != (len(k.c.Cadences) == 1) {
			t.Fatalf("%s has cadences %+v", m, k.c.Cadences)
		}
		if expected && (k.c.Cadences[0].Kind != want.Kind || k.c.Cadences[0].Days != want.Days || len(k.c.Contacts) != 1) {
			t.Errorf("%s has cadence %+v and contacts %+v", m, k.c.Cadences[0], k.c.Contacts)
		}
	}
}

func TestEachSettingAddsItsWork(t *testing.T) {
	for _, s := range casemodel.Settings() {
		k := opened(t, casemodel.ModelClinical, s)
		for _, a := range casemodel.SettingWork(s) {
			started := slices.ContainsFunc(k.c.Tasks, func(x casemodel.Task) bool { return x.Code.Is(casemodel.ActivitySystem, a.Code) }) ||
				a.Review && len(k.c.Reviews) == 1
			if started != (a.Trigger == casemodel.TriggerOpening) {
				t.Errorf("%s: %s on %s is started: %t", s, a.Code, a.Trigger, started)
			}
		}
		k.assess().plan().submit().approve().must(casemodel.Monitor(k.c, k.as(cm)))
		for _, a := range casemodel.SettingWork(s) {
			if a.Trigger == casemodel.TriggerLeaving && !slices.ContainsFunc(k.c.Tasks, func(x casemodel.Task) bool {
				return x.Code.Is(casemodel.ActivitySystem, a.Code)
			}) {
				t.Errorf("%s: %s isn't started on leaving", s, a.Code)
			}
		}
	}
}

func TestAnAdaptedTemplateBindsItsCases(t *testing.T) {
	adapted := casemodel.Template{
		URL: "http://example.org/PlanDefinition/mine", Model: casemodel.ModelClinical,
		Requires: []casemodel.Requirement{casemodel.RequireStrengths},
		Cadences: []casemodel.Cadence{{Kind: casemodel.ContactHomeVisit, Days: 3}},
	}
	k := at(t, casemodel.PhaseReferred)
	k.must(casemodel.Open(k.c, k.as(cm), casemodel.Opening{
		Model: casemodel.ModelClinical, Setting: casemodel.SettingCommunity, Template: &adapted,
	}))
	if k.c.Template != adapted.URL || k.c.Cadences[0].Days != 3 {
		t.Errorf("opened with %s and %+v", k.c.Template, k.c.Cadences)
	}
	a := assessment()
	a.Strengths = nil
	_, err := casemodel.Assess(k.c, k.as(cm), a)
	refused(t, err, "strengths-needed")
}

func TestAContactHeldPlansTheNextOne(t *testing.T) {
	k := opened(t, casemodel.ModelIntensive, casemodel.SettingCommunity)
	k.wait(10)
	if !casemodel.Overdue(&k.c, k.at) {
		t.Errorf("ten days on, nothing is overdue: %+v", k.c.NextDue)
	}
	k.must(casemodel.RecordContact(k.c, k.as(cm), casemodel.Contact{Kind: casemodel.ContactTelephone, Learned: "no answer to much"}))
	if got := planned(k); len(got) != 1 || !got[0].Due.Past(k.at) {
		t.Fatalf("a call counted as a meeting: %+v", got)
	}
	k.must(casemodel.RecordContact(k.c, k.as(cm), casemodel.Contact{Kind: casemodel.ContactHomeVisit, Learned: "eats well"}))
	got := planned(k)
	if want := casemodel.Day(k.at.AddDate(0, 0, 7)); len(got) != 1 || got[0].Due != want || k.c.Cadences[0].NextDue != want {
		t.Errorf("the next is %+v, not %s", got, want)
	}
	if held := k.c.Contacts[0]; held.Status != casemodel.ContactHeld || held.Held == "" || held.Held == held.ID {
		t.Errorf("the planned contact wasn't the one held: %+v", held)
	}
}

func planned(k *course) []casemodel.Contact {
	return slices.DeleteFunc(slices.Clone(k.c.Contacts), func(x casemodel.Contact) bool { return x.Status != casemodel.ContactPlanned })
}

func TestBrokerageExpectsNoContactAndClosesOnAcceptance(t *testing.T) {
	k := opened(t, casemodel.ModelBrokerage, casemodel.SettingCommunity).assess().plan().submit().approve()
	if len(planned(k)) != 0 {
		t.Errorf("brokerage plans contacts: %+v", planned(k))
	}
	k.offerTo(serviceOf(k), agency)
	k.must(casemodel.Close(k.c, k.as(cm), closure("needs-met-elsewhere")))
	if k.c.Services[0].Status != casemodel.ServiceAccepted {
		t.Errorf("closing ended what a provider does: %s", k.c.Services[0].Status)
	}
}

func TestIntensiveStartsAFirstServiceWithinDays(t *testing.T) {
	k := opened(t, casemodel.ModelIntensive, casemodel.SettingCommunity).assess().plan().submit().approve()
	first := func() casemodel.Task {
		i := slices.IndexFunc(k.c.Tasks, func(x casemodel.Task) bool { return x.Code.Is(casemodel.ActivitySystem, casemodel.FirstServiceCode) })
		return k.c.Tasks[i]
	}
	if first().Due != casemodel.Day(start.AddDate(0, 0, 5)) {
		t.Errorf("the first service is due %s", first().Due)
	}
	k.offerTo(serviceOf(k), agency)
	k.must(casemodel.Deliver(k.c, k.as(casemodel.RoleProvider), casemodel.Delivering{Service: serviceOf(k), Status: casemodel.ServiceInProgress}))
	if first().Status != casemodel.TaskCompleted {
		t.Errorf("the first service began, and its task is %s", first().Status)
	}
}

func TestATaskThatComesAgainIsMadeAnew(t *testing.T) {
	k := opened(t, casemodel.ModelClinical, casemodel.SettingHomeHealth)
	i := slices.IndexFunc(k.c.Tasks, func(x casemodel.Task) bool { return x.Every == 7 })
	done := k.c.Tasks[i]
	done.Status = casemodel.TaskCompleted
	n := len(k.c.Tasks)
	k.wait(5).must(casemodel.Work(k.c, k.as(cm), done))
	if len(k.c.Tasks) != n+1 || k.c.Tasks[n].Status != casemodel.TaskRequested || k.c.Tasks[n].Due != casemodel.Day(start.AddDate(0, 0, 12)) {
		t.Errorf("the next is %+v", k.c.Tasks[n:])
	}
}

func TestUseOfOrderedServicesIsTracked(t *testing.T) {
	k := offered(t, agency)
	k.must(casemodel.Accept(k.c, k.as(casemodel.RoleProvider), answer(k)))
	if u := casemodel.Uses(&k.c); len(u) != 1 || !u[0].Unused {
		t.Fatalf("nothing is booked, and use is %+v", u)
	}
	k.must(casemodel.Schedule(k.c, k.as(cm), casemodel.Appointment{
		Services: []casemodel.Ref{serviceOf(k)}, Start: casemodel.At(k.at.AddDate(0, 0, 1)),
	}))
	if u := casemodel.Uses(&k.c); u[0].Booked != 1 || u[0].Unused {
		t.Errorf("one is booked, and use is %+v", u)
	}
	x := k.c.Appointments[0]
	x.Status = casemodel.AppointmentMissed
	k.wait(2).must(casemodel.Schedule(k.c, k.as(cm), x))
	if u := casemodel.Uses(&k.c); u[0].Missed != 1 || !u[0].Unused {
		t.Errorf("one was missed, and use is %+v", u)
	}
}

func TestAHospitalReviewsUtilizationUntilTheClientLeaves(t *testing.T) {
	k := opened(t, casemodel.ModelClinical, casemodel.SettingAcuteHospital)
	id := k.c.Reviews[0].ID
	if k.c.Reviews[0].NextReview != casemodel.Day(start.AddDate(0, 0, 1)) || !k.c.Reviews[0].Insurer.Same(insurer) {
		t.Fatalf("the review is %+v", k.c.Reviews[0])
	}
	k.must(casemodel.Review(k.c, k.as(cm), casemodel.Reviewing{Review: id, Exchange: casemodel.Exchange{
		Kind: casemodel.ExchangeUpdate, Text: "walks ten steps",
	}}))
	k.must(casemodel.Review(k.c, k.as(casemodel.RolePayer), casemodel.Reviewing{Review: id, Exchange: casemodel.Exchange{
		Kind: casemodel.ExchangeAuthorized, Days: 3, NextReview: "2026-03-05",
	}}))
	if r := k.c.Reviews[0]; len(r.Exchanges) != 2 || r.NextReview != "2026-03-05" || !slices.ContainsFunc(casemodel.Dues(&k.c), func(d casemodel.Due) bool {
		return d.Kind == "review" && d.Part == id && d.Date == "2026-03-05"
	}) {
		t.Errorf("the review is %+v", r)
	}
}
