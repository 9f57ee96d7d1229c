package fhirpath_test

import (
	"maps"
	"path/filepath"
	"strings"
	"testing"

	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/fhir/fhirpath"
	"caseway/fhir/fhirtest"
)

func compile(t testing.TB, text string, options ...fhirpath.Option) *fhirpath.Expr {
	t.Helper()
	e, err := fhirpath.Compile(text, options...)
	if err != nil {
		t.Fatalf("%s: got %v, want no error", text, err)
	}
	return e
}

func TestEverySearchParameterCompiles(t *testing.T) {
	path := filepath.Join(fhirtest.SharedDir(t), "data/definitions/hl7.fhir.r4.core-4.0.1/searchparameter.ndjson")
	type parameter struct {
		ID, Expression string
		Component      []struct{ Expression string }
	}
	n := 0
	for _, p := range readLines[parameter](t, path) {
		expressions := []string{p.Expression}
		for _, c := range p.Component {
			expressions = append(expressions, c.Expression)
		}
		for _, e := range expressions {
			if e == "" {
				continue
			}
			n++
			if _, err := fhirpath.Compile(e, fhirpath.Lenient()); err != nil {
				t.Errorf("%s: %s: %v", p.ID, e, err)
			}
		}
	}
	if n < 1384 {
		t.Errorf("%d expressions are fewer than R4 has", n)
	}
}

func TestSearchParametersFitTheirTypes(t *testing.T) {
	path := filepath.Join(fhirtest.SharedDir(t), "data/definitions/hl7.fhir.r4.core-4.0.1/searchparameter.ndjson")
	type parameter struct {
		ID, Expression string
		Base           []string
	}
	for _, p := range readLines[parameter](t, path) {
		if p.Expression == "" {
			continue
		}
		_, err := fhirpath.Compile(p.Expression, fhirpath.Lenient(), fhirpath.For(definition.R4(), p.Base...))
		// Its base says Patient; its expression, DocumentReference.
		if wrong := p.ID == "example-extension"; wrong != (err != nil) {
			t.Errorf("%s: %s: %v", p.ID, p.Expression, err)
		}
	}
}

// constraintsOf maps each type of a tree to its compiled constraints by path
// below the type.
type constraintsOf map[string][]compiledConstraint

type compiledConstraint struct {
	definition.Constraint
	expr *fhirpath.Expr
}

func compileConstraints(t *testing.T) constraintsOf {
	all := constraintsOf{}
	compiled := map[string]*fhirpath.Expr{}
	for _, name := range definition.R4().TypeNames() {
		for _, c := range definition.R4().Constraints(name) {
			if c.Expression == "" {
				continue
			}
			e := compiled[c.Expression]
			if e == nil {
				var err error
				if e, err = fhirpath.Compile(c.Expression, fhirpath.Lenient()); err != nil {
					t.Errorf("%s: got %v, want no error", c.Key, err)
					continue
				}
				compiled[c.Expression] = e
			}
			all[c.Path] = append(all[c.Path], compiledConstraint{c, e})
		}
	}
	return all
}

func TestEveryConstraintCompiles(t *testing.T) {
	if n := len(compileConstraints(t)); n < 1000 {
		t.Errorf("only %d elements have constraints", n)
	}
}

// example is an official example, with what FHIR's own validator says of it.
type example struct {
	File  string
	Valid bool     `json:"oracle_valid"`
	IDs   []string `json:"oracle_error_ids"`
	tree  *fhir.Tree
}

func examples(t *testing.T) []example {
	t.Helper()
	dir := filepath.Join(fhirtest.SharedDir(t), "data/examples/r4")
	list := readLines[example](t, filepath.Join(dir, "index.ndjson"))
	if len(list) < 700 {
		t.Fatalf("only %d examples", len(list))
	}
	for i := range list {
		list[i].tree = readTree(t, filepath.Join(dir, list[i].File))
	}
	return list
}

// TestSearchExpressionsRunOverEveryExample evaluates what indexing does.
func TestSearchExpressionsRunOverEveryExample(t *testing.T) {
	compiled := map[string]*fhirpath.Expr{}
	ctx := &fhirpath.Context{Schema: definition.R4()}
	found := map[string]int{}
	for _, x := range examples(t) {
		tree := x.tree
		for _, p := range definition.R4().SearchParameters(tree.Type().Name) {
			if p.Expression == "" {
				continue
			}
			e := compiled[p.Expression]
			if e == nil {
				e = compile(t, p.Expression, fhirpath.Lenient())
				compiled[p.Expression] = e
			}
			items, err := e.Eval(ctx, fhirpath.OfNode(tree.Root()))
			if err != nil {
				t.Errorf("%s on %s: %v", p.Code, tree.Type().Name, err)
			}
			found[p.Expression] += len(items)
		}
	}
	with := 0
	for _, n := range found {
		if n > 0 {
			with++
		}
	}
	t.Logf("%d of %d expressions find something in the examples", with, len(found))
	if with*100 < len(found)*70 {
		t.Errorf("only %d of %d expressions find something in the examples", with, len(found))
	}
}

// TestConstraintsFailWhereTheValidatorSaysSo evaluates every invariant on every
// element of the examples.
func TestConstraintsFailWhereTheValidatorSaysSo(t *testing.T) {
	constraints := compileConstraints(t)
	ctx := &fhirpath.Context{Schema: definition.R4()}
	evaluated := 0
	for _, x := range examples(t) {
		wanted := map[string]bool{}
		for _, id := range x.IDs {
			if _, key, ok := strings.Cut(id, "#"); ok {
				wanted[key] = true
			}
		}
		failing := map[string]bool{}
		for n := range x.tree.All() {
			for _, path := range constraintPaths(n) {
				for _, c := range constraints[path] {
					evaluated++
					holds, err := c.expr.Test(ctx, fhirpath.OfNode(n))
					if err != nil {
						t.Errorf("%s at %s: %v", c.Key, n.Path(), err)
					} else if holds == fhirpath.False && c.Severity == "error" {
						failing[c.Key] = true
					}
				}
			}
		}
		delete(failing, "txt-1") // has the same expression as txt-2
		if !maps.Equal(failing, wanted) {
			t.Errorf("%s fails %v, but the validator says %v", x.File, failing, wanted)
		}
	}
	t.Logf("%d constraints evaluated", evaluated)
}

// constraintPaths are the definitions' paths that apply to a node: its
// element's and its type's.
func constraintPaths(n fhir.Node) []string {
	paths := []string{n.Type().Name}
	if e := n.Element(); e != nil && e.Path != n.Type().Name {
		paths = append(paths, e.Path)
	}
	return paths
}
