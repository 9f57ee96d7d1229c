package provider_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"caseway/auth"
	"caseway/auth/account"
	"caseway/auth/provider"
	"caseway/auth/scope"

	"github.com/go-jose/go-jose/v4"
	"golang.org/x/oauth2"
)

func TestStandaloneLaunch(t *testing.T) {
	h := newHouse(t)
	scopes := "launch/patient openid fhirUser profile offline_access patient/*.rs unknown/scope"
	a := h.tokens("alice", scopes)
	if a.is("patient") != "a" || a.json["need_patient_banner"] != true || a.json["expires_in"] != 3600.0 {
		t.Errorf("answer %s", a.text)
	}
	if a.is("scope") != "launch/patient openid fhirUser profile offline_access patient/*.rs" {
		t.Errorf("scope %q", a.is("scope"))
	}
	header, id := h.opened(a.is("id_token"))
	if header.Algorithm != "RS256" || id["fhirUser"] != h.url+"/fhir/Patient/a" || id["sub"] != "alice" || id["iss"] != h.url+"/auth" ||
		!reflect.DeepEqual(id["aud"], "app") || id["name"] != "Alice" {
		t.Errorf("id_token %v %v", header, id)
	}
	header, claims := h.opened(a.is("access_token"))
	if header.ExtraHeaders[jose.HeaderType] != "at+jwt" || claims["aud"] != h.url+"/fhir" || claims["client_id"] != "app" {
		t.Errorf("access token %v %v", header, claims)
	}
	who := h.verify(a)
	if who.Subject != "alice" || who.Role != auth.Patient || who.Patient != "a" || who.Client != "app" || who.FHIRUser != "Patient/a" ||
		len(who.Scopes.Resources) != 1 || who.Token == "" || strings.Contains(a.is("access_token"), who.Token) {
		t.Errorf("principal %+v", who)
	}
	next := h.ok(h.post("/auth/token", refresh("app", a.is("refresh_token"))))
	if next.is("patient") != "a" || next.is("scope") != a.is("scope") || next.is("refresh_token") == a.is("refresh_token") {
		t.Errorf("refreshed %s", next.text)
	}
	h.verify(a)
	h.verify(next)
	for _, kind := range []provider.EventKind{provider.EventSignIn, provider.EventConsent, provider.EventToken} {
		if !h.told(kind, true, "") {
			t.Errorf("%s wasn't audited", kind)
		}
	}
}

func TestTheStandardClientGoesThrough(t *testing.T) {
	for _, style := range []oauth2.AuthStyle{oauth2.AuthStyleInHeader, oauth2.AuthStyleInParams, oauth2.AuthStyleAutoDetect} {
		h := newHouse(t)
		config := oauth2.Config{
			ClientID: "portal", ClientSecret: secret, RedirectURL: portalURI, Scopes: strings.Fields("openid offline_access user/*.rs"),
			Endpoint: oauth2.Endpoint{AuthURL: h.url + "/auth/authorize", TokenURL: h.url + "/auth/token", AuthStyle: style},
		}
		ctx := context.WithValue(t.Context(), oauth2.HTTPClient, h.web)
		to, err := url.Parse(config.AuthCodeURL("st&te=", oauth2.S256ChallengeOption(verifier), oauth2.SetAuthURLParam("aud", h.url+"/fhir")))
		must(t, err)
		token, err := config.Exchange(ctx, h.code(to.Query(), h.signIn("sam"), all("")), oauth2.VerifierOption(verifier))
		must(t, err)
		if token.Extra("scope") != "openid offline_access user/*.rs" || token.Extra("patient") != nil || token.RefreshToken == "" {
			t.Errorf("token %+v", token)
		}
		token.Expiry = h.clock.now().AddDate(0, 0, -1)
		again, err := config.TokenSource(ctx, token).Token()
		must(t, err)
		who, err := h.p.Verify(t.Context(), again.AccessToken)
		must(t, err)
		if who.Organization != "o" || who.Role != auth.Staff {
			t.Errorf("principal %+v", who)
		}
	}
}

func TestAuthorizeTakesPost(t *testing.T) {
	h := newHouse(t)
	a := h.post("/auth/authorize", h.request("app", appURI, "patient/*.rs"))
	if a.status != http.StatusFound || !strings.HasPrefix(a.header.Get("Location"), h.url+"/auth/signin?request=") {
		t.Errorf("%d %v", a.status, a.header)
	}
}

