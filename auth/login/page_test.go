package login_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
)

// session is the value of the session cookie that a browser keeps.
func (p *person) session() string {
	u, err := url.Parse(p.url)
	must(p.t, err)
	for _, c := range p.web.Jar.Cookies(u) {
		if c.Name == "caseway-session" {
			return c.Value
		}
	}
	return ""
}

func TestPatientLetsAnAppIn(t *testing.T) {
	s := newSite(t)
	p := s.person(t)
	id := p.begin()
	a := p.signIn("ann", id)
	if a.location() != "/auth/consent?request="+id {
		t.Fatalf("sign-in leads to %s", a.location())
	}
	page := p.get(a.location())
	for _, text := range []string{"App &amp; Co", "Ann Example", "See your care plans", "See and change your tasks", "at app.example"} {
		t.Run(text, func(t *testing.T) {
			if !strings.Contains(page.body, text) {
				t.Errorf("the consent page lacks %q", text)
			}
		})
	}
	if strings.Contains(page.body, "<i>") {
		t.Error("a name became markup")
	}
	a = p.post("/auth/consent", page.with("decision", "allow", "scope", "patient/CarePlan.rs", "scope", "patient/*.cruds"))
	if u, _ := url.Parse(a.location()); a.status != http.StatusSeeOther || u.Host != "app.example" || u.Query().Get("code") == "" {
		t.Fatalf("allowed: %d %s", a.status, a.location())
	}
	p.fetch(a)
	if a = p.post("/auth/consent", page.with("decision", "allow", "scope", "patient/Task.rus")); a.status != http.StatusGone {
		t.Errorf("allowed twice: %d", a.status)
	}
	apps := p.get("/auth/apps")
	if !strings.Contains(apps.body, "See your care plans") || strings.Contains(apps.body, "tasks") {
		t.Errorf("granted:\n%s", apps.body)
	}
}

func TestRefusalGoesBackToTheApp(t *testing.T) {
	s := newSite(t)
	for name, fill := range map[string][]string{
		"don't allow":  {"decision", "refuse", "scope", "patient/CarePlan.rs"},
		"nothing left": {"decision", "allow"},
	} {
		t.Run(name, func(t *testing.T) {
			p := s.person(t)
			page := p.get(p.signIn("ann", p.begin()).location())
			a := p.post("/auth/consent", page.with(fill...))
			u, err := url.Parse(a.location())
			must(t, err)
			if u.Host != "app.example" || u.Query().Get("error") != "access_denied" || u.Query().Has("code") {
				t.Errorf("%s: %d %s", name, a.status, a.location())
			}
		})
	}
}

func TestStaffSearchForAPatient(t *testing.T) {
	s := newSite(t)
	p := s.person(t)
	id := p.begin()
	page := p.get(p.signIn("bea", id).location())
	if strings.Contains(page.body, "Example") {
		t.Error("patients are listed before anybody was looked for")
	}
	for _, c := range []struct {
		field, value string
		status       int
		shown        string
	}{
		{"name", "exam", 200, "2 patients"},
		{"name", "example bo", 200, "1 patient"},
		{"name", "nobody", 200, "No patients found"},
		{"name", `a,b|c$d\e`, 200, "No patients found"},
		{"name", "cy", 200, "&lt;script&gt;alert(1)&lt;/script&gt;"},
		{"birthdate", "1980-04-01", 200, "Ann Example"},
		{"birthdate", "1980-02-31", 200, "No patients found"},
		{"birthdate", "yesterday", 400, "year first"},
		{"identifier", "12", 200, "Bob Example"},
		{"identifier", "urn:x|12", 200, "Bob Example"},
		{"identifier", "urn:y|12", 200, "No patients found"},
		{"name", " ", 400, "Enter a name"},
	} {
		t.Run(c.field, func(t *testing.T) {
			a := p.post("/auth/patient", page.with(c.field, c.value))
			if a.status != c.status || !strings.Contains(a.body, c.shown) || strings.Contains(a.body, "<script") {
				t.Errorf("%s=%s: %d without %q", c.field, c.value, a.status, c.shown)
			}
		})
	}
	a := p.post("/auth/patient", page.with("patient", "bob"))
	if a.location() != "/auth/consent?patient=bob&request="+id {
		t.Fatalf("chosen: %d %s", a.status, a.location())
	}
	if b := p.get(a.location()).body; !strings.Contains(b, "Bob Example") || !strings.Contains(b, "See the patient&#39;s care plans") {
		t.Errorf("consent page:\n%s", b)
	}
	if a := p.post("/auth/patient", page.with("patient", "none")); a.status != http.StatusForbidden {
		t.Errorf("a patient who doesn't exist: %d", a.status)
	}
}

