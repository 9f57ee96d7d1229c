package login_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"caseway/auth"
	"caseway/auth/account"
	"caseway/auth/login"
	"caseway/auth/provider"
	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/fhir/interaction"
	"caseway/fhir/store/sqlite"
)

const (
	password = "correct horse battery"
	appURI   = "https://app.example/cb"
)

// site is the pages and the authorization server, as the server mounts them.
type site struct {
	t        *testing.T
	url      string
	accounts *account.Store
	provider *provider.Provider
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// newSite opens a site with three patients, four users and an app. It has no
// Access: what the pages hold back, they hold back themselves.
func newSite(t *testing.T) *site {
	t.Helper()
	data, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "a.db"), sqlite.Options{})
	must(t, err)
	t.Cleanup(func() { data.Close() })
	r4 := definition.R4()
	made, err := interaction.New(interaction.Config{Store: data, Schema: r4, ResourceTypes: r4.ResourceTypes()})
	must(t, err)
	engine := made.As(nil)
	must(t, engine.PrepareCursors(t.Context()))
	for _, p := range []struct{ typ, id, json string }{
		{"Patient", "ann", `{"resourceType":"Patient","id":"ann","name":[{"family":"Example","given":["Ann"]}],"birthDate":"1980-04-01"}`},
		{"Patient", "bob", `{"resourceType":"Patient","id":"bob","name":[{"family":"Example","given":["Bob"]}],"identifier":[{"system":"urn:x","value":"12"}]}`},
		{"Patient", "cy", `{"resourceType":"Patient","id":"cy","name":[{"text":"<script>alert(1)</script>","family":"Cy"}]}`},
		{"RelatedPerson", "r1", `{"resourceType":"RelatedPerson","id":"r1","patient":{"reference":"Patient/ann"}}`},
		{"RelatedPerson", "r2", `{"resourceType":"RelatedPerson","id":"r2","patient":{"reference":"Patient/cy"}}`},
		{"Encounter", "e1", `{"resourceType":"Encounter","id":"e1","status":"finished","class":{"code":"AMB","display":"ambulatory"},"subject":{"reference":"Patient/ann"},"type":[{"text":"Check-up"}],"period":{"start":"2026-03-01T09:00:00Z"}}`},
		{"Encounter", "e2", `{"resourceType":"Encounter","id":"e2","status":"finished","class":{"code":"AMB"},"subject":{"reference":"Patient/bob"}}`},
	} {
		_, err := engine.Update(t.Context(), interaction.UpdateRequest{Key: fhir.Key{Type: p.typ, ID: p.id}, Body: []byte(p.json)})
		must(t, err)
	}
	s := &site{t: t, accounts: account.NewStore(data, nil)}
	for _, u := range []account.User{
		{ID: "ann", Name: "Ann <i>Example</i>", Role: auth.Patient, FHIRUser: "Patient/ann"},
		{ID: "bob", Name: "Bob Example", Role: auth.Patient, FHIRUser: "Patient/bob"},
		{ID: "bea", Name: "Bea Staff", Role: auth.Staff, FHIRUser: "Practitioner/bea"},
		{ID: "dan", Name: "Dan", Role: auth.Caregiver, FHIRUser: "RelatedPerson/r1", Represents: []string{"RelatedPerson/r2"}},
	} {
		must(t, s.accounts.AddUser(t.Context(), u, password))
	}
	must(t, s.accounts.AddClient(t.Context(), account.Client{
		ID: "app", Name: "App & Co", Kind: account.Public, RedirectURIs: []string{appURI},
		Scopes: "launch/patient launch/encounter openid fhirUser offline_access patient/CarePlan.rs patient/Task.rus",
	}, ""))
	s.open(t, data, engine)
	return s
}

