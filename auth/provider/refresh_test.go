package provider_test

import (
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"caseway/auth/provider"
)

func TestRefreshesAreRefused(t *testing.T) {
	h := newHouse(t)
	a := h.tokens("alice", "openid patient/CarePlan.rs offline_access")
	token := a.is("refresh_token")
	good := refresh("app", token)
	id := token[:strings.LastIndexByte(token, '.')]
	for name, c := range map[string]struct {
		form  url.Values
		error string
	}{
		"no token":              {changed(good, "refresh_token", ""), "invalid_request"},
		"made-up token":         {changed(good, "refresh_token", "guess"), "invalid_grant"},
		"made-up secret":        {changed(good, "refresh_token", id+"."+strings.Repeat("A", 64)), "invalid_grant"},
		"the grant's id":        {changed(good, "refresh_token", id), "invalid_grant"},
		"last letter changed":   {changed(good, "refresh_token", flip(token)), "invalid_grant"},
		"the access token":      {changed(good, "refresh_token", a.is("access_token")), "invalid_grant"},
		"other client":          {changed(good, "client_id", "other"), "invalid_grant"},
		"unknown client":        {changed(good, "client_id", "nobody"), "invalid_client"},
		"empty client":          {merge(good, url.Values{"client_id": {""}}), "invalid_client"},
		"no client, made-up":    {changed(good, "client_id", "", "refresh_token", flip(token)), "invalid_grant"},
		"no client, no token":   {changed(good, "client_id", "", "refresh_token", ""), "invalid_grant"},
		"more types":            {changed(good, "scope", "patient/*.rs"), "invalid_scope"},
		"more letters":          {changed(good, "scope", "patient/CarePlan.cruds"), "invalid_scope"},
		"another context":       {changed(good, "scope", "user/CarePlan.rs"), "invalid_scope"},
		"one more scope":        {changed(good, "scope", "openid patient/CarePlan.rs fhirUser"), "invalid_scope"},
		"one more in version 1": {changed(good, "scope", "patient/Task.read"), "invalid_scope"},
		"unknown scope":         {changed(good, "scope", "admin"), "invalid_scope"},
		"empty scope":           {merge(good, url.Values{"scope": {""}}), "invalid_scope"},
		"token twice":           {merge(good, url.Values{"refresh_token": {token, token}}), "invalid_request"},
	} {
		t.Run(name, func(t *testing.T) { (&house{t: t}).refused(h.post("/auth/token", c.form), c.error) })
	}
	h.refused(h.post("/auth/token?"+good.Encode(), nil), "invalid_request")
	h.verify(a) // nothing of that ended the grant
	h.ok(h.post("/auth/token", good))
}

// SMART's refresh request names no client; a public one's token does.
func TestARefreshNeedsNoClientIDOfPublicClients(t *testing.T) {
	h := newHouse(t)
	a := h.tokens("alice", "openid patient/CarePlan.rs offline_access")
	b := h.ok(h.post("/auth/token", changed(refresh("app", a.is("refresh_token")), "client_id", "")))
	if h.verify(b).Client != "app" {
		t.Errorf("answer %s", b.text)
	}
	code := h.code(h.request("portal", portalURI, "openid offline_access user/*.rs"), h.signIn("sam"), all(""))
	portal := h.ok(h.post("/auth/token", changed(exchange("portal", portalURI, code), "client_id", ""), "Authorization", basic("portal", secret)))
	h.refused(h.post("/auth/token", changed(refresh("portal", portal.is("refresh_token")), "client_id", "")), "invalid_client")
}

// flip changes the last letter of a token, and so at least its seal.
func flip(token string) string {
	last := "A"
	if strings.HasSuffix(token, last) {
		last = "E"
	}
	return token[:len(token)-1] + last
}

func TestARefreshMayAskForLess(t *testing.T) {
	h := newHouse(t)
	a := h.tokens("alice", "openid patient/CarePlan.rs patient/Task.rs offline_access")
	less := h.ok(h.post("/auth/token", changed(refresh("app", a.is("refresh_token")), "scope", "patient/CarePlan.r")))
	if less.is("scope") != "patient/CarePlan.r" || less.is("id_token") != "" || h.verify(less).Scopes.String() != "patient/CarePlan.r" {
		t.Errorf("answer %s", less.text)
	}
	full := h.ok(h.post("/auth/token", refresh("app", less.is("refresh_token"))))
	if full.is("scope") != a.is("scope") {
		t.Errorf("later %s", full.text)
	}
}

