package kit_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"caseway/conformance/kit"
	"caseway/fhir/store/mongo/mongotest"
)

// probe is a request with what it is called.
type probe struct {
	name, method, path, body string
	header                   []string
}

const identified = `{"resourceType":"Patient","identifier":[{"system":"http://example.org","value":"1"}]}`

// needStore are requests that no server can answer without its store.
var needStore = []probe{
	{"read", http.MethodGet, "fhir/Patient/known", "", nil},
	{"vread", http.MethodGet, "fhir/Patient/known/_history/1", "", nil},
	{"search", http.MethodGet, "fhir/Patient?gender=male", "", nil},
	{"search for a total", http.MethodGet, "fhir/Patient?_summary=count", "", nil},
	{"search of the system", http.MethodGet, "fhir?_id=known", "", nil},
	{"search in a compartment", http.MethodGet, "fhir/Patient/known/*", "", nil},
	{"chain", http.MethodGet, "fhir/Task?patient.identifier=http://example.org|1", "", nil},
	{"history of an instance", http.MethodGet, "fhir/Patient/known/_history", "", nil},
	{"history of a type", http.MethodGet, "fhir/Patient/_history", "", nil},
	{"history of the system", http.MethodGet, "fhir/_history", "", nil},
	{"$everything", http.MethodGet, "fhir/Patient/known/$everything", "", nil},
	{"$lastn", http.MethodGet, "fhir/Observation/$lastn?patient=Patient/known&code=x", "", nil},
	{"$apply", http.MethodGet, "fhir/PlanDefinition/clinical/$apply?subject=Patient/known", "", nil},
	{"create", http.MethodPost, "fhir/Patient", identified, nil},
	{"conditional create", http.MethodPost, "fhir/Patient", identified, []string{"If-None-Exist", "identifier=http://example.org|1"}},
	{"update", http.MethodPut, "fhir/Patient/known", `{"resourceType":"Patient","id":"known"}`, nil},
	{"conditional update", http.MethodPut, "fhir/Patient?identifier=http://example.org|1", identified, nil},
	{"delete", http.MethodDelete, "fhir/Patient/other", "", nil},
	{"conditional delete", http.MethodDelete, "fhir/Patient?identifier=http://example.org|1", "", nil},
	{
		"transaction", http.MethodPost, "fhir", `{"resourceType":"Bundle","type":"transaction","entry":[{"resource":` + identified +
			`,"request":{"method":"POST","url":"Patient","ifNoneExist":"identifier=http://example.org|1"}}]}`, nil,
	},
	{"cases", http.MethodGet, "cases", "", nil},
	{"case", http.MethodGet, "cases/known", "", nil},
	{"export of cases", http.MethodGet, "cases/export", "", nil},
	{"ready", http.MethodGet, "readyz", "", nil},
}

// needNone are requests that are answered all the same.
var needNone = []probe{
	{"live", http.MethodGet, "livez", "", nil},
	{"metadata", http.MethodGet, "fhir/metadata", "", nil},
	{"metrics", http.MethodGet, "metrics", "", nil},
}

// probeAll sends all requests at once.
func probeAll(t *testing.T, c *kit.Client, requests []probe) []kit.Answer {
	t.Helper()
	answers := make([]kit.Answer, len(requests))
	var wg sync.WaitGroup
	for i, r := range requests {
		wg.Go(func() {
			var body []byte
			if r.body != "" {
				body = []byte(r.body)
			}
			var err error
			if answers[i], err = c.Do(t.Context(), r.method, r.path, body, r.header...); err != nil {
				t.Errorf("%s: got %v, want no error", r.name, err)
			}
		})
	}
	wg.Wait()
	return answers
}

// TestDatabaseThatStandsStill: while the database answers nothing, whatever
// needs it is refused as something that may pass, also where it searches, and
// all is well when the database goes on. The second round asks a server that has
// noticed.
func TestDatabaseThatStandsStill(t *testing.T) {
	t.Parallel() // it waits for most of its time
	database := mongotest.Own(t, mongotest.Options{})
	p := start(t, kit.Launch{Store: database.URI})
	known(t, kit.NewClient(p.Base))
	c := kit.NewClient(p.Root)
	database.Freeze(t)
	for _, round := range []string{"at first", "then"} {
		for i, answer := range probeAll(t, c, needStore) {
			t.Run(round+" "+needStore[i].name, func(t *testing.T) { wantAway(t, answer, needStore[i].path) })
		}
	}
	for i, answer := range probeAll(t, c, needNone) {
		if answer.Status != http.StatusOK {
			t.Errorf("%s: status %d, want 200", needNone[i].name, answer.Status)
		}
	}
	database.Thaw(t)
	awaitReady(t, p)
	for i, answer := range probeAll(t, c, needStore) {
		if answer.Status >= http.StatusInternalServerError {
			t.Errorf("%s when the database goes on: status %d: %.300s", needStore[i].name, answer.Status, answer.Body)
		}
	}
}

