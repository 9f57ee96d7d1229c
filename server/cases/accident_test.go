package cases_test

import (
	"slices"
	"testing"
	"time"

	"caseway/mapping/casemodel"
)

var therapists = []casemodel.Party{
	{Ref: "Organization/rehab"}, {Ref: "Organization/neuro"}, {Ref: "Organization/agency"}, {Ref: "Organization/fund"},
}

// hurt gives the accident as far as the plan in force, with three therapies and
// financial help. The therapists belong to a network of the insurer, the fund to
// none.
func (a *api) hurt() *course {
	a.t.Helper()
	for _, id := range []string{"rehab", "neuro", "fund"} {
		a.put("Organization/"+id, `{"resourceType":"Organization","id":"`+id+`","name":"`+id+`"}`)
	}
	for _, id := range []string{"rehab", "neuro", "agency"} {
		a.put("OrganizationAffiliation/"+id, `{"resourceType":"OrganizationAffiliation","id":"`+id+`","active":true,`+
			`"organization":{"reference":"Organization/insurer"},"participatingOrganization":{"reference":"Organization/`+id+`"}}`)
	}
	k := a.open()
	k.must("assess", casemodel.RoleCaseManager, manager, casemodel.Assessing{
		Assessment: casemodel.Assessment{Status: casemodel.AssessmentCompleted, Needs: []casemodel.Need{{Text: "to walk"}}},
		Problems:   []casemodel.Problem{{Code: casemodel.Words("fracture of femur"), Clinical: "active", Categories: problemList}},
		Strengths:  []casemodel.Strength{{Source: casemodel.StrengthFamily, Text: "a sister nearby"}},
	})
	plan := casemodel.Planning{
		Plan:  casemodel.Plan{Title: "After the accident", Participants: []casemodel.Party{client}},
		Goals: []casemodel.Goal{goal("to walk without a stick"), goal("to remember appointments")},
	}
	for _, text := range []string{"physical therapy", "neuropsychology", "occupational therapy", "financial help"} {
		plan.Services = append(plan.Services, casemodel.Service{
			Code: casemodel.Words(text), Ordered: &casemodel.Quantity{Value: "3", Unit: "visits"},
		})
	}
	k.must("plan", casemodel.RoleCaseManager, manager, plan)
	k.must("submit", casemodel.RoleCaseManager, manager, casemodel.Submission{Approver: physician})
	k.must("approve", casemodel.RolePhysician, physician, nil)
	k.phase(casemodel.PhaseActive)
	return k
}

// TestTheAccident runs the first story by the case API.
func TestTheAccident(t *testing.T) {
	onEachStore(t, func(_ *testing.T, a *api) { a.accident() })
}

func (a *api) accident() *course {
	a.t.Helper()
	k := a.hurt()
	services := slices.Clone(k.c.Services)
	for i, x := range services {
		asked := casemodel.Asked{Provider: therapists[i]}
		if i == 3 {
			k.refused("offer-out-of-network", "offer", casemodel.RoleCaseManager, manager,
				casemodel.Offering{Service: x.ID, Providers: []casemodel.Asked{asked}})
			asked.OutOfNetwork = "a public fund"
		}
		k.must("offer", casemodel.RoleCaseManager, manager, casemodel.Offering{Service: x.ID, Providers: []casemodel.Asked{asked}})
		k.must("accept", casemodel.RoleProvider, therapists[i], casemodel.Answering{Service: x.ID, Offer: k.c.Service(x.ID).Offers[0].ID})
		k.must("schedule", casemodel.RoleCaseManager, manager, casemodel.Appointment{
			Services: []casemodel.Ref{x.ID}, Start: casemodel.At(time.Now().AddDate(0, 0, 3)), End: casemodel.At(time.Now().AddDate(0, 0, 4)),
		})
	}
	if got := k.c.Appointments[0].Attendees; len(got) != 2 || !got[0].Party.Same(client) {
		a.t.Errorf("an appointment that names nobody is attended by %v", got)
	}
	k.must("record-contact", casemodel.RoleCaseManager, manager, casemodel.Contact{Kind: casemodel.ContactTelephone, Learned: "sleeps badly"})
	k.must("transfer", casemodel.RoleCaseManager, manager, casemodel.Place{Setting: casemodel.SettingHomeHealth}, "discharged home")
	for _, x := range slices.Clone(k.c.Appointments) {
		x.Status, x.Start, x.End = casemodel.AppointmentKept, casemodel.At(time.Now().Add(-time.Hour)), casemodel.At(time.Now())
		k.must("schedule", casemodel.RoleCaseManager, manager, x)
	}
	for i, x := range services {
		k.must("deliver", casemodel.RoleProvider, therapists[i], casemodel.Delivering{Service: x.ID, Status: casemodel.ServiceDelivered})
	}
	k.phase(casemodel.PhaseMonitoring)
	end := casemodel.Closure{Reason: casemodel.ClosureReason("goals-met"), Summary: "walks again", HandOver: "nothing is left to do"}
	k.refused("goal-without-outcome", "close", casemodel.RoleCaseManager, manager, end)
	for _, g := range slices.Clone(k.c.Goals) {
		k.must("record-outcome", casemodel.RoleCaseManager, manager, casemodel.Measuring{
			Outcome: casemodel.Outcome{Goals: []casemodel.Ref{g.ID}, Value: casemodel.Value{Quantity: &casemodel.Quantity{Value: "9"}}},
			Status:  casemodel.GoalCompleted,
		})
	}
	k.must("close", casemodel.RoleCaseManager, manager, end)
	k.phase(casemodel.PhaseClosed)
	for path, want := range map[string]string{
		"EpisodeOfCare/" + k.c.ID: "finished", string(k.c.Plans[0].ID): "completed", string(services[0].ID): "completed",
	} {
		if got, _ := k.stored(path); got["status"] != want {
			a.t.Errorf("%s is %v, not %s", path, got["status"], want)
		}
	}
	return k
}
