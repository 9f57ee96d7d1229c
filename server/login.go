package server

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"caseway/auth"
	"caseway/fhir"
)

// Login is how the server finds out who asks.
type Login struct {
	Verifier auth.Verifier
	// Handler answers /auth and what is below it; nil where tokens come from
	// elsewhere only.
	Handler http.Handler
	// SMART says where clients log in, as far as it is known now. It fails with
	// *fhir.Error of kind Transient where it isn't.
	SMART func(ctx context.Context) (auth.Metadata, error)
	// Issuers says how the issuers elsewhere are doing; nil: there are none.
	Issuers func() []IssuerState
	// IsOrigin reports whether a web page of an origin belongs to a registered
	// client, and may read and write with its token; nil: only pages of
	// Config.CORSOrigins may.
	IsOrigin func(ctx context.Context, origin string) bool
	// Proxied is set where a proxy on this machine may pass requests on: then
	// connections from loopback have no rights of their own.
	Proxied bool
}

// IssuerState is what is known of an issuer of tokens.
type IssuerState struct {
	Issuer  string
	Usable  bool   // its tokens can be checked
	Trouble string // "" where it answers
}

// identify finds out who asks, before anything is done for them. Without a
// login everybody may do everything.
func (x *exchange) identify() error {
	login := x.server.login
	if login == nil || x.route.public {
		return nil
	}
	return x.verify(login)
}

func (x *exchange) verify(login *Login) error {
	token, err := x.bearerToken()
	if err != nil {
		return err
	}
	p, err := login.Verifier.Verify(x.context(), token)
	if err != nil {
		return err
	}
	x.principal = p
	x.ctx = auth.With(x.context(), p)
	return nil
}

// identifyAdministrator is for what only administrators may see.
func (x *exchange) identifyAdministrator() error {
	if err := x.verify(x.server.login); err != nil {
		return err
	}
	if x.principal.Role != auth.Administrator {
		return fhir.NewError(fhir.Forbidden, fhir.IssueForbidden, "only an administrator may see this")
	}
	return nil
}

// fromHere reports whether a request comes from this machine, under one of our
// names: a web page that reaches loopback by a name of its own doesn't count.
func (x *exchange) fromHere() bool {
	r := x.c.Request
	return !x.server.login.Proxied && !forwarded(r) && auth.IsLoopback(addressOf(r.RemoteAddr)) && x.server.door.knows(r.Host)
}

// forwarded reports whether a proxy has passed a request on and says so.
func forwarded(r *http.Request) bool {
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip", "Via"} {
		if len(r.Header[name]) > 0 {
			return true
		}
	}
	return false
}

// The error codes of RFC 6750 section 3.1.
const (
	invalidRequest    = "invalid_request"
	invalidToken      = "invalid_token"
	insufficientScope = "insufficient_scope"
)

// bearerToken takes the token from the one place where it may stand: the
// Authorization header, once (RFC 6750 section 2.1).
func (x *exchange) bearerToken() (string, error) {
	r := x.c.Request
	if hasAccessToken(r.URL.RawQuery) {
		return "", x.refuseCredentials(invalidRequest, "a token doesn't belong into a URL, which logs and histories keep: "+
			"send it in the Authorization header, and get a new one")
	}
	values := r.Header["Authorization"]
	switch {
	case len(values) == 0:
		return "", x.refuseCredentials("", "a bearer token is needed: .well-known/smart-configuration says where to get one")
	case len(values) > 1:
		return "", x.refuseCredentials(invalidRequest, "there is more than one Authorization header")
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return "", x.refuseCredentials("", "the Authorization header has to be Bearer with a token")
	}
	if token = strings.TrimLeft(token, " "); !isToken(token) {
		return "", x.refuseCredentials(invalidRequest, "the Authorization header holds no token, or more than one")
	}
	return token, nil
}

// isToken reports whether text is a b64token (RFC 6750 section 2.1).
func isToken(text string) bool {
	text = strings.TrimRight(text, "=")
	for i := range len(text) {
		c := text[i]
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && (c < '0' || c > '9') && !strings.ContainsRune("-._~+/", rune(c)) {
			return false
		}
	}
	return text != ""
}

// hasAccessToken reports whether a query or form has the parameter that RFC
// 6750 sections 2.2 and 2.3 define, and that is taken nowhere here.
func hasAccessToken(query string) bool {
	for pair := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(pair, "=")
		if len(name) < len("access_token") {
			continue
		}
		if plain, err := url.QueryUnescape(name); err == nil && strings.EqualFold(plain, "access_token") {
			return true
		}
	}
	return false
}

// refuseCredentials is a refusal with an error code for WWW-Authenticate; ""
// where no credentials came at all (RFC 6750 section 3.1).
func (x *exchange) refuseCredentials(code, text string) error {
	x.challenge = code
	if code == "" {
		x.challenge = noCredentials
	}
	return fhir.NewError(fhir.Login, fhir.IssueLogin, text)
}

// noCredentials as a challenge is one without an error code.
const noCredentials = "-"

// setChallenge says in WWW-Authenticate what is wrong with the token (RFC 6750
// section 3).
func (x *exchange) setChallenge(err *fhir.Error) {
	code := x.challenge
	switch {
	case err.Kind == fhir.Forbidden && x.principal != nil:
		code = insufficientScope
	case err.Kind != fhir.Login:
		return
	case code == "":
		code = invalidToken
	}
	challenge := `Bearer realm="` + x.base() + `"`
	if code != noCredentials {
		challenge += `, error="` + code + `", error_description=` + quoted(err.Issues[0].Text)
	}
	x.c.Writer.Header().Set("WWW-Authenticate", challenge)
}
