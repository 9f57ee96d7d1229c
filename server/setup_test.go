package server_test

import (
	"context"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"caseway/fhir/definition"
	"caseway/fhir/interaction"
	"caseway/fhir/store"
	"caseway/fhir/store/mongo"
	"caseway/fhir/store/mongo/mongotest"
	"caseway/fhir/store/sqlite"
	"caseway/fhir/validate"
	"caseway/server"
	"caseway/server/cases"
	"caseway/server/cases/assembly"
	"caseway/server/cases/membership"
	"caseway/server/cases/rules"
)

func openSQLite(t testing.TB) store.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "caseway.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func openMongo(t testing.TB) store.Store {
	t.Helper()
	s, err := mongo.Open(t.Context(), mongotest.Server(t).URI, mongo.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// newServer wires a server on a store, as `caseway serve` does.
func newServer(t testing.TB, s store.Store, c server.Config) *server.Server {
	t.Helper()
	c.Engine, c.Store, c.ResourceTypes = engineOn(t, s), s, definition.R4().ResourceTypes()
	front, err := server.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return front
}

func engineOn(t testing.TB, s store.Store) *interaction.Session {
	t.Helper()
	r4 := definition.R4()
	engine, err := interaction.New(interaction.Config{Store: s, Schema: r4, ResourceTypes: r4.ResourceTypes(), Guards: []interaction.Guard{membership.NewGuard(r4)}, Validator: validate.New(r4, validate.Options{}), Compartments: []interaction.Compartment{membership.Compartment()}})
	if err != nil {
		t.Fatal(err)
	}
	keepIndexed(t, engine)
	return engine.As(nil)
}

// casesOf is the case API over what a server has.
func casesOf(engine assembly.Session) *cases.Config {
	guard := rules.New(rules.Config{Schema: definition.R4()})
	return &cases.Config{Guard: guard, Caller: engine, Server: engine}
}

func keepIndexed(t testing.TB, engine *interaction.Engine) {
	t.Helper()
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
}

// listen serves h on loopback until the test ends.
func listen(t testing.TB, c server.Config) *httptest.Server {
	t.Helper()
	h := httptest.NewServer(newServer(t, openSQLite(t), c))
	t.Cleanup(h.Close)
	return h
}
