package provider_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"caseway/auth/provider"
	"caseway/auth/scope"
)

// TestScopesThatCanNotBeHeldAreNotGranted, and an app that asks for no others is
// told so.
func TestScopesThatCanNotBeHeldAreNotGranted(t *testing.T) {
	h := furnishWith(t, openSQLite(t), func(o *provider.Options) {
		o.Usable = func(set scope.Set) error {
			if strings.Contains(set.String(), "colour") {
				return errors.New("there is no such parameter")
			}
			return nil
		}
	})
	a := h.tokens("alice", "patient/Observation.rs?colour=red patient/Observation.rs?category=lab patient/CarePlan.rs")
	if got := a.is("scope"); strings.Contains(got, "colour") || !strings.Contains(got, "category=lab") || !strings.Contains(got, "patient/CarePlan.rs") {
		t.Errorf("granted %s", got)
	}
	to := h.get("/auth/authorize?" + h.request("app", appURI, "openid patient/Observation.rs?colour=red").Encode())
	location, err := url.Parse(to.header.Get("Location"))
	must(t, err)
	q := location.Query()
	if to.status != http.StatusFound || q.Get("error") != "invalid_scope" || !strings.Contains(q.Get("error_description"), "search parameters") {
		t.Errorf("authorize: %d to %s", to.status, location)
	}
	h.refused(h.post("/auth/token", service(h.assertion("payer"), "system/EpisodeOfCare.rs?colour=red")), "invalid_scope")
	b := h.ok(h.post("/auth/token", service(h.assertion("payer"), "system/EpisodeOfCare.rs?status=active")))
	if b.is("scope") != "system/EpisodeOfCare.rs?status=active" {
		t.Errorf("granted %s", b.text)
	}
}
