package casemodel

import "slices"

// Telecom is a way to reach somebody. System is phone, email, sms, …
type Telecom struct {
	System string `json:"system,omitempty"`
	Value  string `json:"value,omitempty"`
	Use    string `json:"use,omitempty"`
}

// Client is whom the case is for. The case shows these facts and doesn't own them.
type Client struct {
	ID Ref `json:"id,omitempty"`
	// Identifier is how another system names the client, where the case does.
	Identifier Identifier `json:"identifier,omitzero"`
	Name       string     `json:"name,omitempty"`
	BirthDate  Date       `json:"birthDate,omitzero"`
	Gender     string     `json:"gender,omitempty"`
	Telecoms   []Telecom  `json:"telecoms,omitempty"`
	Languages  []Concept  `json:"languages,omitempty"`
}

// Party gives the client as a party: by reference, else by identifier.
func (c Client) Party() Party {
	if c.ID != "" {
		return Party{Ref: c.ID, Name: c.Name}
	}
	return Party{Identifier: c.Identifier, Name: c.Name}
}

// Relative is family, a friend or another caregiver who takes part in planning.
type Relative struct {
	ID            Ref       `json:"id,omitempty"`
	Name          string    `json:"name,omitempty"`
	Relationships []Concept `json:"relationships,omitempty"`
	Telecoms      []Telecom `json:"telecoms,omitempty"`
	Period        Period    `json:"period,omitzero"`
	Inactive      bool      `json:"inactive,omitempty"`
}

// TeamStatus is whether a team works.
type TeamStatus string

// The statuses of a team.
const (
	TeamProposed       TeamStatus = "proposed"
	TeamActive         TeamStatus = "active"
	TeamSuspended      TeamStatus = "suspended"
	TeamInactive       TeamStatus = "inactive"
	TeamEnteredInError TeamStatus = "entered-in-error"
)

// Team is who works together on the case.
type Team struct {
	ID            Ref        `json:"id"`
	Name          string     `json:"name,omitempty"`
	Status        TeamStatus `json:"status,omitempty"`
	Categories    []Concept  `json:"categories,omitempty"`
	Period        Period     `json:"period,omitzero"`
	Members       []Member   `json:"members,omitempty"`
	Reasons       []Concept  `json:"reasons,omitempty"`
	Problems      []Ref      `json:"problems,omitempty"` // that the team is for
	Organizations []Party    `json:"organizations,omitempty"`
	Telecoms      []Telecom  `json:"telecoms,omitempty"`
	Remarks       []Remark   `json:"remarks,omitempty"`
}

// Member is a person or organization of a team.
type Member struct {
	Party          Party           `json:"party,omitzero"`
	Roles          []Concept       `json:"roles,omitempty"`
	OnBehalfOf     Party           `json:"onBehalfOf,omitzero"`
	Period         Period          `json:"period,omitzero"`
	Certifications []Certification `json:"certifications,omitempty"`
	Networks       []Party         `json:"networks,omitempty"` // that the member belongs to
}

// Certification is what a case manager has passed: CCM, RN-BC, …
type Certification struct {
	Code       Concept    `json:"code,omitzero"`
	Identifier Identifier `json:"identifier,omitzero"`
	Issuer     Party      `json:"issuer,omitzero"`
	Period     Period     `json:"period,omitzero"` // its end is when it expires
}

// Network is an organization's membership in an insurer's network of providers.
type Network struct {
	ID       Ref       `json:"id"`
	Member   Party     `json:"member,omitzero"`  // the provider organization
	Network  Party     `json:"network,omitzero"` // the network, an organization itself
	Owner    Party     `json:"owner,omitzero"`   // whose network it is: the insurer
	Roles    []Concept `json:"roles,omitempty"`
	Period   Period    `json:"period,omitzero"`
	Inactive bool      `json:"inactive,omitempty"`
}

// Referral is what brought the client to case management.
type Referral struct {
	ID       Ref       `json:"id"`
	Status   string    `json:"status,omitempty"` // draft, active, on-hold, revoked, completed, entered-in-error, unknown
	From     Party     `json:"from,omitzero"`
	To       []Party   `json:"to,omitempty"`
	Code     Concept   `json:"code,omitzero"`
	Reasons  []Concept `json:"reasons,omitempty"`
	Problems []Ref     `json:"problems,omitempty"`
	Priority string    `json:"priority,omitempty"` // routine, urgent, asap, stat
	At       Date      `json:"at,omitzero"`
	Remarks  []Remark  `json:"remarks,omitempty"`
}

func containsParty(all []Party, p Party) bool {
	return slices.ContainsFunc(all, p.Same)
}
