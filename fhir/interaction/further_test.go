package interaction_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/fhir/interaction"
	"caseway/fhir/store"
)

// counter is a Guard that counts the writes of CarePlans in a Basic, and gives
// each a Goal, in the same commit.
type counter struct {
	store store.Store
	once  sync.Once
	// between is done the first time that the counter has been read.
	between func(ctx context.Context)
	refuse  bool
}

var counted = fhir.Key{Type: "Basic", ID: "count"}

func (c *counter) Check(ctx context.Context, p *interaction.Pending) error {
	if p.Images[0].Key.Type != "CarePlan" {
		return nil
	}
	before, err := c.store.Read(ctx, counted)
	if err != nil {
		return err
	}
	c.once.Do(func() {
		if c.between != nil {
			c.between(ctx)
		}
	})
	after := parsed(fmt.Sprintf(`{"resourceType":"Basic","id":"count","code":{"text":"%d"}}`, before[0].VersionID+1))
	goal := parsed(`{"resourceType":"Goal","lifecycleStatus":"active","description":{"text":"x"},"subject":{"reference":"Patient/1"}}`)
	p.Add(
		interaction.Image{Key: counted, Method: store.Put, Before: before[0], After: after},
		interaction.Image{Key: fhir.Key{Type: "Goal", ID: "of-" + p.Images[0].Key.ID}, Method: store.Post, After: goal},
	)
	if c.refuse {
		p.Issue(fhir.Issue{Code: fhir.IssueBusinessRule, Text: "refused"})
	}
	return nil
}

func parsed(text string) *fhir.Tree {
	t, err := fhir.Decode(definition.R4(), []byte(text), fhir.DefaultLimits)
	if err != nil {
		panic(err)
	}
	return t
}

const planOfGoal = `{"resourceType":"CarePlan","id":"p","status":"active","intent":"plan","subject":{"reference":"Patient/1"},` +
	`"goal":[{"reference":"Goal/of-p"}]}`

var planWays = map[string]func(ctx context.Context, e *interaction.Session) error{
	"create": func(ctx context.Context, e *interaction.Session) error {
		_, err := e.Create(ctx, interaction.CreateRequest{Type: "CarePlan", Body: []byte(planOfGoal)})
		return err
	},
	"update": func(ctx context.Context, e *interaction.Session) error {
		_, err := e.Update(ctx, interaction.UpdateRequest{Key: fhir.Key{Type: "CarePlan", ID: "p"}, Body: []byte(planOfGoal)})
		return err
	},
	"transaction": func(ctx context.Context, e *interaction.Session) error {
		_, err := e.Bundle(ctx, interaction.BundleRequest{Base: "http://example.org/fhir", Body: []byte(
			`{"resourceType":"Bundle","type":"transaction","entry":[{"resource":` + planOfGoal + `,"request":{"method":"PUT","url":"CarePlan/p"}}]}`)})
		return err
	},
}

// TestFurtherWritesOfGuards: what a Guard adds is stored in the commit that it
// saw, on top of what other processes wrote in between.
func TestFurtherWritesOfGuards(t *testing.T) {
	for _, open := range []func(testing.TB) store.Store{openSQLite, openMongo} {
		for name, do := range planWays {
			s := open(t)
			other := newEngine(t, interaction.Config{Store: s})
			guard := &counter{store: s, between: func(ctx context.Context) {
				must[interaction.Result](t)(other.Update(ctx, interaction.UpdateRequest{
					Key: counted, Body: []byte(`{"resourceType":"Basic","id":"count","code":{"text":"1"}}`),
				}))
			}}
			e := newEngine(t, interaction.Config{Store: s, Guards: []interaction.Guard{guard}})
			if err := do(t.Context(), e); err != nil {
				t.Fatal(name, err)
			}
			basic := must[store.Version](t)(e.Read(t.Context(), counted))
			if basic.VersionID != 2 || !strings.Contains(string(basic.JSON), `"text":"2"`) {
				t.Errorf("%s: got %s, want version 2 with its text", name, basic.JSON)
			}
			if name == "create" {
				continue // the Goal's id follows the plan's, which nobody knows
			}
			must[store.Version](t)(e.Read(t.Context(), fhir.Key{Type: "Goal", ID: "of-p"}))
		}
	}
}

// TestRefusedCommitHasNoFurtherWrites: a refusal leaves nothing of them.
func TestRefusedCommitHasNoFurtherWrites(t *testing.T) {
	for name, do := range planWays {
		s := openSQLite(t)
		e := newEngine(t, interaction.Config{Store: s, Guards: []interaction.Guard{&counter{store: s, refuse: true}}})
		wantError(t, do(t.Context(), e), fhir.Unprocessable, fhir.IssueBusinessRule, "")
		versions, err := s.Read(t.Context(), counted, fhir.Key{Type: "Goal", ID: "of-p"}, fhir.Key{Type: "CarePlan", ID: "p"})
		for _, v := range versions {
			if err != nil || v.Exists() {
				t.Errorf("%s: %s is there, error %v", name, v.Key, err)
			}
		}
	}
}
