package interaction_test

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
)

const base = "https://caseway.test/fhir"

// backends are the stores that every behaviour is tested on.
var backends = []struct {
	name string
	open func(t testing.TB) store.Store
}{
	{"sqlite", openSQLite},
	{"mongo", openMongo},
}

func openSQLite(t testing.TB) store.Store {
	s, err := sqlite.Open(context.Background(), filepath.Join(t.TempDir(), "caseway.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func openMongo(t testing.TB) store.Store {
	s, err := mongo.Open(context.Background(), mongotest.Server(t).URI, mongo.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// onEach runs a test on an engine over each backend, empty at first.
func onEach(t *testing.T, test func(t *testing.T, e *interaction.Session)) {
	for _, b := range backends {
		t.Run(b.name, func(t *testing.T) {
			test(t, newEngine(t, interaction.Config{Store: b.open(t)}))
		})
	}
}

// newEngine is an engine as the server itself has it.
func newEngine(t testing.TB, c interaction.Config) *interaction.Session {
	t.Helper()
	return newSession(t, c, nil)
}

// newSession is an engine for callers on whom an Access decides. It fills in
// what a test doesn't care about.
func newSession(t testing.TB, c interaction.Config, access interaction.Access) *interaction.Session {
	t.Helper()
	c.Schema = definition.R4()
	c.ResourceTypes = definition.R4().ResourceTypes()
	c.Base = base
	if c.Store == nil {
		c.Store = openSQLite(t)
	}
	e, err := interaction.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return e.As(access)
}

// wantError checks an error's kind and first issue.
func wantError(t testing.TB, err error, kind fhir.Kind, code, expression string) {
	t.Helper()
	fe := (*fhir.Error)(nil)
	if !errors.As(err, &fe) {
		t.Fatalf("error %v, want kind %d", err, kind)
	}
	if is := fe.Issues[0]; fe.Kind != kind || is.Code != code || is.Expression != expression {
		t.Errorf("kind %d, code %q at %q (%s); want kind %d, code %q at %q",
			fe.Kind, is.Code, is.Expression, is.Text, kind, code, expression)
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
