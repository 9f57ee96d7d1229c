package casemodel

import "slices"

// Referring brings a client to case management.
type Referring struct {
	Referral Referral `json:"referral"`
	// Queued says that the referral waits for a place.
	Queued bool `json:"queued,omitempty"`
}

// Refer makes a case of a referral. c has an id and the client, and no phase yet.
func Refer(c Case, s Step, a Referring) (Result, error) {
	return act(c, ActionRefer, s, func(w *acting) {
		w.begin()
		r := a.Referral
		if r.From.IsZero() && len(r.Reasons) == 0 && len(r.Problems) == 0 && r.Code.IsZero() {
			w.add(referralEmpty, "", "argument.referral")
			return
		}
		r.ID, r.At = w.named(r.ID, "ServiceRequest"), w.now(r.At)
		if r.Status == "" {
			r.Status = "active"
		}
		w.c.Referrals = put(w.c.Referrals, r, func(r *Referral) Ref { return r.ID })
		w.move(PhaseReferred)
		w.c.Queued = a.Queued
		w.c.History[len(w.c.History)-1].Queued = a.Queued
	})
}

// begin makes a new case one of ours.
func (w *acting) begin() {
	if w.c.ID == "" {
		w.add(caseNeedsID, "", "id")
	}
	w.c.Adopted = true
	if w.c.Client.Party().IsZero() {
		w.add(clientNeeded, "", "client")
	}
}

var (
	caseNeedsID   = rule("case-needs-id", "A case needs an id.")
	referralEmpty = rule("referral-needs-reason", "A referral needs who refers the client, or why.")
	templateModel = rule("template-of-other-model", "The template is for another model than the case's.")
)

// Opening is how a case is to be run. What it leaves empty stays as the case has it.
type Opening struct {
	Model   Model   `json:"model"`
	Setting Setting `json:"setting"`
	// Template is an adapted template, nil for the built-in one of the model.
	Template             *Template `json:"template,omitempty"`
	TargetPopulation     Concept   `json:"targetPopulation,omitzero"`
	Manager              Party     `json:"manager,omitzero"`
	ManagingOrganization Party     `json:"managingOrganization,omitzero"`
	// Team is who works on the case; without one the manager makes up a new team.
	Team *Team `json:"team,omitempty"`
	// Phase is what an adopted case goes on in; empty for the inferred one.
	Phase Phase `json:"phase,omitempty"`
	// Plan is which plan of another system an adopted case goes on by; empty for
	// the latest that is in force.
	Plan Ref `json:"plan,omitempty"`
}

// Open opens a referred case, or a new one that has an id and the client: it
// gets its model and setting, the manager, a team, and what both start with.
func Open(c Case, s Step, a Opening) (Result, error) {
	return act(c, ActionOpen, s, func(w *acting) {
		w.begin()
		w.run(a)
		if w.c.Period.Start == "" {
			w.c.Period.Start = At(s.At)
		}
		if len(w.found) > 0 {
			return
		}
		w.team(a.Team)
		w.startTemplate(a.Template)
		w.startWork(SettingWork(w.c.Setting), TriggerOpening)
	})
}

// run takes over how the case is run, and finds what is missing.
func (w *acting) run(a Opening) {
	c := &w.c
	take(&c.Model, a.Model)
	take(&c.Setting, a.Setting)
	if !a.TargetPopulation.IsZero() {
		c.TargetPopulation = a.TargetPopulation
	}
	if !a.ManagingOrganization.IsZero() {
		c.ManagingOrganization = a.ManagingOrganization
	}
	if !a.Manager.IsZero() {
		c.Manager = a.Manager
	}
	if c.Manager.IsZero() && w.step.Actor.Role == RoleCaseManager {
		c.Manager = w.step.Actor.Party
	}
	if t := a.Template; t != nil {
		if t.Model != c.Model {
			w.add(templateModel, "", "argument.template.model")
		}
		c.Template, c.Requires = t.URL, slices.Clone(t.Requires)
	} else if t, ok := TemplateOf(c.Model); ok {
		c.Requires = t.Requires
	}
	needs := *c
	needs.Phase, needs.Cadences = PhaseOpened, []Cadence{{Kind: ContactTelephone, Days: 1}} // started below
	checkOpened(&needs, &w.found)
}

