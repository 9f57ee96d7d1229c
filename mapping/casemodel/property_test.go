package casemodel_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"caseway/mapping/casemodel"
)

// actionNames are the actions that attempts knows, in a fixed order.
func actionNames() []casemodel.Action {
	var all []casemodel.Action
	for a := range attempts {
		all = append(all, a)
	}
	slices.Sort(all)
	return all
}

var roleCase = rapid.SampledFrom(casemodel.Roles())

// TestNoSequenceOfActionsBreaksACase takes whatever actions are accepted, in any
// order and by anybody, with arguments that often fit, and looks at what must
// always hold by other means than the rules do.
func TestNoSequenceOfActionsBreaksACase(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		k := anywhere(t, r)
		accepted := 0
		for range rapid.IntRange(1, 60).Draw(r, "steps") {
			before := k.c.Clone()
			result, err := k.any(r)
			if !reflect.DeepEqual(before, k.c) {
				r.Fatalf("an action changed the case that it was given")
			}
			if err != nil {
				if len(rulesOf(err)) == 0 {
					r.Fatalf("refused without a rule: %v", err)
				}
				continue
			}
			accepted++
			k.c = result.Case
			k.at = k.at.Add(1 << 40) // some eighteen minutes
			invariants(r, &before, &k.c)
		}
		r.Logf("%d steps were accepted", accepted)
	})
}

// anywhere gives a case at a drawn point of its course.
func anywhere(t *testing.T, r *rapid.T) *course {
	phase := rapid.SampledFrom([]casemodel.Phase{
		"", casemodel.PhaseOpened, casemodel.PhasePlanning, casemodel.PhaseActive, casemodel.PhaseActive, casemodel.PhaseReopened,
	}).Draw(r, "start")
	k := *starts(t)[phase]
	return &k
}

var starts = func() func(*testing.T) map[casemodel.Phase]*course {
	var all map[casemodel.Phase]*course
	return func(t *testing.T) map[casemodel.Phase]*course {
		if all == nil {
			all = map[casemodel.Phase]*course{}
			for _, p := range []casemodel.Phase{"", casemodel.PhaseOpened, casemodel.PhasePlanning, casemodel.PhaseActive, casemodel.PhaseReopened} {
				all[p] = at(t, p)
			}
		}
		return all
	}
}()

// any takes one drawn action: most of the time one that phase and role allow.
func (k *course) any(r *rapid.T) (casemodel.Result, error) {
	possible := casemodel.Actions(&k.c, casemodel.RoleSystem)
	if stray := rapid.IntRange(0, 9).Draw(r, "stray"); stray == 0 {
		possible = actionNames()
	} else if stray < 9 {
		possible = slices.DeleteFunc(possible, func(a casemodel.Action) bool {
			return a == casemodel.ActionRetract || a == casemodel.ActionCancel || a == casemodel.ActionClose ||
				a == casemodel.ActionHold || a == casemodel.ActionTransfer || a == casemodel.ActionMonitor || !k.subject(a)
		})
	}
	if len(possible) == 0 {
		possible = actionNames()
	}
	a := rapid.SampledFrom(possible).Draw(r, "action")
	role := casemodel.RoleSystem
	if rapid.IntRange(0, 3).Draw(r, "person") == 0 {
		role = roleCase.Draw(r, "role")
	}
	s := k.as(role, rapid.SampledFrom([]string{"", "a reason", "a reason", "a reason"}).Draw(r, "why"))
	if try, drawn := draws[a]; drawn {
		return try(k, r, s)
	}
	return attempts[a](k, s)
}

// subject says whether the case has what an action is about.
func (k *course) subject(a casemodel.Action) bool {
	switch a {
	case casemodel.ActionAccept, casemodel.ActionDecline, casemodel.ActionChoose:
		return len(k.offered()) > 0
	case casemodel.ActionDecide, casemodel.ActionAppeal:
		return len(k.c.Authorizations) > 0
	case casemodel.ActionOffer, casemodel.ActionDeliver, casemodel.ActionNegotiate:
		return len(k.c.Services) > 0
	}
	return true
}

// offered lists the services that providers were asked for.
func (k *course) offered() []casemodel.Service {
	return slices.DeleteFunc(slices.Clone(k.c.Services), func(x casemodel.Service) bool { return len(x.Offers) == 0 })
}

