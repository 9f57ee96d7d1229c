package membership_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/fhir/interaction"
	"caseway/fhir/store"
	"caseway/fhir/store/mongo"
	"caseway/fhir/store/mongo/mongotest"
	"caseway/fhir/store/sqlite"
	"caseway/server/cases/membership"
)

const base = "https://caseway.test/fhir"

// backends are the stores that every behaviour is tested on.
var backends = []struct {
	name string
	open func(t testing.TB) store.Store
}{
	{"sqlite", func(t testing.TB) store.Store {
		s := must[*sqlite.Store](t)(sqlite.Open(context.Background(), filepath.Join(t.TempDir(), "caseway.db"), sqlite.Options{}))
		t.Cleanup(func() { _ = s.Close() })
		return s
	}},
	{"mongo", func(t testing.TB) store.Store {
		s := must[*mongo.Store](t)(mongo.Open(context.Background(), mongotest.Server(t).URI, mongo.Options{}))
		t.Cleanup(func() { _ = s.Close() })
		return s
	}},
}

// onEach runs a test on an engine over each store, empty at first.
func onEach(t *testing.T, test func(t *testing.T, e *engine)) {
	for _, b := range backends {
		t.Run(b.name, func(t *testing.T) { test(t, newEngine(t, b.open(t), base)) })
	}
}

// engine is one whose store knows what belongs to cases, as the server has it.
type engine struct {
	*interaction.Session
	t testing.TB
}

// newEngine is an engine whose own base URL is base. more are Guards before the
// one of membership.
func newEngine(t testing.TB, s store.Store, base string, more ...interaction.Guard) *engine {
	t.Helper()
	r4 := definition.R4()
	e := must[*interaction.Engine](t)(interaction.New(interaction.Config{
		Store: s, Schema: r4, ResourceTypes: r4.ResourceTypes(), Base: base,
		Guards: append(more, membership.NewGuard(r4)), Compartments: []interaction.Compartment{membership.Compartment()},
	}))
	return &engine{e.As(nil), t}
}

func (e *engine) put(typ, id, body string) interaction.Result {
	e.t.Helper()
	return must[interaction.Result](e.t)(e.Update(context.Background(), interaction.UpdateRequest{Key: fhir.Key{Type: typ, ID: id}, Body: []byte(body)}))
}

// wantError checks an error's kind and first issue.
func wantError(t testing.TB, err error, kind fhir.Kind, code, expression string) {
	t.Helper()
	fe := (*fhir.Error)(nil)
	if !errors.As(err, &fe) {
		t.Fatalf("got error %v, want one of kind %d", err, kind)
	}
	if is := fe.Issues[0]; fe.Kind != kind || is.Code != code || is.Expression != expression {
		t.Errorf("got kind %d, code %q at %q (%s); want kind %d, code %q at %q", fe.Kind, is.Code, is.Expression, is.Text, kind, code, expression)
	}
}

func must[T any](t testing.TB) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func parsed(text string) *fhir.Tree {
	t, err := fhir.Decode(definition.R4(), []byte(text), fhir.DefaultLimits)
	if err != nil {
		panic(err)
	}
	return t
}
