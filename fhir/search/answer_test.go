package search_test

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"

	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/fhir/search"
	"caseway/fhir/search/searchtest"
)

// mine is a List.
func mine(context.Context, string) ([]fhir.Key, error) {
	return []fhir.Key{{Type: "Patient", ID: "anna"}, {Type: "Patient", ID: "bert"}, {Type: "Task", ID: "todo"}, {Type: "Task", ID: "gone"}}, nil
}

// TestAnswers runs whole searches: split, parsed and executed.
func TestAnswers(t *testing.T) {
	text, err := os.ReadFile("testdata/answers.txt")
	if err != nil {
		t.Fatal(err)
	}
	r, _ := search.NewRegistry(definition.R4(), nil, search.WithBase("http://example.org/fhir"))
	memory, at, rows := searchtest.NewMemory(), int64(0), 0
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "{"):
			tree := decode(t, line)
			at++
			h, x := hitAt(tree.Type().Name, tree.ID(), at), r.Index(tree)
			memory.Put(h, x, compartmentsOf(r, h.Key, x)...)
		default:
			rows++
			url, want, _ := strings.Cut(line, "=>")
			if got := answer(t, r, memory, strings.TrimSpace(url)); got != strings.TrimSpace(want) {
				t.Errorf("%s\n got %s\nwant%s", url, got, want)
			}
		}
	}
	if rows < 65 {
		t.Errorf("only %d rows", rows)
	}
}

func answer(t *testing.T, r *search.Registry, src search.Source, url string) string {
	t.Helper()
	path, query, _ := strings.Cut(url, "?")
	o := search.ParseOptions{List: mine}
	parts := strings.Split(path, "/")
	if len(parts) == 3 {
		o.Compartment = fhir.Key{Type: parts[0], ID: parts[1]}
	}
	types := slices.DeleteFunc(parts[len(parts)-1:], func(typ string) bool { return typ == "*" || typ == "" })
	pairs, err := search.Split(query)
	if err != nil {
		t.Fatal(err)
	}
	request, err := r.Parse(t.Context(), types, pairs, o)
	if err != nil {
		t.Fatal(err)
	}
	found := mustRun(t, src, search.Plan{Types: request.Types, Where: request.Where, Sort: request.Sort, Count: request.Count})
	texts := make([]string, len(found.Hits))
	for i, h := range found.Hits {
		texts[i] = h.Key.ID
	}
	return strings.Join(texts, " ")
}

// compartmentsOf are the compartments that a store would keep.
func compartmentsOf(r *search.Registry, key fhir.Key, x search.Index) (keys []fhir.Key) {
	for _, name := range r.Compartments(key, x.Terms) {
		key, _ := fhir.ParseKey(name)
		keys = append(keys, key)
	}
	return keys
}

func decode(t testing.TB, text string) *fhir.Tree {
	t.Helper()
	tree, err := fhir.Decode(definition.R4(), []byte(text), fhir.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return tree
}
