package account

import (
	"time"

	"caseway/auth"
)

// User is a person who can sign in.
type User struct {
	// ID is the name to sign in with, in lower case, and the subject of tokens.
	ID   string    `json:"id"`
	Name string    `json:"name"` // for people: "Alice Example"
	Role auth.Role `json:"role"`
	// FHIRUser is the user as a relative reference: a Patient, Practitioner,
	// PractitionerRole, RelatedPerson or Person; "" for none. A user of role
	// patient has a Patient, a caregiver a RelatedPerson.
	FHIRUser string `json:"fhirUser,omitempty"`
	// Represents are further RelatedPerson references of a caregiver, since a
	// RelatedPerson has one patient only.
	Represents []string `json:"represents,omitempty"`
	// Organization is the logical id of the Organization that the user works
	// for, "" for none.
	Organization string `json:"organization,omitempty"`
	// Locked users can't sign in, and none of their tokens work.
	Locked  bool      `json:"locked,omitempty"`
	Created time.Time `json:"created"` // UTC
}
