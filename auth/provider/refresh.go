package provider

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/url"

	"caseway/auth/account"
	"caseway/auth/record"
	"caseway/auth/scope"
)

// A refresh token is the grant's id, a secret, and a seal that only this server
// makes. The next secret follows from the one before and a secret of the
// server: who repeats a refresh within the grace, because another tab was
// faster or the answer was lost, gets the same next token, although only hashes
// are stored. The seal tells a token that was given once, and whose second use
// betrays a thief, from one that someone made up.

// sealed is the size of a seal in bytes.
const sealed = 16

func mac(key []byte, purpose, id string, secret []byte) []byte {
	m := hmac.New(sha256.New, key)
	for _, part := range [][]byte{[]byte(purpose), {0}, []byte(id), {0}, secret} {
		m.Write(part)
	}
	return m.Sum(nil)
}

// follow gives the refresh token that comes after a secret.
func (p *Provider) follow(ctx context.Context, id string, before []byte) (string, error) {
	key, err := p.keys.chainSecret(ctx)
	if err != nil {
		return "", err
	}
	secret := mac(key, "next", id, before)
	return id + "." + base64.RawURLEncoding.EncodeToString(append(secret, mac(key, "seal", id, secret)[:sealed]...)), nil
}

// unseal takes a refresh token apart; ok says that this server made it once.
func (p *Provider) unseal(ctx context.Context, token string) (id string, secret []byte, ok bool, err error) {
	id, text, ok := cutSecret(token)
	if !ok {
		return "", nil, false, nil
	}
	key, err := p.keys.chainSecret(ctx)
	if err != nil {
		return "", nil, false, err
	}
	data, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(data) != sha256.Size+sealed {
		return "", nil, false, nil
	}
	secret = data[:sha256.Size]
	return id, secret, hmac.Equal(data[sha256.Size:], mac(key, "seal", id, secret)[:sealed]), nil
}

// startChain gives a grant its first refresh token.
func (p *Provider) startChain(ctx context.Context, id string, g *grant) (string, error) {
	first, err := p.follow(ctx, id, []byte(newSecret()))
	g.Refresh = &refresh{Current: hashOf(first), Rotated: p.now().UTC()}
	return first, err
}

// errRefresh is what is wrong with every refresh token that is wrong.
var errRefresh = refuse("invalid_grant", "the refresh token is unknown, expired, revoked, used already, or not for this client")

// exchangeRefresh gives new tokens for a refresh token, and the next refresh
// token (RFC 6749 section 6, RFC 9700 section 4.14).
func (p *Provider) exchangeRefresh(ctx context.Context, client *account.Client, form url.Values) (*tokenAnswer, error) {
	given := form.Get("refresh_token")
	if given == "" {
		return nil, refuse("invalid_request", "refresh_token is missing")
	}
	id, secret, ok, err := p.unseal(ctx, given)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, errRefresh
	}
	for {
		row, err := p.grants.Get(ctx, id)
		if err != nil {
			return nil, err
		}
		answer, err := p.refreshOnce(ctx, client, form, row, secret)
		if !errors.Is(err, record.ErrConflict) {
			return answer, err
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
}

// refreshOnce fails with record.ErrConflict where the grant changed meanwhile.
func (p *Provider) refreshOnce(ctx context.Context, client *account.Client, form url.Values, row record.Row[grant], secret []byte) (*tokenAnswer, error) {
	g, given := &row.Value, hashOf(form.Get("refresh_token"))
	if row.Version == 0 || g.Refresh == nil || g.Client != client.ID {
		return nil, errRefresh
	}
	current := same(g.Refresh.Current, given)
	again := same(g.Refresh.Previous, given) && p.now().Sub(g.Refresh.Rotated) < grace
	if !current && !again {
		return nil, errors.Join(p.revoke(ctx, row, "refresh token used again"), errRefresh)
	}
	u, err := p.mayRefresh(ctx, g)
	if err != nil {
		return nil, err
	}
	set, err := p.refreshed(g, client, form)
	if err != nil {
		return nil, err
	}
	next, err := p.follow(ctx, row.Key, secret)
	if err != nil {
		return nil, err
	}
	if current {
		now := p.now().UTC()
		g.Refresh, g.LastUsed = &refresh{Current: hashOf(next), Previous: given, Rotated: now}, now
		if err := p.grants.Put(ctx, row.Key, *g, now.Add(refreshLife), row.Version); err != nil {
			return nil, err
		}
	}
	return p.answer(ctx, &row, u, set, next)
}

// mayRefresh gives the user where user and client are as they were and, for
// online_access, the user is still signed in.
func (p *Provider) mayRefresh(ctx context.Context, g *grant) (*account.User, error) {
	_, u, err := p.parties(ctx, g)
	if errors.Is(err, account.ErrUnknown) {
		return nil, errRefresh
	}
	if err != nil || g.set().Has("offline_access") {
		return u, err
	}
	row, err := p.sessions.Get(ctx, g.Session)
	if err == nil && (row.Version == 0 || !p.now().Before(row.Value.Expires)) {
		return nil, errRefresh
	}
	return u, err
}

// refreshed are the scopes of the new token: those of the grant, or fewer where
// the client asks for fewer. More is refused.
func (p *Provider) refreshed(g *grant, client *account.Client, form url.Values) (scope.Set, error) {
	granted := narrowed(g.set(), client)
	if !form.Has("scope") {
		return granted, nil
	}
	asked, err := scope.Parse(form.Get("scope"))
	if err != nil || asked.Empty() || !granted.Covers(asked) {
		return scope.Set{}, refuse("invalid_scope", "a refresh asks for scopes that were granted, or fewer")
	}
	return asked, nil
}
