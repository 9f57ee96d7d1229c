package server_test

import (
	"net/http"
	"strings"
	"testing"

	"caseway/server"
)

// TestCasesLaidOutForPeople: pretty=true lays out every answer of the case API,
// errors too, beside the parameters that a path has.
func TestCasesLaidOutForPeople(t *testing.T) {
	change := func(c *server.Config) {
		c.Cases = casesOf(c.Engine)
	}
	onBoth(t, change, func(t *testing.T, g *guarded) {
		admin := "Bearer " + g.administrator(t)
		send := func(method, path, body string, headers ...string) (int, string) {
			status, _, answer := do(t, method, g.URL+path, body, append(headers, "Authorization", admin)...)
			return status, answer
		}
		line := `{"id":"c","client":{"id":"Patient/p","name":"Somebody"},"adopted":false,"phase":"active"}`
		if status, body := send("POST", "/cases/import", line, "Content-Type", "application/x-ndjson"); status != http.StatusOK {
			t.Fatalf("import: got %d %s", status, body)
		}
		for _, row := range []struct {
			request, body string
			status        int
			laidOut       bool
		}{
			{"GET /cases?pretty=true", "", 200, true},
			{"GET /cases?count=1&pretty=true&phase=active", "", 200, true},
			{"GET /cases?pretty=false", "", 200, false},
			{"GET /cases/c?view=whole&pretty=true", "", 200, true},
			{"GET /cases/c/goals?pretty=true", "", 200, true},
			{"GET /cases/openapi.json?pretty=true", "", 200, true},
			{"POST /cases/c/actions/hold?pretty=true", "{}", 422, true},
			{"GET /cases/none?pretty=true", "", 404, true},
			{"GET /cases?pretty=yes", "", 400, false},
			{"GET /cases?prettier=true", "", 400, false},
			{"GET /cases/export?pretty=true", "", 400, false},
			{"POST /cases/import?pretty=true", line, 400, false},
		} {
			t.Run(row.request, func(t *testing.T) {
				method, path, _ := strings.Cut(row.request, " ")
				status, body := send(method, path, row.body, "Content-Type", "application/json")
				if status != row.status || strings.Contains(body, "\n  \"") != row.laidOut {
					t.Errorf("got %d %.300q, want %d, laid out: %t", status, body, row.status, row.laidOut)
				}
			})
		}
	})
}