func TestARefreshTokenUsedAgainEndsTheGrant(t *testing.T) {
	h := newHouse(t)
	a := h.tokens("alice", "patient/*.rs offline_access")
	b := h.ok(h.post("/auth/token", refresh("app", a.is("refresh_token"))))

	// Within the grace, another tab gets the very same next token.
	again := h.ok(h.post("/auth/token", refresh("app", a.is("refresh_token"))))
	if again.is("refresh_token") != b.is("refresh_token") {
		t.Error("the chain has two ends")
	}
	h.clock.move(11 * time.Second)
	h.refused(h.post("/auth/token", refresh("app", a.is("refresh_token"))), "invalid_grant")
	for _, got := range []answer{a, b, again} {
		h.dead(got.is("access_token"))
	}
	h.refused(h.post("/auth/token", refresh("app", b.is("refresh_token"))), "invalid_grant")
	if !h.told(provider.EventRevocation, true, "refresh token used again") {
		t.Error("it wasn't audited")
	}
}

func TestAnOlderRefreshTokenHasNoGrace(t *testing.T) {
	h := newHouse(t)
	a := h.tokens("alice", "patient/*.rs offline_access")
	b := h.ok(h.post("/auth/token", refresh("app", a.is("refresh_token"))))
	c := h.ok(h.post("/auth/token", refresh("app", b.is("refresh_token"))))
	h.refused(h.post("/auth/token", refresh("app", a.is("refresh_token"))), "invalid_grant")
	h.dead(c.is("access_token"))
}

func TestManyTabsRefreshAtOnce(t *testing.T) {
	h := newHouse(t)
	processes := []*house{h, h.another()}
	a := h.tokens("alice", "patient/*.rs offline_access")
	next := make([]answer, 16)
	var wg sync.WaitGroup
	for i := range next {
		wg.Go(func() { next[i] = processes[i%2].post("/auth/token", refresh("app", a.is("refresh_token"))) })
	}
	wg.Wait()
	for _, got := range next {
		if h.ok(got).is("refresh_token") != next[0].is("refresh_token") {
			t.Error("the chain has several ends")
		}
	}
	h.ok(h.post("/auth/token", refresh("app", next[0].is("refresh_token"))))
}

func TestOnlineAccessEndsWithTheSession(t *testing.T) {
	h := newHouse(t)
	s := h.signIn("alice")
	online := h.ok(h.post("/auth/token", exchange("app", appURI, h.code(h.request("app", appURI, "patient/*.rs online_access"), s, all("")))))
	offline := h.ok(h.post("/auth/token", exchange("app", appURI, h.code(h.request("app", appURI, "patient/*.rs offline_access"), s, all("")))))
	online = h.ok(h.post("/auth/token", refresh("app", online.is("refresh_token"))))
	must(t, h.p.SignOut(t.Context(), s.Value))
	h.dead(online.is("access_token"))
	h.refused(h.post("/auth/token", refresh("app", online.is("refresh_token"))), "invalid_grant")
	h.verify(offline)
	h.ok(h.post("/auth/token", refresh("app", offline.is("refresh_token"))))

	// The same where the session ends by itself.
	late := h.tokens("alice", "patient/*.rs online_access")
	h.clock.move(13 * time.Hour)
	h.refused(h.post("/auth/token", refresh("app", late.is("refresh_token"))), "invalid_grant")
}

func TestAnotherPasswordEndsWhatIsOnline(t *testing.T) {
	h := newHouse(t)
	s := h.signIn("alice")
	a := h.tokens("alice", "patient/*.rs online_access")
	h.clock.move(time.Second)
	must(t, h.accounts.SetPassword(t.Context(), "alice", "another horse"))
	if _, err := h.p.Session(t.Context(), s.Value); err != provider.ErrNoSession {
		t.Errorf("the session: %v", err)
	}
	h.dead(a.is("access_token"))
}

func TestWithoutAccessScopesThereIsNoRefresh(t *testing.T) {
	h := newHouse(t)
	if a := h.tokens("alice", "patient/*.rs"); a.is("refresh_token") != "" {
		t.Error("a refresh token")
	}
}
