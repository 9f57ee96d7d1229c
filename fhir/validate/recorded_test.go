package validate_test

import (
	"os"
	"path/filepath"
	"testing"

	"caseway/fhir/definition"
	"caseway/fhir/validate"
)

// TestRecordedDifferential compares with verdicts of FHIR's own validator that
// were recorded for mutations of this package's seeds. With CASEWAY_ORACLE, which
// starts that validator, those that are missing are recorded.
func TestRecordedDifferential(t *testing.T) {
	var list []question
	files, _ := filepath.Glob("testdata/seed/*.json")
	for _, file := range append(files, "testdata/careplan.json") {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, question{name: filepath.Base(file), body: body})
	}
	list = mutations(list, 3, 400)
	v := validate.New(definition.R4(), validate.Options{Codes: validate.NewCodes(definition.R4(), nil)})
	c := run(t, v, openOracle(t, "testdata/recorded.ndjson"), list)
	if c.nobody > 0 {
		t.Errorf("%d of %d mutations have no verdict", c.nobody, len(list))
	}
}