func TestAnAppIsToldOfAVisit(t *testing.T) {
	s := newSite(t)
	for _, c := range []struct {
		encounter string
		status    int
		told      bool
	}{{"e1", 303, true}, {"", 303, false}, {"e2", 403, false}, {"none", 403, false}} {
		t.Run(c.encounter, func(t *testing.T) {
			p := s.person(t)
			page := p.get(p.signIn("ann", p.begin("launch/encounter")).location())
			if !strings.Contains(page.body, "2026-03-01 Check-up (finished)") || strings.Contains(page.body, `value="e2"`) {
				t.Errorf("visits offered:\n%s", page.body)
			}
			a := p.post("/auth/consent", page.with("decision", "allow", "scope", "patient/CarePlan.rs", "encounter", c.encounter))
			if a.status != c.status {
				t.Errorf("%s: %d", c.encounter, a.status)
				return
			}
			if a.status == http.StatusSeeOther && strings.Contains(p.fetch(a).body, `"encounter":"e1"`) != c.told {
				t.Errorf("%q: told of %v", c.encounter, !c.told)
			}
		})
	}
}

func TestNobodyChoosesPatientsOfOthers(t *testing.T) {
	s := newSite(t)
	for _, c := range []struct{ user, other string }{{"dan", "bob"}, {"dan", "none"}} {
		t.Run(c.user, func(t *testing.T) {
			p := s.person(t)
			id := p.begin()
			page := p.get(p.signIn(c.user, id).location())
			if strings.Contains(page.body, "Bob") || !strings.Contains(page.body, "Ann Example") {
				t.Errorf("%s is shown:\n%s", c.user, page.body)
			}
			for path, form := range map[string]url.Values{
				"/auth/patient": page.with("patient", c.other),
				"/auth/consent": page.with("patient", c.other, "decision", "allow", "scope", "patient/CarePlan.rs"),
			} {
				if a := p.post(path, form); a.status != http.StatusForbidden || strings.Contains(a.body, "Bob") {
					t.Errorf("%s of %s by %s: %d", path, c.other, c.user, a.status)
				}
			}
			if a := p.get("/auth/consent?request=" + id + "&patient=" + c.other); a.status != http.StatusForbidden {
				t.Errorf("consent about %s by %s: %d", c.other, c.user, a.status)
			}
		})
	}
	p := s.person(t)
	page := p.get(p.signIn("ann", p.begin()).location() + "&patient=bob")
	if strings.Contains(page.body, "Bob") {
		t.Error("a patient is asked about another's data")
	}
	other := page.with("decision", "allow", "scope", "patient/CarePlan.rs")
	other.Set("patient", "bob")
	if a := p.post("/auth/consent", other); a.status != http.StatusSeeOther || !strings.HasPrefix(a.location(), "/auth/consent?") {
		t.Errorf("consent to another patient than the app would get: %d to %s", a.status, a.location())
	}
	a := p.post("/auth/consent", page.with("patient", "bob", "decision", "allow", "scope", "patient/CarePlan.rs"))
	p.fetch(a)
	grants, err := s.provider.Grants(t.Context(), "ann")
	must(t, err)
	if a.status != http.StatusSeeOther || len(grants) != 1 || grants[0].Patient != "ann" {
		t.Errorf("granted %+v", grants)
	}
}

