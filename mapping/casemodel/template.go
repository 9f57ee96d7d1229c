package casemodel

// ActivitySystem is the code system of the starting activities of models and settings.
const ActivitySystem = "https://caseway.dev/fhir/CodeSystem/activity"

// Requirement is something that a template demands of the cases that follow it.
type Requirement string

// The requirements.
const (
	// RequireStrengths: an assessment can't be completed without strengths.
	RequireStrengths Requirement = "strengths"
	// RequireGoalStrength: each goal names what it builds on, or that there is none.
	RequireGoalStrength Requirement = "goal-strength"
	// RequireClientWords: each goal is told in the client's words.
	RequireClientWords Requirement = "client-words"
	// RequireTargetPopulation: the case names what makes the client eligible.
	RequireTargetPopulation Requirement = "target-population"
	// RequireReferralsClosed: each service was accepted, declined or delivered
	// before the case is closed.
	RequireReferralsClosed Requirement = "referrals-closed"
	// RequireOrderedAmount: each service of a plan says how much is ordered, so
	// that its use can be compared.
	RequireOrderedAmount Requirement = "ordered-amount"
	// RequireFirstService: a first service starts within days of opening.
	RequireFirstService Requirement = "first-service"
	// RequireCadence: client and case manager meet at a stated cadence.
	RequireCadence Requirement = "cadence"
)

// Requirements lists all requirements.
func Requirements() []Requirement {
	return []Requirement{
		RequireStrengths, RequireGoalStrength, RequireClientWords, RequireTargetPopulation,
		RequireReferralsClosed, RequireOrderedAmount, RequireFirstService, RequireCadence,
	}
}

// Template is a model as an organization runs it.
type Template struct {
	URL      string        `json:"url,omitempty"` // canonical; empty for a built-in one
	Model    Model         `json:"model"`
	Title    string        `json:"title"`
	Text     string        `json:"text,omitempty"`
	Requires []Requirement `json:"requires,omitempty"`
	// Activities are what a case starts with.
	Activities []Starting `json:"activities,omitempty"`
	// Cadences are the kinds of contact and how many days lie between them.
	Cadences []Cadence `json:"cadences,omitempty"`
}

// Trigger is what makes an activity start.
type Trigger string

// The triggers.
const (
	TriggerOpening Trigger = "opening"
	// TriggerLeaving is when the client leaves a setting: the case goes over to
	// monitoring, or is transferred to another setting.
	TriggerLeaving Trigger = "leaving"
)

// Starting is an activity that a model or setting starts with: a task, or a
// utilization review.
type Starting struct {
	Code    string  `json:"code"` // of ActivitySystem
	Title   string  `json:"title"`
	Trigger Trigger `json:"trigger"`
	Days    int     `json:"days"`            // after the trigger, when it is due
	Every   int     `json:"every,omitempty"` // days until it comes again, 0 for once
	Owner   Role    `json:"owner"`
	Review  bool    `json:"review,omitempty"` // opens a utilization review
}

// Templates gives the five built-in templates.
func Templates() []Template {
	return []Template{strengthsBased(), clinical(), brokerage(), intensive(), targeted()}
}

// TemplateOf gives the built-in template of a model; ok is false for no model.
func TemplateOf(m Model) (t Template, ok bool) {
	for _, t := range Templates() {
		if t.Model == m {
			return t, true
		}
	}
	return Template{}, false
}

func strengthsBased() Template {
	return Template{
		Model: ModelStrengthsBased, Title: "Strengths-based case management",
		Text:     "Builds on what the client, family, friends, community and home bring.",
		Requires: []Requirement{RequireStrengths, RequireGoalStrength, RequireClientWords},
		Activities: []Starting{
			{Code: "strengths-assessment", Title: "Assess strengths with client and family", Trigger: TriggerOpening, Days: 7, Owner: RoleCaseManager},
			{Code: "goals-with-client", Title: "Write goals in the client's words", Trigger: TriggerOpening, Days: 14, Owner: RoleCaseManager},
		},
		Cadences: []Cadence{{Kind: ContactFaceToFace, Days: 14}},
	}
}

func clinical() Template {
	return Template{
		Model: ModelClinical, Title: "Clinical case management",
		Text:     "Several therapies under one plan, regular meetings with the client.",
		Requires: []Requirement{RequireOrderedAmount, RequireCadence},
		Activities: []Starting{
			{Code: "clinical-assessment", Title: "Assess clinical needs", Trigger: TriggerOpening, Days: 3, Owner: RoleCaseManager},
			{Code: "therapy-use", Title: "Compare use of each ordered therapy with its order", Trigger: TriggerOpening, Days: 14, Every: 14, Owner: RoleCaseManager},
		},
		Cadences: []Cadence{{Kind: ContactTelephone, Days: 14}},
	}
}

func brokerage() Template {
	return Template{
		Model: ModelBrokerage, Title: "Brokerage case management",
		Text:     "Assessment and referral to services, then little contact.",
		Requires: []Requirement{RequireReferralsClosed},
		Activities: []Starting{
			{Code: "needs-assessment", Title: "Assess needs", Trigger: TriggerOpening, Days: 7, Owner: RoleCaseManager},
			{Code: "referral-follow-up", Title: "Close each referral", Trigger: TriggerOpening, Days: 30, Owner: RoleCaseManager},
		},
	}
}

func intensive() Template {
	return Template{
		Model: ModelIntensive, Title: "Intensive case management",
		Text:     "Few clients for each case manager, met face to face every week.",
		Requires: []Requirement{RequireCadence, RequireFirstService},
		Activities: []Starting{
			{Code: FirstServiceCode, Title: "Start the first service", Trigger: TriggerOpening, Days: 5, Owner: RoleCaseManager},
			{Code: "crisis-plan", Title: "Write a crisis plan", Trigger: TriggerOpening, Days: 7, Owner: RoleCaseManager},
		},
		Cadences: []Cadence{{Kind: ContactFaceToFace, Days: 7}},
	}
}

func targeted() Template {
	return Template{
		Model: ModelTargeted, Title: "Targeted case management",
		Text:     "For a population that is eligible: chronic mental illness, developmental disability, and others.",
		Requires: []Requirement{RequireTargetPopulation},
		Activities: []Starting{
			{Code: "eligibility", Title: "Confirm that the client belongs to the target population", Trigger: TriggerOpening, Days: 3, Owner: RoleCaseManager},
			{Code: "needs-assessment", Title: "Assess needs", Trigger: TriggerOpening, Days: 14, Owner: RoleCaseManager},
		},
		Cadences: []Cadence{{Kind: ContactTelephone, Days: 30}},
	}
}

// FirstServiceCode is the starting task that the first service completes.
const FirstServiceCode = "first-service"
