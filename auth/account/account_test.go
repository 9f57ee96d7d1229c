package account_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"caseway/auth"
	"caseway/auth/account"
	"caseway/fhir/store/sqlite"

	"github.com/go-jose/go-jose/v4"
)

// clock is a clock that a test moves.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// open gives an empty account store and its clock.
func open(t *testing.T) (*account.Store, *clock) {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "a.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	c := &clock{at: time.Now()}
	return account.NewStore(s, c.now), c
}

func alice() account.User {
	return account.User{ID: "alice", Name: "Alice", Role: auth.Patient, FHIRUser: "Patient/a"}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func want(t *testing.T, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Fatalf("error %v, want %v", got, want)
	}
}

func TestUserSignsInWithThePasswordAlone(t *testing.T) {
	s, _ := open(t)
	must(t, s.AddUser(t.Context(), alice(), "correct horse"))
	want(t, s.AddUser(t.Context(), alice(), "correct horse"), account.ErrExists)
	u, err := s.SignIn(t.Context(), " Alice ", "correct horse")
	must(t, err)
	if u.ID != "alice" || u.Role != auth.Patient {
		t.Errorf("signed in as %+v", u)
	}
	for _, wrong := range [][2]string{{"alice", "Correct horse"}, {"alice", ""}, {"bob", "correct horse"}, {"ali ce", "correct horse"}, {"", ""}} {
		_, err := s.SignIn(t.Context(), wrong[0], wrong[1])
		want(t, err, account.ErrCredentials)
	}
}

func TestWrongPasswordsMakeTheNameWait(t *testing.T) {
	s, c := open(t)
	must(t, s.AddUser(t.Context(), alice(), "correct horse"))
	for _, name := range []string{"alice", "nobody"} {
		t.Run(name, func(t *testing.T) { // a name that isn't there behaves the same
			for range 5 {
				_, err := s.SignIn(t.Context(), name, "wrong")
				want(t, err, account.ErrCredentials)
			}
			var locked *account.LockedError
			_, err := s.SignIn(t.Context(), name, "correct horse")
			if !errors.As(err, &locked) || !locked.Until.After(c.now()) {
				t.Fatalf("%s: after five wrong passwords: %v", name, err)
			}
		})
	}
	c.move(3 * time.Second)
	_, err := s.SignIn(t.Context(), "alice", "correct horse")
	must(t, err)
	_, err = s.SignIn(t.Context(), "alice", "wrong") // and the count starts anew
	want(t, err, account.ErrCredentials)
	_, err = s.SignIn(t.Context(), "alice", "correct horse")
	must(t, err)
}

// TestGuessedNamesAreSoonForgotten: anybody can leave one behind with each request.
func TestGuessedNamesAreSoonForgotten(t *testing.T) {
	data, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "a.db"), sqlite.Options{})
	must(t, err)
	defer data.Close()
	now := time.Now()
	s := account.NewStore(data, func() time.Time { return now })
	for n := range 5 {
		_, err := s.SignIn(t.Context(), "nobody", "wrong")
		want(t, err, account.ErrCredentials)
		left, err := data.Records(t.Context(), "auth-attempt", "", "", 10)
		must(t, err)
		if len(left) != 1 || left[0].Expires.After(now.Add(time.Hour)) != (n == 4) {
			t.Errorf("after %d wrong passwords: %+v", n+1, left)
		}
	}
}

func TestTheWaitGrows(t *testing.T) {
	s, c := open(t)
	var before time.Duration
	for i := range 20 {
		_, err := s.SignIn(t.Context(), "alice", "wrong")
		var locked *account.LockedError
		if errors.As(err, &locked) {
			wait := locked.Until.Sub(c.now())
			if wait < before || wait > 15*time.Minute {
				t.Fatalf("attempt %d: the wait is %v after %v", i, wait, before)
			}
			before = wait
			c.move(wait)
		}
	}
	if before < time.Minute {
		t.Errorf("the wait grew to %v only", before)
	}
}

