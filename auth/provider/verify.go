package provider

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"caseway/auth"
	"caseway/auth/account"
	"caseway/auth/record"
	"caseway/auth/scope"
	"caseway/fhir"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// maxToken is how many bytes an access token may have.
const maxToken = 32 << 10

// verified remembers access tokens whose signature was checked, by their hash,
// until they expire.
type verified struct {
	mu     sync.RWMutex
	tokens map[[sha256.Size]byte]*token
}

// mostVerified bounds the memory for tokens.
const mostVerified = 20_000

// token is an access token whose signature was checked.
type token struct {
	claims  accessClaims
	scopes  scope.Set
	expires time.Time
	id      string // for AuditEvents

	mu      sync.Mutex
	who     *auth.Principal // as of checked
	grant   record.Row[grant]
	checked time.Time
	revoked int64 // Provider.revokedAt, then
}

func newVerified() *verified { return &verified{tokens: map[[sha256.Size]byte]*token{}} }

func (v *verified) get(hash [sha256.Size]byte) *token {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.tokens[hash]
}

// put remembers a token, and forgets others where there are too many: first
// those that expired.
func (v *verified) put(hash [sha256.Size]byte, t *token, now time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.tokens) >= mostVerified {
		for h, old := range v.tokens {
			if now.After(old.expires) {
				delete(v.tokens, h)
			}
		}
	}
	if len(v.tokens) >= mostVerified {
		clear(v.tokens)
	}
	v.tokens[hash] = t
}

// errToken is what is wrong with every token that is wrong.
func errToken(why string) error {
	return fhir.NewError(fhir.Login, fhir.IssueLogin, "the access token "+why)
}

// Verify implements auth.Verifier. A signature is checked once for a token; that
// its grant, user and client still are is looked up again each second.
func (p *Provider) Verify(ctx context.Context, text string) (*auth.Principal, error) {
	t, err := p.verify(ctx, text)
	if err != nil {
		return nil, err
	}
	return p.current(ctx, t)
}

// verify checks a token's signature and claims.
func (p *Provider) verify(ctx context.Context, text string) (*token, error) {
	if len(text) > maxToken {
		return nil, errToken("is too long")
	}
	now, hash := p.now(), sha256.Sum256([]byte(text))
	t := p.verified.get(hash)
	if t == nil {
		claims, err := p.open(ctx, text)
		if err != nil {
			return nil, err
		}
		set, err := scope.Parse(claims.Scope)
		if err != nil {
			return nil, errToken("has scopes that aren't known")
		}
		t = &token{claims: *claims, scopes: set, expires: claims.Expires.Time(), id: hex.EncodeToString(hash[:8])}
		p.verified.put(hash, t, now)
	}
	if !now.Before(t.expires) {
		return nil, errToken("has expired")
	}
	return t, nil
}

// open checks the signature and the claims that never change.
func (p *Provider) open(ctx context.Context, text string) (*accessClaims, error) {
	signed, err := jwt.ParseSigned(text, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return nil, errToken("isn't one of this server")
	}
	header := signed.Headers[0]
	if typ, _ := header.ExtraHeaders[jose.HeaderType].(string); !strings.EqualFold(typ, accessType) {
		return nil, errToken("isn't an access token")
	}
	key, err := p.keys.public(ctx, header.KeyID)
	if err != nil {
		return nil, err
	}
	var claims accessClaims
	if key == nil || signed.Claims(key, &claims) != nil {
		return nil, errToken("isn't signed by this server")
	}
	if claims.Issuer != p.issuer || !slices.Equal(claims.Audience, jwt.Audience{p.audience}) {
		return nil, errToken("is for another server")
	}
	if claims.Expires == nil || claims.Grant == "" {
		return nil, errToken("lacks claims")
	}
	return &claims, nil
}

// current gives who asks by a token, as of the last second.
func (p *Provider) current(ctx context.Context, t *token) (*auth.Principal, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now, revoked := p.now(), p.revokedAt.Load()
	if t.who != nil && t.revoked == revoked && now.Sub(t.checked) < recheck {
		return t.who, nil
	}
	t.who = nil
	row, err := p.grants.Get(ctx, t.claims.Grant)
	if err != nil {
		return nil, err
	}
	if row.Version == 0 || row.Value.Client != t.claims.ClientID {
		return nil, errToken("was revoked")
	}
	who, err := p.standsFor(ctx, t, &row.Value)
	if err != nil {
		return nil, err
	}
	t.who, t.grant, t.checked, t.revoked = who, row, now, revoked
	return who, nil
}

// standsFor makes the principal of a grant: client and user as they are now.
func (p *Provider) standsFor(ctx context.Context, t *token, g *grant) (*auth.Principal, error) {
	client, u, err := p.parties(ctx, g)
	if errors.Is(err, account.ErrUnknown) {
		return nil, errToken("was revoked")
	}
	if err != nil {
		return nil, err
	}
	who := &auth.Principal{Issuer: p.issuer, Subject: client.ID}
	if u != nil {
		if who, err = p.principalOf(ctx, u); err != nil {
			return nil, err
		}
	}
	who.Client, who.Patient, who.Encounter = client.ID, g.patient(), g.context().Encounter
	if who.Organization == "" {
		who.Organization = client.Organization
	}
	who.Scopes, who.Expires, who.Token = narrowed(t.scopes, client), t.expires, t.id
	return who, nil
}

// parties gives the client and the user of a grant, a nil user where the client
// acts for itself. It fails with account.ErrUnknown where one is gone, locked,
// or isn't the same as then, and where they belong to two Organizations: there
// is nothing that both may see.
func (p *Provider) parties(ctx context.Context, g *grant) (*account.Client, *account.User, error) {
	client, err := p.o.Accounts.Client(ctx, g.Client)
	if err != nil {
		return nil, nil, err
	}
	if !client.Created.Equal(g.ClientSince) {
		return nil, nil, account.ErrUnknown
	}
	if g.User == "" {
		return client, nil, nil
	}
	u, err := p.user(ctx, g.User)
	if err == nil && (apart(u, client) || g.Auth.Before(u.PasswordSet) && !g.set().Has("offline_access")) {
		err = account.ErrUnknown
	}
	return client, u, err
}

// apart reports whether a user and a client are bound to two Organizations.
func apart(u *account.User, client *account.Client) bool {
	return u.Organization != "" && client.Organization != "" && u.Organization != client.Organization
}

// narrowed are scopes as far as the client has them still.
func narrowed(set scope.Set, client *account.Client) scope.Set {
	allowed, _ := scope.Parse(client.Scopes)
	if allowed.Covers(set) {
		return set
	}
	return set.Intersect(allowed)
}