func TestWhatThePagesAreTold(t *testing.T) {
	h := newHouse(t)
	form := h.request("app", appURI, "openid patient/*.rs system/*.rs launch launch/encounter")
	form.Set("login_hint", "Alice")
	form.Set("prompt", "login consent")
	form.Set("max_age", "60")
	s := h.signIn("alice")
	h.clock.move(1000)
	w, err := h.p.Pending(t.Context(), h.pending(form))
	must(t, err)
	if w.Client.Name != "App" || w.Scopes.String() != "openid launch/encounter patient/*.rs" || !w.NeedsPatient || !w.NeedsEncounter ||
		w.Launch != nil || w.LoginHint != "alice" || len(w.Prompt) != 2 {
		t.Errorf("pending %+v", w)
	}
	if !w.NeedsSignIn(nil) || !w.NeedsSignIn(s) || w.NeedsSignIn(h.signIn("alice")) {
		t.Error("who has to sign in again")
	}
	if _, err := h.p.Complete(t.Context(), w.ID, s, all("")); err != provider.ErrSignInAgain {
		t.Errorf("completed without a fresh sign-in: %v", err)
	}
}

func TestWhoMayPutWhomInContext(t *testing.T) {
	h := newHouse(t)
	for _, c := range []struct {
		user, patient, want string
		err                 error
	}{
		{"alice", "", "a", nil},
		{"alice", "b", "a", nil}, // there is nothing to choose
		{"carl", "a", "a", nil},
		{"carl", "b", "b", nil},
		{"carl", "", "", provider.ErrNeedsPatient},
		{"carl", "c", "", provider.ErrPatient}, // the relations are inactive or over
		{"sam", "c", "c", nil},
		{"sam", "nobody", "", provider.ErrPatient},
		{"sam", "../Patient/a", "", provider.ErrPatient},
		{"root", "b", "b", nil},
	} {
		t.Run(c.user, func(t *testing.T) {
			to, err := h.p.Complete(t.Context(), h.pending(h.request("app", appURI, "patient/*.rs")), h.signIn(c.user), all(c.patient))
			if err != c.err {
				t.Errorf("%s, %q: %v, want %v", c.user, c.patient, err, c.err)
			}
			if c.err != nil {
				return
			}
			u, err := url.Parse(to)
			must(t, err)
			if a := h.ok(h.post("/auth/token", exchange("app", appURI, u.Query().Get("code")))); a.is("patient") != c.want {
				t.Errorf("%s, %q: patient %q", c.user, c.patient, a.is("patient"))
			}
		})
	}
	choice, err := h.p.Choice(t.Context(), h.signIn("carl"))
	must(t, err)
	if !slices.Equal(choice.Patients, []string{"a", "b"}) || choice.Patient != "" || choice.Search {
		t.Errorf("Carl's choice is %+v", choice)
	}
}

func TestWhoMaySeeIsAskedAsTheTokenWillBe(t *testing.T) {
	s := openSQLite(t)
	var asked []*auth.Principal
	h := furnishWith(t, s, func(o *provider.Options) {
		o.MaySee = func(_ context.Context, who *auth.Principal, patient string) (bool, error) {
			asked = append(asked, who)
			return patient == "b", nil
		}
	})
	must(t, h.accounts.AddClient(t.Context(), account.Client{
		ID: "bound", Kind: account.Public, Scopes: everything, RedirectURIs: []string{appURI}, Organization: "p",
	}, ""))
	for _, c := range []struct {
		user, client, patient, organization string
		err                                 error
	}{
		{"sam", "app", "b", "o", nil},
		{"sam", "app", "a", "o", provider.ErrPatient},
		{"root", "app", "b", "", nil},
		{"root", "bound", "b", "p", nil},
	} {
		t.Run(c.user, func(t *testing.T) {
			asked = nil
			_, err := h.p.Complete(t.Context(), h.pending(h.request(c.client, appURI, "patient/*.rs")), h.signIn(c.user), all(c.patient))
			if err != c.err || len(asked) != 1 || asked[0].Organization != c.organization || asked[0].Subject != c.user || asked[0].Scopes.String() != "user/*.rs" {
				t.Errorf("%s by %s: %v, asked %+v", c.user, c.client, err, asked)
			}
		})
	}
	_, err := h.p.Complete(t.Context(), h.pending(h.request("bound", appURI, "patient/*.rs")), h.signIn("sam"), all("b"))
	if err != provider.ErrPatient {
		t.Errorf("a user and a client of two organizations: %v", err)
	}
}

