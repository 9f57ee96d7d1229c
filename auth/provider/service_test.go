package provider_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"caseway/auth/account"

	"github.com/go-jose/go-jose/v4"
)

func TestBackendService(t *testing.T) {
	h := newHouse(t)
	for name, assertion := range map[string]func() string{
		"RS384": func() string { return h.assertion("payer") },
		"ES384": func() string { return sign(t, jose.ES384, h.signer.ec, map[string]any{"kid": "e"}, h.claims("payer")) },
	} {
		t.Run(name, func(t *testing.T) {
			a := h.ok(h.post("/auth/token", service(assertion(), "system/EpisodeOfCare.read system/Patient.rs openid user/*.rs")))
			if a.is("scope") != "system/EpisodeOfCare.read" || a.json["expires_in"] != 300.0 || a.is("refresh_token") != "" || a.is("id_token") != "" {
				t.Errorf("%s: got %s, want an access token of 300 seconds alone", name, a.text)
			}
			who := h.verify(a)
			if who.Client != "payer" || who.Subject != "payer" || who.Role != "" || who.Organization != "payer" || who.Scopes.String() != "system/EpisodeOfCare.rs" {
				t.Errorf("%s: %+v", name, who)
			}
			h.clock.move(4 * time.Minute)
			h.verify(a)
			h.clock.move(2 * time.Minute)
			h.dead(a.is("access_token"))
		})
	}
	for _, scopes := range []string{"", "openid", "user/*.rs", "patient/*.rs", "system/Patient.rs", "system/Coverage.cud", "nonsense"} {
		h.refused(h.post("/auth/token", service(h.assertion("payer"), scopes)), "invalid_scope")
	}
	h.refused(h.post("/auth/token", url.Values{"grant_type": {"client_credentials"}, "scope": {"system/*.rs"}}, "Authorization", basic("portal", secret)), "unauthorized_client")
}

func TestAsymmetricClientWithAUser(t *testing.T) {
	h := newHouse(t)
	form := h.request("signs", "https://signs.example.org/cb", "user/*.rs offline_access")
	token := exchange("signs", "https://signs.example.org/cb", h.code(form, h.signIn("sam"), all("")))
	signed := func(form url.Values) url.Values { return merge(form, service(h.assertion("signs"), "")) }
	token = merge(signed(token), url.Values{"grant_type": {"authorization_code"}})
	a := h.ok(h.post("/auth/token", changed(token, "scope", "")))
	next := changed(signed(refresh("signs", a.is("refresh_token"))), "scope", "", "grant_type", "refresh_token")
	h.ok(h.post("/auth/token", next))
	h.refused(h.post("/auth/token", refresh("signs", a.is("refresh_token"))), "invalid_client")
}

// keyServer serves a key set that a test changes.
type keyServer struct {
	*httptest.Server
	mu      sync.Mutex
	keys    string
	control string
	fetched atomic.Int32
}

func newKeyServer(t *testing.T, keys string) *keyServer {
	t.Helper()
	s := &keyServer{keys: keys}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		s.fetched.Add(1)
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.control != "" {
			w.Header().Set("Cache-Control", s.control)
		}
		if s.keys == "" {
			w.WriteHeader(http.StatusInternalServerError)
		}
		_, _ = w.Write([]byte(s.keys))
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *keyServer) set(keys, control string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys, s.control = keys, control
}

// remote adds a service whose keys are elsewhere.
func (h *house) remote(s *keyServer) {
	h.t.Helper()
	must(h.t, h.accounts.AddClient(h.t.Context(), account.Client{
		ID: "remote", Kind: account.ConfidentialAsymmetric, Scopes: "system/*.rs", JWKSURL: s.URL + "/jwks",
	}, ""))
}

func (h *house) asRemote() answer {
	return h.post("/auth/token", service(h.assertion("remote"), "system/*.rs"))
}

func TestKeysByURLAreKeptAsLongAsTheyMay(t *testing.T) {
	for control, c := range map[string]struct {
		after time.Duration
		want  int32
	}{
		"max-age=60":           {59 * time.Second, 1},
		"public, max-age=60":   {61 * time.Second, 2},
		"no-store":             {0, 2},
		"no-cache, max-age=60": {0, 2},
		"max-age=soon":         {0, 2},
		"":                     {4 * time.Minute, 1},
	} {
		t.Run(control, func(t *testing.T) {
			h := newHouse(t)
			s := newKeyServer(t, h.signer.public(t))
			s.set(h.signer.public(t), control)
			h.remote(s)
			h.ok(h.asRemote())
			h.clock.move(c.after)
			h.ok(h.asRemote())
			if got := s.fetched.Load(); got != c.want {
				t.Errorf("%q: fetched %d times, want %d", control, got, c.want)
			}
		})
	}
}

func TestKeysByURLAreChanged(t *testing.T) {
	h := newHouse(t)
	old, fresh := h.signer, newSigner(t)
	s := newKeyServer(t, old.public(t))
	h.remote(s)
	h.ok(h.asRemote())
	s.set(strings.NewReplacer(`"kid":"r"`, `"kid":"r2"`).Replace(fresh.public(t)), "max-age=60")
	h.clock.move(2 * time.Second)
	signed := sign(t, jose.RS384, fresh.rsa, map[string]any{"kid": "r2"}, h.claims("remote"))
	h.ok(h.post("/auth/token", service(signed, "system/*.rs"))) // an unknown kid has the keys fetched anew
	h.refused(h.asRemote(), "invalid_client")                   // and the old key is over

	named := sign(t, jose.RS384, fresh.rsa, map[string]any{"kid": "r2", "jku": s.URL + "/jwks"}, h.claims("remote"))
	h.ok(h.post("/auth/token", service(named, "system/*.rs")))
	foreign := newKeyServer(t, old.public(t))
	named = sign(t, jose.RS384, old.rsa, map[string]any{"kid": "r", "jku": foreign.URL + "/jwks"}, h.claims("remote"))
	h.refused(h.post("/auth/token", service(named, "system/*.rs")), "invalid_client")
	if foreign.fetched.Load() > 0 {
		t.Error("a key set was fetched from an address that a stranger named")
	}
}

func TestKeysByURLThatCantBeHad(t *testing.T) {
	h := newHouse(t)
	s := newKeyServer(t, "")
	h.remote(s)
	for _, keys := range []string{"", "[]", `{"keys":[]}`, strings.Repeat("x", 600<<10)} {
		s.set(keys, "no-store")
		h.refused(h.asRemote(), "invalid_client")
		h.clock.move(2 * time.Second) // it isn't asked again at once
	}
	s.set(h.signer.public(t), "max-age=60")
	h.ok(h.asRemote())
	s.set("", "")
	h.clock.move(time.Minute)
	h.refused(h.asRemote(), "invalid_client") // kept no longer than allowed
	s.Close()
	h.refused(h.asRemote(), "invalid_client")
}

func TestAnUnknownKeyDoesntMakeManyFetches(t *testing.T) {
	h := newHouse(t)
	s := newKeyServer(t, h.signer.public(t))
	h.remote(s)
	for range 20 {
		text := sign(t, jose.RS384, h.signer.rsa, map[string]any{"kid": "x"}, h.claims("remote"))
		h.refused(h.post("/auth/token", service(text, "system/*.rs")), "invalid_client")
	}
	if got := s.fetched.Load(); got != 1 {
		t.Errorf("fetched %d times", got)
	}
}
