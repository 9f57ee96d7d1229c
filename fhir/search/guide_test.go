package search

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/fhir/fhirtest"
)

// TestStandardParametersWorkAsStoredOnes: what is said of stored parameters
// refuses none of R4's, and makes the same terms of all examples.
func TestStandardParametersWorkAsStoredOnes(t *testing.T) {
	t.Parallel()
	var custom []CustomParameter
	for _, d := range standardParameters() {
		if refused()[d.URL] != "" || d.Type == "special" || strings.HasPrefix(d.Code, "_") || adjustedComponents[d.URL] != nil || phonetic[d.URL] {
			continue
		}
		copied := *d
		copied.URL, copied.Code = d.URL+"-stored", "x-"+d.Code
		custom = append(custom, CustomParameter{Definition: &copied})
	}
	r, problems := NewRegistry(definition.R4(), custom)
	for _, p := range problems {
		if !p.Inert {
			t.Errorf("%s for %s: %s", p.URL, p.Resource, p.Text)
		}
	}
	for name, tree := range examples(t) {
		terms := r.Index(tree).Merge()
		typ := tree.Type().Name
		for _, term := range terms {
			own, found := strings.CutPrefix(string(term), typ+".x-")
			if !found || strings.Contains(own, ";c") {
				continue
			}
			if _, found := slices.BinarySearch(terms, Term(typ+"."+own)); !found && !strings.Contains(own, ".x-") {
				t.Errorf("%s: a stored parameter makes the term %.80q, and the standard one doesn't", name, own)
			}
		}
	}
}

// standardParameters are R4's, each once.
func standardParameters() []*definition.SearchParameter {
	seen := map[*definition.SearchParameter]bool{}
	var all []*definition.SearchParameter
	for _, typ := range definition.R4().ResourceTypes() {
		for _, d := range definition.R4().SearchParameters(typ) {
			if !seen[d] {
				seen[d] = true
				all = append(all, d)
			}
		}
	}
	return all
}

// guideParameters reads the search parameters and examples of published guides.
func guideParameters(t *testing.T) (parameters []CustomParameter, resources map[string][]*fhir.Tree) {
	t.Helper()
	resources = map[string][]*fhir.Tree{}
	dir := filepath.Join(fhirtest.SharedDir(t), "data")
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		switch {
		case err != nil:
			return err
		case filepath.Base(path) == "searchparameter.ndjson" && strings.Contains(path, "/ig/"):
			for line := range strings.Lines(string(text)) {
				d := new(definition.SearchParameter)
				if err := json.Unmarshal([]byte(line), d); err != nil {
					return err
				}
				parameters = append(parameters, CustomParameter{Definition: d})
			}
		case strings.HasSuffix(path, ".json") && !strings.Contains(path, "/definitions/") && !strings.Contains(path, "/testcases/"):
			for _, tree := range decodedWithEntries(text) {
				resources[tree.Type().Name] = append(resources[tree.Type().Name], tree)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return parameters, resources
}

// decodedWithEntries decodes a resource, or those in a Bundle.
func decodedWithEntries(text []byte) (trees []*fhir.Tree) {
	var bundle struct {
		Entry []struct{ Resource json.RawMessage }
	}
	all := []json.RawMessage{text}
	if json.Unmarshal(text, &bundle) == nil {
		for _, e := range bundle.Entry {
			all = append(all, e.Resource)
		}
	}
	for _, one := range all {
		if tree, err := fhir.Decode(definition.R4(), one, fhir.DefaultLimits); err == nil {
			trees = append(trees, tree)
		}
	}
	return trees
}

// withoutExamples are parameters that no published example has a value of.
var withoutExamples = []string{}

// TestParametersOfGuides: each is taken, and finds something where an example
// has a value, or there is a reason.
func TestParametersOfGuides(t *testing.T) {
	t.Parallel()
	parameters, resources := guideParameters(t)
	if len(parameters) < 100 {
		t.Fatalf("only %d parameters", len(parameters))
	}
	for _, c := range parameters {
		t.Run(c.Definition.URL, func(t *testing.T) {
			r, problems := NewRegistry(definition.R4(), []CustomParameter{c}, PreferCustom())
			if len(problems) > 0 {
				if !strings.HasPrefix(c.Definition.Code, "_") {
					t.Errorf("it is refused: %s", problems[0].Text)
				}
				return
			}
			found := 0
			for _, typ := range c.Definition.Base {
				p := r.Parameter(typ, c.Definition.Code)
				if p == nil || p.Definition != c.Definition {
					t.Fatalf("%s hasn't the parameter", typ)
				}
				present := (&conditioner{p: p}).present()
				for _, tree := range resources[typ] {
					if terms := r.Index(tree).Merge(); present.Match(terms) {
						found++
						break
					}
				}
			}
			if found == 0 && !slices.Contains(withoutExamples, c.Definition.URL) {
				t.Errorf("no example has a value")
			}
		})
	}
}

// TestCompositesNameChoicesAsJSONDoes: their components begin where the
// composite's own expression leads to.
func TestCompositesNameChoicesAsJSONDoes(t *testing.T) {
	d := definition.SearchParameter{
		URL: "http://example.org/part", Code: "part", Type: "composite", Base: []string{"Observation"}, Expression: "Observation.component",
		Component: []definition.Component{
			{Definition: "http://hl7.org/fhir/SearchParameter/clinical-code", Expression: "code"},
			{Definition: "http://hl7.org/fhir/SearchParameter/Observation-value-quantity", Expression: "valueQuantity"},
		},
	}
	r, problems := NewRegistry(definition.R4(), []CustomParameter{{Definition: &d}})
	if len(problems) > 0 {
		t.Fatalf("got the problems %v, want none", problems)
	}
	tree := decoded(t, `{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"component":[
		{"code":{"coding":[{"code":"a"}]},"valueQuantity":{"value":1}},{"code":{"coding":[{"code":"b"}]},"valueQuantity":{"value":2}}]}`)
	resources := []resource{{tree, r.Index(tree).Merge()}}
	checkRow(t, r, resources, "Observation?part=b$2", "o")
	checkRow(t, r, resources, "Observation?part=a$2", "")
	d.Component[1].Expression = "valueTime"
	if _, problems := NewRegistry(definition.R4(), []CustomParameter{{Definition: &d}}); len(problems) != 1 || !strings.Contains(problems[0].Text, "leads to time") {
		t.Errorf("problems %v, want one of the component's type", problems)
	}
}

// TestExpressionsThatAreNestedDeepCostLittle: they are refused before anything
// looks at each of their parts for each type.
func TestExpressionsThatAreNestedDeepCostLittle(t *testing.T) {
	d := definition.SearchParameter{
		URL: "http://example.org/deep", Code: "deep", Type: "string", Base: []string{"Resource"},
		Expression: strings.Repeat("(", 100_000) + "Patient.name" + strings.Repeat(")", 100_000),
	}
	_, problems := NewRegistry(definition.R4(), []CustomParameter{{Definition: &d}})
	if len(problems) == 0 || !strings.Contains(problems[0].Text, "nested too deep") {
		t.Errorf("problems %.200v, want one that says nested too deep", problems)
	}
}
