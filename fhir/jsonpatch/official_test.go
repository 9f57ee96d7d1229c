package jsonpatch_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"caseway/fhir/fhirtest"
	"caseway/fhir/jsonpatch"
)

// TestOfficial carries out FHIR's own tests of JSON Patch. None is an exception.
func TestOfficial(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(fhirtest.SharedDir(t), "data", "testcases", "patch", "json-patch-tests.json"))
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Comment, Error       string
		Doc, Patch, Expected json.RawMessage
	}
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	if len(cases) != 16 {
		t.Errorf("got %d cases, want 16", len(cases))
	}
	for _, c := range cases {
		t.Run(c.Comment, func(t *testing.T) {
			got, err := jsonpatch.Apply(c.Doc, c.Patch, jsonpatch.Options{})
			if c.Error != "" {
				if err == nil {
					t.Errorf("got %s, want an error: %s", got, c.Error)
				}
				return
			}
			var is, want any
			if err != nil || json.Unmarshal(got, &is) != nil || json.Unmarshal(c.Expected, &want) != nil || !reflect.DeepEqual(is, want) {
				t.Errorf("got %s, %v, want %s", got, err, c.Expected)
			}
		})
	}
}
