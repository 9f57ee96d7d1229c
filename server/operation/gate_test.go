package operation_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"caseway/fhir"
	"caseway/fhir/budget"
	"caseway/fhir/definition"
	"caseway/fhir/search"
	"caseway/server/cases"
	"caseway/server/cases/rules"
	"caseway/server/operation"
)

// TestLargeDefinitionsWaitAtTheGate: what an operation decodes has many times as
// many bytes as its text, so that large ones are worked on one after the other.
func TestLargeDefinitionsWaitAtTheGate(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		a.T = t
		for id, description := range map[string]string{"large": strings.Repeat("x", 2*budget.Small), "small": "x"} {
			a.put("PlanDefinition/"+id, fmt.Sprintf(`{"resourceType":"PlanDefinition","id":%q,"status":"active","description":%q}`, id, description))
		}
		gate := budget.NewGate(4*budget.Small, time.Millisecond)
		guard := rules.New(rules.Config{Schema: definition.R4(), Open: true})
		service := cases.New(cases.Config{Guard: guard, Caller: a.engine, Server: a.engine})
		s := operation.New(operation.Config{Engine: a.engine, Cases: service, Schema: definition.R4(), Open: true, Gate: gate})
		apply := func(id string) error {
			_, err := s.Do(t.Context(), operation.Request{
				Key: fhir.Key{Type: "PlanDefinition", ID: id}, Name: "apply", Get: true, Query: []search.Pair{{Name: "subject", Value: "Patient/p1"}},
			})
			return err
		}
		for range 3 { // each leaves again
			if err := apply("large"); err != nil {
				t.Fatal(err)
			}
		}
		leave, err := gate.Enter(t.Context(), 4*budget.Small)
		if err != nil {
			t.Fatal(err)
		}
		if fe := (*fhir.Error)(nil); !errors.As(apply("large"), &fe) || fe.Kind != fhir.Transient || fe.RetryAfter == 0 {
			t.Errorf("beside other large work: got %v, want to be asked to come again", fe)
		}
		if err := apply("small"); err != nil {
			t.Errorf("a small definition waits for large ones: %v", err)
		}
		leave()
		if err := apply("large"); err != nil {
			t.Errorf("once others have left: %v", err)
		}
	})
}
