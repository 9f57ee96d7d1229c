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
// The endpoints are its own, on go-jose: those of the general servers take
// tokens from the query, name no issuer in the authorization response, know
// neither RS384 nor ES384, and introspect without a bearer token.
//
// Not here: the pages that people see (package login), users and clients
// (package account), what a token may see (package access).
package provider

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"caseway/auth"
	"caseway/auth/account"
	"caseway/auth/pace"
	"caseway/auth/record"
	"caseway/auth/scope"
	"caseway/fhir/store"
)

// Lifetimes.
const (
	accessLife  = time.Hour       // of access tokens with a user
	serviceLife = 5 * time.Minute // of access tokens of backend services
	codeLife    = time.Minute
	pendingLife = 15 * time.Minute
	launchLife  = 10 * time.Minute
	sessionLife = 12 * time.Hour
	refreshLife = 90 * 24 * time.Hour // since the last use
	// grace is how long a refresh token that was just used may be used again:
	// by another tab, or because the answer was lost.
	grace = 10 * time.Second
	// skew is how far the clocks of clients may be off.
	skew = 30 * time.Second
	// recheck is how long a grant is believed to live.
	recheck = time.Second
)

// Options make a Provider.
type Options struct {
	Store    store.Store    // for records, and to see that patients exist
	Accounts *account.Store // users and clients
	// BaseURL is where clients reach the server's root, without a slash at the
	// end: "https://care.example.org". The issuer is BaseURL + "/auth", the audience of
	// tokens BaseURL + "/fhir".
	BaseURL string
	// Audit is told what happened; nil for nobody. The context is the request's.
	Audit func(context.Context, Event)
	// MaySee decides whether a user (not a patient or caregiver, whose
	// patients are known) may put a Patient, by logical id, in context. who has
	// the scopes user/*.rs, and the organization of the token to be. nil: every
	// Patient that exists.
	MaySee func(ctx context.Context, who *auth.Principal, patient string) (bool, error)
	// Usable says by an error that a granular scope's search parameters can't be
	// used: such a scope gives nothing, and so isn't granted. nil: all can be.
	Usable func(scope.Set) error
	// Trouble answers a browser that can't be sent back to an app; nil: plain
	// text. The text is for people and holds nothing from the request.
	Trouble func(w http.ResponseWriter, r *http.Request, status int, text string)
	Log     *slog.Logger // nil: slog.Default()
	// Client fetches the key sets of clients; nil: one that doesn't follow
	// redirects and gives up after 5 s.
	Client *http.Client
	// Now is the clock; nil: time.Now.
	Now func() time.Time
}

// Provider is the authorization server. Safe for concurrent use.
type Provider struct {
	o        Options
	log      *slog.Logger
	now      func() time.Time
	issuer   string
	audience string
	secure   bool // the base URL is https

	pendings record.Table[pending]
	launches record.Table[launch]
	grants   record.Table[grant]
	sessions record.Table[session]
	used     record.Table[struct{}] // jti of assertions

	guesses   *pace.Buckets // of clients' secrets, by network address and client
	keys      *keyring
	remotes   *keySets
	verified  *verified
	revokedAt atomic.Int64 // counts revocations of this process
	handler   http.Handler
}

// New makes an authorization server. It fails where the base URL isn't one;
// the store isn't asked before the first request.
func New(o Options) (*Provider, error) {
	u, err := url.Parse(o.BaseURL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("provider: the base URL is an http or https URL")
	}
	p := &Provider{
		o: o, log: o.Log, now: o.Now, secure: u.Scheme == "https", verified: newVerified(),
		pendings: record.Table[pending]{Store: o.Store, Kind: "auth-pending"},
		launches: record.Table[launch]{Store: o.Store, Kind: "auth-launch"},
		grants:   record.Table[grant]{Store: o.Store, Kind: "auth-grant"},
		sessions: record.Table[session]{Store: o.Store, Kind: "auth-session"},
		used:     record.Table[struct{}]{Store: o.Store, Kind: "auth-jti"},
	}
	if p.log == nil {
		p.log = slog.Default()
	}
	if p.now == nil {
		p.now = time.Now
	}
	p.o.BaseURL = strings.TrimSuffix(o.BaseURL, "/")
	p.issuer, p.audience = p.o.BaseURL+"/auth", p.o.BaseURL+"/fhir"
	p.guesses = pace.New(paceOfGuesses, p.now)
	p.keys = newKeyring(o.Store, p.now)
	p.remotes = newKeySets(o.Client, p.now)
	p.handler = p.routes()
	return p, nil
}

// Prepare makes the first signing key, which would otherwise hold up the first
// token.
func (p *Provider) Prepare(ctx context.Context) error {
	_, err := p.keys.signer(ctx)
	return err
}

// Issuer is the issuer of tokens, BaseURL + "/auth".
func (p *Provider) Issuer() string { return p.issuer }

// endpoint is the URL of a path below /auth.
func (p *Provider) endpoint(name string) string { return p.issuer + "/" + name }

// tell has an event audited.
func (p *Provider) tell(ctx context.Context, e Event) {
	if p.o.Audit != nil {
		p.o.Audit(ctx, e)
	}
}
