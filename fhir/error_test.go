package fhir_test

import (
	"errors"
	"fmt"
	"testing"

	"caseway/fhir"
)

// TestIs: an error is of a kind by itself or by what it wraps; others are of none.
func TestIs(t *testing.T) {
	gone := fhir.NewError(fhir.Gone, fhir.IssueDeleted, "it was deleted")
	internal := fhir.NewError(fhir.Internal, fhir.IssueException, "it broke")
	for _, row := range []struct {
		name  string
		err   error
		kinds []fhir.Kind
		want  bool
	}{
		{"the kind", gone, []fhir.Kind{fhir.Gone}, true},
		{"one of two", gone, []fhir.Kind{fhir.NotFound, fhir.Gone}, true},
		{"another kind", gone, []fhir.Kind{fhir.NotFound}, false},
		{"no kind asked for", gone, nil, false},
		{"wrapped", fmt.Errorf("reading: %w", gone), []fhir.Kind{fhir.Gone}, true},
		{"the outer of two", gone.Because(internal), []fhir.Kind{fhir.Internal}, false},
		{"the first kind", internal, []fhir.Kind{fhir.Internal}, true},
		{"of no kind", errors.New("the disk is full"), []fhir.Kind{fhir.Internal}, false},
		{"no error", nil, []fhir.Kind{fhir.Internal}, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := fhir.Is(row.err, row.kinds...); got != row.want {
				t.Errorf("got %v, want %v", got, row.want)
			}
		})
	}
}