// wantAway holds an answer to what is said while the store is away.
func wantAway(t *testing.T, answer kit.Answer, path string) {
	t.Helper()
	if answer.Status != http.StatusServiceUnavailable {
		t.Errorf("status %d, want 503: %.300s", answer.Status, answer.Body)
	}
	if path == "readyz" {
		return
	}
	if answer.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	if strings.HasPrefix(path, "fhir") {
		checkOutcome(t, answer, "transient")
	}
}

// TestLoginWhileTheDatabaseStandsStill does the same with what signs in.
func TestLoginWhileTheDatabaseStandsStill(t *testing.T) {
	t.Parallel() // it waits for most of its time
	database := mongotest.Own(t, mongotest.Options{})
	seed := filepath.Join(t.TempDir(), "seed.yaml")
	if err := os.WriteFile(seed, []byte("clients:\n"+
		"  - {id: ehr, secret: a-long-random-secret, scopes: launch openid patient/*.rs, launch: true, redirectUris: [\"https://ehr.example.org/callback\"]}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := start(t, kit.Launch{Store: database.URI, Args: []string{"--auth", "embedded", "--auth-seed", seed}})
	c := kit.NewClient(p.Root)
	c.HTTP.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	form := []string{"Content-Type", "application/x-www-form-urlencoded", "Authorization", "Basic ZWhyOmEtbG9uZy1yYW5kb20tc2VjcmV0"}
	requests := []probe{
		{"authorize", http.MethodGet, "auth/authorize?response_type=code&client_id=ehr&redirect_uri=https%3A%2F%2Fehr.example.org%2Fcallback&scope=openid&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256&state=s", "", nil},
		{"refresh", http.MethodPost, "auth/token", "grant_type=refresh_token&refresh_token=x", form},
		{"introspect", http.MethodPost, "auth/introspect", "token=x", form},
		{"revoke", http.MethodPost, "auth/revoke", "token=x", form},
		{"launch", http.MethodPost, "auth/launch", `{"patient":"known"}`, []string{"Content-Type", "application/json", form[2], form[3]}},
		{"first administrator", http.MethodGet, "auth/setup?token=x", "", nil},
	}
	database.Freeze(t)
	for i, answer := range probeAll(t, c, requests) {
		t.Run(requests[i].name, func(t *testing.T) { wantAway(t, answer, requests[i].path) })
	}
	database.Thaw(t)
	awaitReady(t, p)
	for i, answer := range probeAll(t, c, requests) {
		if answer.Status >= http.StatusInternalServerError {
			t.Errorf("%s when the database goes on: status %d: %.300s", requests[i].name, answer.Status, answer.Body)
		}
	}
}

// TestBatchWhileTheDatabaseStandsStill: each entry says so by itself.
func TestBatchWhileTheDatabaseStandsStill(t *testing.T) {
	t.Parallel() // it waits for most of its time
	database := mongotest.Own(t, mongotest.Options{})
	p := start(t, kit.Launch{Store: database.URI})
	c := kit.NewClient(p.Base)
	known(t, c)
	database.Freeze(t)
	answer, err := c.Do(t.Context(), http.MethodPost, "", []byte(`{"resourceType":"Bundle","type":"batch","entry":[
		{"request":{"method":"GET","url":"Patient/known"}},{"request":{"method":"GET","url":"Patient?gender=male"}},
		{"resource":`+identified+`,"request":{"method":"POST","url":"Patient","ifNoneExist":"identifier=http://example.org|1"}}]}`))
	database.Thaw(t)
	if err != nil {
		t.Fatal(err)
	}
	var bundle struct {
		Entry []struct{ Response struct{ Status string } }
	}
	if err := json.Unmarshal(answer.Body, &bundle); err != nil || len(bundle.Entry) != 3 {
		t.Fatalf("%d entries, %v: %.300s", len(bundle.Entry), err, answer.Body)
	}
	for i, e := range bundle.Entry {
		if e.Response.Status != "503 Service Unavailable" {
			t.Errorf("entry %d: %q, want 503", i, e.Response.Status)
		}
	}
}
