package access

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/fhir/fhirtest"
	"caseway/fhir/search"
)

const scanBase = "https://caseway.test/fhir"

// checkScan holds a scan to what indexing says. It reports whether it was sure.
func checkScan(t *testing.T, r *search.Registry, text []byte) (sure bool) {
	t.Helper()
	tree, err := fhir.Decode(definition.R4(), text, fhir.Limits{})
	if tree == nil || tree.Type() == nil || err != nil {
		return false
	}
	a := &Access{base: scanBase}
	key := fhir.Key{Type: tree.Type().Name, ID: "x"}
	ids, sure := a.scan(r, key, text)
	if want := patientsOf(r, key, r.Index(tree).Merge()); sure && !slices.Equal(ids, want) {
		t.Errorf("%v, want %v: %s", ids, want, text)
	}
	return sure
}

func scanRegistry() *search.Registry {
	r, _ := search.NewRegistry(definition.R4(), nil, search.WithBase(scanBase))
	return r
}

func TestScan(t *testing.T) {
	r := scanRegistry()
	for text, want := range map[string]bool{
		`{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/a"}}`:                                              true,
		`{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"display":"x","reference":"` + scanBase + `/Patient/a"}}`:               true,
		`{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"http://other.test/Patient/a"}}`:                            true,
		`{"resourceType":"Observation","status":"final","code":{"text":"x"}}`:                                                                                  true,
		`{"resourceType":"Observation","status":"final","code":{"text":"\"subject\":{"},"subject":{"reference":"Patient/a"}}`:                                  true,
		`{ "resourceType" : "Observation" , "status":"final", "code": {"text":"x"}, "subject" : { "reference" : "Patient/a" } }`:                               true,
		`{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Patient\/a"}}`:                                             false,
		`{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"\u0050atient/a"}}`:                                         false,
		`{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/a/_history/1"}}`:                                   false,
		`{"resourceType":"Observation","status":"final","code":{"text":"x"},"performer":[{"reference":"Patient/a"}]}`:                                          false,
		`{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/a"},"performer":[{"reference":"Patient/b"}]}`:      false,
		`{"resourceType":"Observation","status":"final","code":{"text":"x"},"extension":[{"url":"http://x.test","valueReference":{"reference":"Patient/a"}}]}`: false,
		`{"resourceType":"Task","status":"draft","intent":"order","for":{"reference":"Patient/a"},"note":[{"text":"Patient/b"}]}`:                              false,
		`{"resourceType":"Practitioner"}`: false,
	} {
		t.Run(text, func(t *testing.T) {
			if sure := checkScan(t, r, []byte(text)); sure != want {
				t.Errorf("sure %v, want %v: %s", sure, want, text)
			}
		})
	}
}

// TestScanOfOfficialExamples: it is never wrong, and mostly sure.
func TestScanOfOfficialExamples(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(fhirtest.SharedDir(t), "data", "examples", "r4", "*", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	r := scanRegistry()
	all, sure := 0, 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if all++; checkScan(t, r, text) {
			sure++
		}
	}
	t.Logf("sure of %d of %d", sure, all)
	if sure < all/4 {
		t.Errorf("sure of %d of %d", sure, all)
	}
}

// FuzzScan holds it to indexing on whatever decodes.
func FuzzScan(f *testing.F) {
	f.Add([]byte(`{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/a"}}`))
	f.Add([]byte(`{"resourceType":"Task","status":"draft","intent":"order","for":{"reference":"https://caseway.test/fhir/Patient/a"},"text":{"div":"x"}}`))
	f.Add([]byte(`{"subject":{"reference":"Patient/a","identifier":{"value":"\"}"}},"resourceType":"CarePlan","status":"draft","intent":"plan"}`))
	r := scanRegistry()
	f.Fuzz(func(t *testing.T, text []byte) { checkScan(t, r, text) })
}

func BenchmarkScan(b *testing.B) {
	a, r := &Access{base: scanBase}, scanRegistry()
	text := []byte(`{"resourceType":"Observation","id":"x","status":"final","code":{"text":"` + strings.Repeat("x", 2000) + `"},"subject":{"reference":"Patient/a"}}`)
	key := fhir.Key{Type: "Observation", ID: "x"}
	for range b.N {
		if _, sure := a.scan(r, key, text); !sure {
			b.Fatal("not sure")
		}
	}
}
