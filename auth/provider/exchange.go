package provider

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"caseway/auth/account"
	"caseway/auth/record"
	"caseway/auth/scope"
)

// tokenAnswer is the answer of the token endpoint (RFC 6749 section 5.1), with
// SMART's launch context beside it.
type tokenAnswer struct {
	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int    `json:"expires_in"` // seconds
	Scope        string `json:"scope"`
	RefreshToken string `json:"refresh_token,omitempty"`
	IDToken      string `json:"id_token,omitempty"`
	*LaunchContext
}

// token is the token endpoint (RFC 6749 section 3.2).
func (p *Provider) token(w http.ResponseWriter, r *http.Request) (any, error) {
	form, err := readForm(w, r)
	if err != nil {
		return nil, err
	}
	client, err := p.authenticate(r, form)
	if err != nil {
		p.tellRefused(r.Context(), form.Get("client_id"), err)
		return nil, err
	}
	answer, err := p.exchange(r.Context(), client, form)
	if err != nil {
		p.tellRefused(r.Context(), client.ID, err)
		return nil, err
	}
	return answer, nil
}

// tellRefused has a refusal audited. A client that isn't known isn't named: it
// could be anything.
func (p *Provider) tellRefused(ctx context.Context, client string, err error) {
	var o *oauthError
	if !errors.As(err, &o) {
		return
	}
	if o.Code == "invalid_client" {
		if _, err := p.o.Accounts.Client(ctx, client); err != nil {
			client = ""
		}
	}
	p.tell(ctx, Event{Kind: EventToken, Reason: o.Code, Client: client})
}

func (p *Provider) exchange(ctx context.Context, client *account.Client, form url.Values) (*tokenAnswer, error) {
	kind := form.Get("grant_type")
	switch kind {
	case account.GrantAuthorizationCode, account.GrantRefreshToken, account.GrantClientCredentials:
	case "":
		return nil, refuse("invalid_request", "grant_type is missing")
	default:
		return nil, refuse("unsupported_grant_type", "grant_type is authorization_code, refresh_token or client_credentials")
	}
	if !client.May(kind) {
		return nil, refuse("unauthorized_client", "the client isn't registered for "+kind)
	}
	switch kind {
	case account.GrantAuthorizationCode:
		return p.exchangeCode(ctx, client, form)
	case account.GrantRefreshToken:
		return p.exchangeRefresh(ctx, client, form)
	}
	return p.exchangeNothing(ctx, client, form)
}

// errCode is what is wrong with every code that is wrong.
var errCode = refuse("invalid_grant", "the code is unknown, expired, used already, or not for this client, redirect_uri and code_verifier")

// verifierForm is what a code_verifier looks like (RFC 7636 section 4.1).
var verifierForm = regexp.MustCompile(`^[A-Za-z0-9._~-]{43,128}$`)

// exchangeCode gives the first tokens of a grant. A code that is used again ends
// the grant: one of the two stole it (RFC 6749 section 4.1.2).
func (p *Provider) exchangeCode(ctx context.Context, client *account.Client, form url.Values) (*tokenAnswer, error) {
	for _, name := range []string{"code", "redirect_uri", "code_verifier"} {
		if form.Get(name) == "" {
			return nil, refuse("invalid_request", name+" is missing")
		}
	}
	id, _, ok := cutSecret(form.Get("code"))
	if !ok {
		return nil, errCode
	}
	row, err := p.grants.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	c := row.Value.Code
	if row.Version == 0 || c == nil || !same(c.Hash, hashOf(form.Get("code"))) {
		return nil, errCode
	}
	if c.Used {
		return nil, errors.Join(p.revoke(ctx, row, "code used again"), errCode)
	}
	if row.Value.Client != client.ID || !p.now().Before(c.Expires) || !c.answers(form) {
		return nil, errCode
	}
	return p.firstTokens(ctx, client, row)
}

// answers reports whether a form has the redirect URI and the verifier that
// belong to a code.
func (c *code) answers(form url.Values) bool {
	verifier := form.Get("code_verifier")
	sum := sha256.Sum256([]byte(verifier))
	return verifierForm.MatchString(verifier) && same(c.Challenge, base64.RawURLEncoding.EncodeToString(sum[:])) &&
		same(c.Redirect, form.Get("redirect_uri"))
}

