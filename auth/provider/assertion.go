package provider

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"caseway/auth/account"
	"caseway/auth/record"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// Bounds of an assertion.
const (
	maxAssertion = 16 << 10 // bytes
	assertedFor  = 5 * time.Minute
	maxJTI       = 512 // bytes
)

// assertion is what a client signs
// (https://hl7.org/fhir/smart-app-launch/STU2.2/client-confidential-asymmetric.html#authenticating-to-the-token-endpoint).
type assertion struct {
	Issuer   string           `json:"iss"`
	Subject  string           `json:"sub"`
	Audience jwt.Audience     `json:"aud"`
	Expires  *jwt.NumericDate `json:"exp"`
	Before   *jwt.NumericDate `json:"nbf"`
	Issued   *jwt.NumericDate `json:"iat"`
	ID       string           `json:"jti"`
}

// byAssertion finds the client by what it signed with one of its keys.
func (p *Provider) byAssertion(r *http.Request, form url.Values) (*account.Client, error) {
	deny := func(why string) error { return refuseClient(r, why) }
	text := form.Get("client_assertion")
	if form.Get("client_assertion_type") != assertionType {
		return nil, deny("client_assertion_type is " + assertionType)
	}
	if len(text) > maxAssertion {
		return nil, deny("the assertion is too long")
	}
	signed, err := jwt.ParseSigned(text, []jose.SignatureAlgorithm{jose.RS384, jose.ES384})
	if err != nil {
		return nil, deny("the assertion isn't a JWT signed by RS384 or ES384")
	}
	var a assertion
	if err := signed.UnsafeClaimsWithoutVerification(&a); err != nil {
		return nil, deny("the assertion's claims can't be read")
	}
	client, err := p.o.Accounts.Client(r.Context(), a.Issuer)
	if errors.Is(err, account.ErrUnknown) || err == nil && client.Kind != account.ConfidentialAsymmetric {
		return nil, deny("the assertion's iss is no client that signs")
	}
	if err != nil {
		return nil, err
	}
	if form.Has("client_id") && form.Get("client_id") != client.ID {
		return nil, deny("client_id isn't the assertion's iss")
	}
	if why := p.checkAssertion(&a); why != "" {
		return nil, deny(why)
	}
	ok, err := p.signedBy(r.Context(), signed, client)
	if errors.Is(err, errKeySet) {
		return nil, deny("the client's key set can't be fetched")
	}
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, deny("no key of the client verifies the assertion's signature")
	}
	return client, p.useAssertion(r, &a)
}

// checkAssertion holds the claims to RFC 7523 section 3 and SMART's bounds, and
// says what is wrong.
func (p *Provider) checkAssertion(a *assertion) string {
	now := p.now()
	switch {
	case a.Subject != a.Issuer:
		return "the assertion's sub isn't its iss"
	case !a.Audience.Contains(p.endpoint("token")):
		return "the assertion's aud isn't the token endpoint, " + p.endpoint("token")
	case a.Expires == nil:
		return "the assertion has no exp"
	case now.After(a.Expires.Time().Add(skew)):
		return "the assertion has expired"
	case a.Expires.Time().After(now.Add(assertedFor + skew)):
		return "the assertion's exp is more than five minutes ahead"
	case a.Before != nil && a.Before.Time().After(now.Add(skew)):
		return "the assertion isn't valid yet (nbf)"
	case a.Issued != nil && a.Issued.Time().After(now.Add(skew)):
		return "the assertion is of the future (iat)"
	case a.ID == "" || len(a.ID) > maxJTI:
		return "the assertion has no jti, or too long a one"
	}
	return ""
}

// signedBy reports whether one of the client's keys made the signature: those
// with the header's kid and of its algorithm. Of the header's jku only the
// registered one is taken.
func (p *Provider) signedBy(ctx context.Context, signed *jwt.JSONWebToken, client *account.Client) (bool, error) {
	header := signed.Headers[0]
	if jku, named := header.ExtraHeaders["jku"]; named && (jku != client.JWKSURL || client.JWKSURL == "") {
		return false, nil
	}
	if typ, named := header.ExtraHeaders[jose.HeaderType].(string); named && !strings.EqualFold(typ, "JWT") {
		return false, nil
	}
	if header.KeyID == "" {
		return false, nil
	}
	keys, err := p.remotes.keys(ctx, client, header.KeyID)
	if err != nil {
		return false, err
	}
	for _, key := range keys {
		if string(account.KeyAlgorithm(&key)) == header.Algorithm && signed.Claims(key.Key) == nil {
			return true, nil
		}
	}
	return false, nil
}

// useAssertion uses the jti up, for as long as the assertion could be replayed.
func (p *Provider) useAssertion(r *http.Request, a *assertion) error {
	key := hashOf(a.Issuer + "\x00" + a.ID)
	err := p.used.Put(r.Context(), key, struct{}{}, a.Expires.Time().Add(2*skew), 0)
	if errors.Is(err, record.ErrConflict) {
		return refuseClient(r, "the assertion's jti was used before")
	}
	return err
}
