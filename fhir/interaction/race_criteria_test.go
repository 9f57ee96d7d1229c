package interaction_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"caseway/fhir"
	"caseway/fhir/interaction"
	"caseway/fhir/search"
	"caseway/fhir/store"
	"caseway/fhir/store/mongo"
	"caseway/fhir/store/mongo/mongotest"
)

// onProcesses runs a test with several engines on one store, as processes would
// be: on MongoDB each has connections of its own. An SQLite store has one
// process.
func onProcesses(t *testing.T, n int, test func(t *testing.T, engines []*interaction.Session)) {
	t.Run("sqlite", func(t *testing.T) {
		s := openSQLite(t)
		test(t, enginesOn(t, n, func() store.Store { return s }))
	})
	t.Run("mongo", func(t *testing.T) {
		in := mongotest.Server(t)
		test(t, enginesOn(t, n, func() store.Store {
			s, err := mongo.Open(context.Background(), in.URI, mongo.Options{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = s.Close() })
			return s
		}))
	})
}

func enginesOn(t *testing.T, n int, open func() store.Store) []*interaction.Session {
	engines := make([]*interaction.Session, n)
	for i := range engines {
		engines[i] = newEngine(t, interaction.Config{Store: open()})
	}
	return engines
}

// byCriteria are two ways to ask for one thing, which both make; $ is a number
// of its own for each thing.
var byCriteria = []struct{ name, typ, body, one, other string }{
	{"an identifier and a name", "Patient", `"identifier":[{"system":"http://a","value":"$"}],"name":[{"family":"F$"}]`, "identifier=http://a|$", "family:exact=F$"},
	{"two identifiers", "Patient", `"identifier":[{"system":"http://a","value":"$"},{"system":"http://b","value":"$b"}]`, "identifier=http://a|$", "identifier=http://b|$b"},
	{"an identifier with its system and without", "Patient", `"identifier":[{"system":"http://a","value":"v$"}]`, "identifier=http://a|v$", "identifier=v$"},
	{
		"a reference and a group's identifier", "Task", `"status":"requested","intent":"order","focus":{"reference":"Patient/p$"},"groupIdentifier":{"value":"g$"}`,
		"focus=Patient/p$", "group-identifier=g$",
	},
	{
		"one reference by two parameters", "Observation", `"status":"final","code":{"coding":[{"code":"c$"}]},"subject":{"reference":"Patient/q$"}`,
		"patient=Patient/q$&code=c$", "subject=Patient/q$",
	},
	{
		"a reference and a code", "Observation", `"status":"final","code":{"coding":[{"code":"d$"}]},"subject":{"reference":"Patient/r$"}`,
		"subject=Patient/r$", "code=d$",
	},
	{"two names", "Patient", `"name":[{"family":"G$","given":["H$"]}]`, "family:exact=G$", "given:exact=H$"},
	{"a date and an identifier", "Patient", `"birthDate":"1900-01-01","identifier":[{"value":"w$"}],"name":[{"family":"I$"}]`, "birthdate=1900-01-01&family=I$", "identifier=w$"},
}

// TestDifferentCriteriaMakeOneThing: clients that know one thing by different
// criteria, and create it by each conditional way, make it once.
func TestDifferentCriteriaMakeOneThing(t *testing.T) {
	const processes, clients = 4, 8
	rounds := 12
	if testing.Short() {
		rounds = 4
	}
	onProcesses(t, processes, func(t *testing.T, engines []*interaction.Session) {
		for row, c := range byCriteria {
			t.Run(c.name, func(t *testing.T) {
				for round := range rounds {
					fill := strings.NewReplacer("$", fmt.Sprintf("%d-%d", row, round)).Replace
					body := `{"resourceType":"` + c.typ + `",` + fill(c.body) + `}`
					for i, err := range together(clients, func(i int) error {
						criteria := fill(c.one)
						if i%2 == 1 {
							criteria = fill(c.other)
						}
						return makeBy(engines[i%processes], i/2%3, c.typ, criteria, body)
					}) {
						if err != nil {
							t.Errorf("round %d, client %d: %v", round, i, err)
						}
					}
					if n := matchesOf(t, engines[0], c.typ, fill(c.one)); n != 1 {
						t.Errorf("round %d: got %d resources, want 1", round, n)
					}
				}
			})
		}
	})
}

// makeBy makes a resource by criteria: by a create, an update or a transaction.
func makeBy(e *interaction.Session, way int, typ, criteria, body string) error {
	ctx := context.Background()
	switch way {
	case 0:
		_, err := e.Create(ctx, interaction.CreateRequest{Type: typ, Body: []byte(body), IfNoneExist: criteria})
		return err
	case 1:
		_, err := e.Update(ctx, interaction.UpdateRequest{Key: fhir.Key{Type: typ}, Body: []byte(body), Criteria: criteria})
		return err
	}
	_, err := e.Bundle(ctx, interaction.BundleRequest{Base: base, Body: fmt.Appendf(nil,
		`{"resourceType":"Bundle","type":"transaction","entry":[{"resource":%s,"request":{"method":"POST","url":"%s","ifNoneExist":"%s"}}]}`, body, typ, criteria)})
	return err
}

func matchesOf(t *testing.T, e *interaction.Session, typ, criteria string) int {
	t.Helper()
	pairs := must[[]search.Pair](t)(search.Split(criteria))
	answer := must[[]byte](t)(e.Search(t.Context(), interaction.SearchRequest{Type: typ, Base: base, Parameters: pairs}))
	return strings.Count(string(answer), `"mode":"match"`)
}
