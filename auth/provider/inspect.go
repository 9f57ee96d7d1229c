package provider

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"caseway/auth"
	"caseway/auth/account"
	"caseway/auth/record"
	"caseway/auth/scope"
	"caseway/fhir"
)

// introspection is what is known of a token (RFC 7662 section 2.2,
// https://hl7.org/fhir/smart-app-launch/STU2.2/token-introspection.html).
type introspection struct {
	Active    bool   `json:"active"`
	Scope     string `json:"scope,omitempty"`
	ClientID  string `json:"client_id,omitempty"`
	TokenType string `json:"token_type,omitempty"`
	Expires   int64  `json:"exp,omitempty"`
	Issued    int64  `json:"iat,omitempty"`
	Issuer    string `json:"iss,omitempty"`
	Subject   string `json:"sub,omitempty"`
	Audience  string `json:"aud,omitempty"`
	ID        string `json:"jti,omitempty"`
	FHIRUser  string `json:"fhirUser,omitempty"`
	*LaunchContext
}

// introspect tells clients that show who they are what a token is (RFC 7662): by
// their own means, or by an access token. An access token may be looked at by
// every such client, for who has it could use it; a token that was given for
// a user looks at those of its own client only; a refresh token is shown to
// its client alone.
func (p *Provider) introspect(w http.ResponseWriter, r *http.Request) (any, error) {
	form, err := readForm(w, r)
	if err != nil {
		return nil, err
	}
	client, only, err := p.inspector(r, form)
	if err != nil {
		return nil, err
	}
	text := form.Get("token")
	if text == "" {
		return nil, refuse("invalid_request", "token is missing")
	}
	t, err := p.verify(r.Context(), text)
	var who *auth.Principal
	if err == nil {
		who, err = p.current(r.Context(), t)
	}
	if fhir.Is(err, fhir.Login) {
		return p.inspectRefresh(r.Context(), client, text)
	}
	if err != nil {
		return nil, err
	}
	if only && who.Client != client {
		return &introspection{}, nil
	}
	return p.describe(t, who), nil
}

// inspector gives the id of the client that asks, and whether it may look at its
// own tokens only.
func (p *Provider) inspector(r *http.Request, form url.Values) (client string, only bool, err error) {
	token, ok := bearer(r)
	if !ok {
		c, err := p.caller(r, form)
		if err != nil {
			return "", false, err
		}
		return c.ID, false, nil
	}
	who, err := p.asker(r.Context(), token)
	if err != nil {
		return "", false, err
	}
	return who.Client, who.Role != "", nil
}

// describe tells all of a living access token.
func (p *Provider) describe(t *token, who *auth.Principal) *introspection {
	t.mu.Lock()
	g := t.grant.Value
	t.mu.Unlock()
	said := t.claims.Scope
	if !who.Scopes.Covers(t.scopes) {
		said = asRequested(said, who.Scopes)
	}
	i := &introspection{
		Active: true, Scope: said, ClientID: who.Client, TokenType: "Bearer", Expires: t.claims.Expires.Time().Unix(),
		Issued: t.claims.Issued.Time().Unix(), Issuer: p.issuer, Subject: who.Subject, Audience: p.audience, ID: t.claims.ID,
		LaunchContext: g.Context,
	}
	if who.Scopes.Has("fhirUser") && who.FHIRUser != "" {
		i.FHIRUser = p.audience + "/" + who.FHIRUser
	}
	return i
}

// inspectRefresh tells a client of its own refresh token, and nothing of all else.
func (p *Provider) inspectRefresh(ctx context.Context, client, text string) (*introspection, error) {
	row, err := p.refreshGrant(ctx, text)
	if err != nil {
		return nil, err
	}
	g := &row.Value
	if row.Version == 0 || g.Client != client || !same(g.Refresh.Current, hashOf(text)) {
		return &introspection{}, nil
	}
	c, _, err := p.parties(ctx, g)
	if errors.Is(err, account.ErrUnknown) {
		return &introspection{}, nil
	}
	if err != nil {
		return nil, err
	}
	return &introspection{
		Active: true, Scope: asRequested(g.Requested, narrowed(g.set(), c)), ClientID: g.Client, TokenType: "refresh_token",
		Expires: row.Expires.Unix(), Issuer: p.issuer, Subject: g.User, LaunchContext: g.Context,
	}, nil
}

