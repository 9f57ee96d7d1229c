package casemodel

import (
	"slices"
	"strings"
)

// checkAsked judges what a change itself asks of others: offers, requests for
// authorization, tasks and appointments that are new or begin. What follows from
// the change isn't held to this, nor what was asked elsewhere long ago and comes
// in with its later status.
func checkAsked(before, after *Case, found *Errors) {
	old := byID(before)
	begins := func(id Ref, now string) bool {
		was, existed := old[id]
		return !existed || was.Status != now
	}
	for i := range after.Services {
		x := &after.Services[i]
		for j := range x.Offers {
			if o := &x.Offers[j]; o.Status == TaskRequested && begins(o.ID, string(o.Status)) {
				checkOffered(before, after, x, o, indexed(indexed("services", i)+".offers", j), found)
			}
		}
		if was := before.Service(x.ID); x.Status == ServiceEnded && was != nil && begunOrTaken(was.Status) && blank(x.StatusReason) {
			found.add(endReason, x.ID, indexed("services", i)+".statusReason")
		}
	}
	for i := range after.Authorizations {
		if a := &after.Authorizations[i]; a.Status == AuthorizationRequested && begins(a.ID, string(a.Status)) {
			checkRequested(after, a, indexed("authorizations", i), found)
		}
	}
	for i := range after.Tasks {
		if x := &after.Tasks[i]; old[x.ID].Value == nil {
			checkTask(x, indexed("tasks", i), found)
		}
	}
	for i := range after.Appointments {
		if x := &after.Appointments[i]; old[x.ID].Value == nil && x.Status == AppointmentBooked {
			checkBooked(after, x, indexed("appointments", i), found)
		}
	}
}

// checkOffered finds what stands against offering a service.
func checkOffered(before, after *Case, x *Service, o *Offer, path string, found *Errors) {
	if !after.orderedElsewhere(x) {
		if before.CurrentPlan() == nil && after.CurrentPlan() == nil {
			found.add(planApproval, "", "plans", before.wherePlanStands()...)
		}
		if o.Provider.IsZero() {
			found.add(providerNeeded, o.ID, path+".provider")
		}
	}
	status := x.Status
	if was := before.Service(x.ID); was != nil {
		status = was.Status
	}
	checkOfferable(x, status, path, found)
	if after.Setting == SettingAcuteHospital && !after.inNetwork(o.Provider) && blank(o.OutOfNetwork) {
		found.add(outOfNetwork, o.ID, path+".outOfNetwork")
	}
	checkDue(o.Due, o.At, o.ID, path+".due", found)
}

// orderedElsewhere says whether a service was ordered by another system, beside
// the case's own plans: its order stands for itself.
func (c *Case) orderedElsewhere(x *Service) bool {
	return strings.HasSuffix(x.Intent, "order") && !slices.ContainsFunc(c.Plans, func(p Plan) bool {
		return !p.Foreign && (slices.Contains(x.Plans, p.ID) || slices.ContainsFunc(p.Activities, func(a Activity) bool { return a.Ref == x.ID }))
	})
}

// checkDue finds what is due before it was asked for, by its own account.
func checkDue(due, asked Date, part Ref, path string, found *Errors) {
	if asked.Valid() && due.Past(asked.Start()) {
		found.add(dueInPast, part, path)
	}
}

// checkRequested finds what stands against asking the insurer for a service.
func checkRequested(c *Case, a *Authorization, path string, found *Errors) {
	if a.Service != "" && slices.ContainsFunc(c.Authorizations, func(o Authorization) bool {
		return o.ID != a.ID && o.Service == a.Service && (o.Status == AuthorizationRequested || o.Status == AuthorizationPended)
	}) {
		found.add(authAsked, a.ID, path+".service")
	}
	checkDue(a.Due, a.RequestedAt, a.ID, path+".due", found)
}

func checkTask(x *Task, path string, found *Errors) {
	if x.Code.IsZero() && blank(x.Text) {
		found.add(taskWords, x.ID, path+".text")
	}
	if !x.Status.Done() {
		checkDue(x.Due, x.CreatedAt, x.ID, path+".due", found)
	}
}

// checkBooked finds what stands against a new appointment.
func checkBooked(c *Case, x *Appointment, path string, found *Errors) {
	if x.CreatedAt.Valid() && x.Start.Past(x.CreatedAt.Start()) {
		found.add(bookedInPast, x.ID, path+".start")
	}
	for _, id := range x.Services {
		if s := c.Service(id); s != nil && (s.Status.Done() || s.Provider.IsZero() && len(s.Offers) > 0) {
			found.add(serviceNotTaken, x.ID, path+".services")
		}
	}
}