// firstTokens uses the code up and gives tokens.
func (p *Provider) firstTokens(ctx context.Context, client *account.Client, row record.Row[grant]) (*tokenAnswer, error) {
	_, u, err := p.parties(ctx, &row.Value)
	if errors.Is(err, account.ErrUnknown) {
		return nil, errCode
	}
	if err != nil {
		return nil, err
	}
	g := &row.Value
	g.Code.Used, g.LastUsed = true, p.now().UTC()
	row.Expires = g.LastUsed.Add(accessLife + skew)
	var next string
	if g.refreshes() && client.May(account.GrantRefreshToken) {
		if next, err = p.startChain(ctx, row.Key, g); err != nil {
			return nil, err
		}
		row.Expires = g.LastUsed.Add(refreshLife)
	}
	err = p.grants.Put(ctx, row.Key, *g, row.Expires, row.Version)
	if errors.Is(err, record.ErrConflict) {
		return nil, errors.Join(p.revoke(ctx, row, "code used twice at once"), errCode)
	}
	if err != nil {
		return nil, err
	}
	return p.answer(ctx, &row, u, g.set(), next)
}

// refreshes reports whether the grant has refresh tokens.
func (g *grant) refreshes() bool {
	set := g.set()
	return set.Has("offline_access") || set.Has("online_access")
}

// answer makes the tokens of a grant with scopes, which may be fewer than it has.
func (p *Provider) answer(ctx context.Context, row *record.Row[grant], u *account.User, set scope.Set, next string) (*tokenAnswer, error) {
	g := &row.Value
	said := asRequested(g.Requested, set)
	access, err := p.accessToken(ctx, row.Key, g, said, accessLife)
	if err != nil {
		return nil, err
	}
	a := &tokenAnswer{
		AccessToken: access, TokenType: "Bearer", ExpiresIn: int(accessLife.Seconds()), Scope: said,
		RefreshToken: next, LaunchContext: g.Context,
	}
	if set.Has("openid") {
		if a.IDToken, err = p.idToken(ctx, row, u, access); err != nil {
			return nil, err
		}
	}
	p.tell(ctx, Event{
		Kind: EventToken, OK: true, User: g.User, Client: g.Client, Patient: g.patient(), Grant: row.Key, Scopes: said,
	})
	return a, nil
}

// asRequested writes scopes the way the client wrote those that it got in full:
// who asks in version 1 is answered in version 1.
func asRequested(requested string, set scope.Set) string {
	var words []string
	var said scope.Set
	for _, word := range strings.Fields(requested) {
		one, err := scope.Parse(word)
		if err != nil || one.Empty() || !set.Covers(one) || slices.Contains(words, word) {
			continue
		}
		words = append(words, word)
		said, _ = scope.Parse(strings.Join(words, " "))
	}
	for _, word := range set.Strings() {
		if one, err := scope.Parse(word); err == nil && !said.Covers(one) {
			words = append(words, word)
		}
	}
	return strings.Join(words, " ")
}

// exchangeNothing gives a backend service a token for itself
// (https://hl7.org/fhir/smart-app-launch/STU2.2/backend-services.html).
func (p *Provider) exchangeNothing(ctx context.Context, client *account.Client, form url.Values) (*tokenAnswer, error) {
	if client.Kind != account.ConfidentialAsymmetric {
		return nil, refuse("unauthorized_client", "client_credentials is for clients that sign assertions")
	}
	asked, err := scope.Parse(form.Get("scope"))
	var unknown *scope.Error
	if err != nil && !errors.As(err, &unknown) {
		return nil, refuse("invalid_scope", "scope can't be read")
	}
	allowed, _ := scope.Parse(client.Scopes)
	set := asked.Intersect(allowed)
	set.Others = nil
	set.Resources = slices.DeleteFunc(set.Resources, func(s scope.Scope) bool { return s.Context != scope.System })
	if set.Empty() {
		return nil, refuse("invalid_scope", "none of these scopes can be granted: a client without a user gets system/ scopes that it is registered for")
	}
	if set, err = p.usable(set); err != nil {
		return nil, err
	}
	now, id := p.now().UTC(), servicePrefix(client.ID)+newSecret()
	g := grant{
		Client: client.ID, ClientSince: client.Created, Scopes: set.String(), Requested: form.Get("scope"),
		Created: now, LastUsed: now, Auth: now,
	}
	if err := p.grants.Put(ctx, id, g, now.Add(serviceLife+skew), 0); err != nil {
		return nil, err
	}
	return p.serviceAnswer(ctx, id, &g, serviceLife)
}

func (p *Provider) serviceAnswer(ctx context.Context, id string, g *grant, life time.Duration) (*tokenAnswer, error) {
	said := asRequested(g.Requested, g.set())
	access, err := p.accessToken(ctx, id, g, said, life)
	if err != nil {
		return nil, err
	}
	p.tell(ctx, Event{Kind: EventToken, OK: true, Client: g.Client, Grant: id, Scopes: said})
	return &tokenAnswer{AccessToken: access, TokenType: "Bearer", ExpiresIn: int(life.Seconds()), Scope: said}, nil
}
