// Package provider is the embedded authorization server: OAuth 2.0 and OpenID
// Connect as SMART App Launch 2.2 profiles them
// (https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html).
//
// The nouns: a client asks to be authorized, that makes a pending
// authorization, which waits for a person with a session. Completed, it
// becomes a grant, and the grant gets a code, then access tokens and refresh
// tokens. Revoking a grant ends all of them. A launch is the context that an
// EHR gives beforehand.
//
// Everything is kept in records of the store, each step is one record written
// with its expected version: what may happen once happens once, across
// processes and restarts, on every store. Secrets are kept as hashes only.
//
// Not here: the pages that people see (package login), users and clients
// (package account), what a token may see (package access).
package provider

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"caseway/auth"
	"caseway/auth/account"
	"caseway/fhir/store"
)

// Options make a Provider.
type Options struct {
	Store    store.Store    // for records, and to see that patients exist
	Accounts *account.Store // users and clients
	// BaseURL is where clients reach the server's root, without a slash at the
	// end: "https://care.example.org". The issuer is BaseURL + "/auth", the audience of
	// tokens BaseURL + "/fhir".
	BaseURL string
	// Audit is told what happened; nil for nobody.
	Audit func(context.Context, Event)
	// MaySee decides whether a user (not a patient or caregiver, whose
	// patients are known) may put a Patient, by logical id, in context. nil:
	// every Patient that exists.
	MaySee func(ctx context.Context, who *auth.Principal, patient string) (bool, error)
	// Trouble answers a browser that can't be sent back to an app; nil: plain text.
	Trouble func(w http.ResponseWriter, r *http.Request, status int, text string)
	Log     *slog.Logger
	// Now is the clock; nil: time.Now.
	Now func() time.Time
}

// Provider is the authorization server. Safe for concurrent use.
type Provider struct{ o Options }

// EventKind is what an Event is about.
type EventKind string

// The kinds of events.
const (
	EventSignIn     EventKind = "sign-in"
	EventSignOut    EventKind = "sign-out"
	EventLaunch     EventKind = "launch"     // a launch context was made
	EventConsent    EventKind = "consent"    // a person granted or refused
	EventToken      EventKind = "token"      // tokens were issued or refused
	EventRevocation EventKind = "revocation" // a grant ended, on request or by misuse
)

// Event is something that an AuditEvent is to say. It holds no secrets.
type Event struct {
	Kind    EventKind
	OK      bool
	Reason  string // an OAuth error code or a few words where not OK
	User    string // account.User.ID, as far as known
	Client  string // account.Client.ID, as far as known
	Patient string // logical id in context
	Grant   string // id of the grant
	Scopes  string
}

// Handler serves the endpoints below /auth/: authorize, token, introspect,
// revoke, userinfo, launch, logout, jwks and .well-known/openid-configuration.
// Requests keep their whole path. Which paths: [Paths].
func (p *Provider) Handler() http.Handler { panic("not yet") }

// Paths are the paths that Handler serves; all others below /auth are pages.
func Paths() []string {
	return []string{
		"/auth/authorize", "/auth/token", "/auth/introspect", "/auth/revoke", "/auth/userinfo", "/auth/launch",
		"/auth/logout", "/auth/jwks", "/auth/.well-known/openid-configuration",
	}
}
