package fhirpatch_test

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/fhir/fhirpatch"
	"caseway/fhir/fhirtest"
)

func tree(t *testing.T, text string) *fhir.Tree {
	t.Helper()
	made, err := fhir.Decode(definition.R4(), []byte(text), fhir.Limits{})
	if made == nil || made.Type() == nil {
		t.Fatalf("%s: got error %v, want a resource", text, err)
	}
	return made
}

// same compares JSON texts without regard to the order of members, and
// narratives without regard to how they write a quotation mark.
func same(t *testing.T, a, b string) bool {
	t.Helper()
	return reflect.DeepEqual(parsed(t, a), parsed(t, b))
}

func parsed(t *testing.T, text string) (v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(strings.ReplaceAll(text, "&quot;", `\"`)), &v); err != nil {
		t.Fatalf("%s: got %v, want no error", text, err)
	}
	return v
}

// TestOfficial carries out the cases of FHIR's own tests of FHIRPath Patch.
// None is an exception.
func TestOfficial(t *testing.T) {
	f, err := os.Open(filepath.Join(fhirtest.SharedDir(t), "data", "testcases", "patch", "fhir-patch-tests.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	n := 0
	for ; lines.Scan(); n++ {
		var c struct {
			Name                string
			Input, Diff, Output json.RawMessage
		}
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		t.Run(c.Name, func(t *testing.T) {
			got, err := fhirpatch.Apply(t.Context(), definition.R4(), tree(t, string(c.Input)), tree(t, string(c.Diff)))
			switch {
			case c.Output == nil && err == nil:
				t.Errorf("got %s, want an error", got)
			case c.Output != nil && err != nil:
				t.Errorf("got %v, want %s", err, c.Output)
			case c.Output != nil && !same(t, string(got), string(c.Output)):
				t.Errorf("got %s, want %s", got, c.Output)
			}
		})
	}
	if n != 33 {
		t.Errorf("got %d cases, want 33", n)
	}
}
