package search

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"caseway/fhir/definition"
	"caseway/fhir/search/searchtest/model"
)

// beyondModel are what the model doesn't know; tables hold them.
func beyondModel(p *Parameter, modifier string) bool {
	return p.phonetic || p.Code == "_lastUpdated" || p.Code == "_id" ||
		slices.Contains([]string{"token", "reference"}, p.Type) && (modifier == "above" || modifier == "below") && !p.shape.only("canonical") ||
		p.Type == "uri" && modifier == "above" && p.shape.only("canonical")
}

// TestIndexAgreesWithTheModel: whatever the resource, parameter, modifier and
// value, a condition on the index holds where the model says so.
func TestIndexAgreesWithTheModel(t *testing.T) {
	t.Parallel()
	const base = "http://example.org/fhir"
	r := newRegistry(t, WithBase(base), OnFailure(func(p *Parameter, err error) { t.Errorf("%s: got the error %v, want none", p.prefix, err) }))
	m := model.Model{Set: definition.R4(), Base: base}
	types := definition.R4().ResourceTypes()
	asked, held := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		typ := rapid.SampledFrom(types).Draw(t, "resource")
		tree := newSower(typ).resource(t, typ)
		terms := r.Index(tree).Merge()
		params := r.Parameters(typ)
		for range 10 {
			p := params[rapid.IntRange(0, len(params)-1).Draw(t, "parameter")]
			if p.compile(); p.problem != nil {
				t.Fatalf("%s: got the problem %v, want none", p.prefix, p.problem)
			}
			modifier, value := query(t, p)
			if beyondModel(p, modifier) || slices.Contains(OwnParameters(), p.Definition) {
				continue
			}
			e, err := r.Condition(t.Context(), p, modifier, value, Env{})
			if err != nil {
				continue // tables hold what is refused
			}
			want, err := m.Holds(tree, p.Definition, modifier, value)
			if err != nil {
				t.Fatal(err)
			}
			asked++
			if want {
				held++
			}
			if got := Match(e, terms); got != want {
				t.Fatalf("%s:%s=%s: the index says %v, the model %v\n%s\n%q", p.prefix, modifier, value, got, want, tree.JSON, terms)
			}
		}
	})
	t.Logf("%d conditions compared, %d of them held", asked, held)
	if held*20 < asked {
		t.Errorf("only %d of %d conditions held: the words don't meet", held, asked)
	}
}