// draws take actions with drawn arguments.
var draws = map[casemodel.Action]func(*course, *rapid.T, casemodel.Step) (casemodel.Result, error){
	casemodel.ActionPlan: func(k *course, r *rapid.T, s casemodel.Step) (casemodel.Result, error) {
		p := casemodel.Planning{Plan: casemodel.Plan{Participants: []casemodel.Party{client}}}
		for range rapid.IntRange(0, 2).Draw(r, "goals") {
			p.Goals = append(p.Goals, goal("to walk"))
			p.Services = append(p.Services, service("therapy"))
		}
		return casemodel.DraftPlan(k.c, s, p)
	},
	casemodel.ActionOffer: func(k *course, r *rapid.T, s casemodel.Step) (casemodel.Result, error) {
		o := casemodel.Offering{Service: oneOf(r, k.c.Services, func(x casemodel.Service) casemodel.Ref { return x.ID })}
		for _, p := range []casemodel.Party{agency, rehab, pharmacy} {
			if rapid.Bool().Draw(r, "ask") {
				o.Providers = append(o.Providers, casemodel.Asked{Provider: p, Chosen: rapid.IntRange(0, 3).Draw(r, "chosen") == 0})
			}
		}
		return casemodel.OfferService(k.c, s, o)
	},
	casemodel.ActionAccept: func(k *course, r *rapid.T, s casemodel.Step) (casemodel.Result, error) {
		a, s := k.anyOffer(r, s)
		return casemodel.Accept(k.c, s, a)
	},
	casemodel.ActionDecline: func(k *course, r *rapid.T, s casemodel.Step) (casemodel.Result, error) {
		a, s := k.anyOffer(r, s)
		return casemodel.Decline(k.c, s, a)
	},
	casemodel.ActionChoose: func(k *course, r *rapid.T, s casemodel.Step) (casemodel.Result, error) {
		a, _ := k.anyOffer(r, s)
		return casemodel.Choose(k.c, s, a)
	},
	casemodel.ActionDeliver: func(k *course, r *rapid.T, s casemodel.Step) (casemodel.Result, error) {
		d := casemodel.Delivering{
			Service: oneOf(r, k.c.Services, func(x casemodel.Service) casemodel.Ref { return x.ID }),
			Status: rapid.SampledFrom([]casemodel.ServiceStatus{
				casemodel.ServiceInProgress, casemodel.ServiceDelivered, casemodel.ServiceOnHold, casemodel.ServiceEnded,
			}).Draw(r, "status"),
		}
		if x := k.c.Service(d.Service); x != nil && s.Actor.Role == casemodel.RoleProvider {
			s.Actor.Party = x.Provider
		}
		return casemodel.Deliver(k.c, s, d)
	},
	casemodel.ActionNegotiate: func(k *course, r *rapid.T, s casemodel.Step) (casemodel.Result, error) {
		n := casemodel.Negotiation{
			Agreement: oneOf(r, k.c.Agreements, func(x casemodel.CostAgreement) casemodel.Ref { return x.ID }),
			Service:   oneOf(r, k.c.Services, func(x casemodel.Service) casemodel.Ref { return x.ID }), Provider: pharmacy,
		}
		kind := rapid.SampledFrom([]casemodel.RoundKind{casemodel.RoundOffer, casemodel.RoundCounterOffer, casemodel.RoundAgreement}).Draw(r, "kind")
		if kind == casemodel.RoundOffer {
			n.Agreement = ""
		}
		patient, home := rapid.Int64Range(0, 200000).Draw(r, "patient"), rapid.Int64Range(0, 200000).Draw(r, "home")
		n.Round = round(kind, shares(patient, home, 400000-patient-home+rapid.SampledFrom([]int64{0, 0, 0, 1}).Draw(r, "off"))...)
		return casemodel.Negotiate(k.c, s, n)
	},
	casemodel.ActionDecide: func(k *course, r *rapid.T, s casemodel.Step) (casemodel.Result, error) {
		a := casemodel.Ruling{
			Authorization: oneOf(r, k.c.Authorizations, func(x casemodel.Authorization) casemodel.Ref { return x.ID }),
			Status: rapid.SampledFrom([]casemodel.AuthorizationStatus{
				casemodel.AuthorizationApproved, casemodel.AuthorizationDenied, casemodel.AuthorizationPended, casemodel.AuthorizationException,
			}).Draw(r, "status"),
			Reason: words("not covered"), Saves: "costs less",
		}
		if x := k.c.Authorization(a.Authorization); x != nil && len(x.Appeals) > 0 && rapid.Bool().Draw(r, "appeal") {
			a.Appeal = x.Appeals[len(x.Appeals)-1].ID
			a.AppealStatus = rapid.SampledFrom([]casemodel.AppealStatus{casemodel.AppealUpheld, casemodel.AppealOverturned}).Draw(r, "outcome")
		}
		return casemodel.Decide(k.c, s, a)
	},
	casemodel.ActionSchedule: func(k *course, r *rapid.T, s casemodel.Step) (casemodel.Result, error) {
		a := casemodel.Appointment{Start: casemodel.At(k.at.AddDate(0, 0, 1))}
		if id := oneOf(r, k.c.Services, func(x casemodel.Service) casemodel.Ref { return x.ID }); id != "" {
			a.Services = []casemodel.Ref{id}
		}
		if len(k.c.Appointments) > 0 && rapid.Bool().Draw(r, "change") {
			a = rapid.SampledFrom(k.c.Appointments).Draw(r, "appointment")
			a.Start = casemodel.At(k.at)
			a.Status = rapid.SampledFrom([]casemodel.AppointmentStatus{
				casemodel.AppointmentKept, casemodel.AppointmentMissed, casemodel.AppointmentCancelled, casemodel.AppointmentArrived,
			}).Draw(r, "status")
		}
		return casemodel.Schedule(k.c, s, a)
	},
	casemodel.ActionWork: func(k *course, r *rapid.T, s casemodel.Step) (casemodel.Result, error) {
		x := casemodel.Task{Text: "call the sister"}
		if len(k.c.Tasks) > 0 && rapid.Bool().Draw(r, "change") {
			x = rapid.SampledFrom(k.c.Tasks).Draw(r, "task")
			x.Status = rapid.SampledFrom([]casemodel.TaskStatus{
				casemodel.TaskCompleted, casemodel.TaskInProgress, casemodel.TaskRejected, casemodel.TaskEnteredInError,
			}).Draw(r, "status")
		}
		return casemodel.Work(k.c, s, x)
	},
}

