package login_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// forms are all forms of the pages, with what somebody who is signed in as ann
// and is asked about a request would send.
func forms(p *person) map[string]url.Values {
	p.t.Helper()
	id := p.begin()
	p.signIn("ann", id)
	consent := p.get("/auth/consent?request=" + id)
	return map[string]url.Values{
		"/auth/consent": consent.with("decision", "allow", "scope", "patient/CarePlan.rs"),
		"/auth/patient": consent.with("name", "exam"),
		"/auth/apps":    consent.with("grant", "x"),
		"/auth/signout": consent.fields(),
	}
}

// nothingDone fails where ann's session has ended or an app has been let in.
func nothingDone(p *person, what string) {
	p.t.Helper()
	if _, err := p.provider.Session(p.t.Context(), p.session()); err != nil {
		p.t.Errorf("%s ended the session", what)
	}
}

func TestFormsOfOtherSitesDoNothing(t *testing.T) {
	s := newSite(t)
	p := s.person(t)
	for path, form := range forms(p) {
		for name, header := range map[string][]string{
			"cross-site":     {"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"},
			"same-site":      {"Origin", "https://evil.app.example", "Sec-Fetch-Site", "same-site"},
			"foreign origin": {"Origin", "https://evil.example", "Sec-Fetch-Site", ""},
			"null origin":    {"Origin", "null", "Sec-Fetch-Site", ""},
			"other port":     {"Origin", "http://127.0.0.1:1", "Sec-Fetch-Site", ""},
		} {
			t.Run(name, func(t *testing.T) {
				if a := p.post(path, form, header...); a.status != http.StatusForbidden {
					t.Errorf("%s to %s: %d %s", name, path, a.status, a.location())
				}
				nothingDone(p, name+" to "+path)
			})
		}
	}
}

func TestFormsNeedTheirToken(t *testing.T) {
	s := newSite(t)
	p, other := s.person(t), s.person(t)
	other.signIn("bob", "")
	foreign := other.get("/auth/signout").fields().Get("form")
	visit := s.person(t).get("/auth/signin").fields().Get("form")
	for path, form := range forms(p) {
		for name, token := range map[string]string{"no": "", "another session's": foreign, "a visit's": visit, "a made-up": "AAAA"} {
			t.Run(name, func(t *testing.T) {
				changed := url.Values{}
				for k, v := range form {
					changed[k] = v
				}
				changed.Set("form", token)
				if a := p.post(path, changed); a.status != http.StatusForbidden {
					t.Errorf("%s token to %s: %d %s", name, path, a.status, a.location())
				}
				nothingDone(p, name+" token to "+path)
			})
		}
		if a := p.send(http.MethodGet, path+"?"+form.Encode(), ""); a.status == http.StatusSeeOther && strings.Contains(a.location(), "app.example") {
			t.Errorf("a link to %s acts", path)
		}
		nothingDone(p, "a link to "+path)
	}
}

func TestSignInFormsAreBoundToTheVisitor(t *testing.T) {
	s := newSite(t)
	mine := s.person(t).get("/auth/signin")
	victim := s.person(t)
	victim.get("/auth/signin")
	for name, form := range map[string]url.Values{
		"an attacker's form": mine.with("name", "bob", "password", password),
		"no token":           {"name": {"bob"}, "password": {password}},
	} {
		t.Run(name, func(t *testing.T) {
			if a := victim.post("/auth/signin", form); a.status != http.StatusForbidden || victim.session() != "" {
				t.Errorf("%s signed somebody in: %d", name, a.status)
			}
		})
	}
	stranger := s.person(t)
	a := stranger.post("/auth/signin", mine.with("name", "bob", "password", password))
	if a.status != http.StatusForbidden || !strings.Contains(a.body, "cookie") {
		t.Errorf("without cookies: %d", a.status)
	}
}