func TestConsentTakesScopesAway(t *testing.T) {
	h := newHouse(t)
	id, s := h.pending(h.request("app", appURI, "openid patient/*.cruds offline_access")), h.signIn("alice")
	fewer, err := scope.Parse("openid patient/CarePlan.rs user/*.cruds") // the last wasn't asked for
	must(t, err)
	to, err := h.p.Complete(t.Context(), id, s, provider.Decision{Scopes: fewer})
	must(t, err)
	u, err := url.Parse(to)
	must(t, err)
	a := h.ok(h.post("/auth/token", exchange("app", appURI, u.Query().Get("code"))))
	if a.is("scope") != "openid patient/CarePlan.rs" || a.is("refresh_token") != "" {
		t.Errorf("granted %s", a.text)
	}
	if _, err := h.p.Complete(t.Context(), id, s, all("")); err != provider.ErrNoPending {
		t.Errorf("completed twice: %v", err)
	}
}

func TestRefusal(t *testing.T) {
	h := newHouse(t)
	s := h.signIn("alice")
	for name, refuse := range map[string]func(string) (string, error){
		"refused":      func(id string) (string, error) { return h.p.Refuse(t.Context(), id, s) },
		"nothing left": func(id string) (string, error) { return h.p.Complete(t.Context(), id, s, provider.Decision{}) },
	} {
		t.Run(name, func(t *testing.T) {
			id := h.pending(h.request("portal", portalURI, "openid patient/*.rs"))
			to, err := refuse(id)
			must(t, err)
			u, err := url.Parse(to)
			must(t, err)
			q := u.Query()
			if q.Get("error") != "access_denied" || q.Get("state") != "st&te=" || q.Get("iss") != h.url+"/auth" || q.Get("tenant") != "7" || q.Has("code") {
				t.Errorf("%s: got %s, want access_denied with state, iss and tenant, and no code", name, to)
			}
			if _, err := h.p.Complete(t.Context(), id, s, all("")); err != provider.ErrNoPending {
				t.Errorf("%s, and completed: %v", name, err)
			}
		})
	}
}

func TestVersion1IsAnsweredInVersion1(t *testing.T) {
	h := newHouse(t)
	a := h.tokens("alice", "patient/CarePlan.read patient/Task.* patient/Task.rs openid")
	if a.is("scope") != "patient/CarePlan.read patient/Task.* patient/Task.rs openid" {
		t.Errorf("scope %q", a.is("scope"))
	}
	want, err := scope.Parse("openid patient/CarePlan.rs patient/Task.cruds")
	must(t, err)
	if got := h.verify(a).Scopes; got.String() != want.String() {
		t.Errorf("scopes %s", got)
	}
}

func TestPromptNone(t *testing.T) {
	h := newHouse(t)
	form := h.request("app", appURI, "launch/patient patient/*.rs offline_access")
	s := h.signIn("carl")
	quiet := url.Values{}
	for name := range form {
		quiet.Set(name, form.Get(name))
	}
	quiet.Set("prompt", "none")
	ask := func(cookie string) url.Values {
		a := h.get("/auth/authorize?"+quiet.Encode(), "Cookie", "caseway-session="+cookie)
		u, err := url.Parse(a.header.Get("Location"))
		must(t, err)
		return u.Query()
	}
	if q := ask("unknown"); q.Get("error") != "login_required" {
		t.Errorf("without a session: %v", q)
	}
	if q := ask(s.Value); q.Get("error") != "consent_required" {
		t.Errorf("without a grant: %v", q)
	}
	h.ok(h.post("/auth/token", exchange("app", appURI, h.code(form, s, all("b")))))
	a := h.ok(h.post("/auth/token", exchange("app", appURI, ask(s.Value).Get("code"))))
	if a.is("patient") != "b" {
		t.Errorf("again: %s", a.text)
	}
	quiet.Set("scope", "patient/*.cruds")
	if q := ask(s.Value); q.Get("error") != "consent_required" {
		t.Errorf("for more than was granted: %v", q)
	}
}

