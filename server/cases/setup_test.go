package cases_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"caseway/fhir/definition"
	"caseway/fhir/interaction"
	"caseway/fhir/store"
	"caseway/fhir/store/mongo"
	"caseway/fhir/store/mongo/mongotest"
	"caseway/fhir/store/sqlite"
	"caseway/fhir/validate"
	"caseway/mapping/casemodel"
	"caseway/server"
	"caseway/server/cases"
	"caseway/server/cases/form"
	"caseway/server/cases/membership"
	"caseway/server/cases/problem"
	"caseway/server/cases/rules"
)

func onEachStore(t *testing.T, run func(t *testing.T, a *api)) {
	t.Run("sqlite", func(t *testing.T) {
		s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "caseway.db"), sqlite.Options{})
		if err != nil {
			t.Fatal(err)
		}
		run(t, serve(t, s))
	})
	t.Run("mongo", func(t *testing.T) {
		s, err := mongo.Open(t.Context(), mongotest.Server(t).URI, mongo.Options{})
		if err != nil {
			t.Fatal(err)
		}
		run(t, serve(t, s))
	})
}

// api is a server without a login, as a client uses it.
type api struct {
	t      testing.TB
	url    string
	engine *interaction.Session
}

// serve wires a server as `caseway serve` does.
func serve(t testing.TB, s store.Store) *api {
	t.Helper()
	t.Cleanup(func() { _ = s.Close() })
	r4 := definition.R4()
	guard := rules.New(rules.Config{Schema: r4, Open: true})
	engine, err := interaction.New(interaction.Config{
		Store: s, Schema: r4, ResourceTypes: r4.ResourceTypes(), Guards: []interaction.Guard{guard}, Validator: validate.New(r4, validate.Options{}), Compartments: []interaction.Compartment{membership.Compartment()},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := engine.JoinIndexing(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		engine.KeepIndexed(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	itself := engine.As(nil)
	front, err := server.New(server.Config{
		Engine: itself, Store: s, ResourceTypes: r4.ResourceTypes(),
		Cases: &cases.Config{Guard: guard, Caller: itself, Server: itself},
	})
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(front)
	t.Cleanup(h.Close)
	return &api{t, h.URL, itself}
}

// answer is what a request came to.
type answer struct {
	status int
	header http.Header
	body   string
}

func (a *api) do(method, path, body string, headers ...string) answer {
	a.t.Helper()
	r, err := http.NewRequestWithContext(a.t.Context(), method, a.url+path, strings.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		a.t.Fatal(err)
	}
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	return answer{got.StatusCode, got.Header, string(text)}
}

// put stores a resource over FHIR.
func (a *api) put(path, body string, headers ...string) answer {
	a.t.Helper()
	got := a.do("PUT", "/fhir/"+path, body, headers...)
	if got.status != http.StatusOK && got.status != http.StatusCreated {
		a.t.Fatalf("PUT %s: %d %s", path, got.status, got.body)
	}
	return got
}

// view reads an answer that must have a status as a view of a case.
func (a *api) view(got answer, status int) cases.View {
	a.t.Helper()
	if got.status != status {
		a.t.Fatalf("%d, not %d: %s", got.status, status, got.body)
	}
	var v cases.View
	if err := json.Unmarshal([]byte(got.body), &v); err != nil {
		a.t.Fatal(err)
	}
	return v
}

// problem reads an answer that must be a problem of a status.
func (a *api) problem(got answer, status int) problem.Problem {
	a.t.Helper()
	if got.status != status || got.header.Get("Content-Type") != "application/problem+json" {
		a.t.Fatalf("%d %s, not a problem of status %d: %s", got.status, got.header.Get("Content-Type"), status, got.body)
	}
	var p problem.Problem
	if err := json.Unmarshal([]byte(got.body), &p); err != nil {
		a.t.Fatal(err)
	}
	if p.Status != status {
		a.t.Errorf("the problem says %d", p.Status)
	}
	return p
}

// serviceOf is a Service, of whom nobody logs in, that has read nothing yet.
func serviceOf(engine *interaction.Session) *cases.Service {
	guard := rules.New(rules.Config{Schema: definition.R4(), Open: true})
	return cases.New(cases.Config{Guard: guard, Caller: engine, Server: engine})
}

// create makes a case as POST /cases does.
func create(ctx context.Context, s *cases.Service, body string) (cases.Answer[cases.View], error) {
	var b cases.NewCase
	if err := form.Read([]byte(body), &b); err != nil {
		return cases.Answer[cases.View]{}, err
	}
	return s.Create(ctx, b)
}

// act takes an action as POST /cases/[id]/actions/[name] does.
func act(ctx context.Context, s *cases.Service, id, name, body string) (cases.Answer[cases.View], error) {
	var request cases.ActionRequest
	if err := form.Read([]byte(body), &request); err != nil {
		return cases.Answer[cases.View]{}, err
	}
	return s.Act(ctx, id, casemodel.Action(name), request, nil)
}