// TestStrangersDontKeepAKnownBrowserOut: it waits for its own wrong passwords
// only, as long as everybody else does.
func TestStrangersDontKeepAKnownBrowserOut(t *testing.T) {
	s, _ := open(t)
	must(t, s.AddUser(t.Context(), alice(), "correct horse"))
	known, stranger := account.NewBrowser(), account.NewBrowser()
	in := func(browser, password string) error {
		_, err := s.SignInFrom(t.Context(), "alice", password, browser)
		return err
	}
	must(t, in(known, "correct horse"))
	var locked *account.LockedError
	for range 6 {
		_ = in(stranger, "wrong")
	}
	for name, browser := range map[string]string{"a stranger": stranger, "no browser": "", "no secret": "x"} {
		t.Run(name, func(t *testing.T) {
			if err := in(browser, "correct horse"); !errors.As(err, &locked) {
				t.Errorf("%s: got %v, want the account locked", name, err)
			}
		})
	}
	must(t, in(known, "correct horse"))
	if err := in(stranger, "correct horse"); !errors.As(err, &locked) {
		t.Errorf("a stranger, when the user has come in: %v", err)
	}
	for range 5 {
		want(t, in(known, "wrong"), account.ErrCredentials)
	}
	if err := in(known, "correct horse"); !errors.As(err, &locked) {
		t.Errorf("the known browser guesses: %v", err)
	}
	must(t, s.SetPassword(t.Context(), "alice", "another horse")) // and all counts are forgotten
	must(t, in(known, "another horse"))
	for range 6 {
		_ = in(known, "wrong")
	}
	must(t, s.Lock(t.Context(), "alice", false))
	must(t, in(known, "another horse"))
	must(t, in(stranger, "another horse"))
}

func TestManyAttemptsAtOnceDontOutrunTheCount(t *testing.T) {
	s, _ := open(t)
	must(t, s.AddUser(t.Context(), alice(), "correct horse"))
	var wg sync.WaitGroup
	var mu sync.Mutex
	looked := 0
	for range 40 {
		wg.Go(func() {
			_, err := s.SignIn(context.Background(), "alice", "wrong")
			mu.Lock()
			defer mu.Unlock()
			if errors.Is(err, account.ErrCredentials) {
				looked++
			}
		})
	}
	wg.Wait()
	if looked != 5 {
		t.Errorf("%d passwords were looked at, want 5", looked)
	}
}

func TestALockedUserIsToldOnlyWithThePassword(t *testing.T) {
	s, _ := open(t)
	must(t, s.AddUser(t.Context(), alice(), "correct horse"))
	must(t, s.Lock(t.Context(), "alice", true))
	var locked *account.LockedError
	if _, err := s.SignIn(t.Context(), "alice", "correct horse"); !errors.As(err, &locked) {
		t.Fatalf("locked: %v", err)
	}
	_, err := s.SignIn(t.Context(), "alice", "wrong")
	want(t, err, account.ErrCredentials)
	must(t, s.Lock(t.Context(), "alice", false))
	_, err = s.SignIn(t.Context(), "alice", "correct horse")
	must(t, err)
	must(t, s.SetPassword(t.Context(), "alice", "another horse"))
	_, err = s.SignIn(t.Context(), "alice", "correct horse")
	want(t, err, account.ErrCredentials)
	want(t, s.Lock(t.Context(), "bob", true), account.ErrUnknown)
	want(t, s.SetPassword(t.Context(), "bob", "another horse"), account.ErrUnknown)
}

