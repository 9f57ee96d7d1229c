// Package auth says who is asking: principals, and what verifies the tokens
// that stand for them.
//
// Its packages build on that: scope (SMART scopes), access (what a principal
// may do and see), account (users, clients and their secrets), provider (the
// embedded authorization server) and external (OpenID providers elsewhere).
//
// Not here: how resources are stored and searched, HTTP routing.
package auth

import (
	"context"
	"time"

	"caseway/auth/scope"
)

// Role is what a user is to this server. A user/ scope gives no more than the
// role allows.
type Role string

// The roles.
const (
	// Administrator sees everything, users, clients and AuditEvents included.
	Administrator Role = "administrator"
	// Staff works for a provider or a payer: with an Organization what that one
	// may see, otherwise all clinical resources.
	Staff Role = "staff"
	// Patient sees the own compartment.
	Patient Role = "patient"
	// Caregiver sees the compartments of the patients whose RelatedPerson it is.
	Caregiver Role = "caregiver"
)

// Principal is who asks: a user with a client, or a client alone. Values are
// not changed once they are made.
type Principal struct {
	Issuer  string // of the token: this server's base URL, or an external one
	Subject string // the user's id at the issuer; the client's where it acts for itself
	Client  string // the client's id
	Role    Role   // "" for a client that acts for itself
	// FHIRUser is the user as a relative reference ("Practitioner/1"), "" for none.
	FHIRUser string
	// Patient and Encounter are logical ids of the launch context, "" for none.
	Patient, Encounter string
	// Organization is the logical id of the Organization that the user or client
	// is bound to, "" for none. It narrows user/ and system/ scopes.
	Organization string
	// Charges are logical ids of the Patients whose RelatedPerson a Caregiver is.
	Charges []string
	Scopes  scope.Set
	Expires time.Time // of the token
	// Token identifies the token in AuditEvents without giving it away.
	Token string
}

type principalKey struct{}

// With gives a context that carries who asks.
func With(ctx context.Context, p *Principal) context.Context {
	return context.WithValue(ctx, principalKey{}, p)
}

// From gives who asks, nil where nobody has been identified: such a request may
// do nothing.
func From(ctx context.Context) *Principal {
	p, _ := ctx.Value(principalKey{}).(*Principal)
	return p
}

// Verifier finds out for whom a bearer token stands. Safe for concurrent use.
type Verifier interface {
	// Verify fails with *fhir.Error of kind Login where the token isn't valid
	// (any more), and of kind Transient where that can't be found out now.
	Verify(ctx context.Context, token string) (*Principal, error)
}
