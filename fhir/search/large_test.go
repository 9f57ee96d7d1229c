package search

import (
	"strings"
	"testing"

	"caseway/fhir"
	"caseway/fhir/definition"
)

// A resource may repeat a value as often as fits into it. What indexing holds
// meanwhile grows with the values that differ.
func TestIndexOfRepeatedValues(t *testing.T) {
	t.Parallel()
	const given = 300_000
	r := newRegistry(t)
	body := `{"resourceType":"Patient","name":[{"given":["A"` + strings.Repeat(`,"B"`, given) + `]}]}`
	tree, err := fhir.Decode(definition.R4(), []byte(body), fhir.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	typ := r.types["Patient"]
	typ.compile()
	var all bits
	for i := range firstBits {
		all.set(i)
	}
	x := &indexer{registry: r}
	x.run(tree.Root(), typ.steps, &all)
	if held := cap(x.terms) + cap(x.kept); held > given/2 {
		t.Errorf("%d terms were held at once", held)
	}
	if x.reset(); cap(x.results) > given/2 {
		t.Errorf("the indexer keeps room for %d results", cap(x.results))
	}
	index := r.Index(tree)
	for _, term := range []Term{"Patient.given=a", "Patient.given=b", "Patient.name=b"} {
		if !Match(Leaf{Exact: []Term{term}}, index.Merge()) {
			t.Errorf("%s isn't there: %d terms", term, len(index.Terms))
		}
	}
	if len(index.Terms) > 20 {
		t.Errorf("%d terms", len(index.Terms))
	}
}
