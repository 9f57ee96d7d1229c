package operation_test

import (
	"context"
	"testing"

	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/fhir/interaction"
	"caseway/fhir/search"
	"caseway/server/operation"
)

// slowEngine is an engine whose answers don't come in time.
type slowEngine struct {
	operation.Session
	err error
}

func (e slowEngine) LastNText(context.Context, interaction.LastNRequest) (fhir.Text, error) {
	return fhir.Text{}, e.err
}

// TestWhatTakesTooLongIsTooCostly: an operation that doesn't come to its end in time
// is refused as too costly, also one that the engine answers; a store that is away is
// not.
func TestWhatTakesTooLongIsTooCostly(t *testing.T) {
	late := context.DeadlineExceeded
	for _, row := range []struct {
		name string
		err  error
		want fhir.Kind
	}{
		{"the time is over", late, fhir.TooCostly},
		{"the store is away", fhir.NewError(fhir.Transient, fhir.IssueTransient, "the store is away").Because(late), fhir.Transient},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := operation.New(operation.Config{Engine: slowEngine{err: row.err}, Schema: definition.R4(), Open: true})
			_, err := s.DoText(t.Context(), operation.Request{
				Key: fhir.Key{Type: "Observation"}, Name: "lastn", Get: true, Query: []search.Pair{{Name: "patient", Value: "p1"}},
			})
			if !fhir.Is(err, row.want) {
				t.Errorf("got %v, want an error of kind %v", err, row.want)
			}
		})
	}
}
