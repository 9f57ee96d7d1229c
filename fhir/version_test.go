package fhir_test

import (
	"testing"

	"caseway/fhir"
)

func TestVersionsAreOrdered(t *testing.T) {
	ordered := []string{"1.0", "1.0.0-ballot", "1.0.0", "1.2.0", "1.10.0", "3.1.1", "6.1.0-snapshot1", "6.1.0"}
	for i := range ordered {
		for j := range ordered {
			got := fhir.CompareVersions(ordered[i], ordered[j])
			if (got < 0) != (i < j) || (got == 0) != (i == j) {
				t.Errorf("CompareVersions(%s, %s) = %d", ordered[i], ordered[j], got)
			}
		}
	}
}
