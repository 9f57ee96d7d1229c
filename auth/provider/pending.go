package provider

import (
	"context"
	"errors"
	"slices"
	"time"

	"caseway/auth/account"
	"caseway/auth/record"
	"caseway/auth/scope"
)

// The contract with the pages (package login): how a request for authorization
// waits for a person, who signs in, chooses a patient, and takes or refuses.
//
//	GET /auth/authorize            → 302 /auth/signin?request=ID
//	page: Pending(ID), SignIn, Choice → Complete or Refuse → 303 to the app

// Paths of pages that this package redirects to.
const (
	PathSignIn  = "/auth/signin"  // ?request=ID
	PathSignOut = "/auth/signout" // asks before it signs out; after logout without a valid id_token_hint
	PathApps    = "/auth/apps"    // the apps that have access; not redirected to, but published
)

// Errors of this contract. account.ErrCredentials and *account.LockedError
// come from SignIn too. What else goes wrong is *fhir.Error of kind Transient
// or an error that nobody can act on.
var (
	// ErrNoPending: the request is unknown, expired, answered already, or its
	// client or launch is gone. The person has to start again from the app.
	ErrNoPending = errors.New("provider: no such pending authorization")
	// ErrSignInAgain: the app asked for a fresh sign-in (prompt=login, max_age).
	ErrSignInAgain = errors.New("provider: the user has to sign in again")
	// ErrNeedsPatient: a patient has to be chosen first.
	ErrNeedsPatient = errors.New("provider: a patient has to be chosen")
	// ErrPatient: this user may not act for the patient or in this launch, or
	// the encounter isn't the patient's.
	ErrPatient = errors.New("provider: the user may not choose this patient or encounter")
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

	maxAge *int64 // seconds
	kept   record.Row[pending]
}

// pending is a request as kept in records, by its id's hash.
type pending struct {
	Client    string         `json:"client"`
	Redirect  string         `json:"redirect"`
	State     string         `json:"state,omitempty"`
	Nonce     string         `json:"nonce,omitempty"`
	Challenge string         `json:"challenge"`
	Requested string         `json:"requested"`
	Scopes    string         `json:"scopes"`
	Prompt    []string       `json:"prompt,omitempty"`
	MaxAge    *int64         `json:"maxAge,omitempty"`
	LoginHint string         `json:"loginHint,omitempty"`
	Launch    string         `json:"launch,omitempty"` // key of the launch record
	User      string         `json:"user,omitempty"`   // the launch is for this one only
	Context   *LaunchContext `json:"context,omitempty"`
	Created   time.Time      `json:"created"`
	Expires   time.Time      `json:"expires"`
}

// NeedsSignIn reports whether the person of a session has to sign in (again)
// before this request can be completed; a nil session always has to.
func (p *Pending) NeedsSignIn(s *Session) bool {
	if s == nil {
		return true
	}
	if slices.Contains(p.Prompt, "login") || slices.Contains(p.Prompt, "select_account") {
		return s.Authenticated.Before(p.Created)
	}
	if p.maxAge == nil {
		return false
	}
	oldest := p.Created.Add(-time.Duration(*p.maxAge) * time.Second)
	return s.Authenticated.Before(oldest)
}

// Pending gives a request that waits. It fails with ErrNoPending.
func (p *Provider) Pending(ctx context.Context, id string) (*Pending, error) {
	row, err := p.pendings.Get(ctx, hashOf(id))
	if err != nil {
		return nil, err
	}
	if row.Version == 0 || !p.now().Before(row.Value.Expires) {
		return nil, ErrNoPending
	}
	client, err := p.o.Accounts.Client(ctx, row.Value.Client)
	if errors.Is(err, account.ErrUnknown) {
		return nil, ErrNoPending
	}
	if err != nil {
		return nil, err
	}
	set, _ := scope.Parse(row.Value.Scopes)
	return newPending(id, client, set, row), nil
}

func newPending(id string, client *account.Client, set scope.Set, row record.Row[pending]) *Pending {
	kept := &row.Value
	w := &Pending{
		ID: id, Client: client, Scopes: set, Launch: kept.Context, LoginHint: kept.LoginHint, Prompt: kept.Prompt,
		Created: kept.Created, Expires: kept.Expires, maxAge: kept.MaxAge, kept: row,
	}
	patient, encounter := "", ""
	if kept.Context != nil {
		patient, encounter = kept.Context.Patient, kept.Context.Encounter
	}
	w.NeedsPatient = patient == "" && wantsPatient(set)
	w.NeedsEncounter = encounter == "" && set.Has("launch/encounter")
	return w
}

// wantsPatient reports whether scopes are about the patient in context: where
// such are granted, there has to be one.
func wantsPatient(set scope.Set) bool {
	return set.Has("launch/patient") || slices.ContainsFunc(set.Resources, ofPatient)
}

func ofPatient(s scope.Scope) bool { return s.Context == scope.Patient }

// take uses a request up. It fails with ErrNoPending where another did.
func (p *Provider) take(ctx context.Context, w *Pending) error {
	err := p.pendings.Delete(ctx, w.kept.Key, w.kept.Version)
	if errors.Is(err, record.ErrConflict) {
		return ErrNoPending
	}
	return err
}

// Refuse tells the app access_denied: it gives the URL at the app to redirect
// the browser to. It fails with ErrNoPending.
func (p *Provider) Refuse(ctx context.Context, id string, s *Session) (string, error) {
	w, err := p.Pending(ctx, id)
	if err != nil {
		return "", err
	}
	if err := p.take(ctx, w); err != nil {
		return "", err
	}
	e := Event{Kind: EventConsent, Reason: "access_denied", Client: w.Client.ID, Scopes: w.kept.Value.Scopes}
	if s != nil {
		e.User = s.User.ID
	}
	p.tell(ctx, e)
	return p.refusal(&w.kept.Value, refuse("access_denied", "the user refused")), nil
}
