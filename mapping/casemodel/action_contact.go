package casemodel

var (
	contactUnknown = rule("contact-unknown", "The contact isn't part of the case.")
	taskUnknown    = rule("task-unknown", "The task isn't part of the case.")
	taskWords      = rule("task-needs-description", "A task needs to say what is to be done.")
)

// RecordContact records a contact: planned, or held with what was learned. One
// with the id of a planned contact takes its place; one that was held as a
// cadence wanted counts for it, whether it was planned or not.
func RecordContact(c Case, s Step, a Contact) (Result, error) {
	return act(c, ActionRecordContact, s, func(w *acting) {
		x := clone(a)
		if x.Status == "" {
			x.Status = ContactHeld
		}
		old := w.plannedContact(&x)
		switch {
		case x.ID != "" && old == nil:
			w.add(contactUnknown, x.ID, "argument.contact")
			return
		case old != nil:
			x.ID, x.Cadence = old.ID, old.Cadence
			if x.Kind == "" {
				x.Kind = old.Kind
			}
			if x.Due == "" {
				x.Due = old.Due
			}
		}
		w.hold(&x)
		x.By = w.by(x.By)
		if len(x.With) == 0 {
			x.With = []Party{w.c.Client.Party()}
		}
		checkContact(&x, "argument.contact", &w.found)
		w.c.Contacts = put(w.c.Contacts, x, func(x *Contact) Ref { return x.ID })
	})
}

// plannedContact gives the contact that x is about: by id, or else the planned
// one of a cadence that x meets.
func (w *acting) plannedContact(x *Contact) *Contact {
	if x.ID != "" {
		return find(w.c.Contacts, func(o *Contact) bool { return o.ID == x.ID })
	}
	if x.Status != ContactHeld {
		return nil
	}
	return find(w.c.Contacts, func(o *Contact) bool {
		return o.Status == ContactPlanned && o.Cadence && x.Kind.meets(o.Kind)
	})
}

// hold names what a contact is kept as: the plan, and the meeting once held.
func (w *acting) hold(x *Contact) {
	if x.Status == ContactHeld {
		if x.Period.Start == "" {
			x.Period.Start = At(w.step.At)
		}
		if x.Held == "" && (x.ID != "" || x.Kind != ContactMessage) {
			x.Held = w.step.NewID("Encounter")
		}
		if x.ID == "" && x.Held != "" {
			x.ID = x.Held
		}
		x.ID = w.named(x.ID, "Communication")
		return
	}
	x.ID = w.named(x.ID, "Appointment")
}

// Work makes a task, or changes one: a task with the id of one of the case's
// replaces it.
func Work(c Case, s Step, a Task) (Result, error) {
	return act(c, ActionWork, s, func(w *acting) {
		x := clone(a)
		old := find(w.c.Tasks, func(o *Task) bool { return o.ID == x.ID })
		if x.ID != "" && old == nil {
			w.add(taskUnknown, x.ID, "argument.task")
			return
		}
		if x.Status == "" {
			x.Status = TaskRequested
		}
		if x.Code.IsZero() && blank(x.Text) {
			w.add(taskWords, x.ID, "argument.task.text")
		}
		if old == nil && x.Due.Past(s.At) {
			w.add(dueInPast, x.ID, "argument.task.due")
		}
		if x.Intent == "" {
			x.Intent = "order"
		}
		x.ID, x.Requester, x.CreatedAt = w.named(x.ID, "Task"), w.by(x.Requester), w.now(x.CreatedAt)
		x.ChangedAt = At(s.At)
		if x.About == "" {
			x.About = Ref("EpisodeOfCare/" + w.c.ID)
		}
		w.c.Tasks = put(w.c.Tasks, x, func(x *Task) Ref { return x.ID })
	})
}

// Measuring is a result against a goal, and what it says of the goal.
type Measuring struct {
	Outcome Outcome `json:"outcome"`
	// Achievement is the goal's new achievement, Status its new status; both may
	// be empty.
	Achievement Concept    `json:"achievement,omitzero"`
	Status      GoalStatus `json:"status,omitempty"`
}

var outcomeGoal = rule("outcome-needs-goal", "An outcome is measured against a goal.")

// RecordOutcome records a measured result against goals.
func RecordOutcome(c Case, s Step, a Measuring) (Result, error) {
	return act(c, ActionRecordOutcome, s, func(w *acting) {
		x := clone(a.Outcome)
		x.ID, x.At = w.named(x.ID, "Observation"), w.now(x.At)
		if x.Status == "" {
			x.Status = FindingFinal
		}
		if len(x.Goals) == 0 {
			w.add(outcomeGoal, x.ID, "argument.outcome.goals")
		}
		if x.Value.IsZero() {
			w.add(outcomeValue, x.ID, "argument.outcome.value")
		}
		for _, id := range x.Goals {
			g := w.c.Goal(id)
			if g == nil {
				w.add(goalUnknown, id, "argument.outcome.goals")
				continue
			}
			g.Outcomes = link(g.Outcomes, x.ID)
			if !a.Achievement.IsZero() {
				g.Achievement = clone(a.Achievement)
			}
			if a.Status != "" && a.Status != g.Status {
				g.Status, g.StatusAt = a.Status, Day(s.At)
			}
		}
		w.c.Outcomes = put(w.c.Outcomes, x, func(x *Outcome) Ref { return x.ID })
	})
}
