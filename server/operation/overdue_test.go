package operation_test

import (
	"context"
	"errors"
	"testing"

	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/fhir/interaction"
	"caseway/fhir/search"
	"caseway/server/operation"
)

// slowEngine is an engine whose answers don't come in time.
type slowEngine struct{ operation.Session }

func (slowEngine) LastNText(context.Context, interaction.LastNRequest) (fhir.Text, error) {
	return fhir.Text{}, context.DeadlineExceeded
}

// TestWhatTakesTooLongIsTooCostly: an operation that doesn't come to its end in time
// is refused as too costly, also one that the engine answers.
func TestWhatTakesTooLongIsTooCostly(t *testing.T) {
	s := operation.New(operation.Config{Engine: slowEngine{}, Schema: definition.R4(), Open: true})
	_, err := s.DoText(t.Context(), operation.Request{
		Key: fhir.Key{Type: "Observation"}, Name: "lastn", Get: true, Query: []search.Pair{{Name: "patient", Value: "p1"}},
	})
	if fe := (*fhir.Error)(nil); !errors.As(err, &fe) || fe.Kind != fhir.TooCostly {
		t.Errorf("got %v, want it refused as too costly", err)
	}
}
