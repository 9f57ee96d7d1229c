package provider

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"caseway/auth"
	"caseway/auth/account"
	"caseway/auth/pace"
	"caseway/fhir"
)

// assertionType is the only one (RFC 7523 section 2.2).
const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// authenticate finds out which client sends a form: a public one says its
// client_id, a symmetric one has its secret, an asymmetric one an assertion.
// More than one way at once is refused (RFC 6749 section 2.3).
func (p *Provider) authenticate(r *http.Request, form url.Values) (*account.Client, error) {
	id, secret, basic := r.BasicAuth()
	if sent := r.Header.Values("Authorization"); len(sent) > 1 || len(sent) == 1 && !basic {
		return nil, refuseClient(r, "there is more than one Authorization header, or one that isn't Basic")
	}
	if ways(basic, form.Has("client_secret"), form.Has("client_assertion")) > 1 {
		return nil, refuse("invalid_request", "a client shows who it is in one way")
	}
	switch {
	case form.Has("client_assertion"):
		return p.byAssertion(r, form)
	case basic:
		return p.byBasic(r, form, id, secret)
	case form.Has("client_secret"):
		client, err := p.bySecret(r, form.Get("client_id"), form.Get("client_secret"))
		return client, p.wrongClient(r, err)
	}
	if form.Get("grant_type") == account.GrantRefreshToken && !form.Has("client_id") {
		return p.byRefresh(r, form.Get("refresh_token"))
	}
	return p.byID(r, form.Get("client_id"))
}

// byRefresh finds the public client that a refresh token was given to: SMART's
// refresh request has no client_id, and common libraries send none
// (https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html#refresh-access-token).
func (p *Provider) byRefresh(r *http.Request, token string) (*account.Client, error) {
	id, _, ok, err := p.unseal(r.Context(), token)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, errRefresh
	}
	row, err := p.grants.Get(r.Context(), id)
	if err != nil {
		return nil, err
	}
	if row.Version == 0 {
		return nil, errRefresh
	}
	return p.byID(r, row.Value.Client)
}

func ways(used ...bool) int {
	n := 0
	for _, u := range used {
		if u {
			n++
		}
	}
	return n
}

// wrongClient tells wrong credentials apart from what the client can't help.
func (p *Provider) wrongClient(r *http.Request, err error) error {
	if errors.Is(err, account.ErrCredentials) {
		return refuseClient(r, "the client is unknown, or its secret is wrong")
	}
	return err
}

// byBasic reads the header as RFC 6749 section 2.3.1 has it, percent-encoded,
// and as many clients write it, not encoded.
func (p *Provider) byBasic(r *http.Request, form url.Values, id, secret string) (*account.Client, error) {
	plainID, errID := url.QueryUnescape(id)
	plain, errSecret := url.QueryUnescape(secret)
	if errID != nil || errSecret != nil {
		plainID, plain = id, secret
	}
	if form.Has("client_id") && form.Get("client_id") != plainID {
		return nil, refuseClient(r, "client_id isn't the one of the Authorization header")
	}
	if secret == "" {
		return p.byID(r, plainID)
	}
	client, err := p.bySecret(r, plainID, plain)
	if errors.Is(err, account.ErrCredentials) && plain != secret {
		client, err = p.bySecret(r, id, secret)
	}
	return client, p.wrongClient(r, err)
}

// paceOfGuesses is how often a network address may have a client's secret
// wrong: after it even the right one has to wait.
var paceOfGuesses = pace.Limit{Burst: 20, Every: 10 * time.Second}

// bySecret takes a guess before it looks, so that many at once don't outrun the
// count, and gives it back where the secret is right.
func (p *Provider) bySecret(r *http.Request, id, secret string) (*account.Client, error) {
	caller := pace.Caller(r.RemoteAddr) + " " + id
	if wait := p.guesses.Take(caller); wait > 0 {
		return nil, &oauthError{
			Code: "temporarily_unavailable", Description: "there were too many wrong secrets of this client: wait before trying again",
			status: http.StatusTooManyRequests, wait: wait,
		}
	}
	client, err := p.o.Accounts.CheckSecret(r.Context(), id, secret)
	if !errors.Is(err, account.ErrCredentials) {
		p.guesses.Return(caller)
	}
	return client, err
}

// byID takes a public client at its word: it has nothing to show.
func (p *Provider) byID(r *http.Request, id string) (*account.Client, error) {
	client, err := p.o.Accounts.Client(r.Context(), id)
	if err == nil && client.Kind != account.Public {
		return nil, refuseClient(r, "this client has to show who it is")
	}
	if errors.Is(err, account.ErrUnknown) {
		return nil, refuseClient(r, "the client is unknown")
	}
	return client, err
}

// caller finds out which client calls an endpoint that is for clients
// themselves: by a form's means, or by an access token that it got for itself.
func (p *Provider) caller(r *http.Request, form url.Values) (*account.Client, error) {
	token, ok := bearer(r)
	if !ok {
		client, err := p.authenticate(r, form)
		if err == nil && client.Kind == account.Public {
			return nil, refuseClient(r, "only a client that can show who it is may do this")
		}
		return client, err
	}
	who, err := p.asker(r.Context(), token)
	if err != nil {
		return nil, err
	}
	if who.Role != "" {
		return nil, refuseToken(http.StatusForbidden, "insufficient_scope", "the token is a user's, not the client's own")
	}
	return p.o.Accounts.Client(r.Context(), who.Client)
}

// asker is Verify with the answers of this package.
func (p *Provider) asker(ctx context.Context, token string) (*auth.Principal, error) {
	who, err := p.Verify(ctx, token)
	if fhir.Is(err, fhir.Login) {
		return nil, refuseToken(http.StatusUnauthorized, "invalid_token", "the access token isn't valid (any more)")
	}
	return who, err
}
