package server_test

import (
	"net/http"
	"strings"
	"testing"

	"caseway/server"
)

// TestCasesAreBehindTheLogin: what is refused is a problem, and both it and what
// is shown are witnessed.
func TestCasesAreBehindTheLogin(t *testing.T) {
	change := func(c *server.Config) {
		c.AuditReads = true
		c.Cases = casesOf(c.Engine)
	}
	onBoth(t, change, func(t *testing.T, g *guarded) {
		for _, request := range []string{
			"GET /cases", "GET /cases/e", "POST /cases", "POST /cases/e/actions/hold", "PUT /cases/e", "PATCH /cases/e",
			"POST /cases/e/goals", "GET /cases/e/goals/Goal/g", "DELETE /cases/e/goals/Goal/g",
		} {
			t.Run(request, func(t *testing.T) {
				method, path, _ := strings.Cut(request, " ")
				status, header, body := do(t, method, g.URL+path, "")
				if status != http.StatusUnauthorized || header.Get("Content-Type") != "application/problem+json" ||
					!strings.HasPrefix(header.Get("WWW-Authenticate"), "Bearer realm=") || strings.Contains(body, "OperationOutcome") {
					t.Errorf("%s without a token: %d %s", request, status, body)
				}
			})
		}
		for path, want := range map[string]string{
			"/cases/e/networks/OrganizationAffiliation/o": "GET, HEAD, OPTIONS",
			"/cases/e/goals/Goal/g":                       "DELETE, GET, HEAD, OPTIONS, PATCH, PUT",
			"/cases/e/goals":                              "GET, HEAD, OPTIONS, POST",
		} {
			t.Run(path, func(t *testing.T) {
				if status, header, _ := do(t, "OPTIONS", g.URL+path, ""); status != http.StatusNoContent || header.Get("Allow") != want {
					t.Errorf("%s: %d, allowed are %q, not %q", path, status, header.Get("Allow"), want)
				}
			})
		}
		if status, _, _ := do(t, "GET", g.URL+"/cases/openapi.json", ""); status != http.StatusOK {
			t.Errorf("the description without a token: %d", status)
		}
		admin := "Bearer " + g.administrator(t)
		for _, id := range []string{"a", "b"} {
			t.Run(id, func(t *testing.T) {
				for path, body := range map[string]string{
					"Patient/" + id:       `{"resourceType":"Patient","id":"` + id + `"}`,
					"EpisodeOfCare/" + id: `{"resourceType":"EpisodeOfCare","id":"` + id + `","status":"active","patient":{"reference":"Patient/` + id + `"}}`,
				} {
					if status, _, answer := do(t, "PUT", g.URL+"/fhir/"+path, body, "Authorization", admin); status >= 300 {
						t.Fatalf("%s: %d %s", path, status, answer)
					}
				}
			})
		}
		patient := "Bearer " + g.token(t, map[string]any{"scope": "patient/*.rs", "patient": "a", "fhirUser": "Patient/a"})
		if status, _, body := do(t, "GET", g.URL+"/cases/a", "", "Authorization", patient); status != http.StatusOK {
			t.Errorf("the patient's own case: %d %s", status, body)
		}
		if status, _, body := do(t, "GET", g.URL+"/cases/b", "", "Authorization", patient); status != http.StatusNotFound || strings.Contains(body, "Patient/b") {
			t.Errorf("another patient's case: %d %s", status, body)
		}
		status, _, body := do(t, "GET", g.URL+"/cases", "", "Authorization", patient)
		if status != http.StatusOK || !strings.Contains(body, `"id":"a"`) || strings.Contains(body, `"id":"b"`) {
			t.Errorf("the patient's list: %d %s", status, body)
		}
		lines, _ := g.events(t, 12)
		all := strings.Join(lines, "\n")
		for _, want := range []string{
			"operation R 0 by alice app: Patient/a EpisodeOfCare/a", "search-type R 0 by alice app: Patient/a EpisodeOfCare",
			"$everything E 4 by alice app: Patient/a EpisodeOfCare/b", "operation R 4 by : EpisodeOfCare/e", "transaction E 4 by : EpisodeOfCare/e",
		} {
			t.Run(want, func(t *testing.T) {
				if !strings.Contains(all, want) {
					t.Errorf("no event %q in\n%s", want, all)
				}
			})
		}
	})
}
