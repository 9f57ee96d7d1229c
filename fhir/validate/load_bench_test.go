package validate_test

import (
	"os"
	"strings"
	"testing"

	"caseway/fhir/definition"
	"caseway/fhir/packages"
	"caseway/fhir/validate"
)

// BenchmarkPackages reads the packages that CASEWAY_PACKAGES lists, separated by
// commas, and makes them ready.
func BenchmarkPackages(b *testing.B) {
	names := os.Getenv("CASEWAY_PACKAGES")
	if names == "" {
		b.Skip("skipped: CASEWAY_PACKAGES names no packages")
	}
	for b.Loop() {
		c, err := packages.Load(strings.Split(names, ","), packages.Limits{})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := validate.WithPackages(definition.R4(), c, validate.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
