package validate

import (
	"os"
	"path/filepath"
	"testing"

	"caseway/fhir"
	"caseway/fhir/budget"
	"caseway/fhir/definition"
	"caseway/fhir/fhirpath"
	"caseway/fhir/validate/mutate"
)

// seeds are resources in which the invariants that are written in Go have
// something to do.
func seeds(t testing.TB) [][]byte {
	t.Helper()
	files, err := filepath.Glob("testdata/seed/*.json")
	if err != nil || len(files) < 3 {
		t.Fatalf("only %d seeds: %v", len(files), err)
	}
	var list [][]byte
	for _, file := range append(files, "testdata/careplan.json") {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		tree, err := fhir.Decode(definition.R4(), body, fhir.Limits{})
		if err != nil {
			t.Fatalf("%s: got %v, want no error", file, err)
		}
		list = append(list, tree.JSON)
	}
	return list
}

// comparison evaluates invariants both ways.
type comparison struct {
	t      *testing.T
	v      *Validator
	held   map[string]int
	broken map[string]int
}

// TestNativesAgreeWithTheirText evaluates the invariants that are written in Go
// beside the FHIRPath that they stand for, on mutations of the seeds.
func TestNativesAgreeWithTheirText(t *testing.T) {
	c := &comparison{t: t, v: New(definition.R4(), Options{Advice: true}), held: map[string]int{}, broken: map[string]int{}}
	m := mutate.New(definition.R4(), 7)
	list := seeds(t)
	for _, body := range list {
		m.Learn(body)
	}
	for i := range 6000 {
		text, _, ok := m.Mutate(list[i%len(list)])
		if !ok {
			t.Fatalf("no mutation of seed %d", i%len(list))
		}
		if tree, _ := fhir.Decode(definition.R4(), text, fhir.Limits{}); tree != nil {
			for n := range tree.All() {
				c.node(n)
			}
		}
	}
	for key := range natives {
		if c.held[key] == 0 || c.broken[key] == 0 {
			t.Errorf("%s held %d times and was broken %d times: the seeds don't test it", key, c.held[key], c.broken[key])
		}
	}
}

// node compares all natives that a node is held to.
func (c *comparison) node(n fhir.Node) {
	constraints := c.v.elementsOf(n.Type().Name)[n.Type().Name]
	if constraints == nil {
		return
	}
	for i := range constraints.Constraints {
		con := &constraints.Constraints[i]
		native := natives[con.Key]
		if native == nil {
			continue
		}
		self := resourceOf(n)
		w := &walk{v: c.v, self: self, container: self, work: budget.NewWork(c.t.Context(), 1<<30)}
		if self.Name() == "contained" {
			w.container = resourceOf(self.Parent())
		}
		w.path = fhirpath.Context{Schema: definition.R4(), Resource: w.self, RootResource: w.container}
		truth, err := fhirpath.MustCompile(con.Expression, fhirpath.Lenient()).Test(&w.path, fhirpath.OfNode(n))
		if err != nil {
			continue // a value that decoding refuses has no order
		}
		got := native(w, n)
		if want := truth != fhirpath.False; got != want {
			c.t.Errorf("%s holds at %s by its text: %v, by Go: %v, in\n%s", con.Key, n.Path(), want, got, n.Root().Raw())
		}
		if got {
			c.held[con.Key]++
		} else {
			c.broken[con.Key]++
		}
	}
}

func resourceOf(n fhir.Node) fhir.Node {
	for n.Type().Kind != fhir.ResourceType {
		n = n.Parent()
	}
	return n
}

// TestEveryInvariantCompiles also shows that every type has a plan.
func TestEveryInvariantCompiles(t *testing.T) {
	v := New(definition.R4(), Options{Advice: true})
	for _, name := range definition.R4().TypeNames() {
		v.planOf(definition.R4().Type(name))
		for _, c := range definition.R4().Constraints(name) {
			if !decoded[c.Key] && v.rule(&c) == nil {
				t.Errorf("%s of %s doesn't compile", c.Key, name)
			}
		}
	}
}
