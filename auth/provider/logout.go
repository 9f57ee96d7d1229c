package provider

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"

	"caseway/auth/account"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// logout ends the session at an app's wish (OpenID Connect RP-Initiated Logout
// 1.0). Without an id_token of this user, which only an app of the user has, any
// page could sign people out: then the user is asked. Nobody is sent to an
// address that isn't the client's.
func (p *Provider) logout(w http.ResponseWriter, r *http.Request) {
	noStore(w)
	form, err := authorizeForm(w, r)
	if err != nil {
		p.trouble(w, r, err)
		return
	}
	hint, err := p.hinted(r.Context(), form)
	if err == nil {
		err = p.checkLogout(r.Context(), hint, form)
	}
	if err != nil {
		p.trouble(w, r, err)
		return
	}
	s, err := p.Session(r.Context(), p.SessionValue(r))
	if err != nil && !errors.Is(err, ErrNoSession) {
		p.trouble(w, r, err)
		return
	}
	if s != nil && (hint == nil || hint.Subject != s.User.ID) {
		http.Redirect(w, r, p.o.BaseURL+PathSignOut, http.StatusFound)
		return
	}
	if s != nil {
		if err := p.SignOut(r.Context(), s.Value); err != nil {
			p.trouble(w, r, err)
			return
		}
		http.SetCookie(w, p.SessionCookie(""))
	}
	http.Redirect(w, r, p.afterLogout(form), http.StatusFound)
}

// hinted reads id_token_hint, nil where there is none. One that has expired
// does: the session may have lasted longer.
func (p *Provider) hinted(ctx context.Context, form url.Values) (*idClaims, error) {
	if form.Get("id_token_hint") == "" {
		return nil, nil
	}
	bad := refuse("invalid_request", "id_token_hint isn't an id_token of this server")
	signed, err := jwt.ParseSigned(form.Get("id_token_hint"), []jose.SignatureAlgorithm{jose.RS256})
	if err != nil || signed.Headers[0].ExtraHeaders[jose.HeaderType] != "JWT" {
		return nil, bad
	}
	key, err := p.keys.public(ctx, signed.Headers[0].KeyID)
	if err != nil {
		return nil, err
	}
	var claims idClaims
	if key == nil || signed.Claims(key, &claims) != nil || claims.Issuer != p.issuer || len(claims.Audience) != 1 {
		return nil, bad
	}
	if form.Has("client_id") && form.Get("client_id") != claims.Audience[0] {
		return nil, bad
	}
	return &claims, nil
}

// checkLogout sees that the browser would be sent to an address of the client.
func (p *Provider) checkLogout(ctx context.Context, hint *idClaims, form url.Values) error {
	to := form.Get("post_logout_redirect_uri")
	if to == "" {
		return nil
	}
	id := form.Get("client_id")
	if hint != nil {
		id = hint.Audience[0]
	}
	client, err := p.o.Accounts.Client(ctx, id)
	if err != nil && !errors.Is(err, account.ErrUnknown) {
		return err
	}
	if err != nil || !slices.Contains(client.PostLogoutURIs, to) {
		return refuse("invalid_request", "post_logout_redirect_uri isn't registered for this app")
	}
	return nil
}

// afterLogout is where the browser goes: to the app, with its state, or to sign
// in.
func (p *Provider) afterLogout(form url.Values) string {
	to := form.Get("post_logout_redirect_uri")
	if to == "" {
		return p.o.BaseURL + PathSignIn
	}
	if !form.Has("state") {
		return to
	}
	return withQuery(to, url.Values{"state": {form.Get("state")}})
}