func take[S ~string](old *S, s S) {
	if s != "" {
		*old = s
	}
}

// team makes the manager a member of a team of the case.
func (w *acting) team(t *Team) {
	if t == nil && len(w.c.Teams) > 0 {
		return
	}
	team := Team{Status: TeamActive, Period: Period{Start: At(w.step.At)}}
	if t != nil {
		team = clone(*t)
	}
	if team.Status == "" {
		team.Status = TeamActive
	}
	team.ID = w.named(team.ID, "CareTeam")
	if !slices.ContainsFunc(team.Members, func(m Member) bool { return m.Party.Same(w.c.Manager) }) {
		team.Members = append(team.Members, Member{
			Party: w.c.Manager, Roles: []Concept{Words("case manager")}, Period: Period{Start: At(w.step.At)},
		})
	}
	w.c.Teams = put(w.c.Teams, team, func(t *Team) Ref { return t.ID })
}

// startTemplate starts what the case's template begins with.
func (w *acting) startTemplate(t *Template) {
	if t == nil {
		built, _ := TemplateOf(w.c.Model)
		t = &built
	}
	w.startWork(t.Activities, TriggerOpening)
	w.cadences(t)
}

// cadences sets the cadences of a template, and plans the first contact of each.
func (w *acting) cadences(t *Template) {
	if t == nil {
		built, _ := TemplateOf(w.c.Model)
		t = &built
	}
	for _, k := range t.Cadences {
		if slices.ContainsFunc(w.c.Cadences, func(have Cadence) bool { return have.Kind == k.Kind }) {
			continue
		}
		if w.c.Phase.Open() || w.c.Phase == "" {
			k.NextDue = daysAfter(w.step.At, k.Days)
			w.planContact(&k)
		}
		w.c.Cadences = append(w.c.Cadences, k)
	}
}

// planContact plans the next contact of a cadence.
func (w *acting) planContact(k *Cadence) {
	kind := "Appointment"
	if k.Kind == ContactTelephone || k.Kind == ContactMessage {
		kind = "CommunicationRequest"
	}
	w.c.Contacts = append(w.c.Contacts, Contact{
		ID: w.step.NewID(kind), Kind: k.Kind, Status: ContactPlanned, Cadence: true, Due: k.NextDue,
		With: []Party{w.c.Client.Party()}, By: w.c.Manager,
	})
}

// startWork starts the activities of a trigger: tasks, and utilization reviews.
// An activity that is open already isn't started twice.
func (w *acting) startWork(all []Starting, on Trigger) {
	for _, a := range all {
		if a.Trigger != on || w.has(a.Code) {
			continue
		}
		due := daysAfter(w.step.At, a.Days)
		if a.Review {
			w.openReview(due)
			continue
		}
		t := Task{
			ID: w.step.NewID("Task"), Status: TaskRequested, Intent: "order",
			Code: Concept{Codings: []Coding{{System: ActivitySystem, Code: a.Code, Display: a.Title}}}, Text: a.Title,
			Requester: w.step.Actor.Party, About: Ref("EpisodeOfCare/" + w.c.ID), CreatedAt: At(w.step.At), Due: due, Every: a.Every,
		}
		if a.Owner == RoleCaseManager {
			t.Owner = w.c.Manager
		} else {
			t.OwnerRoles = []Concept{Words(string(a.Owner))}
		}
		w.c.Tasks = append(w.c.Tasks, t)
	}
}

func (w *acting) has(code string) bool {
	return slices.ContainsFunc(w.c.Tasks, func(t Task) bool { return !t.Status.Done() && t.Code.Is(ActivitySystem, code) })
}

func (w *acting) openReview(due Date) {
	if slices.ContainsFunc(w.c.Reviews, func(r UtilizationReview) bool { return r.Status == ReviewOpen && r.Service == "" }) {
		return
	}
	r := UtilizationReview{ID: w.step.NewID("Task"), Status: ReviewOpen, OpenedAt: At(w.step.At), NextReview: due}
	if all := w.c.Insurers(); len(all) > 0 {
		r.Insurer = all[0]
	}
	w.c.Reviews = append(w.c.Reviews, r)
}