func TestSignInMakesANewSession(t *testing.T) {
	s := newSite(t)
	p := s.person(t)
	u, err := url.Parse(s.url)
	must(t, err)
	p.web.Jar.SetCookies(u, []*http.Cookie{{Name: "caseway-session", Value: "planted-by-an-attacker", Path: "/"}})
	p.signIn("ann", "")
	first := p.session()
	if first == "planted-by-an-attacker" || first == "" {
		t.Fatal("the planted session was taken")
	}
	p.signIn("ann", "")
	if p.session() == first {
		t.Error("signing in again keeps the session")
	}
	old := s.person(t)
	old.web.Jar.SetCookies(u, []*http.Cookie{{Name: "caseway-session", Value: first, Path: "/"}})
	if a := old.get("/auth/apps"); a.location() != "/auth/signin" {
		t.Errorf("the old session still works: %d", a.status)
	}
}

func TestCookiesAreForTheServerAlone(t *testing.T) {
	s := newSite(t)
	p := s.person(t)
	page := p.get("/auth/signin")
	a := p.post("/auth/signin", page.with("name", "ann", "password", password))
	for _, header := range []http.Header{page.header, a.header} {
		for _, c := range header.Values("Set-Cookie") {
			if !strings.Contains(c, "HttpOnly") || !strings.Contains(c, "SameSite=Lax") || !strings.Contains(c, "Path=/") || strings.Contains(c, "Domain") {
				t.Errorf("cookie %s", c)
			}
		}
	}
}

func TestWrongPasswordsHaveToWait(t *testing.T) {
	s := newSite(t)
	texts := map[string]string{}
	for _, user := range []string{"ann", "nobody"} {
		t.Run(user, func(t *testing.T) {
			p := s.person(t)
			for range 8 {
				page := p.get("/auth/signin")
				a := p.post("/auth/signin", page.with("name", user, "password", "wrong"))
				if p.session() != "" {
					t.Fatal("signed in with a wrong password")
				}
				if strings.Contains(a.body, "wrong\"") {
					t.Error("the password comes back")
				}
				if a.status == http.StatusTooManyRequests {
					if n, err := strconv.Atoi(a.header.Get("Retry-After")); err != nil || n < 1 || !strings.Contains(a.body, "Please wait") {
						t.Errorf("Retry-After %q", a.header.Get("Retry-After"))
					}
					texts[user] += "wait "
					continue
				}
				if a.status != http.StatusForbidden || !strings.Contains(a.body, "The user name or the password is wrong") {
					t.Errorf("%d:\n%s", a.status, a.body)
				}
				texts[user] += "wrong "
			}
		})
	}
	if !strings.Contains(texts["ann"], "wait") || texts["ann"] != texts["nobody"] {
		t.Errorf("known and unknown names differ: %v", texts)
	}
}

// TestStrangersDontLockPeopleOut of the browser that they have used before.
func TestStrangersDontLockPeopleOut(t *testing.T) {
	s := newSite(t)
	ann, fresh := s.person(t), s.person(t)
	ann.signIn("ann", "")
	stranger := s.person(t)
	for range 6 {
		page := stranger.get("/auth/signin")
		stranger.post("/auth/signin", page.with("name", "ann", "password", "wrong"))
	}
	page := fresh.get("/auth/signin")
	if a := fresh.post("/auth/signin", page.with("name", "ann", "password", password)); a.status != http.StatusTooManyRequests {
		t.Errorf("a browser that isn't known: %d", a.status)
	}
	ann.signIn("ann", "")
}

func TestSignInNeedsBothFields(t *testing.T) {
	p := newSite(t).person(t)
	page := p.get("/auth/signin")
	a := p.post("/auth/signin", page.with("name", `"><b>x`))
	if a.status != http.StatusBadRequest || !strings.Contains(a.body, `href="#password"`) || strings.Contains(a.body, "<b>") {
		t.Errorf("%d\n%s", a.status, a.body)
	}
}

