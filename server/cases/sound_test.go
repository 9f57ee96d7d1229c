package cases_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/fhir/interaction"
	"caseway/fhir/store/sqlite"
	"caseway/mapping/casemodel"
	"caseway/server/cases/membership"
)

// TestUnsoundCasesAreFound in a store that was written to with nobody watching:
// those that rules bind, and no others.
func TestUnsoundCasesAreFound(t *testing.T) {
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "caseway.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	r4 := definition.R4()
	made, err := interaction.New(interaction.Config{Store: s, Schema: r4, ResourceTypes: r4.ResourceTypes(), Compartments: []interaction.Compartment{membership.Compartment()}})
	if err != nil {
		t.Fatal(err)
	}
	engine := made.As(nil)
	const phase = `,"extension":[{"url":"https://caseway.dev/fhir/StructureDefinition/episode-phase","valueCode":"opened"}]`
	for i := range 450 {
		more := ""
		if i == 7 || i == 444 {
			more = phase
		}
		id := fmt.Sprintf("e%d", i)
		if _, err := engine.Update(t.Context(), interaction.UpdateRequest{
			Key:  fhir.Key{Type: "EpisodeOfCare", ID: id},
			Body: []byte(`{"resourceType":"EpisodeOfCare","id":"` + id + `","status":"active","patient":{"display":"somebody"}` + more + `}`),
		}); err != nil {
			t.Fatal(err)
		}
	}
	var ids []string
	service := serviceOf(engine)
	if err := service.Unsound(t.Context(), func(id string, broken casemodel.Errors) error {
		if !broken.Has("manager-needed") {
			t.Errorf("%s breaks %v", id, broken)
		}
		ids = append(ids, id)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(ids, []string{"e7", "e444"}) {
		t.Errorf("unsound are %v", ids)
	}
}
