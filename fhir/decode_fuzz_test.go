package fhir_test

import (
	"errors"
	"testing"

	"caseway/fhir"
)

// FuzzDecode: decoding never panics, refuses with issues, and what it takes
// comes back from a store's form and from parts of the tree unchanged.
func FuzzDecode(f *testing.F) {
	for _, c := range unreadable {
		f.Add(c.text)
	}
	for _, c := range unprocessable {
		f.Add(c.text)
	}
	for _, text := range readable {
		f.Add(text)
	}
	f.Add(batch)
	f.Add(string(carePlan()))
	f.Fuzz(func(t *testing.T, text string) {
		tree, err := decode(text)
		if err != nil {
			checkRefusal(t, err)
			return
		}
		checkRoundTrip(t, tree)
		for n := range tree.All() {
			if n.Element() != nil && n.Type().Kind == fhir.ResourceType {
				checkSub(t, tree, n)
			}
		}
	})
}

func checkRefusal(t *testing.T, err error) {
	t.Helper()
	var e *fhir.Error
	if !errors.As(err, &e) || len(e.Issues) == 0 || (e.Kind != fhir.Structure && e.Kind != fhir.Unprocessable) {
		t.Fatalf("refused with %#v", err)
	}
	structure := false
	for _, is := range e.Issues {
		if is.Code == "" || is.Text == "" {
			t.Fatalf("an issue says nothing: %+v", is)
		}
		structure = structure || is.Code == fhir.IssueStructure
	}
	if len(e.Issues) <= fhir.DefaultLimits.Issues && structure != (e.Kind == fhir.Structure) {
		t.Fatalf("kind %d doesn't fit the issues: %v", e.Kind, err)
	}
}

func checkSub(t *testing.T, tree *fhir.Tree, n fhir.Node) {
	t.Helper()
	sub := tree.Sub(n)
	if again := mustDecode(t, string(n.Raw())); render(sub) != render(again) {
		t.Fatalf("%s as a tree of its own is\n%s, decoded by itself\n%s", n.Path(), render(sub), render(again))
	}
}
