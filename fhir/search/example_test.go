package search

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/fhir/fhirtest"
)

// examples decodes HL7's examples of R4 that decode.
func examples(t testing.TB) map[string]*fhir.Tree {
	t.Helper()
	dir := filepath.Join(fhirtest.SharedDir(t), "data", "examples", "r4")
	trees := map[string]*fhir.Tree{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".json") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if tree, err := fhir.Decode(definition.R4(), text, fhir.DefaultLimits); err == nil {
			trees[strings.TrimSuffix(filepath.Base(path), ".json")] = tree
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return trees
}

func TestExamplesMakeOrderedTermsWithoutFailures(t *testing.T) {
	t.Parallel()
	failures := 0
	r := newRegistry(t, OnFailure(func(p *Parameter, err error) {
		failures++
		t.Errorf("%s: got the error %v, want none", p.prefix, err)
	}))
	trees := examples(t)
	for name, tree := range trees {
		x := r.Index(tree)
		for _, terms := range [][]Term{x.Terms, x.Values} {
			if !slices.IsSorted(terms) || len(slices.Compact(slices.Clone(terms))) != len(terms) {
				t.Errorf("%s: terms aren't in order or not each once", name)
			}
		}
		for _, term := range x.Terms {
			if !strings.HasPrefix(string(term), tree.Type().Name+".") || term.Kept() {
				t.Errorf("%s: %.40q isn't an index term of its type", name, term)
			}
		}
		for _, term := range x.Values {
			if !term.Kept() {
				t.Errorf("%s: %.40q isn't a kept value", name, term)
			}
		}
	}
	if len(trees) < 600 {
		t.Errorf("only %d examples", len(trees))
	}
}

func TestComponentsOfCompositesHaveTermsOfTheirOwn(t *testing.T) {
	t.Parallel()
	r, seen := newRegistry(t), 0
	for name, tree := range examples(t) {
		terms := r.Index(tree).Merge()
		for _, p := range r.Parameters(tree.Type().Name) {
			if p.Type != "composite" || p.whole {
				continue
			}
			from := p.kept(keptComposite, "")
			for _, element := range within(terms, from, from+behindAll) {
				seen++
				for i, part := range decodeParts(string(element[len(from):])) {
					for _, inner := range part {
						own := Term(p.parts[i].same.prefix) + inner
						if _, found := slices.BinarySearch(terms, own); !found && !own.Kept() {
							t.Errorf("%s: %s has a component without the term that drives the search for it", name, p.prefix)
						}
					}
				}
			}
		}
	}
	if seen < 20 {
		t.Errorf("only %d elements of composites seen", seen)
	}
}
