package provider_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"caseway/auth/provider"
)

func TestIntrospectionTellsWhatTheTokenSays(t *testing.T) {
	h := newHouse(t)
	a := h.tokens("alice", "launch/patient openid fhirUser patient/*.read offline_access")
	ask := func(token string, headers ...string) answer {
		return h.post("/auth/introspect", url.Values{"token": {token}}, headers...)
	}
	by := []string{"Authorization", basic("portal", secret)}
	got := ask(a.is("access_token"), by...)
	_, claims := h.opened(a.is("access_token"))
	if got.json["active"] != true || got.is("scope") != a.is("scope") || got.is("client_id") != "app" || got.json["exp"] != claims["exp"] ||
		got.is("patient") != "a" || got.is("sub") != "alice" || got.is("iss") != h.url+"/auth" || got.is("fhirUser") != h.url+"/fhir/Patient/a" {
		t.Errorf("introspected %s", got.text)
	}
	service := h.ok(h.post("/auth/token", service(h.assertion("payer"), "system/Coverage.rs"))).is("access_token")
	other := h.tokens("sam", "user/*.rs").is("access_token")
	for name, got := range map[string]answer{
		"by a service's token": ask(a.is("access_token"), "Authorization", "Bearer "+service),
		"by itself":            ask(a.is("access_token"), "Authorization", "Bearer "+a.is("access_token")),
		"by its own client":    ask(other, "Authorization", "Bearer "+a.is("access_token")),
		"by an assertion":      h.post("/auth/introspect", changed(service2(h), "token", a.is("access_token"))),
	} {
		t.Run(name, func(t *testing.T) {
			if got.json["active"] != true {
				t.Errorf("%s: %d %s", name, got.status, got.text)
			}
		})
	}
	for name, got := range map[string]answer{
		"another client's, by a user's token": ask(service, "Authorization", "Bearer "+other),
		"a refresh token, by another client":  ask(a.is("refresh_token"), by...),
		"nonsense":                            ask("nonsense", by...),
	} {
		t.Run(name, func(t *testing.T) {
			if got.text != `{"active":false}` || got.status != http.StatusOK {
				t.Errorf("%s: %d %s", name, got.status, got.text)
			}
		})
	}
	if got := ask(a.is("refresh_token"), "Authorization", "Bearer "+a.is("access_token")); got.json["active"] != true || got.is("scope") != a.is("scope") {
		t.Errorf("a refresh token by its client: %s", got.text)
	}
	h.clock.move(2 * time.Hour)
	if got := ask(a.is("access_token"), by...); got.text != `{"active":false}` {
		t.Errorf("expired: %s", got.text)
	}
}

// service2 is how a service shows who it is beside other parameters.
func service2(h *house) url.Values {
	return changed(service(h.assertion("payer"), ""), "grant_type", "", "scope", "")
}

func TestRevocation(t *testing.T) {
	h := newHouse(t)
	for _, which := range []string{"access_token", "refresh_token"} {
		t.Run(which, func(t *testing.T) {
			a := h.tokens("alice", "openid patient/*.rs offline_access")
			h.verify(a)
			for range 2 { // the second time there is nothing left to do
				got := h.post("/auth/revoke", url.Values{"token": {a.is(which)}, "token_type_hint": {"x"}, "client_id": {"app"}})
				if got.status != http.StatusOK || got.text != "" {
					t.Errorf("%s: %d %s", which, got.status, got.text)
				}
			}
			h.dead(a.is("access_token"))
			h.refused(h.post("/auth/token", refresh("app", a.is("refresh_token"))), "invalid_grant")
		})
	}
	if got := h.post("/auth/revoke", url.Values{"token": {"nonsense"}, "client_id": {"app"}}); got.status != http.StatusOK {
		t.Errorf("nonsense: %d", got.status)
	}
	if !h.told(provider.EventRevocation, true, "") {
		t.Error("it wasn't audited")
	}
}

func TestUserinfo(t *testing.T) {
	h := newHouse(t)
	for scopes, want := range map[string]string{
		"openid":                  `{"sub":"alice"}`,
		"openid profile fhirUser": `{"sub":"alice","name":"Alice","fhirUser":"` + h.url + `/fhir/Patient/a"}`,
	} {
		t.Run(scopes, func(t *testing.T) {
			a := h.tokens("alice", scopes)
			if got := h.get("/auth/userinfo", "Authorization", "Bearer "+a.is("access_token")); got.text != want {
				t.Errorf("%s: %d %s", scopes, got.status, got.text)
			}
			if got := h.post("/auth/userinfo", nil, "Authorization", "bearer "+a.is("access_token")); got.text != want {
				t.Errorf("%s by POST: %d %s", scopes, got.status, got.text)
			}
		})
	}
	a := h.tokens("alice", "patient/*.rs")
	h.refused(h.get("/auth/userinfo", "Authorization", "Bearer "+a.is("access_token")), "insufficient_scope")
	a = h.tokens("root", "openid fhirUser user/*.rs") // without a resource there is no fhirUser
	if strings.Contains(a.is("scope"), "fhirUser") {
		t.Errorf("scope %q", a.is("scope"))
	}
}

