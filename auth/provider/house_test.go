package provider_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"caseway/auth"
	"caseway/auth/account"
	"caseway/auth/provider"
	"caseway/auth/scope"
	"caseway/fhir"
	"caseway/fhir/store"
	"caseway/fhir/store/mongo"
	"caseway/fhir/store/mongo/mongotest"
	"caseway/fhir/store/sqlite"

	"golang.org/x/crypto/argon2"
)

// Addresses of the clients.
const (
	appURI    = "https://app.example.org/cb"
	portalURI = "https://portal.example.org/cb?tenant=7"
	password  = "correct horse"
	secret    = "p0rtal-s3cret"
)

// clock is a clock that a test moves.
type clock struct {
	mu      sync.Mutex
	at      time.Time
	ticking bool // it is the real one
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ticking {
		return time.Now()
	}
	return c.at
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// house is an authorization server with people and apps.
type house struct {
	t        testing.TB
	store    store.Store
	clock    *clock
	p        *provider.Provider
	accounts *account.Store
	url      string
	web      *http.Client // follows no redirects
	signer   *signer      // of the clients that sign

	mu     sync.Mutex
	events []provider.Event
}

func (h *house) audit(_ context.Context, e provider.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events = append(h.events, e)
}

// told reports whether an event of a kind was audited.
func (h *house) told(kind provider.EventKind, ok bool, reason string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, e := range h.events {
		if e.Kind == kind && e.OK == ok && e.Reason == reason {
			return true
		}
	}
	return false
}

func openSQLite(t testing.TB) store.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "a.db"), sqlite.Options{})
	return opened(t, s, err)
}

func openMongo(t testing.TB) store.Store {
	t.Helper()
	s, err := mongo.Open(t.Context(), mongotest.Server(t).URI, mongo.Options{})
	return opened(t, s, err)
}

// openStandalone opens a store without transactions.
func openStandalone(t testing.TB) store.Store {
	t.Helper()
	s, err := mongo.Open(t.Context(), mongotest.Own(t, mongotest.Options{Standalone: true}).URI, mongo.Options{})
	return opened(t, s, err)
}

func opened(t testing.TB, s store.Store, err error) store.Store {
	t.Helper()
	must(t, err)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// newHouse opens a house on a new SQLite store.
func newHouse(t testing.TB) *house {
	t.Helper()
	return furnish(t, openSQLite(t))
}

// furnish opens a house on an empty store.
func furnish(t testing.TB, s store.Store) *house {
	t.Helper()
	return furnishWith(t, s, func(*provider.Options) {})
}

// furnishWith is furnish with other options.
func furnishWith(t testing.TB, s store.Store, change func(*provider.Options)) *house {
	t.Helper()
	h := build(t, s, &clock{at: time.Now()}, httptest.NewUnstartedServer(nil), "", change)
	h.signer = newSigner(t)
	h.people()
	h.apps()
	return h
}

// build runs an authorization server on a store that is there. base is the base
// URL where a process beside it has one.
func build(t testing.TB, s store.Store, c *clock, server *httptest.Server, base string, change ...func(*provider.Options)) *house {
	t.Helper()
	h := &house{t: t, store: s, clock: c, accounts: account.NewStore(s, c.now), url: base}
	if base == "" {
		h.url = "http://" + server.Listener.Addr().String()
	}
	o := provider.Options{
		Store: s, Accounts: h.accounts, BaseURL: h.url, Audit: h.audit, Now: c.now, Log: slog.New(slog.DiscardHandler),
	}
	for _, f := range change {
		f(&o)
	}
	p, err := provider.New(o)
	must(t, err)
	h.p = p
	server.Config.Handler = p.Handler()
	server.Start()
	t.Cleanup(server.Close)
	h.web = server.Client()
	h.web.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if base != "" {
		h.web.Transport = elsewhere{server.Listener.Addr().String()}
	}
	return h
}

// elsewhere takes requests for one base URL to another process.
type elsewhere struct{ address string }

func (e elsewhere) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL.Host = e.address
	return http.DefaultTransport.RoundTrip(r)
}