func TestRevocationIsForTheUserAlone(t *testing.T) {
	s := newSite(t)
	p := s.person(t)
	page := p.get(p.signIn("ann", p.begin()).location())
	p.fetch(p.post("/auth/consent", page.with("decision", "allow", "scope", "patient/CarePlan.rs", "scope", "offline_access")))
	grants, err := s.provider.Grants(t.Context(), "ann")
	must(t, err)
	if len(grants) != 1 {
		t.Fatalf("%d grants", len(grants))
	}
	other := s.person(t)
	other.signIn("bob", "")
	page = other.get("/auth/signout")
	other.post("/auth/apps", url.Values{"form": {page.fields().Get("form")}, "grant": {grants[0].ID}})
	if left, err := s.provider.Grants(t.Context(), "ann"); err != nil || len(left) != 1 {
		t.Fatalf("somebody else revoked it: %v %v", left, err)
	}
	a := p.post("/auth/apps", p.get("/auth/apps").fields())
	if a.location() != "/auth/apps?done=revoked" || !strings.Contains(p.get(a.location()).body, "no access any more") {
		t.Errorf("revoked: %d %s", a.status, a.location())
	}
	if left, err := s.provider.Grants(t.Context(), "ann"); err != nil || len(left) != 0 {
		t.Errorf("left: %v %v", left, err)
	}
}

func TestAnAppIsListedOnceWithAllThatItMayDo(t *testing.T) {
	s := newSite(t)
	p := s.person(t)
	for _, scopes := range [][]string{{"patient/CarePlan.rs"}, {"patient/Task.rus", "offline_access"}} {
		page := p.get(p.signIn("ann", p.begin()).location())
		p.fetch(p.post("/auth/consent", page.with("decision", "allow", "scope", scopes[0], "scope", scopes[len(scopes)-1])))
	}
	page := p.get("/auth/apps")
	for _, text := range []string{"<h2>App &amp; Co</h2>", "See your care plans", "See and change your tasks", "It stays connected when you sign out."} {
		t.Run(text, func(t *testing.T) {
			if strings.Count(page.body, text) != 1 {
				t.Errorf("the page shows %q %d times", text, strings.Count(page.body, text))
			}
		})
	}
	form := url.Values{"form": {page.fields().Get("form")}}
	for _, m := range hidden.FindAllStringSubmatch(page.body, -1) {
		if m[1] == "grant" {
			form.Add("grant", m[2])
		}
	}
	p.post("/auth/apps", form)
	if left, err := s.provider.Grants(t.Context(), "ann"); err != nil || len(form["grant"]) != 2 || len(left) != 0 {
		t.Errorf("of %d grants are left: %v %v", len(form["grant"]), left, err)
	}
}

func TestFirstAdministratorIsSetUpOnce(t *testing.T) {
	s := newSite(t)
	p := s.person(t)
	if a := p.get("/auth/setup?token=guessed"); a.status != http.StatusGone {
		t.Errorf("a guessed token: %d", a.status)
	}
	page := p.get("/auth/signin")
	form := page.with("token", "guessed", "id", "eve", "name", "Eve", "password", password, "repeat", password)
	if a := p.post("/auth/setup", form); a.status != http.StatusGone || p.session() != "" {
		t.Errorf("set up with a guessed token: %d", a.status)
	}
	if _, err := s.accounts.User(t.Context(), "eve"); err == nil {
		t.Error("an administrator was made")
	}
}

func TestSignOutEndsTheSession(t *testing.T) {
	s := newSite(t)
	p := s.person(t)
	p.signIn("ann", "")
	value := p.session()
	page := p.get("/auth/signout")
	if a := p.post("/auth/signout", page.fields()); a.location() != "/auth/signout" || p.session() != "" {
		t.Errorf("got %d %s, want /auth/signout and no session", a.status, a.location())
	}
	if _, err := s.provider.Session(t.Context(), value); err == nil {
		t.Error("the session still works")
	}
	if a := p.get("/auth/signout"); !strings.Contains(a.body, "You are signed out") {
		t.Errorf("%d\n%s", a.status, a.body)
	}
}