func (s *site) open(t *testing.T, data *sqlite.Store, engine *interaction.Session) {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	s.url = "http://" + server.Listener.Addr().String()
	root, err := url.Parse(s.url)
	must(t, err)
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	pages := &login.Pages{Root: root, Accounts: s.accounts, Engine: engine, Log: log}
	s.provider, err = provider.New(provider.Options{Store: data, Accounts: s.accounts, BaseURL: s.url, Trouble: pages.Trouble, Log: log})
	must(t, err)
	must(t, s.provider.Prepare(t.Context()))
	pages.Provider = s.provider
	endpoints, rest := s.provider.Handler(), pages.Handler()
	server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if slices.Contains(provider.Paths(), r.URL.Path) {
			endpoints.ServeHTTP(w, r)
			return
		}
		rest.ServeHTTP(w, r)
	})
	server.Start()
	t.Cleanup(server.Close)
}

// person is a browser with its cookies, which follows no redirects by itself.
type person struct {
	*site
	t   *testing.T
	web *http.Client
}

func (s *site) person(t *testing.T) *person {
	t.Helper()
	jar, err := cookiejar.New(nil)
	must(t, err)
	return &person{site: s, t: t, web: &http.Client{
		Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// answer is what a page's request came to.
type answer struct {
	status int
	header http.Header
	body   string
}

func (a answer) location() string { return a.header.Get("Location") }

func (p *person) send(method, path, body string, header ...string) answer {
	p.t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), method, p.url+path, strings.NewReader(body))
	must(p.t, err)
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	response, err := p.web.Do(r)
	must(p.t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	must(p.t, err)
	return answer{response.StatusCode, response.Header, string(text)}
}

func (p *person) get(path string) answer { p.t.Helper(); return p.send(http.MethodGet, path, "") }

// post sends a form as a browser does, from a page of ours.
func (p *person) post(path string, form url.Values, header ...string) answer {
	p.t.Helper()
	return p.send(http.MethodPost, path, form.Encode(), append([]string{"Origin", p.url, "Sec-Fetch-Site", "same-origin"}, header...)...)
}

var hidden = regexp.MustCompile(`<input type="hidden" name="(\w+)" value="([^"]*)">`)

// fields are the hidden fields of a page's forms.
func (a answer) fields() url.Values {
	all := url.Values{}
	for _, m := range hidden.FindAllStringSubmatch(a.body, -1) {
		all.Set(m[1], m[2])
	}
	return all
}

// with adds to a page's hidden fields what a person fills in.
func (a answer) with(pairs ...string) url.Values {
	all := a.fields()
	for i := 0; i+1 < len(pairs); i += 2 {
		all.Add(pairs[i], pairs[i+1])
	}
	return all
}

// begin asks for authorization as the app does and gives the request's id.
func (p *person) begin(more ...string) string {
	p.t.Helper()
	scopes := strings.Join(append([]string{"launch/patient openid offline_access patient/CarePlan.rs patient/Task.rus"}, more...), " ")
	a := p.get("/auth/authorize?" + url.Values{
		"response_type": {"code"}, "client_id": {"app"}, "redirect_uri": {appURI}, "state": {"s1-of-the-app-long-enough"},
		"scope": {scopes}, "aud": {p.url + "/fhir"},
		"code_challenge": {"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}, "code_challenge_method": {"S256"},
	}.Encode())
	u, err := url.Parse(a.location())
	must(p.t, err)
	id := u.Query().Get("request")
	if id == "" {
		p.t.Fatalf("authorize: %d %s", a.status, a.location())
	}
	return id
}

// signIn signs somebody in and gives where that leads.
func (p *person) signIn(user, request string) answer {
	p.t.Helper()
	page := p.get("/auth/signin?again=1&request=" + request)
	a := p.post("/auth/signin", page.with("name", user, "password", password))
	if a.status != http.StatusSeeOther {
		p.t.Fatalf("sign-in: %d\n%s", a.status, a.body)
	}
	return a
}

// fetch gets tokens for the code with which a page sent the browser to the app,
// as the app does.
func (p *person) fetch(a answer) answer {
	p.t.Helper()
	u, err := url.Parse(a.location())
	must(p.t, err)
	tokens := p.send(http.MethodPost, "/auth/token", url.Values{
		"grant_type": {"authorization_code"}, "code": {u.Query().Get("code")}, "redirect_uri": {appURI}, "client_id": {"app"},
		"code_verifier": {"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"},
	}.Encode())
	if tokens.status != http.StatusOK {
		p.t.Fatalf("token: %d %s", tokens.status, tokens.body)
	}
	return tokens
}