// refreshGrant gives the grant of a refresh token that this server made, one of
// Version 0 where it didn't or the grant is gone.
func (p *Provider) refreshGrant(ctx context.Context, text string) (record.Row[grant], error) {
	id, _, ok, err := p.unseal(ctx, text)
	if err != nil || !ok {
		return record.Row[grant]{}, err
	}
	row, err := p.grants.Get(ctx, id)
	if err == nil && row.Version > 0 && row.Value.Refresh == nil {
		return record.Row[grant]{}, nil
	}
	return row, err
}

// revocation ends the grant of an access or refresh token of the client that
// asks (RFC 7009). A token that isn't one (any more) is revoked already.
func (p *Provider) revocation(w http.ResponseWriter, r *http.Request) (any, error) {
	form, err := readForm(w, r)
	if err != nil {
		return nil, err
	}
	client, err := p.authenticate(r, form)
	if err != nil {
		return nil, err
	}
	text := form.Get("token")
	if text == "" {
		return nil, refuse("invalid_request", "token is missing")
	}
	row, err := p.grantOf(r.Context(), text)
	if err != nil {
		return nil, err
	}
	if row.Version > 0 && row.Value.Client != client.ID {
		return nil, refuse("unauthorized_client", "the token belongs to another client")
	}
	if row.Version > 0 {
		if err := p.revoke(r.Context(), row, ""); err != nil {
			return nil, err
		}
	}
	w.WriteHeader(http.StatusOK)
	return nil, nil
}

// grantOf gives the grant of an access or refresh token.
func (p *Provider) grantOf(ctx context.Context, text string) (record.Row[grant], error) {
	t, err := p.verify(ctx, text)
	if err == nil {
		return p.grants.Get(ctx, t.claims.Grant)
	}
	if !fhir.Is(err, fhir.Login) {
		return record.Row[grant]{}, err
	}
	return p.refreshGrant(ctx, text)
}

// userInfo are the claims of a user (OpenID Connect Core section 5.3).
type userInfo struct {
	Subject  string `json:"sub"`
	Name     string `json:"name,omitempty"`
	FHIRUser string `json:"fhirUser,omitempty"`
}

// userinfo tells of the user what the token's scopes let a client know.
func (p *Provider) userinfo(w http.ResponseWriter, r *http.Request) (any, error) {
	if r.Method != http.MethodGet && r.Method != http.MethodPost {
		w.Header().Set("Allow", "GET, POST")
		e := refuse("invalid_request", "userinfo is read by GET or POST")
		e.status = http.StatusMethodNotAllowed
		return nil, e
	}
	token, ok := bearer(r)
	if !ok {
		return nil, refuseToken(http.StatusUnauthorized, "", "an access token in the Authorization header is needed")
	}
	who, err := p.asker(r.Context(), token)
	if err != nil {
		return nil, err
	}
	if who.Role == "" || !who.Scopes.Has("openid") {
		return nil, refuseToken(http.StatusForbidden, "insufficient_scope", "the scope openid is needed")
	}
	return p.info(r.Context(), who.Subject, who.Scopes)
}

func (p *Provider) info(ctx context.Context, user string, set scope.Set) (*userInfo, error) {
	u, err := p.user(ctx, user)
	if err != nil {
		return nil, err
	}
	info := &userInfo{Subject: u.ID}
	if set.Has("profile") {
		info.Name = u.Name
	}
	if set.Has("fhirUser") {
		info.FHIRUser = p.fhirUser(u)
	}
	return info, nil
}