func TestSetupMakesOneAdministratorOnce(t *testing.T) {
	s, c := open(t)
	token, err := s.OfferSetup(t.Context())
	must(t, err)
	late, err := s.OfferSetup(t.Context())
	must(t, err)
	if open, err := s.SetupOpen(t.Context(), token); !open || err != nil {
		t.Fatalf("open: %v, %v", open, err)
	}
	root := account.User{ID: "root", Name: "Root"}
	if err := s.Setup(t.Context(), token, root, "short"); err == nil {
		t.Fatal("a short password was taken")
	}
	want(t, s.Setup(t.Context(), "guess", root, "long enough"), account.ErrSetup)
	must(t, s.Setup(t.Context(), token, root, "long enough"))
	want(t, s.Setup(t.Context(), token, account.User{ID: "root2"}, "long enough"), account.ErrSetup)
	want(t, s.Setup(t.Context(), late, account.User{ID: "root2"}, "long enough"), account.ErrSetup)
	if u, err := s.User(t.Context(), "root"); err != nil || u.Role != auth.Administrator {
		t.Errorf("the administrator: %+v, %v", u, err)
	}
	if again, err := s.OfferSetup(t.Context()); again != "" || err != nil {
		t.Errorf("a second offer: %q, %v", again, err)
	}
	c.move(25 * time.Hour)
	if open, err := s.SetupOpen(t.Context(), late); open || err != nil {
		t.Errorf("still open: %v, %v", open, err)
	}
}

func app() account.Client {
	return account.Client{
		ID: "app", Name: "App", Kind: account.ConfidentialSymmetric, Scopes: "openid patient/*.rs",
		RedirectURIs: []string{"https://app.example.org/cb"}, Grants: []string{account.GrantAuthorizationCode},
	}
}

func TestClientSecretsAreHashed(t *testing.T) {
	s, _ := open(t)
	must(t, s.AddClient(t.Context(), app(), "s3cret"))
	want(t, s.AddClient(t.Context(), app(), "s3cret"), account.ErrExists)
	for range 2 { // the second time from memory
		_, err := s.CheckSecret(t.Context(), "app", "s3cret")
		must(t, err)
		for _, wrong := range [][2]string{{"app", "s3cret "}, {"app", ""}, {"other", "s3cret"}, {"../app", "s3cret"}} {
			_, err := s.CheckSecret(t.Context(), wrong[0], wrong[1])
			want(t, err, account.ErrCredentials)
		}
	}
	must(t, s.RemoveClient(t.Context(), "app"))
	_, err := s.CheckSecret(t.Context(), "app", "s3cret")
	want(t, err, account.ErrCredentials)
	want(t, s.RemoveClient(t.Context(), "app"), account.ErrUnknown)
}

func TestOriginsAreThoseOfClients(t *testing.T) {
	s, c := open(t)
	client := app()
	client.Origins = []string{"https://spa.example.org:8443"}
	must(t, s.AddClient(t.Context(), client, "s3cret"))
	for origin, want := range map[string]bool{
		"https://app.example.org": true, "https://spa.example.org:8443": true,
		"https://spa.example.org": false, "http://app.example.org": false, "null": false, "": false,
	} {
		t.Run(origin, func(t *testing.T) {
			if got, err := s.OriginAllowed(t.Context(), origin); got != want || err != nil {
				t.Errorf("%q: %v, %v", origin, got, err)
			}
		})
	}
	must(t, s.RemoveClient(t.Context(), "app"))
	c.move(time.Second)
	if got, err := s.OriginAllowed(t.Context(), "https://app.example.org"); got || err != nil {
		t.Errorf("of a client that is gone: %v, %v", got, err)
	}
}

func publicKeys(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	must(t, err)
	data, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &key.PublicKey, KeyID: "k", Algorithm: "ES384"}}})
	must(t, err)
	return string(data)
}

