package validate_test

import (
	"context"
	"os"
	"testing"

	"caseway/fhir"
	"caseway/fhir/definition"
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
		if found := v.Resource(context.Background(), tree, validate.Request{}); len(found) > 0 {
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
		if _, found := v.Text(context.Background(), body, fhir.Limits{}, validate.Request{}); len(found) > 0 {
			b.Fatal(found)
		}
	}
}
