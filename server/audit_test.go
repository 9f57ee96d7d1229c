package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"caseway/fhir/store"
	"caseway/fhir/store/mongo"
	"caseway/fhir/store/mongo/mongotest"
	"caseway/server"
)

// auditEvent is what tests look at in an AuditEvent.
type auditEvent struct {
	ID      string
	Subtype []struct{ Code string }
	Action  string
	Outcome string
	Agent   []struct {
		Who struct {
			Reference  string
			Identifier struct{ System, Value string }
		}
		Requestor bool
		Network   struct{ Address string }
	}
	Entity []struct {
		What struct{ Reference string }
		Name string
	}
}

// line says of an event what happened to what, and who did it.
func (a auditEvent) line() string {
	who := ""
	for _, agent := range a.Agent {
		who += " " + agent.Who.Identifier.Value
	}
	var what []string
	for _, e := range a.Entity {
		if e.What.Reference != "" || e.Name != "" {
			what = append(what, e.What.Reference+e.Name)
		}
	}
	return fmt.Sprintf("%s %s %s by%s: %s", a.Subtype[0].Code, a.Action, a.Outcome, who, strings.Join(what, " "))
}

// events are all AuditEvents but those of the administrator who asks, when
// there are n of them.
func (g *guarded) events(t *testing.T, n int) (lines []string, body string) {
	t.Helper()
	admin := g.administrator(t)
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		var status int
		status, _, body = do(t, "GET", g.URL+"/fhir/AuditEvent?_count=1000&_sort=_lastUpdated", "", "Authorization", "Bearer "+admin)
		if status != http.StatusOK {
			t.Fatalf("%d %.300s", status, body)
		}
		var bundle struct {
			Entry []struct{ Resource auditEvent }
		}
		if err := json.Unmarshal([]byte(body), &bundle); err != nil {
			t.Fatal(err)
		}
		lines = nil
		for _, e := range bundle.Entry {
			if line := e.Resource.line(); !strings.Contains(line, " root") {
				lines = append(lines, line)
			}
			for _, agent := range e.Resource.Agent {
				if agent.Requestor && agent.Network.Address != "127.0.0.1" {
					t.Errorf("the address is %q", agent.Network.Address)
				}
			}
		}
		if len(lines) >= n {
			slices.Sort(lines)
			return lines, body
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d events, want %d: %q", len(lines), n, lines)
		}
	}
}

// onBoth runs a test behind a login on each store.
func onBoth(t *testing.T, change func(*server.Config), test func(*testing.T, *guarded)) {
	for name, open := range map[string]func(testing.TB) store.Store{"sqlite": openSQLite, "mongodb": openMongo} {
		t.Run(name, func(t *testing.T) { test(t, guard(t, open(t), change)) })
	}
}

// send does requests "METHOD path body" with a token and wants a status.
func (g *guarded) send(t *testing.T, token string, status int, request string) {
	t.Helper()
	method, rest, _ := strings.Cut(request, " ")
	path, body, _ := strings.Cut(rest, " ")
	got, _, text := do(t, method, g.URL+"/fhir"+path, body, "Authorization", "Bearer "+token)
	if got != status {
		t.Fatalf("%s %s: %d, want %d: %.300s", method, path, got, status, text)
	}
}

