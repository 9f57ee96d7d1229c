package kit_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"caseway/conformance/kit"
	"caseway/fhir/store/mongo/mongotest"
)

// guardedSite is a site with the embedded login, which a backend service writes to.
type guardedSite struct {
	site
	server *sqliteSite // of site
	caller *kit.Client
}

func (s *guardedSite) recover(t *testing.T) {
	s.site.recover(t)
	token := service(t, s.server.process.Root, s.server.process.Root, "backend", "system/*.cruds")
	s.caller = kit.NewClient(s.server.process.Base)
	s.caller.HTTP.Transport = bearer{token, s.caller.HTTP.Transport}
}

func (s *guardedSite) client() *kit.Client { return s.caller }

// bearer sends a token along.
type bearer struct {
	token string
	next  http.RoundTripper
}

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+b.token)
	return b.next.RoundTrip(r)
}

// auditRounds are fewer than those of the stores alone.
const auditRounds = 4

func TestKilledWhileBearingWitnessInSQLite(t *testing.T) {
	dir := t.TempDir()
	server := &sqliteSite{launch: kit.Launch{
		Store: "sqlite:" + filepath.Join(dir, "caseway.db"), Log: filepath.Join(dir, "server.log"),
		Args: []string{"--auth", "embedded", "--auth-seed", attackSeed(t)},
	}}
	killWhileWitnessed(t, &guardedSite{site: server, server: server})
}

func TestKilledWhileBearingWitnessInMongoDB(t *testing.T) {
	database := mongotest.Own(t, mongotest.Options{})
	s := &mongoSite{database: database, tookServer: true, sqliteSite: sqliteSite{launch: kit.Launch{
		Store: database.URI, Log: filepath.Join(t.TempDir(), "server.log"),
		Args: []string{"--auth", "embedded", "--auth-seed", attackSeed(t)},
	}}}
	killWhileWitnessed(t, &guardedSite{site: s, server: &s.sqliteSite})
}

// killWhileWitnessed kills a site among writes and then compares history and
// AuditEvents: each version has its witness, acknowledged or not, and each witness
// its version.
func killWhileWitnessed(t *testing.T, s *guardedSite) {
	s.recover(t)
	killWhileWriting(t, s, auditRounds)
	versions := map[string]bool{}
	for key, numbers := range wholeHistory(t, s.client()) {
		for n := range numbers {
			versions[fmt.Sprintf("%s/_history/%d", key, n)] = true
		}
	}
	witnessed := witnesses(t, s.server.process)
	t.Logf("%d versions, %d of them witnessed", len(versions), len(witnessed))
	for v := range versions {
		if witnessed[v] != 1 {
			t.Errorf("%s has %d witnesses, want 1", v, witnessed[v])
		}
	}
	for v := range witnessed {
		if !versions[v] {
			t.Errorf("an AuditEvent tells of %s, which isn't there", v)
		}
	}
}

// witnesses are the versions that AuditEvents of writes name, and how often.
func witnesses(t *testing.T, p *kit.Process) map[string]int {
	t.Helper()
	c := kit.NewClient(p.Base)
	token := newVisitor(t, p.Root).signIn("root", "user/AuditEvent.rs openid").Access
	named := map[string]int{}
	for url := "AuditEvent?action=C,U,D&outcome=0&_count=500"; url != ""; {
		answer, err := c.Do(t.Context(), http.MethodGet, url, nil, "Authorization", "Bearer "+token)
		if err != nil || answer.Status != http.StatusOK {
			t.Fatalf("GET %s: status %d, %v, %.300s", url, answer.Status, err, answer.Body)
		}
		var page bundle
		if err := json.Unmarshal(answer.Body, &page); err != nil {
			t.Fatal(err)
		}
		for _, e := range page.Entry {
			var event struct {
				Entity []struct{ What struct{ Reference string } }
			}
			if err := json.Unmarshal(e.Resource, &event); err != nil {
				t.Fatal(err)
			}
			for _, about := range event.Entity {
				if strings.Contains(about.What.Reference, "/_history/") {
					named[about.What.Reference]++
				}
			}
		}
		url = page.next()
	}
	return named
}