// another runs a second process on the same store.
func (h *house) another() *house {
	h.t.Helper()
	o := build(h.t, h.store, h.clock, httptest.NewUnstartedServer(nil), h.url)
	o.signer = h.signer
	return o
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (h *house) put(kind, id, rest string) {
	h.t.Helper()
	_, err := h.store.Commit(h.t.Context(), store.Commit{Writes: []store.Write{{
		Key: fhir.Key{Type: kind, ID: id}, Method: store.Put, Expect: 0, Content: &fhir.Content{Type: kind, Rest: []byte(rest)},
	}}})
	must(h.t, err)
}

func (h *house) people() {
	h.t.Helper()
	for _, id := range []string{"a", "b", "c"} {
		h.put("Patient", id, "")
	}
	h.put("RelatedPerson", "r1", `"patient":{"reference":"Patient/a"}`)
	h.put("RelatedPerson", "r2", `"patient":{"reference":"Patient/b"},"active":true,"period":{"start":"2020"}`)
	h.put("RelatedPerson", "r3", `"patient":{"reference":"Patient/c"},"active":false`)
	h.put("RelatedPerson", "r4", `"patient":{"reference":"Patient/c"},"period":{"end":"2020-01"}`)
	h.put("Encounter", "e", `"subject":{"reference":"Patient/a"}`)
	seed, err := account.ParseSeed([]byte(strings.ReplaceAll(people, "HASH", cheapHash())))
	must(h.t, err)
	must(h.t, h.accounts.Sow(h.t.Context(), seed))
}

// people are the users, whose password costs less than one that people set.
const people = `users:
  - {id: alice, name: Alice, role: patient, patient: a, passwordHash: "HASH"}
  - {id: carl, name: Carl, role: caregiver, relatedPerson: [r1, r2, r3, r4], passwordHash: "HASH"}
  - {id: sam, name: Sam, role: staff, practitioner: s, organization: o, passwordHash: "HASH"}
  - {id: root, name: Root, role: administrator, passwordHash: "HASH"}
`

func cheapHash() string {
	salt := []byte("salt and pepper!")
	b64 := base64.RawStdEncoding.EncodeToString
	return "$argon2id$v=19$m=64,t=1,p=1$" + b64(salt) + "$" + b64(argon2.IDKey([]byte(password), salt, 1, 64, 1, 32))
}

const everything = "openid fhirUser profile launch launch/patient launch/encounter offline_access online_access patient/*.cruds user/*.cruds"

func (h *house) apps() {
	h.t.Helper()
	add := func(c account.Client, secret string) {
		must(h.t, h.accounts.AddClient(h.t.Context(), c, secret))
	}
	add(account.Client{ID: "app", Name: "App", Kind: account.Public, Scopes: everything, RedirectURIs: []string{appURI}, PostLogoutURIs: []string{"https://app.example.org/bye"}}, "")
	add(account.Client{ID: "other", Name: "Other", Kind: account.Public, Scopes: everything, RedirectURIs: []string{"https://other.example.org/cb"}}, "")
	add(account.Client{
		ID: "portal", Name: "Portal", Kind: account.ConfidentialSymmetric, Scopes: everything, RedirectURIs: []string{portalURI},
		LaunchURI: "https://portal.example.org/launch?x=1", Launch: true,
	}, secret)
	add(account.Client{
		ID: "signs", Name: "Signs", Kind: account.ConfidentialAsymmetric, Scopes: everything + " system/*.rs",
		RedirectURIs: []string{"https://signs.example.org/cb"}, JWKS: h.signer.public(h.t),
	}, "")
	add(account.Client{ID: "payer", Name: "Payer", Kind: account.ConfidentialAsymmetric, Scopes: "system/EpisodeOfCare.rs system/Coverage.rs", JWKS: h.signer.public(h.t), Organization: "payer"}, "")
}

// verifier is the code_verifier of all requests here.
const verifier = "a-code-verifier-that-is-long-enough-for-rfc-7636"

func challenge() string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// request gives the parameters of a good request for authorization.
func (h *house) request(client, redirect, scopes string) url.Values {
	return url.Values{
		"response_type": {"code"}, "client_id": {client}, "redirect_uri": {redirect}, "scope": {scopes},
		"state": {"st&te="}, "aud": {h.url + "/fhir"}, "code_challenge": {challenge()}, "code_challenge_method": {"S256"},
	}
}

// answer is an HTTP answer, read.
type answer struct {
	status int
	header http.Header
	text   string
	json   map[string]any
}

func (h *house) do(req *http.Request) answer {
	h.t.Helper()
	res, err := h.web.Do(req)
	must(h.t, err)
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	must(h.t, err)
	a := answer{status: res.StatusCode, header: res.Header, text: string(data)}
	_ = json.Unmarshal(data, &a.json) // what isn't JSON has no members
	return a
}

func (h *house) get(path string, headers ...string) answer {
	h.t.Helper()
	req, err := http.NewRequestWithContext(h.t.Context(), http.MethodGet, h.url+path, nil)
	must(h.t, err)
	return h.do(with(req, headers))
}

// with sets headers, given as names and values.
func with(req *http.Request, headers []string) *http.Request {
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	return req
}

func (h *house) post(path string, form url.Values, headers ...string) answer {
	h.t.Helper()
	req, err := http.NewRequestWithContext(h.t.Context(), http.MethodPost, h.url+path, strings.NewReader(form.Encode()))
	must(h.t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return h.do(with(req, headers))
}

func basic(id, secret string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(id)+":"+url.QueryEscape(secret)))
}