func TestWritesAndDenialsAreWitnessed(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, g *guarded) {
		staff, patient := g.staff(t), g.token(t, nil)
		g.send(t, staff, 201, `PUT /Patient/a {"resourceType":"Patient","id":"a","name":[{"family":"Hush"}]}`)
		g.send(t, staff, 200, `PUT /Patient/a {"resourceType":"Patient","id":"a","name":[{"family":"Hush"}],"active":true}`)
		g.send(t, staff, 201, `PUT /Patient/b {"resourceType":"Patient","id":"b"}`)
		g.send(t, staff, 204, `DELETE /Patient/b`)
		g.send(t, staff, 200, `POST  {"resourceType":"Bundle","type":"transaction","entry":[
			{"resource":{"resourceType":"CarePlan","id":"p","status":"draft","intent":"plan","subject":{"reference":"Patient/a"}},"request":{"method":"PUT","url":"CarePlan/p"}},
			{"resource":{"resourceType":"CarePlan","id":"q","status":"draft","intent":"plan","subject":{"reference":"Patient/c"}},"request":{"method":"PUT","url":"CarePlan/q"}},
			{"resource":{"resourceType":"Patient","id":"a"},"request":{"method":"PUT","url":"Patient/a"}}]}`)
		g.send(t, patient, 404, `GET /CarePlan/q`)
		g.send(t, patient, 404, `DELETE /CarePlan/q`)
		g.send(t, patient, 403, `PUT /Organization/o {"resourceType":"Organization","id":"o","name":"x"}`)
		g.send(t, patient, 403, `GET /AuditEvent`)
		g.send(t, "nonsense", 401, `GET /Patient/a`)
		g.send(t, patient, 404, `GET /CarePlan/none`)
		g.send(t, patient, 200, `GET /CarePlan/p`)
		g.send(t, staff, 422, `PUT /Patient/z {"resourceType":"Patient","id":"z","gender":"nonsense"}`)
		lines, body := g.events(t, 11)
		want := []string{
			"create C 0 by dr app: Patient/a/_history/1", "update U 0 by dr app: Patient/a/_history/2",
			"create C 0 by dr app: Patient/b/_history/1", "delete D 0 by dr app: Patient/b/_history/2",
			"create C 0 by dr app: CarePlan/p/_history/1 CarePlan/q/_history/1", "update U 0 by dr app: Patient/a/_history/3",
			"read R 4 by alice app: Patient/a CarePlan/q/_history/1", "delete D 4 by alice app: Patient/a CarePlan/q/_history/1",
			"update U 4 by alice app: Patient/a Organization/o", "search-type R 4 by alice app: Patient/a AuditEvent", "read R 4 by : Patient/a",
		}
		slices.Sort(want)
		if !slices.Equal(lines, want) {
			t.Errorf("events\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
		}
		for _, secret := range []string{"Hush", "nonsense", "Bearer", "eyJ"} {
			t.Run(secret, func(t *testing.T) {
				if strings.Contains(body, secret) {
					t.Errorf("the events hold %q", secret)
				}
			})
		}
	})
}

func TestReadsAreWitnessedWhereASettingSaysSo(t *testing.T) {
	onBoth(t, func(c *server.Config) { c.AuditReads = true }, func(t *testing.T, g *guarded) {
		staff := g.staff(t)
		g.send(t, staff, 201, `PUT /Patient/a {"resourceType":"Patient","id":"a"}`)
		g.send(t, staff, 200, `GET /Patient/a`)
		g.send(t, staff, 200, `GET /Patient/a/_history/1`)
		g.send(t, staff, 200, `GET /Patient?name=hush`)
		g.send(t, staff, 200, `GET /Patient/a/CarePlan`)
		g.send(t, staff, 200, `GET /Patient/a/_history`)
		g.send(t, staff, 404, `GET /Patient/none`)
		lines, body := g.events(t, 6)
		want := []string{
			"create C 0 by dr app: Patient/a/_history/1", "read R 0 by dr app: Patient/a/_history/1", "vread R 0 by dr app: Patient/a/_history/1",
			"search-type R 0 by dr app: Patient", "search-type R 0 by dr app: CarePlan", "history-instance R 0 by dr app: Patient/a/_history/1",
		}
		slices.Sort(want)
		if !slices.Equal(lines, want) {
			t.Errorf("events\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
		}
		if strings.Contains(body, "hush") {
			t.Error("the events hold what was searched for")
		}
	})
}

// TestAuditEventsAreFoundByWhatTheyAreAbout, as an administrator looks for them.
func TestAuditEventsAreFoundByWhatTheyAreAbout(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, g *guarded) {
		g.send(t, g.staff(t), 201, `PUT /Patient/a {"resourceType":"Patient","id":"a"}`)
		g.send(t, g.token(t, map[string]any{"patient": "b", "fhirUser": "Patient/b", "sub": "bob"}), 404, `GET /Patient/a`)
		g.events(t, 2)
		for query, want := range map[string]int{
			"entity=Patient/a": 2, "patient=Patient/a": 2, "agent=Practitioner/dr": 1, "agent:identifier=bob": 1, "action=C": 1,
			"outcome=4": 1, "outcome=0&action=R": 0, "subtype=http://hl7.org/fhir/restful-interaction|create": 1, "address=127.0.0.1": 2,
			"agent:identifier=app": 2, "entity=Patient/c": 0,
		} {
			t.Run(query, func(t *testing.T) {
				_, _, body := do(t, "GET", g.URL+"/fhir/AuditEvent?"+query, "", "Authorization", "Bearer "+g.administrator(t))
				var bundle struct{ Total int }
				if err := json.Unmarshal([]byte(body), &bundle); err != nil || bundle.Total != want {
					t.Errorf("%s: %d events, want %d: %.300s", query, bundle.Total, want, body)
				}
			})
		}
	})
}

