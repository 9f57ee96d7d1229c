package demo

import (
	"time"

	"caseway/mapping/casemodel"
)

// accidentPlanned tells the accident as far as the draft of the plan.
func (k *course) accidentPlanned() {
	k.create("fell from the bicycle in traffic")
	k.open()
	k.reviewed("operated on the femur; head injury under observation", 4)
	k.on(1)
	k.manage(casemodel.ActionAssess, casemodel.Assessing{
		Assessment: casemodel.Assessment{
			Status: casemodel.AssessmentCompleted, Informant: k.client(),
			Needs:     []casemodel.Need{{Text: "to walk and to use the right arm again"}, {Text: "memory and concentration after the head injury"}, {Text: "money while not at work"}},
			Resources: []casemodel.Need{{Text: "the family can stay for the first two weeks"}},
			Necessity: []casemodel.Necessity{{Care: casemodel.Words("three therapies under one plan"), Setting: casemodel.SettingHomeHealth, Reason: "stable enough to leave the ward"}},
			Summary:   "motivated; lives on the third floor without a lift",
		},
		Problems: []casemodel.Problem{
			problem("66308002", "Fracture of humerus"), problem("71620000", "Fracture of femur"), problem("127295002", "Traumatic brain injury"),
		},
		Strengths: []casemodel.Strength{{Source: casemodel.StrengthFamily, Text: "the family is nearby and wants to help"}},
	})
	k.on(2)
	k.manage(casemodel.ActionPlan, casemodel.Planning{
		Plan: casemodel.Plan{Title: "After the accident", Participants: []casemodel.Party{k.client(), k.family()}},
		Goals: []casemodel.Goal{
			k.goal("to walk without a stick", "I want to cycle to work again", "distance walked without aid", "500", "m", 90),
			k.goal("to remember appointments", "I don't want to ask twice", "appointments remembered of ten", "9", "of 10", 90),
		},
		Services: []casemodel.Service{
			service("physical therapy", "12", "visits"), service("neuropsychology", "6", "visits"),
			service("occupational therapy", "6", "visits"), service("financial help", "1", "grant"),
		},
	})
}

// accidentUnderWay goes on to the therapies, at home.
func (k *course) accidentUnderWay() {
	k.accidentPlanned()
	k.approved()
	k.on(3)
	k.offer(0, casemodel.Asked{Provider: rehab, Chosen: true})
	k.offer(1, casemodel.Asked{Provider: neuro})
	k.offer(2, casemodel.Asked{Provider: agency})
	k.offer(3, casemodel.Asked{Provider: fund, OutOfNetwork: "a public fund is in no insurer's network"})
	k.catchUp()
	k.on(6)
	k.endReview()
	k.discharge()
	k.catchUp()
	for i := range 3 {
		k.book(i, 8+i)
	}
	k.on(9)
	k.called("sleeps badly, the stairs are hard")
	k.on(13)
	k.keep()
	k.catchUp()
	for i := range 3 {
		k.book(i, 24+i)
	}
	k.on(20)
	k.called("walks to the shop with a stick")
	k.catchUp()
}

// book books an hour of a service on a day of the story.
func (k *course) book(i, days int) {
	if k.err != nil {
		return
	}
	at := k.begin.Add(time.Duration(days) * day).Truncate(time.Hour)
	k.manage(casemodel.ActionSchedule, casemodel.Appointment{
		Services: []casemodel.Ref{k.c.Services[i].ID}, Start: casemodel.At(at), End: casemodel.At(at.Add(time.Hour)), Minutes: 60,
	})
}

// keep notes that the appointments until now were kept.
func (k *course) keep() {
	for _, a := range k.c.Appointments {
		if k.err == nil && !a.Status.Done() && a.End.Past(*k.clock) {
			a.Status = casemodel.AppointmentKept
			k.manage(casemodel.ActionSchedule, a)
		}
	}
}

// accidentClosed goes on to a recovery that is measured.
func (k *course) accidentClosed() {
	k.accidentUnderWay()
	k.on(28)
	k.keep()
	k.on(90)
	for _, x := range k.c.Services {
		if x.Status != casemodel.ServiceInProgress { // the grant needs no appointment
			k.act(casemodel.ActionDeliver, casemodel.RoleProvider, x.Provider, casemodel.Delivering{Service: x.ID, Status: casemodel.ServiceInProgress}, "")
		}
		k.act(casemodel.ActionDeliver, casemodel.RoleProvider, x.Provider, casemodel.Delivering{Service: x.ID, Status: casemodel.ServiceDelivered}, "")
	}
	k.called("back at work, half of the hours")
	k.catchUp()
	for i, measured := range []casemodel.Quantity{{Value: "800", Unit: "m"}, {Value: "9", Unit: "of 10"}} {
		if k.err != nil {
			return
		}
		k.manage(casemodel.ActionRecordOutcome, casemodel.Measuring{
			Outcome: casemodel.Outcome{Goals: []casemodel.Ref{k.c.Goals[i].ID}, Value: casemodel.Value{Quantity: &measured}},
			Status:  casemodel.GoalCompleted,
		})
	}
	k.on(100)
	k.manage(casemodel.ActionClose, casemodel.Closure{
		Reason: casemodel.ClosureReason("goals-met"), Summary: "walks and works again; all therapies were used as ordered",
		HandOver: "the general practitioner looks after the arm in spring",
	})
}
