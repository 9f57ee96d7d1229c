package provider

import (
	"context"
	"errors"
	"net/http"
	"time"

	"caseway/auth"
	"caseway/auth/account"
	"caseway/auth/scope"
	"caseway/fhir/store"
)

// ErrNoSession: there is no such session (any more).
var ErrNoSession = errors.New("provider: no such session")

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

// session is a session as kept in records, by its value's hash.
type session struct {
	User    string    `json:"user"`
	Auth    time.Time `json:"auth"`
	Expires time.Time `json:"expires"`
}

// csrfOf can be told from a value, and a value can't be told from it.
func csrfOf(value string) string { return hashOf("csrf\x00" + value) }

// SignIn checks a password and starts a session. The session of previous (the
// cookie's value before, "" for none) ends: a value never outlives a sign-in. It
// fails with account.ErrCredentials and *account.LockedError.
func (p *Provider) SignIn(ctx context.Context, user, password, previous string) (*Session, error) {
	return p.SignInFrom(ctx, user, password, previous, "")
}

// SignInFrom is SignIn with a browser that is known again: see
// account.Store.SignInFrom.
func (p *Provider) SignInFrom(ctx context.Context, user, password, previous, browser string) (*Session, error) {
	u, err := p.o.Accounts.SignInFrom(ctx, user, password, browser)
	if err != nil {
		p.tellSignIn(ctx, account.UserID(user), err)
		return nil, err
	}
	if err := p.endSession(ctx, previous); err != nil {
		return nil, err
	}
	now := p.now().UTC()
	value, kept := newSecret(), session{User: u.ID, Auth: now, Expires: now.Add(sessionLife)}
	if err := p.sessions.Put(ctx, hashOf(value), kept, kept.Expires, 0); err != nil {
		return nil, err
	}
	p.tell(ctx, Event{Kind: EventSignIn, OK: true, User: u.ID})
	return &Session{Value: value, CSRF: csrfOf(value), User: u, Authenticated: now, Expires: kept.Expires}, nil
}

func (p *Provider) tellSignIn(ctx context.Context, user string, err error) {
	var locked *account.LockedError
	switch {
	case errors.As(err, &locked):
		p.tell(ctx, Event{Kind: EventSignIn, Reason: "locked", User: user})
	case errors.Is(err, account.ErrCredentials):
		p.tell(ctx, Event{Kind: EventSignIn, Reason: "wrong name or password", User: user})
	}
}

// Session gives the session of a cookie's value. It fails with ErrNoSession,
// also where the user has been locked or has another password since.
func (p *Provider) Session(ctx context.Context, value string) (*Session, error) {
	if value == "" {
		return nil, ErrNoSession
	}
	row, err := p.sessions.Get(ctx, hashOf(value))
	if err != nil {
		return nil, err
	}
	s := row.Value
	if row.Version == 0 || !p.now().Before(s.Expires) {
		return nil, ErrNoSession
	}
	u, err := p.user(ctx, s.User)
	if errors.Is(err, account.ErrUnknown) {
		return nil, ErrNoSession
	}
	if err != nil {
		return nil, err
	}
	if s.Auth.Before(u.PasswordSet) {
		return nil, ErrNoSession
	}
	return &Session{Value: value, CSRF: csrfOf(value), User: u, Authenticated: s.Auth, Expires: s.Expires}, nil
}

// user gives a user that isn't locked. It fails with account.ErrUnknown.
func (p *Provider) user(ctx context.Context, id string) (*account.User, error) {
	u, err := p.o.Accounts.User(ctx, id)
	if err == nil && u.Locked {
		return nil, account.ErrUnknown
	}
	return u, err
}

// SignOut ends a session and the grants without offline_access that came of it.
// That there is none isn't an error.
func (p *Provider) SignOut(ctx context.Context, value string) error {
	if value == "" {
		return nil
	}
	row, err := p.sessions.Get(ctx, hashOf(value))
	if err != nil || row.Version == 0 {
		return err
	}
	if err := p.endSession(ctx, value); err != nil {
		return err
	}
	p.tell(ctx, Event{Kind: EventSignOut, OK: true, User: row.Value.User})
	grants, err := p.grants.List(ctx, userPrefix(row.Value.User))
	if err != nil {
		return err
	}
	for _, g := range grants {
		if g.Value.Session == row.Key && !g.Value.set().Has("offline_access") {
			if err := p.revoke(ctx, g, "signed out"); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *Provider) endSession(ctx context.Context, value string) error {
	if value == "" {
		return nil
	}
	return p.sessions.Delete(ctx, hashOf(value), store.AnyVersion)
}

// cookieName has the prefix with which browsers take a cookie from this very
// host alone; it needs https.
func (p *Provider) cookieName() string {
	if p.secure {
		return "__Host-caseway-session"
	}
	return "caseway-session"
}

// SessionCookie is the cookie for a session's value, to be set as it is:
// HttpOnly, SameSite=Lax, Secure and __Host- where the base URL is https. With
// value "" it takes the cookie away.
func (p *Provider) SessionCookie(value string) *http.Cookie {
	c := &http.Cookie{
		Name: p.cookieName(), Value: value, Path: "/", HttpOnly: true, Secure: p.secure, SameSite: http.SameSiteLaxMode,
	}
	if value == "" {
		c.MaxAge = -1
	}
	return c
}

// SessionValue is the session cookie's value in a request, "" for none.
func (p *Provider) SessionValue(r *http.Request) string {
	c, err := r.Cookie(p.cookieName())
	if err != nil {
		return ""
	}
	return c.Value
}

// Principal is the user of a session as one who asks: to search for patients
// as this user. It has the scopes user/*.rs, and no client.
func (p *Provider) Principal(ctx context.Context, s *Session) (*auth.Principal, error) {
	who, err := p.principalOf(ctx, s.User)
	if err != nil {
		return nil, err
	}
	who.Scopes, err = scope.Parse("user/*.rs")
	who.Expires = s.Expires
	return who, err
}

// principalOf gives a user as one who asks, without scopes.
func (p *Provider) principalOf(ctx context.Context, u *account.User) (*auth.Principal, error) {
	charges, err := p.charges(ctx, u)
	return &auth.Principal{
		Issuer: p.issuer, Subject: u.ID, Role: u.Role, FHIRUser: u.FHIRUser, Organization: u.Organization, Charges: charges,
	}, err
}