// TestAuditEventsStay: nobody changes or deletes what bears witness.
func TestAuditEventsStay(t *testing.T) {
	g := guard(t, openSQLite(t), nil)
	g.send(t, g.staff(t), 201, `PUT /Patient/a {"resourceType":"Patient","id":"a"}`)
	_, body := g.events(t, 1)
	var bundle struct {
		Entry []struct{ Resource auditEvent }
	}
	if err := json.Unmarshal([]byte(body), &bundle); err != nil {
		t.Fatal(err)
	}
	for _, token := range []string{g.administrator(t), g.staff(t), g.token(t, map[string]any{"scope": "system/*.cruds", "sub": "app", "fhirUser": nil, "patient": nil})} {
		t.Run(token, func(t *testing.T) {
			for _, request := range []string{"DELETE ", "PUT "} {
				method, path := strings.TrimSpace(request), "/fhir/AuditEvent/"+bundle.Entry[0].Resource.ID
				body := ""
				if method == "PUT" {
					body = `{"resourceType":"AuditEvent","id":"` + bundle.Entry[0].Resource.ID + `","type":{"code":"x"},"recorded":"2026-01-01T00:00:00Z","agent":[{"requestor":true}],"source":{"observer":{"display":"x"}}}`
				}
				if status, _, text := do(t, method, g.URL+path, body, "Authorization", "Bearer "+token); status != 403 && status != 404 {
					t.Errorf("%s: %d %.300s", method, status, text)
				}
			}
		})
	}
}

// TestWritesAreWitnessedWithoutTransactions: a standalone MongoDB can't write an
// AuditEvent with what it is about, so it is written behind it.
func TestWritesAreWitnessedWithoutTransactions(t *testing.T) {
	alone, err := mongo.Open(t.Context(), mongotest.Own(t, mongotest.Options{Standalone: true}).URI, mongo.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { alone.Close() })
	if alone.Transactional() {
		t.Fatal("a standalone server has transactions")
	}
	g := guard(t, alone, nil)
	g.send(t, g.staff(t), 201, `PUT /Patient/a {"resourceType":"Patient","id":"a"}`)
	g.send(t, g.token(t, map[string]any{"patient": "b", "fhirUser": "Patient/b"}), 404, `GET /Patient/a`)
	lines, _ := g.events(t, 2)
	want := []string{"create C 0 by dr app: Patient/a/_history/1", "read R 4 by alice app: Patient/b Patient/a/_history/1"}
	if !slices.Equal(lines, want) {
		t.Errorf("events %q", lines)
	}
}
