package search

import (
	"bufio"
	"context"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"caseway/fhir"
)

// terms are a resource with what is indexed and kept of it.
type resource struct {
	tree  *fhir.Tree
	terms []Term
}

func (r resource) key() fhir.Key { return fhir.Key{Type: r.tree.Type().Name, ID: r.tree.ID()} }

// holds evaluates what Match leaves to a store: keys and times.
func (r resource) holds(e Expr) bool {
	switch e := e.(type) {
	case And:
		return !slices.ContainsFunc(e, func(m Expr) bool { return !r.holds(m) })
	case Or:
		return slices.ContainsFunc(e, r.holds)
	case Not:
		return !r.holds(e.Expr)
	case Keys:
		return slices.Contains(e, r.key())
	}
	return Match(e, r.terms)
}

// livers is a terminology that knows two codes.
type livers struct{}

var liverCodes = []Coding{{"http://snomed.info/sct", "126851005"}, {"http://snomed.info/sct", "109841003"}}

func (livers) Expand(_ context.Context, valueSet string) ([]Coding, error) {
	if valueSet == "http://acme.org/fhir/ValueSet/liver" {
		return liverCodes, nil
	}
	return nil, fhir.NewError(fhir.NotFound, fhir.IssueNotFound, "the value set isn't known")
}
func (livers) Below(context.Context, Coding) ([]Coding, error) { return liverCodes, nil }
func (livers) Above(context.Context, Coding) ([]Coding, error) { return liverCodes, nil }

var testEnv = Env{
	Now:         time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC),
	Terminology: livers{},
	Hierarchy: func(_ context.Context, of fhir.Key, _ bool) ([]fhir.Key, error) {
		return []fhir.Key{{Type: of.Type, ID: "42"}, {Type: of.Type, ID: "43"}}, nil
	},
}

// conditions reads the parameters of a query, joined by AND.
func conditions(t *testing.T, r *Registry, query string) (typ string, e Expr, err error) {
	t.Helper()
	typ, params, found := strings.Cut(query, "?")
	if !found {
		t.Fatalf("not a query: %s", query)
	}
	var all And
	for param := range strings.SplitSeq(params, "&") {
		name, value, _ := strings.Cut(param, "=")
		if value, err = url.PathUnescape(value); err != nil {
			t.Fatal(err)
		}
		code, modifier, _ := strings.Cut(name, ":")
		p := r.Parameter(typ, code)
		if p == nil {
			t.Fatalf("%s has no parameter %s", typ, code)
		}
		e, err := r.Condition(t.Context(), p, modifier, value, testEnv)
		if err != nil {
			return typ, nil, err
		}
		all = append(all, e)
	}
	return typ, all, nil
}

func TestSpecification(t *testing.T) {
	file, err := os.Open("testdata/specification.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	r := newRegistry(t, WithBase("http://example.org/fhir"))
	var group string
	var resources []resource
	rows := 0
	for lines := bufio.NewScanner(file); lines.Scan(); {
		line := lines.Text()
		switch {
		case strings.HasPrefix(line, "== "):
			group, resources = line[3:], nil
		case strings.HasPrefix(line, "{"):
			tree := decoded(t, line)
			resources = append(resources, resource{tree, r.Index(tree).Merge()})
		case line == "" || strings.HasPrefix(line, "#"):
		default:
			rows++
			query, want, _ := strings.Cut(line, " =>")
			t.Run(group+"/"+query, func(t *testing.T) { checkRow(t, r, resources, query, strings.TrimSpace(want)) })
		}
	}
	if rows < 250 {
		t.Errorf("only %d rows", rows)
	}
}

func checkRow(t *testing.T, r *Registry, resources []resource, query, want string) {
	typ, e, err := conditions(t, r, query)
	if words, refused := strings.CutPrefix(want, "refused"); refused {
		if err == nil || !strings.Contains(err.Error(), strings.TrimSpace(words)) {
			t.Errorf("error %v, want one with %q", err, words)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, res := range resources {
		if res.tree.Type().Name == typ && res.holds(e) {
			found = append(found, res.tree.ID())
		}
	}
	slices.Sort(found)
	if got := strings.Join(found, " "); got != want {
		t.Errorf("found %q, want %q", got, want)
	}
}

// TestReferencesBelowTheClientsBase: what the client's own URL of us begins
// with is relative, whatever the registry's base is, and finds what was indexed
// by that very URL as well.
func TestReferencesBelowTheClientsBase(t *testing.T) {
	r := newRegistry(t, WithBase("http://example.org/fhir"))
	for value, want := range map[string][]Term{
		"http://127.0.0.1:8080/fhir/Patient/1":    {"Observation.subject=Patient/1", "Observation.subject=http://127.0.0.1:8080/fhir/Patient/1"},
		"http://example.org/fhir/Patient/1":       {"Observation.subject=Patient/1"},
		"Patient/1":                               {"Observation.subject=Patient/1"},
		"http://127.0.0.1:8080/fhirx/Patient/1":   {"Observation.subject=http://127.0.0.1:8080/fhirx/Patient/1"},
		"http://other.example.org/fhir/Patient/1": {"Observation.subject=http://other.example.org/fhir/Patient/1"},
	} {
		t.Run(value, func(t *testing.T) {
			e, err := r.Condition(t.Context(), r.Parameter("Observation", "subject"), "", value, Env{Base: "http://127.0.0.1:8080/fhir"})
			leaf, ok := e.(Leaf)
			if err != nil || !ok || !slices.Equal(leaf.Exact, want) {
				t.Errorf("%s: %v, %v; want %s", value, e, err, want)
			}
		})
	}
}