func TestDiscovery(t *testing.T) {
	h := newHouse(t)
	a := h.get("/auth/.well-known/openid-configuration", "Origin", "https://anywhere.example.org")
	if a.status != http.StatusOK || a.header.Get("Access-Control-Allow-Origin") != "*" || a.is("issuer") != h.url+"/auth" {
		t.Fatalf("%d %v %s", a.status, a.header, a.text)
	}
	data, err := json.Marshal(h.p.SMARTConfiguration())
	must(t, err)
	var smart map[string]any
	must(t, json.Unmarshal(data, &smart))
	for _, doc := range []map[string]any{a.json, smart} {
		for name, value := range doc {
			if text, ok := value.(string); ok && !strings.HasPrefix(text, h.url+"/auth") {
				t.Errorf("%s is %s", name, text)
			}
		}
		if !reflect.DeepEqual(doc["code_challenge_methods_supported"], []any{"S256"}) {
			t.Errorf("challenge methods %v", doc["code_challenge_methods_supported"])
		}
	}
	for _, name := range []string{
		"issuer", "jwks_uri", "authorization_endpoint", "token_endpoint", "grant_types_supported", "capabilities", "scopes_supported",
		"token_endpoint_auth_methods_supported", "token_endpoint_auth_signing_alg_values_supported", "response_types_supported",
		"management_endpoint", "introspection_endpoint", "revocation_endpoint",
	} {
		t.Run(name, func(t *testing.T) {
			if smart[name] == nil {
				t.Errorf("the SMART configuration lacks %s", name)
			}
		})
	}
	if a := h.get("/auth/jwks"); strings.Contains(a.text, `"d"`) || !strings.Contains(a.text, `"kid"`) {
		t.Errorf("keys: %s", a.text)
	}
}

func TestGrantsAreListedAndRevoked(t *testing.T) {
	h := newHouse(t)
	a, b := h.tokens("alice", "patient/*.rs offline_access"), h.tokens("alice", "user/*.rs")
	h.code(h.request("app", appURI, "openid"), h.signIn("alice"), all("")) // a code that nobody fetched
	list, err := h.p.Grants(t.Context(), "alice")
	must(t, err)
	if len(list) != 2 || list[0].Client.Name != "App" || !slices.ContainsFunc(list, func(g provider.Grant) bool { return g.Offline && g.Patient == "a" }) {
		t.Fatalf("grants %+v", list)
	}
	if err := h.p.Revoke(t.Context(), "sam", list[0].ID); err != provider.ErrNoGrant {
		t.Errorf("another's grant: %v", err)
	}
	h.verify(a)
	h.verify(b)
	for _, g := range list {
		must(t, h.p.Revoke(t.Context(), "alice", g.ID))
	}
	h.dead(a.is("access_token"))
	h.dead(b.is("access_token"))
	h.refused(h.post("/auth/token", refresh("app", a.is("refresh_token"))), "invalid_grant")
	if list, err := h.p.Grants(t.Context(), "alice"); len(list) > 0 || err != nil {
		t.Errorf("left are %+v, %v", list, err)
	}
}

func TestWhoIsLockedOrGoneHasNoTokens(t *testing.T) {
	for name, act := range map[string]func(*house) error{
		"locked":           func(h *house) error { return h.accounts.Lock(h.t.Context(), "alice", true) },
		"client removed":   func(h *house) error { return h.accounts.RemoveClient(h.t.Context(), "app") },
		"client made anew": renew,
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			a := h.tokens("alice", "openid patient/*.rs offline_access")
			h.verify(a)
			must(t, act(h))
			h.clock.move(1e9)
			h.dead(a.is("access_token"))
			if got := h.post("/auth/token", refresh("app", a.is("refresh_token"))); got.status != 400 && got.status != 401 {
				t.Errorf("%s: refreshed with %d", name, got.status)
			}
		})
	}
}

func renew(h *house) error {
	if err := h.accounts.RemoveClient(h.t.Context(), "app"); err != nil {
		return err
	}
	h.clock.move(1e9)
	return h.accounts.AddClient(h.t.Context(), account.Client{ID: "app", Kind: account.Public, Scopes: everything, RedirectURIs: []string{appURI}}, "")
}

func TestAClientThatMayLessHasLess(t *testing.T) {
	h := newHouse(t)
	a := h.tokens("alice", "patient/*.cruds")
	seed, err := account.ParseSeed([]byte("clients:\n  - {id: app, redirectUris: '" + appURI + "', scopes: patient/CarePlan.rs}\n"))
	must(t, err)
	must(t, h.accounts.Sow(t.Context(), seed))
	h.clock.move(1e9)
	if got := h.verify(a).Scopes.String(); got != "patient/CarePlan.rs" {
		t.Errorf("scopes %s", got)
	}
}