func oneOf[T any](r *rapid.T, list []T, id func(T) casemodel.Ref) casemodel.Ref {
	if len(list) == 0 {
		return ""
	}
	return id(rapid.SampledFrom(list).Draw(r, "one"))
}

func (k *course) anyOffer(r *rapid.T, s casemodel.Step) (casemodel.Answering, casemodel.Step) {
	a := casemodel.Answering{Service: oneOf(r, k.offered(), func(x casemodel.Service) casemodel.Ref { return x.ID })}
	if x := k.c.Service(a.Service); x != nil && len(x.Offers) > 0 {
		o := rapid.SampledFrom(x.Offers).Draw(r, "offer")
		a.Offer = o.ID
		if s.Actor.Role == casemodel.RoleProvider {
			s.Actor.Party = o.Provider
		}
	}
	return a, s
}

// invariants looks at a case without the package's own checks.
func invariants(r *rapid.T, before, c *casemodel.Case) {
	for i, h := range c.History {
		last := i == len(c.History)-1
		if last && (h.Phase != c.Phase || h.End != "") || !last && h.End != c.History[i+1].Start {
			r.Fatalf("history breaks at %d: %+v", i, c.History)
		}
	}
	for i := range len(before.History) - 1 {
		if before.History[i] != c.History[i] {
			r.Fatalf("history %d was rewritten", i)
		}
	}
	plansHold(r, c)
	servicesHold(r, c)
	for _, a := range c.Agreements {
		sharesHold(r, a)
	}
	for _, a := range c.Authorizations {
		if a.Status == casemodel.AuthorizationException && a.Saves == "" || a.Status == casemodel.AuthorizationDenied && a.Reason.IsZero() {
			r.Fatalf("a decision of the insurer gives no reason: %+v", a)
		}
	}
	dueHolds(r, c)
	ids := map[casemodel.Ref]bool{}
	for p := range c.Parts() {
		if ids[p.ID] || p.ID == "" {
			r.Fatalf("id %q twice, or none", p.ID)
		}
		ids[p.ID] = true
	}
	for p := range before.Parts() {
		if !ids[p.ID] {
			r.Fatalf("%s %s is gone", p.Kind, p.ID)
		}
	}
}

func plansHold(r *rapid.T, c *casemodel.Case) {
	current, drafts := 0, 0
	for _, p := range c.Plans {
		switch p.Status {
		case casemodel.PlanApproved:
			current++
		case casemodel.PlanDraft, casemodel.PlanReturned, casemodel.PlanAwaitingApproval:
			drafts++
		}
	}
	wants := c.Phase == casemodel.PhaseActive || c.Phase == casemodel.PhaseMonitoring
	if current > 1 || drafts > 1 || wants && current != 1 || !c.Phase.Open() && current+drafts > 0 {
		r.Fatalf("%d current and %d draft plans in phase %s", current, drafts, c.Phase)
	}
}

