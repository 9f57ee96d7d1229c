package provider

import (
	"context"
	"errors"
	"slices"
	"time"

	"caseway/auth/account"
	"caseway/auth/record"
	"caseway/auth/scope"
	"caseway/fhir/store"
)

// ErrNoGrant: the user has no such grant.
var ErrNoGrant = errors.New("provider: no such grant")

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

// grant is a grant as kept in records. Its record's key is its id; without the
// record nothing that it gave is valid.
type grant struct {
	Client      string         `json:"client"`
	ClientSince time.Time      `json:"clientSince"`    // a client made anew has none of the old grants
	User        string         `json:"user,omitempty"` // "" for a client that acts for itself
	Scopes      string         `json:"scopes"`         // granted, in normal form
	Requested   string         `json:"requested"`      // as the client wrote them
	Context     *LaunchContext `json:"context,omitempty"`
	Nonce       string         `json:"nonce,omitempty"`
	Session     string         `json:"session,omitempty"` // its key
	Auth        time.Time      `json:"auth"`              // when the user gave the password
	Created     time.Time      `json:"created"`
	LastUsed    time.Time      `json:"lastUsed"`
	Code        *code          `json:"code,omitempty"`
	Refresh     *refresh       `json:"refresh,omitempty"`
}

// code is a grant's authorization code (RFC 6749 section 4.1.2).
type code struct {
	Hash      string    `json:"hash"`
	Expires   time.Time `json:"expires"`
	Challenge string    `json:"challenge"` // S256 (RFC 7636)
	Redirect  string    `json:"redirect"`
	Used      bool      `json:"used,omitempty"`
}

// refresh is where a grant's chain of refresh tokens stands.
type refresh struct {
	Current  string    `json:"current"`            // hash
	Previous string    `json:"previous,omitempty"` // hash of the one before
	Rotated  time.Time `json:"rotated"`            // when Current took its place
}

// context gives the launch context, empty where there is none.
func (g *grant) context() *LaunchContext {
	if g.Context == nil {
		return &LaunchContext{}
	}
	return g.Context
}

func (g *grant) patient() string { return g.context().Patient }

// set gives the scopes, which were written by a Set.
func (g *grant) set() scope.Set {
	set, _ := scope.Parse(g.Scopes)
	return set
}

// Grants lists a user's living grants, newest first.
func (p *Provider) Grants(ctx context.Context, user string) ([]Grant, error) {
	rows, err := p.grants.List(ctx, userPrefix(user))
	if err != nil {
		return nil, err
	}
	var list []Grant
	for _, row := range rows {
		g := &row.Value
		if g.Code != nil && !g.Code.Used {
			continue // the app hasn't fetched it, and may never
		}
		client, err := p.o.Accounts.Client(ctx, g.Client)
		if errors.Is(err, account.ErrUnknown) {
			client, err = &account.Client{ID: g.Client, Name: g.Client}, nil
		}
		if err != nil {
			return nil, err
		}
		if !client.Created.IsZero() && !client.Created.Equal(g.ClientSince) {
			continue // it ended with the client that had the name before
		}
		set := g.set()
		list = append(list, Grant{
			ID: row.Key, Client: client, Scopes: set, Patient: g.patient(), Offline: set.Has("offline_access"),
			Created: g.Created, LastUsed: g.LastUsed, Expires: row.Expires,
		})
	}
	slices.SortStableFunc(list, func(a, b Grant) int { return b.Created.Compare(a.Created) })
	return list, nil
}

// Revoke ends a grant of the user: its tokens work nowhere within a second. It
// fails with ErrNoGrant.
func (p *Provider) Revoke(ctx context.Context, user, id string) error {
	row, err := p.grants.Get(ctx, id)
	if err != nil {
		return err
	}
	if row.Version == 0 || row.Value.User != user || user == "" {
		return ErrNoGrant
	}
	return p.revoke(ctx, row, "")
}

// revoke ends a grant, whatever becomes of it in between. A reason is given
// where it was misused.
func (p *Provider) revoke(ctx context.Context, row record.Row[grant], reason string) error {
	if err := p.grants.Delete(ctx, row.Key, store.AnyVersion); err != nil {
		return err
	}
	p.revokedAt.Add(1)
	p.tell(ctx, Event{
		Kind: EventRevocation, OK: true, Reason: reason, User: row.Value.User, Client: row.Value.Client,
		Patient: row.Value.patient(), Grant: row.Key, Scopes: row.Value.Scopes,
	})
	return nil
}