func TestNoParameterLeadsElsewhere(t *testing.T) {
	s := newSite(t)
	p := s.person(t)
	const evil = "//evil.example/"
	query := "?" + url.Values{
		"next": {evil}, "return_to": {evil}, "redirect_uri": {evil}, "redirect": {evil}, "url": {evil}, "continue": {evil}, "then": {evil},
	}.Encode()
	page := p.get("/auth/signin" + query)
	a := p.post("/auth/signin"+query, page.with("name", "ann", "password", password, "next", evil, "redirect_uri", evil))
	if a.location() != "/auth/apps" {
		t.Errorf("sign-in leads to %q", a.location())
	}
	for _, path := range []string{"/auth/signin", "/auth/apps", "/auth/signout", "/auth/patient", "/auth/consent", "/auth", "/auth/", "/auth//evil.example", "/auth/apps?done=" + evil, "/auth/%2F%2Fevil.example"} {
		t.Run(path, func(t *testing.T) {
			separator := query
			if strings.Contains(path, "?") {
				separator = "&" + query[1:]
			}
			a := p.get(path + separator)
			to, err := url.Parse(a.location())
			if err != nil || to.Host != "" || to.Path != "" && !strings.HasPrefix(to.Path, "/auth/") {
				t.Errorf("%s: %d %q", path, a.status, a.location())
			}
			if strings.Contains(a.body, "evil") && a.status != http.StatusTemporaryRedirect { // to the path without the second slash
				t.Errorf("%s: %d\n%s", path, a.status, a.body)
			}
		})
	}
	if a := p.get("/auth/signin?request=" + url.QueryEscape(evil)); a.status != http.StatusGone || a.location() != "" {
		t.Errorf("an evil request: %d %q", a.status, a.location())
	}
}

func TestEveryAnswerIsGuarded(t *testing.T) {
	s := newSite(t)
	p := s.person(t)
	id := p.begin()
	paths := []string{"/auth/signin", "/auth/signin?request=" + id, "/auth/setup", "/auth/nothing", "/auth/signout"}
	check := func(method, path string) {
		t.Helper()
		h := p.send(method, path, "").header
		policy := h.Get("Content-Security-Policy")
		if !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "frame-ancestors 'none'") ||
			strings.Contains(policy, "unsafe") || strings.Contains(policy, "script-src") || strings.Contains(policy, "*") {
			t.Errorf("%s %s: policy %q", method, path, policy)
		}
		if h.Get("X-Frame-Options") != "DENY" || h.Get("X-Content-Type-Options") != "nosniff" ||
			h.Get("Cache-Control") != "no-store" || h.Get("Referrer-Policy") != "same-origin" {
			t.Errorf("%s %s: %v", method, path, h)
		}
	}
	for _, path := range paths {
		check(http.MethodGet, path)
		check(http.MethodPut, path)
	}
	p.signIn("bea", id)
	for _, path := range []string{"/auth/patient?request=" + id, "/auth/consent?request=" + id + "&patient=ann", "/auth/apps", "/auth/signout"} {
		check(http.MethodGet, path)
		check(http.MethodPost, path)
	}
	policy := p.get("/auth/consent?request=" + id + "&patient=ann").header.Get("Content-Security-Policy")
	if !strings.HasSuffix(policy, "form-action 'self' https://app.example") {
		t.Errorf("the answer can't reach the app: %s", policy)
	}
}

func TestOddRequestsAreExplained(t *testing.T) {
	s := newSite(t)
	p := s.person(t)
	visitor := s.person(t)
	page := visitor.get("/auth/signin")
	p.signIn("ann", "")
	big := page.with("name", strings.Repeat("x", 1<<20))
	for _, c := range []struct {
		what   string
		answer answer
		status int
	}{
		{"a form of a megabyte", visitor.post("/auth/signin", big), http.StatusBadRequest},
		{"a broken form", p.send(http.MethodPost, "/auth/apps", "form=%zz"), http.StatusBadRequest},
		{"JSON", p.send(http.MethodPost, "/auth/apps", `{"form":1}`, "Content-Type", "application/json"), http.StatusForbidden},
		{"no request", p.get("/auth/consent"), http.StatusBadRequest},
		{"an old request", p.get("/auth/patient?request=x"), http.StatusGone},
		{"a method", p.send(http.MethodDelete, "/auth/apps", ""), http.StatusMethodNotAllowed},
		{"a page", p.get("/auth/apps/x"), http.StatusNotFound},
		{"an app", p.get("/auth/authorize?client_id=%3Cb%3E"), http.StatusBadRequest},
		{"several requests", p.get("/auth/consent?request=x&request=y"), http.StatusGone},
		{"a null", p.get("/auth/consent?request=%00&patient=%00"), http.StatusGone},
	} {
		t.Run(c.what, func(t *testing.T) {
			if c.answer.status != c.status || !strings.Contains(c.answer.body, "<h1>") || strings.Contains(c.answer.body, "<b>") {
				t.Errorf("%s: %d\n%s", c.what, c.answer.status, c.answer.body)
			}
		})
	}
}