func servicesHold(r *rapid.T, c *casemodel.Case) {
	for _, s := range c.Services {
		open, taken := 0, 0
		for _, o := range s.Offers {
			if !o.Status.Done() {
				open++
			}
			if o.Provider.Same(s.Provider) && (o.Status == casemodel.TaskAccepted || o.Status == casemodel.TaskInProgress || o.Status == casemodel.TaskCompleted) {
				taken++
			}
		}
		if !s.Provider.IsZero() && (taken > 1 || open > 1) {
			r.Fatalf("a service that a provider has still asks others: %+v", s)
		}
		if s.Status.Done() && open > 0 || s.Status == casemodel.ServiceDelivered && s.Provider.IsZero() {
			r.Fatalf("a service that is over: %+v", s)
		}
	}
}

func sharesHold(r *rapid.T, a casemodel.CostAgreement) {
	for _, n := range a.Rounds {
		net, sum := n.ListPrice.Minor, int64(0)
		for _, d := range n.Reductions {
			net -= d.Amount.Minor
		}
		for _, s := range n.Shares {
			sum += s.Amount.Minor
		}
		if len(n.Shares) > 0 && sum != net {
			r.Fatalf("shares of %d for a net price of %d", sum, net)
		}
	}
	if n := a.Current(); a.Status == casemodel.AgreementAgreed && len(a.Bills) != len(n.Shares) {
		r.Fatalf("%d bills for %d shares", len(a.Bills), len(n.Shares))
	}
}

func dueHolds(r *rapid.T, c *casemodel.Case) {
	all := casemodel.Dues(c)
	if (c.NextDue == nil) != (len(all) == 0) || c.NextDue != nil && *c.NextDue != all[0] {
		r.Fatalf("next due is %+v of %+v", c.NextDue, all)
	}
	if !c.Phase.Open() && c.NextDue != nil {
		r.Fatalf("something is due in phase %s", c.Phase)
	}
}

// TestSettlingTwiceSettlesNothingMore holds consequences to coming to an end.
func TestSettlingTwiceSettlesNothingMore(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		k := anywhere(t, r)
		for range rapid.IntRange(1, 40).Draw(r, "steps") {
			result, err := k.any(r)
			if err != nil {
				continue
			}
			k.c, k.at = result.Case, k.at.Add(1<<40)
			if again := casemodel.Diff(k.c, casemodel.Settle(k.c, k.c, k.as(casemodel.RoleSystem))); len(again) > 0 {
				r.Fatalf("settled again: %+v", again)
			}
		}
	})
}

// TestAnyEditIsJudgedWithoutPanic lays broken cases before the rules.
func TestAnyEditIsJudgedWithoutPanic(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		k := anywhere(t, r)
		for range rapid.IntRange(1, 30).Draw(r, "steps") {
			if result, err := k.any(r); err == nil {
				k.c, k.at = result.Case, k.at.Add(1<<40)
			}
		}
		after := k.c.Clone()
		scramble(r, reflect.ValueOf(&after).Elem())
		result, err := casemodel.Apply(k.c, after, k.as(roleCase.Draw(r, "role")))
		if err == nil && result.Case.Adopted {
			if broken := casemodel.Check(result.Case); len(broken) > len(casemodel.Check(k.c)) {
				r.Fatalf("accepted what breaks rules: %v", broken)
			}
		}
	})
}

// scramble changes a few strings, numbers and lists anywhere in v.
func scramble(r *rapid.T, v reflect.Value) {
	for i := range rapid.IntRange(1, 3).Draw(r, "edits") {
		at := v
		for depth := 0; depth < 12; depth++ {
			if at = scrambleInto(r, at, fmt.Sprint(i, depth)); !at.IsValid() {
				break
			}
		}
	}
}

func scrambleInto(r *rapid.T, v reflect.Value, label string) reflect.Value {
	switch v.Kind() {
	case reflect.Struct:
		return v.Field(rapid.IntRange(0, v.NumField()-1).Draw(r, label))
	case reflect.Slice:
		if v.Len() == 0 || rapid.IntRange(0, 4).Draw(r, label+"cut") == 0 {
			v.SetZero()
			return reflect.Value{}
		}
		return v.Index(rapid.IntRange(0, v.Len()-1).Draw(r, label))
	case reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		return v.Elem()
	case reflect.String:
		v.SetString(rapid.SampledFrom([]string{"", "approved", "active", "closed", "completed", "in-progress", "entered-in-error", "2026-13", "x/y"}).Draw(r, label))
	case reflect.Bool:
		v.SetBool(!v.Bool())
	case reflect.Int, reflect.Int64:
		v.SetInt(rapid.Int64().Draw(r, label))
	}
	return reflect.Value{}
}
