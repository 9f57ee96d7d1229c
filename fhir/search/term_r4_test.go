package search_test

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"caseway/fhir/definition"
	"caseway/fhir/fhirtest"
	"caseway/fhir/search"
)

func TestTypesWithIdentifierAreThoseOfR4(t *testing.T) {
	f, err := os.Open(filepath.Join(fhirtest.SharedDir(t), "data/definitions/hl7.fhir.r4.core-4.0.1/searchparameter.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var bases []string
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var p struct {
			Code string
			Base []string
		}
		if err := json.Unmarshal(lines.Bytes(), &p); err != nil {
			t.Fatal(err)
		}
		if p.Code == "identifier" {
			bases = append(bases, p.Base...)
		}
	}
	for _, typ := range definition.R4().ResourceTypes() {
		if got, want := search.HasIdentifier(typ), slices.Contains(bases, typ); got != want {
			t.Errorf("%s: %v, want %v", typ, got, want)
		}
	}
}
