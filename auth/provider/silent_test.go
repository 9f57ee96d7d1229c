package provider_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"caseway/auth/account"
	"caseway/fhir"
	"caseway/fhir/store"
)

// silently asks with prompt=none, in the browser of a session.
func (h *house) silently(form url.Values, session string) url.Values {
	h.t.Helper()
	a := h.get("/auth/authorize?"+changed(form, "prompt", "none").Encode(), "Cookie", "caseway-session="+session)
	u, err := url.Parse(a.header.Get("Location"))
	must(h.t, err)
	if a.status != http.StatusFound {
		h.t.Fatalf("authorize: %d %s", a.status, a.text)
	}
	return u.Query()
}

// TestNobodyIsSilentForAnAppThatAnotherCanBe: who holds a scheme or a port of
// the user's device isn't known, so that the user has to look.
func TestNobodyIsSilentForAnAppThatAnotherCanBe(t *testing.T) {
	h := newHouse(t)
	s := h.signIn("alice")
	for id, c := range map[string]struct {
		client account.Client
		secret string
		silent bool
	}{
		"scheme":   {account.Client{Kind: account.Public, RedirectURIs: []string{"org.example.app:/cb"}}, "", false},
		"loopback": {account.Client{Kind: account.Public, RedirectURIs: []string{"http://127.0.0.1:7777/cb"}}, "", false},
		"web":      {account.Client{Kind: account.Public, RedirectURIs: []string{"https://web.example.org/cb"}}, "", true},
		"secret":   {account.Client{Kind: account.ConfidentialSymmetric, RedirectURIs: []string{"http://127.0.0.1:7778/cb"}}, secret, true},
	} {
		t.Run(id, func(t *testing.T) {
			c.client.ID, c.client.Name, c.client.Scopes = id, id, "patient/*.rs"
			must(t, h.accounts.AddClient(t.Context(), c.client, c.secret))
			form := h.request(id, c.client.RedirectURIs[0], "patient/*.rs")
			exchanged := exchange(id, c.client.RedirectURIs[0], h.code(form, s, all("")))
			if c.secret != "" {
				exchanged.Set("client_secret", c.secret)
			}
			h.ok(h.post("/auth/token", exchanged))
			q := h.silently(form, s.Value)
			if c.silent != (q.Get("code") != "") || !c.silent && q.Get("error") != "consent_required" {
				t.Errorf("%s: got %v, want a code where nothing is to be asked, else consent_required", id, q)
			}
		})
	}
}

// TestConsentIsForOnePatient: a launch with another one is asked about.
func TestConsentIsForOnePatient(t *testing.T) {
	h := newHouse(t)
	s := h.signIn("carl")
	launched := func(patient string) url.Values {
		return h.launched(h.launch(`{"patient":"`+patient+`"}`), "launch patient/*.rs")
	}
	h.ok(h.post("/auth/token", exchange("app", appURI, h.code(launched("b"), s, all("")))))
	if q := h.silently(launched("b"), s.Value); q.Get("code") == "" {
		t.Errorf("for the same patient: %v", q)
	}
	if q := h.silently(launched("a"), s.Value); q.Get("error") != "consent_required" {
		t.Errorf("for another patient: %v", q)
	}
}

// TestConsentIsForOneClient: one that is made anew under the name of another has
// nothing of what the user granted to that one.
func TestConsentIsForOneClient(t *testing.T) {
	h := newHouse(t)
	s := h.signIn("alice")
	h.tokens("alice", "patient/*.rs")
	form := h.request("app", appURI, "patient/*.rs")
	if q := h.silently(form, s.Value); q.Get("code") == "" {
		t.Fatalf("before: %v", q)
	}
	h.clock.move(time.Minute)
	must(t, h.accounts.RemoveClient(t.Context(), "app"))
	must(t, h.accounts.AddClient(t.Context(), account.Client{
		ID: "app", Name: "App", Kind: account.Public, Scopes: "patient/*.rs", RedirectURIs: []string{appURI},
	}, ""))
	if q := h.silently(form, s.Value); q.Get("error") != "consent_required" {
		t.Errorf("after: %v", q)
	}
}

// TestATokenIsForOneOrganization: a client that is bound to an Organization later
// shows nothing of what users of another one see.
func TestATokenIsForOneOrganization(t *testing.T) {
	h := newHouse(t)
	a := h.tokens("sam", "user/*.rs offline_access")
	if who := h.verify(a); who.Organization != "o" {
		t.Fatalf("principal %+v", who)
	}
	seed, err := account.ParseSeed([]byte("clients:\n  - {id: app, name: App, scopes: 'user/*.rs offline_access', redirectUris: [" + appURI + "], organization: p}\n"))
	must(t, err)
	must(t, h.accounts.Sow(t.Context(), seed))
	h.clock.move(2 * time.Second)
	h.dead(a.is("access_token"))
	h.refused(h.post("/auth/token", refresh("app", a.is("refresh_token"))), "invalid_grant")
}

// TestStrangersLeaveLittleBehind: what a request for authorization keeps for a
// quarter of an hour is bounded, for anybody can make one.
func TestStrangersLeaveLittleBehind(t *testing.T) {
	h := newHouse(t)
	long := make([]byte, 5000)
	for i := range long {
		long[i] = 'x'
	}
	for _, name := range []string{"state", "nonce"} {
		t.Run(name, func(t *testing.T) {
			form := changed(h.request("app", appURI, "patient/*.rs"), name, string(long))
			a := h.get("/auth/authorize?" + form.Encode())
			u, err := url.Parse(a.header.Get("Location"))
			must(t, err)
			if u.Query().Get("error") != "invalid_request" {
				t.Errorf("a long %s: %d to %s", name, a.status, u.Path)
			}
		})
	}
}

// TestKeysThatCanNotBeFetchedAreNotAskedForAllTheTime: anybody can name a client
// in an assertion.
func TestKeysThatCanNotBeFetchedAreNotAskedForAllTheTime(t *testing.T) {
	h := newHouse(t)
	s := newKeyServer(t, "no keys")
	h.remote(s)
	for range 3 {
		h.refused(h.asRemote(), "invalid_client")
	}
	if n := s.fetched.Load(); n != 1 {
		t.Errorf("fetched %d times", n)
	}
	h.clock.move(2 * time.Second)
	s.set(h.signer.public(t), "")
	h.ok(h.asRemote())
}

// TestSilenceKeepsToThePatient: where the one that consent was about can't be
// chosen any more, the only one who is left doesn't take the place.
func TestSilenceKeepsToThePatient(t *testing.T) {
	h := newHouse(t)
	s := h.signIn("carl")
	form := h.request("app", appURI, "launch/patient patient/*.rs")
	h.ok(h.post("/auth/token", exchange("app", appURI, h.code(form, s, all("b")))))
	_, err := h.store.Commit(t.Context(), store.Commit{Writes: []store.Write{{
		Key: fhir.Key{Type: "RelatedPerson", ID: "r2"}, Method: store.Put, Expect: 1,
		Content: &fhir.Content{Type: "RelatedPerson", Rest: []byte(`"patient":{"reference":"Patient/b"},"active":false`)},
	}}})
	must(t, err)
	if q := h.silently(form, s.Value); q.Get("code") != "" {
		t.Errorf("carl's app goes on with another patient: %v", q)
	}
}
