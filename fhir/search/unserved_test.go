package search

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"caseway/fhir/definition"
	"caseway/fhir/fhirtest"
)

// Each parameter of R4 works, is refused or is listed as unserved, with a reason.
func TestEveryParameterIsAccountedFor(t *testing.T) {
	file := filepath.Join(fhirtest.SharedDir(t), "data", "definitions", "hl7.fhir.r4.core-4.0.1", "searchparameter.ndjson")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	r, _ := NewRegistry(definition.R4(), nil)
	listed := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		var d struct {
			ID, Code, URL string
			Base          []string
		}
		if err := json.Unmarshal([]byte(line), &d); err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(d.ID, "example") || controls[d.Code] != nil || definition.R4().SearchParameter(d.URL) != nil {
			continue
		}
		if d.Base == nil { // its id says of which type it was meant to be
			d.Base = []string{strings.Split(d.ID, "-")[2]}
		}
		for _, typ := range d.Base {
			listed[typ+"."+d.Code] = true
			if unserved()[typ+"."+d.Code] == "" || r.Parameter(typ, d.Code) != nil {
				t.Errorf("%s of %s isn't accounted for", d.Code, typ)
			}
		}
	}
	for name := range unserved() {
		if !listed[name] {
			t.Errorf("%s isn't one of R4's", name)
		}
	}
}
