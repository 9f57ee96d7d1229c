package provider_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"caseway/fhir/store"
)

// stores are what all of this has to work on.
var stores = map[string]func(testing.TB) store.Store{"sqlite": openSQLite, "mongo": openMongo, "standalone": openStandalone}

// onBoth runs a test of two processes on each store.
func onBoth(t *testing.T, test func(t *testing.T, one, two *house)) {
	for name, open := range stores {
		t.Run(name, func(t *testing.T) {
			one := furnish(t, open(t))
			test(t, one, one.another())
		})
	}
}

func TestEachStepMayBeInAnotherProcess(t *testing.T) {
	onBoth(t, func(t *testing.T, one, two *house) {
		launch := one.launch(`{"patient":"a"}`)
		id := two.pending(two.launched(launch, "launch openid patient/*.rs offline_access"))
		s := one.signIn("sam")
		s, err := two.p.Session(t.Context(), s.Value)
		must(t, err)
		to, err := one.p.Complete(t.Context(), id, s, all(""))
		must(t, err)
		u, err := url.Parse(to)
		must(t, err)
		good := exchange("app", appURI, u.Query().Get("code"))
		a := two.ok(two.post("/auth/token", good))
		one.verify(a)
		b := one.ok(one.post("/auth/token", refresh("app", a.is("refresh_token"))))
		two.verify(b)
		two.ok(two.post("/auth/token", refresh("app", a.is("refresh_token")))) // in the grace

		one.ok(one.post("/auth/token", service(one.assertion("payer"), "system/Coverage.rs")))
		text := one.assertion("payer")
		one.ok(one.post("/auth/token", service(text, "system/Coverage.rs")))
		two.refused(two.post("/auth/token", service(text, "system/Coverage.rs")), "invalid_client")

		list, err := two.p.Grants(t.Context(), "sam")
		must(t, err)
		must(t, two.p.Revoke(t.Context(), "sam", list[0].ID))
		two.dead(b.is("access_token"))
		one.clock.move(time.Second)
		one.dead(b.is("access_token"))
	})
}

func TestOneOfManyWins(t *testing.T) {
	onBoth(t, func(t *testing.T, one, two *house) {
		houses := []*house{one, two}
		s := one.signIn("alice")
		id := one.pending(one.request("app", appURI, "patient/*.rs"))
		completed := race(func(i int) bool {
			_, err := houses[i%2].p.Complete(t.Context(), id, s, all(""))
			return err == nil
		})
		good := exchange("app", appURI, one.code(one.request("app", appURI, "patient/*.rs"), s, all("")))
		exchanged := race(func(i int) bool { return houses[i%2].post("/auth/token", good).status == http.StatusOK })
		text := service(one.assertion("payer"), "system/Coverage.rs")
		asserted := race(func(i int) bool { return houses[i%2].post("/auth/token", text).status == http.StatusOK })
		if completed != 1 || exchanged > 1 || asserted != 1 {
			t.Errorf("%d completed, %d exchanged a code, %d used an assertion", completed, exchanged, asserted)
		}
	})
}

// race has eight at once do what one may do, and counts who did.
func race(do func(i int) bool) int {
	var wg sync.WaitGroup
	var mu sync.Mutex
	n := 0
	for i := range 8 {
		wg.Go(func() {
			if do(i) {
				mu.Lock()
				defer mu.Unlock()
				n++
			}
		})
	}
	wg.Wait()
	return n
}

func TestARestartChangesNothing(t *testing.T) {
	h := newHouse(t)
	a := h.tokens("alice", "openid patient/*.rs offline_access")
	s := h.signIn("sam")
	id := h.pending(h.request("app", appURI, "user/*.rs"))
	code := h.code(h.request("app", appURI, "user/*.rs"), s, all(""))
	later := h.another() // knows only what is in the store
	later.verify(a)
	later.ok(later.post("/auth/token", refresh("app", a.is("refresh_token"))))
	later.ok(later.post("/auth/token", exchange("app", appURI, code)))
	s, err := later.p.Session(t.Context(), s.Value)
	must(t, err)
	_, err = later.p.Complete(t.Context(), id, s, all(""))
	must(t, err)
}

func TestKeysChange(t *testing.T) {
	h := newHouse(t)
	two := h.another()
	a := h.tokens("alice", "openid patient/*.rs offline_access")
	two.verify(a)
	must(t, h.p.RotateKeys(t.Context()))
	b := h.ok(h.post("/auth/token", refresh("app", a.is("refresh_token"))))
	before, _ := h.opened(a.is("access_token"))
	after, _ := h.opened(b.is("access_token"))
	if before.KeyID == after.KeyID {
		t.Error("the old key signs")
	}
	h.verify(a)
	two.clock.move(2 * time.Second)
	two.verify(b) // a key that it hasn't seen
	two.verify(a)

	h.clock.move(30 * 24 * time.Hour)
	c := h.ok(h.post("/auth/token", refresh("app", b.is("refresh_token"))))
	later, _ := h.opened(c.is("access_token"))
	if later.KeyID == after.KeyID {
		t.Error("a key signs for more than a month")
	}
	two.verify(c)
}

func TestNothingIsStoredInClear(t *testing.T) {
	h := newHouse(t)
	s := h.signIn("alice")
	id := h.pending(h.request("app", appURI, "openid patient/*.rs offline_access"))
	code := h.code(h.request("app", appURI, "openid patient/*.rs offline_access"), s, all(""))
	a := h.ok(h.post("/auth/token", exchange("app", appURI, code)))
	launch := h.launch(`{"patient":"a"}`).is("launch")
	var kept strings.Builder
	for _, kind := range []string{"user", "client", "attempt", "setup", "pending", "launch", "grant", "session", "jti", "key", "secret"} {
		t.Run(kind, func(t *testing.T) {
			found, err := h.store.Records(t.Context(), "auth-"+kind, "", "", 1000)
			must(t, err)
			for _, r := range found {
				kept.WriteString(r.Key + " " + string(r.Value) + "\n")
			}
		})
	}
	for name, value := range map[string]string{
		"password": password, "client secret": secret, "session": s.Value, "CSRF": s.CSRF, "pending": id, "launch": launch,
		"code": secretOf(code), "refresh token": secretOf(a.is("refresh_token")), "access token": a.is("access_token"), "id_token": a.is("id_token"),
	} {
		t.Run(name, func(t *testing.T) {
			if value == "" || strings.Contains(kept.String(), value) {
				t.Errorf("%s is stored in clear", name)
			}
		})
	}
}

func secretOf(token string) string { return token[strings.LastIndexByte(token, '.')+1:] }

func TestTheStoreAwayOpensNoDoor(t *testing.T) {
	s := openSQLite(t)
	h := furnish(t, s)
	a := h.tokens("alice", "openid patient/*.rs offline_access")
	h.verify(a)
	must(t, s.Close())
	h.clock.move(2 * time.Second)
	if who, err := h.p.Verify(t.Context(), a.is("access_token")); err == nil || who != nil {
		t.Errorf("verified as %v", who)
	}
	for _, got := range []answer{
		h.post("/auth/token", refresh("app", a.is("refresh_token"))),
		h.get("/auth/userinfo", "Authorization", "Bearer "+a.is("access_token")),
		h.get("/auth/authorize?" + h.request("app", appURI, "patient/*.rs").Encode()),
	} {
		t.Run(got.text, func(t *testing.T) {
			if got.status < 500 || strings.Contains(got.text, "sqlite") {
				t.Errorf("got %d %s, want an error of the server that tells nothing of the store", got.status, got.text)
			}
		})
	}
}
