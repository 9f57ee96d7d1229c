package provider

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"caseway/auth"
	"caseway/auth/account"
	"caseway/auth/scope"
)

// This file is the contract with the pages (package login): how a request for
// authorization waits for a person, who signs in, chooses a patient, and takes
// or refuses.
//
//	GET /auth/authorize            → 302 /auth/signin?request=ID
//	page: Pending(ID), SignIn, Choice → Complete or Refuse → 302 to the app

// Paths of pages that this package redirects to.
const (
	PathSignIn  = "/auth/signin"  // ?request=ID
	PathSignOut = "/auth/signout" // asks before it signs out; after logout without a valid id_token_hint
)

// Errors of this contract. account.ErrCredentials and *account.LockedError
// come from SignIn too. What else goes wrong is *fhir.Error of kind Transient
// or an error that nobody can act on.
var (
	// ErrNoPending: the request is unknown, expired, answered already, or its
	// client or launch is gone. The person has to start again from the app.
	ErrNoPending = errors.New("provider: no such pending authorization")
	// ErrNoSession: there is no such session (any more).
	ErrNoSession = errors.New("provider: no such session")
	// ErrSignInAgain: the app asked for a fresh sign-in (prompt=login, max_age).
	ErrSignInAgain = errors.New("provider: the user has to sign in again")
	// ErrNeedsPatient: a patient has to be chosen first.
	ErrNeedsPatient = errors.New("provider: a patient has to be chosen")
	// ErrPatient: this user may not act for the patient, or the encounter isn't the patient's.
	ErrPatient = errors.New("provider: the user may not choose this patient or encounter")
	// ErrNoGrant: the user has no such grant.
	ErrNoGrant = errors.New("provider: no such grant")
)

// Pending is a request for authorization that waits for a person.
type Pending struct {
	ID     string
	Client *account.Client
	// Scopes is what can be granted: asked for and allowed to the client.
	Scopes scope.Set
	// NeedsPatient: the app wants a patient in context and the launch has none.
	NeedsPatient bool
	// NeedsEncounter: the app wants an encounter and the launch has none. It may
	// be left out: then launch/encounter isn't granted.
	NeedsEncounter bool
	// Launch is the EHR's launch context, nil in a standalone launch.
	Launch    *LaunchContext
	LoginHint string   // a user's ID to fill in, "" for none
	Prompt    []string // of login, consent, select_account
	Created   time.Time
	Expires   time.Time
	maxAge    *int64 // seconds
}

// NeedsSignIn reports whether the person of a session has to sign in (again)
// before this request can be completed; a nil session always has to.
func (p *Pending) NeedsSignIn(s *Session) bool { panic("not yet") }

// LaunchContext is what an EHR says about a launch
// (https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html#launch-context-arrives-with-your-access_token).
type LaunchContext struct {
	Patient           string            `json:"patient,omitempty"`   // logical id
	Encounter         string            `json:"encounter,omitempty"` // logical id
	FHIRContext       []json.RawMessage `json:"fhirContext,omitempty"`
	Intent            string            `json:"intent,omitempty"`
	NeedPatientBanner *bool             `json:"need_patient_banner,omitempty"`
	SmartStyleURL     string            `json:"smart_style_url,omitempty"`
	Tenant            string            `json:"tenant,omitempty"`
}

// Session is a person who has signed in in a browser.
type Session struct {
	// Value goes into the session cookie. It is a secret: only its hash is stored.
	Value string
	// CSRF goes into every form that changes something and is compared in
	// constant time when it comes back. It is derived from Value.
	CSRF          string
	User          *account.User
	Authenticated time.Time // when the password was given; UTC
	Expires       time.Time
}

// Choice says which patients a user may put in context.
type Choice struct {
	// Patient is the only one: nothing has to be asked. "" otherwise.
	Patient string
	// Patients are all there are, by logical id: a caregiver's.
	Patients []string
	// Search: any patient that a search as the user's Principal finds.
	Search bool
}

// Decision is what the person chose.
type Decision struct {
	Patient   string    // logical id; ignored where the launch has one or Choice.Patient is set
	Encounter string    // logical id, "" for none; ignored where the launch has one
	Scopes    scope.Set // what is granted: Pending.Scopes or less
}

// Grant is an app's access to what a user may see, until it is revoked.
type Grant struct {
	ID       string
	Client   *account.Client // with ID and Name only where the client is gone
	Scopes   scope.Set
	Patient  string // logical id in context, "" for none
	Offline  bool   // the app stays connected after sign-out
	Created  time.Time
	LastUsed time.Time // last token; UTC
	Expires  time.Time
}

// Pending gives a request that waits. It fails with ErrNoPending.
func (p *Provider) Pending(ctx context.Context, id string) (*Pending, error) { panic("not yet") }

// SignIn checks a password and starts a session. The session of previous (the
// cookie's value before, "" for none) ends: a value never outlives a sign-in. It
// fails with account.ErrCredentials and *account.LockedError.
func (p *Provider) SignIn(ctx context.Context, user, password, previous string) (*Session, error) {
	panic("not yet")
}

// Session gives the session of a cookie's value. It fails with ErrNoSession.
func (p *Provider) Session(ctx context.Context, value string) (*Session, error) { panic("not yet") }

// SignOut ends a session and the grants without offline_access that came of it.
// That there is none isn't an error.
func (p *Provider) SignOut(ctx context.Context, value string) error { panic("not yet") }

// SessionCookie is the cookie for a session's value, to be set as it is:
// HttpOnly, SameSite=Lax, Secure and __Host- where the base URL is https. With
// value "" it takes the cookie away.
func (p *Provider) SessionCookie(value string) *http.Cookie { panic("not yet") }

// SessionValue is the session cookie's value in a request, "" for none.
func (p *Provider) SessionValue(r *http.Request) string { panic("not yet") }

// Principal is the user of a session as one who asks: to search for patients
// as this user. It has the scopes user/*.rs, and no client.
func (p *Provider) Principal(ctx context.Context, s *Session) (*auth.Principal, error) {
	panic("not yet")
}

// Choice says whom the user of a session may put in context.
func (p *Provider) Choice(ctx context.Context, s *Session) (Choice, error) { panic("not yet") }

// Complete grants what was decided and gives the URL at the app to redirect
// (303) the browser to. It can be done once for a request. It fails with
// ErrNoPending, ErrNoSession, ErrSignInAgain, ErrNeedsPatient and ErrPatient; with
// nothing left of the scopes it is Refuse.
func (p *Provider) Complete(ctx context.Context, id string, s *Session, d Decision) (string, error) {
	panic("not yet")
}

// Refuse tells the app access_denied: it gives the URL at the app to redirect
// the browser to. It fails with ErrNoPending.
func (p *Provider) Refuse(ctx context.Context, id string, s *Session) (string, error) {
	panic("not yet")
}

// Grants lists a user's living grants, newest first.
func (p *Provider) Grants(ctx context.Context, user string) ([]Grant, error) { panic("not yet") }

// Revoke ends a grant of the user: its tokens work nowhere within a second. It
// fails with ErrNoGrant.
func (p *Provider) Revoke(ctx context.Context, user, grant string) error { panic("not yet") }
