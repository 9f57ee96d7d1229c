package operation_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"caseway/fhir/builtin"
	"caseway/fhir/definition"
	"caseway/fhir/interaction"
	"caseway/fhir/store"
	"caseway/fhir/store/mongo"
	"caseway/fhir/store/mongo/mongotest"
	"caseway/fhir/store/sqlite"
	"caseway/fhir/validate"
	"caseway/mapping"
	"caseway/server"
	"caseway/server/cases"
	"caseway/server/cases/membership"
	"caseway/server/cases/rules"
	"caseway/server/operation"
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
	*testing.T
	url    string
	engine *interaction.Session
}

// serve wires a server as `caseway serve` does.
func serve(t *testing.T, s store.Store) *api {
	t.Helper()
	t.Cleanup(func() { _ = s.Close() })
	r4 := definition.R4()
	guard := rules.New(rules.Config{Schema: r4, Open: true})
	all := operation.Definitions()
	for _, d := range mapping.Conformance() {
		all = append(all, builtin.Resource{Key: d.Key, JSON: d.JSON})
	}
	engine, err := interaction.New(interaction.Config{
		Store: s, Schema: r4, ResourceTypes: r4.ResourceTypes(), Builtin: all, Guards: []interaction.Guard{guard}, Validator: validate.New(r4, validate.Options{}), Compartments: []interaction.Compartment{membership.Compartment()},
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
	front, err := server.New(server.Config{Engine: itself, Store: s, ResourceTypes: r4.ResourceTypes(), Cases: &cases.Config{Guard: guard, Caller: itself, Server: itself}})
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(front)
	t.Cleanup(h.Close)
	a := &api{t, h.URL, itself}
	a.put("Patient/p1", `{"resourceType":"Patient","id":"p1","gender":"female","birthDate":"1950-03-01"}`)
	a.put("Patient/p2", `{"resourceType":"Patient","id":"p2"}`)
	a.put("Practitioner/manager", `{"resourceType":"Practitioner","id":"manager"}`)
	return a
}

// do sends a request and gives the status and body of its answer.
func (a *api) do(method, path, body string) (int, string) {
	a.Helper()
	r, err := http.NewRequestWithContext(a.Context(), method, a.url+"/fhir/"+path, strings.NewReader(body))
	if err != nil {
		a.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/fhir+json")
	}
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		a.Fatal(err)
	}
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	if err != nil {
		a.Fatal(err)
	}
	return got.StatusCode, string(text)
}

func (a *api) put(path, body string) {
	a.Helper()
	if status, text := a.do("PUT", path, body); status != http.StatusOK && status != http.StatusCreated {
		a.Fatalf("PUT %s: %d %s", path, status, text)
	}
}

type object = map[string]any

// get asks for a resource that must be there.
func (a *api) get(path string) object {
	a.Helper()
	return a.ok(a.do("GET", path, ""))
}

// ok reads an answer that must be a sound resource.
func (a *api) ok(status int, text string) object {
	a.Helper()
	var o object
	if err := json.Unmarshal([]byte(text), &o); err != nil || status != http.StatusOK {
		a.Fatalf("%d %s", status, text)
	}
	return o
}

// post calls an operation with parameters, each as its JSON.
func (a *api) post(path string, parameters ...string) (int, string) {
	a.Helper()
	if len(parameters) == 0 {
		return a.do("POST", path, `{"resourceType":"Parameters"}`)
	}
	return a.do("POST", path, `{"resourceType":"Parameters","parameter":[`+strings.Join(parameters, ",")+`]}`)
}

// refused makes sure that an operation is refused with a status, in words.
func (a *api) refused(status int, words string, got int, text string) {
	a.Helper()
	if got != status || !strings.Contains(text, words) || !strings.Contains(text, `"resourceType":"OperationOutcome"`) {
		a.Errorf("%d %s, not %d with %q", got, text, status, words)
	}
}

// entries are the resources of a searchset.
func (a *api) entries(path string) []object {
	a.Helper()
	var all []object
	list, _ := a.get(path)["entry"].([]any)
	for _, e := range list {
		all = append(all, e.(object)["resource"].(object))
	}
	return all
}
