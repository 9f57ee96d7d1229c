package fhir_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/fhir/fhirtest"
)

// byTree gives the references of a decoded resource.
func byTree(t *fhir.Tree) []string {
	var all []string
	for n := range t.All() {
		if n.Name() == "reference" && n.Parent().Type() != nil && n.Parent().Type().Name == "Reference" {
			all = append(all, n.Text())
		}
	}
	return all
}

// The references that are found in the text are those of the decoded resource.
func TestReferencesAreFoundInTheText(t *testing.T) {
	texts := [][]byte{
		[]byte(`{"resourceType":"Task","status":"draft","intent":"order","focus":{"reference":"Task\/1"},"for":{"reference":"Patient/\u0031"}}`),
		[]byte(`{"resourceType":"Task","status":"draft","intent":"order","description":"a \"reference\":\"Patient/2\" in words","owner":{"display":"x"}}`),
		[]byte(`{"resourceType":"Task","status":"draft","intent":"order","focus":{"reference":"Basic/a\"b\\"},"contained":[{"resourceType":"Task","id":"c","status":"draft","intent":"order","for":{"reference":"Patient/3"}}]}`),
		[]byte(`{"resourceType":"Task","status":"draft","intent":"order","extension":[{"url":"http://x.example","valueReference":{"reference":"Patient/4/_history/2"}}]}`),
	}
	files, err := filepath.Glob(filepath.Join(fhirtest.SharedDir(t), "data/examples/r4/*/*.json"))
	if err != nil || len(files) < 700 {
		t.Fatalf("%d examples, %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, text)
	}
	found := 0
	for _, text := range texts {
		tree, err := fhir.Decode(definition.R4(), text, fhir.Limits{})
		if tree == nil || err != nil || tree.Type().Name == "DetectedIssue" {
			continue // not R4, which is never stored, or of the type that has a uri of this name
		}
		want, got := byTree(tree), slices.Collect(fhir.ReferencesIn(tree.JSON))
		slices.Sort(want)
		slices.Sort(got)
		if found += len(got); !slices.Equal(got, want) {
			t.Errorf("%.80s…: %d references, not %d", text, len(got), len(want))
		}
	}
	if found < 1000 {
		t.Errorf("only %d references in all examples", found)
	}
}