func TestClientsThatMakeNoSenseAreRefused(t *testing.T) {
	s, _ := open(t)
	key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	must(t, err)
	private, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key, KeyID: "k"}}})
	must(t, err)
	for name, change := range map[string]func(*account.Client){
		"id":                func(c *account.Client) { c.ID = "a b" },
		"kind":              func(c *account.Client) { c.Kind = "secret" },
		"scope":             func(c *account.Client) { c.Scopes = "patient/*.sr" },
		"fragment":          func(c *account.Client) { c.RedirectURIs = []string{"https://a.example.org/#x"} },
		"relative redirect": func(c *account.Client) { c.RedirectURIs = []string{"/cb"} },
		"keys by plain HTTP": func(c *account.Client) {
			c.Kind, c.JWKSURL = account.ConfidentialAsymmetric, "http://app.example.org/jwks"
		},
		"keys by a lookalike": func(c *account.Client) {
			c.Kind, c.JWKSURL = account.ConfidentialAsymmetric, "http://127.0.0.1.example.org/jwks"
		},
		"script":                    func(c *account.Client) { c.RedirectURIs = []string{"javascript:alert(1)"} },
		"login in a redirect":       func(c *account.Client) { c.RedirectURIs = []string{"https://a:b@a.example.org/"} },
		"origin with a path":        func(c *account.Client) { c.Origins = []string{"https://a.example.org/"} },
		"every origin":              func(c *account.Client) { c.Origins = []string{"*"} },
		"launch URI":                func(c *account.Client) { c.LaunchURI = "launch" },
		"backend service by secret": func(c *account.Client) { c.Grants = []string{account.GrantClientCredentials} },
		"unknown grant":             func(c *account.Client) { c.Grants = []string{"password"} },
		"keys of a symmetric one":   func(c *account.Client) { c.JWKS = publicKeys(t) },
		"no keys":                   func(c *account.Client) { c.Kind = account.ConfidentialAsymmetric },
		"private keys":              func(c *account.Client) { c.Kind, c.JWKS = account.ConfidentialAsymmetric, string(private) },
		"public and trusted":        func(c *account.Client) { c.Kind, c.Launch = account.Public, true },
		"organization":              func(c *account.Client) { c.Organization = "Organization/1" },
		"code without redirect":     func(c *account.Client) { c.RedirectURIs = nil },
	} {
		t.Run(name, func(t *testing.T) {
			c, secret := app(), "s3cret"
			change(&c)
			if c.Kind != account.ConfidentialSymmetric {
				secret = ""
			}
			if err := s.AddClient(t.Context(), c, secret); err == nil {
				t.Errorf("%s: taken", name)
			}
		})
	}
	if err := s.AddClient(t.Context(), app(), ""); err == nil {
		t.Error("a symmetric client without a secret was taken")
	}
	if all, err := s.Clients(t.Context()); len(all) > 0 || err != nil {
		t.Errorf("clients: %v, %v", all, err)
	}
}

func TestUsersThatMakeNoSenseAreRefused(t *testing.T) {
	s, _ := open(t)
	for name, change := range map[string]func(*account.User){
		"upper case":              func(u *account.User) { u.ID = "Alice" },
		"role":                    func(u *account.User) { u.Role = "root" },
		"patient without Patient": func(u *account.User) { u.FHIRUser = "" },
		"patient as Practitioner": func(u *account.User) { u.FHIRUser = "Practitioner/1" },
		"caregiver as Patient":    func(u *account.User) { u.Role = auth.Caregiver },
		"absolute reference":      func(u *account.User) { u.FHIRUser = "https://x/Patient/1" },
		"represents":              func(u *account.User) { u.Represents = []string{"RelatedPerson/1"} },
		"organization":            func(u *account.User) { u.Organization = "a b" },
		"long name":               func(u *account.User) { u.Name = strings.Repeat("x", 201) },
	} {
		t.Run(name, func(t *testing.T) {
			u := alice()
			change(&u)
			if err := s.AddUser(t.Context(), u, "correct horse"); err == nil {
				t.Errorf("%s: taken", name)
			}
		})
	}
	for _, password := range []string{"", "seven77", strings.Repeat("x", 1025)} {
		t.Run(password, func(t *testing.T) {
			if err := s.AddUser(t.Context(), alice(), password); err == nil {
				t.Errorf("a password of %d characters was taken", len(password))
			}
		})
	}
}
