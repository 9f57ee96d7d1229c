package validate_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/fhir/fhirtest"
	"caseway/fhir/packages"
	"caseway/fhir/validate"
)

// carePlan is of the size and form of those that the server is measured with:
// 4 KB, three contained resources, four activities.
func carePlan(t testing.TB) []byte {
	t.Helper()
	body, err := os.ReadFile("testdata/careplan.json")
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func BenchmarkBase(b *testing.B) {
	tree, err := fhir.Decode(definition.R4(), carePlan(b), fhir.Limits{})
	if err != nil {
		b.Fatal(err)
	}
	v := validate.New(definition.R4(), validate.Options{})
	b.ReportAllocs()
	for b.Loop() {
		if found := v.Resource(context.Background(), tree, validate.Request{}); len(found) > 1 { // US Core isn't known
			b.Fatal(found)
		}
	}
}

// BenchmarkProfile is BenchmarkBase with US Core 6.1, whose profile the care plan
// claims.
func BenchmarkProfile(b *testing.B) {
	tree, err := fhir.Decode(definition.R4(), carePlan(b), fhir.Limits{})
	if err != nil {
		b.Fatal(err)
	}
	c, err := packages.Load([]string{filepath.Join(fhirtest.SharedDir(b), "data/ig/hl7.fhir.us.core-6.1.0.tgz")}, packages.Limits{})
	if err != nil {
		b.Fatal(err)
	}
	options, err := validate.WithPackages(definition.R4(), c, validate.Options{})
	if err != nil {
		b.Fatal(err)
	}
	v := validate.New(definition.R4(), options)
	b.ReportAllocs()
	for b.Loop() {
		if found := v.Resource(context.Background(), tree, validate.Request{}); len(found) > 1 {
			b.Fatal(found)
		}
	}
}

// BenchmarkText is BenchmarkBase with decoding.
func BenchmarkText(b *testing.B) {
	body := carePlan(b)
	v := validate.New(definition.R4(), validate.Options{})
	b.ReportAllocs()
	for b.Loop() {
		if _, found := v.Text(context.Background(), body, fhir.Limits{}, validate.Request{}); len(found) > 1 {
			b.Fatal(found)
		}
	}
}