// pending asks for authorization and gives the id of the request that waits.
func (h *house) pending(form url.Values) string {
	h.t.Helper()
	a := h.get("/auth/authorize?" + form.Encode())
	to, err := url.Parse(a.header.Get("Location"))
	must(h.t, err)
	id := to.Query().Get("request")
	if a.status != http.StatusFound || to.Path != provider.PathSignIn || id == "" {
		h.t.Fatalf("authorize: %d, to %s", a.status, to)
	}
	return id
}

func (h *house) signIn(user string) *provider.Session {
	h.t.Helper()
	s, err := h.p.SignIn(h.t.Context(), user, password, "")
	must(h.t, err)
	return s
}

// all is the decision to grant all, for a patient.
func all(patient string) provider.Decision {
	set, err := scope.Parse(everything)
	if err != nil {
		panic(err)
	}
	return provider.Decision{Patient: patient, Scopes: set}
}

// code goes from a request to its code.
func (h *house) code(form url.Values, s *provider.Session, d provider.Decision) string {
	h.t.Helper()
	to, err := h.p.Complete(h.t.Context(), h.pending(form), s, d)
	must(h.t, err)
	u, err := url.Parse(to)
	must(h.t, err)
	q := u.Query()
	if !strings.HasPrefix(to, form.Get("redirect_uri")) || q.Get("state") != form.Get("state") || q.Get("iss") != h.p.Issuer() || q.Get("code") == "" {
		h.t.Fatalf("completed to %s", to)
	}
	return q.Get("code")
}

// exchange gives the form that makes a code a token.
func exchange(client, redirect, code string) url.Values {
	return url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {redirect}, "code_verifier": {verifier}, "client_id": {client},
	}
}

// tokens gets tokens for the public app.
func (h *house) tokens(user, scopes string) answer {
	h.t.Helper()
	code := h.code(h.request("app", appURI, scopes), h.signIn(user), all("a"))
	return h.ok(h.post("/auth/token", exchange("app", appURI, code)))
}

// ok wants an answer of tokens that nobody keeps.
func (h *house) ok(a answer) answer {
	h.t.Helper()
	if a.status != http.StatusOK || a.is("access_token") == "" || a.is("token_type") != "Bearer" {
		h.t.Fatalf("token: %d %s", a.status, a.text)
	}
	if a.header.Get("Cache-Control") != "no-store" || a.header.Get("Pragma") != "no-cache" || a.header.Get("Content-Type") != "application/json" {
		h.t.Errorf("headers of tokens: %v", a.header)
	}
	return a
}

// is gives a member of JSON that is text.
func (a answer) is(name string) string {
	text, _ := a.json[name].(string)
	return text
}

// refused wants an OAuth error.
func (h *house) refused(a answer, code string) {
	h.t.Helper()
	if a.status != http.StatusBadRequest && a.status != http.StatusUnauthorized && a.status != http.StatusForbidden || a.is("error") != code {
		h.t.Errorf("answer %d %s, want %s", a.status, a.text, code)
	}
	if a.header.Get("Cache-Control") != "no-store" || a.is("access_token") != "" {
		h.t.Errorf("answer %d %s with %v", a.status, a.text, a.header)
	}
}

// verify gives who a token stands for.
func (h *house) verify(a answer) *auth.Principal {
	h.t.Helper()
	who, err := h.p.Verify(h.t.Context(), a.is("access_token"))
	must(h.t, err)
	return who
}

// dead wants a token that isn't valid any more.
func (h *house) dead(token string) {
	h.t.Helper()
	who, err := h.p.Verify(h.t.Context(), token)
	wantLogin(h.t, err)
	if who != nil {
		h.t.Error("a principal beside the error")
	}
}

func refresh(client, token string) url.Values {
	return url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}, "client_id": {client}}
}
