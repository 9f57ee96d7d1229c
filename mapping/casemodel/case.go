package casemodel

// Case is one client's need for coordinated care. Its id is that of the
// EpisodeOfCare it is kept as.
type Case struct {
	ID          string       `json:"id"`
	Identifiers []Identifier `json:"identifiers,omitempty"`
	// Adopted says that the case's phase was set by an action of this model;
	// otherwise it is inferred, and no rule binds the case.
	Adopted bool  `json:"adopted"`
	Phase   Phase `json:"phase"`
	// Queued says that a referral waits for a place.
	Queued  bool    `json:"queued,omitempty"`
	Model   Model   `json:"model,omitempty"`
	Setting Setting `json:"setting,omitempty"`
	// Template is the canonical URL of the adapted model template in use, empty
	// for the built-in one.
	Template string `json:"template,omitempty"`
	// Requires lists what the template demands of this case.
	Requires []Requirement `json:"requires,omitempty"`
	// TargetPopulation is what makes the client eligible in the targeted model.
	TargetPopulation Concept     `json:"targetPopulation,omitzero"`
	Period           Period      `json:"period,omitzero"`
	History          []PhaseSpan `json:"history,omitempty"`
	Hold             *Hold       `json:"hold,omitempty"`

	Client               Client      `json:"client,omitzero"`
	Family               []Relative  `json:"family,omitempty"`
	Manager              Party       `json:"manager,omitzero"` // the case manager
	ManagingOrganization Party       `json:"managingOrganization,omitzero"`
	Teams                []Team      `json:"teams,omitempty"`
	Networks             []Network   `json:"networks,omitempty"`
	Referrals            []Referral  `json:"referrals,omitempty"`
	Diagnoses            []Diagnosis `json:"diagnoses,omitempty"`
	Accounts             []Ref       `json:"accounts,omitempty"`

	Problems    []Problem    `json:"problems,omitempty"`
	Strengths   []Strength   `json:"strengths,omitempty"`
	Barriers    []Barrier    `json:"barriers,omitempty"`
	Risks       []Risk       `json:"risks,omitempty"`
	Assessments []Assessment `json:"assessments,omitempty"`
	Goals       []Goal       `json:"goals,omitempty"`
	Outcomes    []Outcome    `json:"outcomes,omitempty"`
	Plans       []Plan       `json:"plans,omitempty"`

	Services     []Service     `json:"services,omitempty"`
	Appointments []Appointment `json:"appointments,omitempty"`
	Contacts     []Contact     `json:"contacts,omitempty"`
	Cadences     []Cadence     `json:"cadences,omitempty"`
	Tasks        []Task        `json:"tasks,omitempty"`

	Reviews        []UtilizationReview `json:"reviews,omitempty"`
	Coverages      []Coverage          `json:"coverages,omitempty"`
	Authorizations []Authorization     `json:"authorizations,omitempty"`
	Agreements     []CostAgreement     `json:"agreements,omitempty"`

	Files    []File    `json:"files,omitempty"`
	Notes    []Note    `json:"notes,omitempty"`
	Consents []Consent `json:"consents,omitempty"`

	Closure      *Closure      `json:"closure,omitempty"`
	Cancellation *Cancellation `json:"cancellation,omitempty"`
	Transfers    []Transfer    `json:"transfers,omitempty"`
	Reopenings   []Reopening   `json:"reopenings,omitempty"`

	// NextDue is what comes due first in the case, nil for nothing. Actions keep
	// it; whatever asks for overdue cases reads it.
	NextDue *Due `json:"nextDue,omitempty"`
}

// Due is something that must happen by a date.
type Due struct {
	Date Date   `json:"date"`
	Kind string `json:"kind"` // contact, task, offer, plan, goal, review, authorization, appeal, service, hold, follow-up
	Part Ref    `json:"part,omitempty"`
}

// Diagnosis ties a problem to the case, with the role that it plays (chief
// complaint, comorbidity) and its rank, 0 for none.
type Diagnosis struct {
	Problem Ref     `json:"problem"`
	Role    Concept `json:"role,omitzero"`
	Rank    int     `json:"rank,omitempty"`
}

// Insurers lists who insures the client, each once, in the order of the coverages.
func (c *Case) Insurers() []Party {
	var all []Party
	for _, v := range c.Coverages {
		for _, p := range v.Insurers {
			if !containsParty(all, p) {
				all = append(all, p)
			}
		}
	}
	return all
}
