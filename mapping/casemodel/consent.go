package casemodel

// Consent is what the client permits or forbids.
type Consent struct {
	ID            Ref        `json:"id"`
	Status        string     `json:"status,omitempty"` // draft, proposed, active, rejected, inactive, entered-in-error
	Scope         Concept    `json:"scope,omitzero"`
	Categories    []Concept  `json:"categories,omitempty"`
	At            Date       `json:"at,omitzero"`
	By            []Party    `json:"by,omitempty"` // who consents
	Organizations []Party    `json:"organizations,omitempty"`
	Policy        Concept    `json:"policy,omitzero"`
	Source        Ref        `json:"source,omitempty"` // the signed document
	Provision     *Provision `json:"provision,omitempty"`
}

// Provision permits or denies, within a period, to somebody, for a purpose;
// provisions below it are exceptions to it.
type Provision struct {
	Type       string          `json:"type,omitempty"` // deny, permit
	Period     Period          `json:"period,omitzero"`
	Data       Period          `json:"dataPeriod,omitzero"`
	Actors     []ConsentActor  `json:"actors,omitempty"`
	Actions    []Concept       `json:"actions,omitempty"`
	Purposes   []Coding        `json:"purposes,omitempty"`
	Classes    []Coding        `json:"classes,omitempty"`
	Labels     []Coding        `json:"labels,omitempty"`
	Codes      []Concept       `json:"codes,omitempty"`
	Parts      []ConsentedPart `json:"parts,omitempty"`
	Provisions []Provision     `json:"provisions,omitempty"`
}

// ConsentActor is whom a provision is about.
type ConsentActor struct {
	Role  Concept `json:"role,omitzero"`
	Party Party   `json:"party,omitzero"`
}

// ConsentedPart is a part that a provision is about, and how what hangs on it
// is meant (instance, related, dependents, authoredby).
type ConsentedPart struct {
	Meaning string `json:"meaning,omitempty"`
	Ref     Ref    `json:"ref"`
}