func TestLogout(t *testing.T) {
	h := newHouse(t)
	const bye = "https://app.example.org/bye"
	for name, c := range map[string]struct {
		query  url.Values
		to     string
		status int
		over   bool
	}{
		"with a hint":             {url.Values{"post_logout_redirect_uri": {bye}, "state": {"x"}, "id_token_hint": {"alice"}}, bye + "?state=x", 302, true},
		"with a hint alone":       {url.Values{"id_token_hint": {"alice"}}, "/auth/signin", 302, true},
		"without a hint":          {url.Values{"post_logout_redirect_uri": {bye}, "client_id": {"app"}}, "/auth/signout", 302, false},
		"with nothing":            {nil, "/auth/signout", 302, false},
		"another user's hint":     {url.Values{"id_token_hint": {"sam"}}, "/auth/signout", 302, false},
		"to elsewhere":            {url.Values{"post_logout_redirect_uri": {"https://evil.example.org/"}, "id_token_hint": {"alice"}}, "", 400, false},
		"to the redirect URI":     {url.Values{"post_logout_redirect_uri": {appURI}, "id_token_hint": {"alice"}}, "", 400, false},
		"to somewhere, by nobody": {url.Values{"post_logout_redirect_uri": {bye}}, "", 400, false},
		"of another client":       {url.Values{"client_id": {"other"}, "id_token_hint": {"alice"}}, "", 400, false},
		"a made-up hint":          {url.Values{"id_token_hint": {"x.y.z"}}, "", 400, false},
		"an access token as hint": {url.Values{"id_token_hint": {"access"}}, "", 400, false},
	} {
		t.Run(name, func(t *testing.T) {
			s, query := h.signIn("alice"), c.query
			switch hint := query.Get("id_token_hint"); hint {
			case "alice", "sam":
				query = changed(query, "id_token_hint", h.tokens(hint, "openid user/*.rs").is("id_token"))
			case "access":
				query = changed(query, "id_token_hint", h.tokens("alice", "openid user/*.rs").is("access_token"))
			}
			a := h.get("/auth/logout?"+query.Encode(), "Cookie", h.p.SessionCookie(s.Value).String())
			if to := strings.TrimPrefix(a.header.Get("Location"), h.url); a.status != c.status || to != c.to {
				t.Errorf("%s: %d to %q", name, a.status, to)
			}
			_, err := h.p.Session(t.Context(), s.Value)
			if over := err == provider.ErrNoSession; over != c.over || over != strings.Contains(a.header.Get("Set-Cookie"), "Max-Age=0") {
				t.Errorf("%s: the session: %v, cookie %q", name, err, a.header.Get("Set-Cookie"))
			}
		})
	}
}

func TestASignInMakesANewSession(t *testing.T) {
	h := newHouse(t)
	before := h.signIn("alice")
	after, err := h.p.SignIn(t.Context(), "sam", password, before.Value)
	must(t, err)
	if after.Value == before.Value || after.CSRF == before.CSRF {
		t.Error("the session was kept")
	}
	if _, err := h.p.Session(t.Context(), before.Value); err != provider.ErrNoSession {
		t.Errorf("the one before: %v", err)
	}
	planted, err := h.p.SignIn(t.Context(), "sam", password, "planted")
	must(t, err)
	if _, err := h.p.Session(t.Context(), "planted"); err != provider.ErrNoSession || planted.Value == "planted" {
		t.Errorf("a value that was planted: %v", err)
	}
	if _, err := h.p.SignIn(t.Context(), "sam", "wrong", ""); err == nil || !h.told(provider.EventSignIn, false, "wrong name or password") {
		t.Errorf("a wrong password: %v", err)
	}
	c := h.p.SessionCookie("x")
	if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
		t.Errorf("cookie %v", c)
	}
	secure, err := provider.New(provider.Options{Store: h.store, Accounts: h.accounts, BaseURL: "https://care.example.org/"})
	must(t, err)
	if c := secure.SessionCookie("x"); !c.Secure || c.Name != "__Host-caseway-session" || secure.Issuer() != "https://care.example.org/auth" {
		t.Errorf("cookie %v of %s", c, secure.Issuer())
	}
}

func TestWebPagesOfClientsMayCall(t *testing.T) {
	h := newHouse(t)
	for path, methods := range map[string][]string{
		"/auth/token": {http.MethodOptions, http.MethodPost}, "/auth/userinfo": {http.MethodOptions, http.MethodGet},
		"/auth/introspect": {http.MethodOptions}, "/auth/revoke": {http.MethodOptions},
	} {
		t.Run(path, func(t *testing.T) {
			for _, method := range methods {
				for origin, want := range map[string]string{"https://app.example.org": "https://app.example.org", "https://evil.example.org": "", "null": ""} {
					req, err := http.NewRequestWithContext(t.Context(), method, h.url+path, nil)
					must(t, err)
					a := h.do(with(req, []string{"Origin", origin, "Access-Control-Request-Method", "POST"}))
					if a.header.Get("Access-Control-Allow-Origin") != want || a.header.Get("Access-Control-Allow-Credentials") != "" ||
						!slices.Contains(a.header.Values("Vary"), "Origin") {
						t.Errorf("%s %s from %s: %v", method, path, origin, a.header)
					}
				}
			}
		})
	}
	for _, path := range []string{"/auth/authorize", "/auth/launch", "/auth/logout"} {
		t.Run(path, func(t *testing.T) {
			if a := h.get(path, "Origin", "https://app.example.org"); a.header.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("%s may be called: %v", path, a.header)
			}
		})
	}
}

func TestPathsAreServed(t *testing.T) {
	h := newHouse(t)
	for _, path := range provider.Paths() {
		if a := h.get(path); a.status == http.StatusNotFound {
			t.Errorf("%s: not found", path)
		}
	}
	if a := h.get("/auth/elsewhere"); a.status != http.StatusNotFound || json.Valid([]byte(a.text)) {
		t.Errorf("elsewhere: %d", a.status)
	}
}
