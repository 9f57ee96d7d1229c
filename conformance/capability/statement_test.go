package capability

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/fhir/interaction"
)

func claims() Claims {
	return Claims{
		Version: "1.2.3", Base: "https://example.org/fhir", ResourceTypes: definition.R4().ResourceTypes(),
		Interactions: []Interaction{
			{Instance, interaction.Read},
			{Instance, interaction.VRead},
			{Instance, interaction.Update},
			{Type, interaction.Create},
			{System, interaction.HistorySystem},
			{System, interaction.Batch},
		},
	}
}

func TestTheStatementIsValidR4(t *testing.T) {
	for name, c := range map[string]Claims{"all": claims(), "nothing": {}} {
		t.Run(name, func(t *testing.T) {
			if _, err := fhir.Decode(definition.R4(), Statement(c), fhir.Limits{}); err != nil {
				t.Errorf("%s: got %v, want no error", name, err)
			}
		})
	}
}

func TestTheStatementClaimsWhatItIsGiven(t *testing.T) {
	var s statement
	if err := json.Unmarshal(Statement(claims()), &s); err != nil {
		t.Fatal(err)
	}
	if s.Software.Version != "1.2.3" || s.Implementation.URL != "https://example.org/fhir" {
		t.Errorf("%+v %+v", s.Software, s.Implementation)
	}
	r := s.Rest[0]
	if want := []code{{"history-system"}, {"batch"}}; !slices.Equal(r.Interaction, want) {
		t.Errorf("the system's interactions are %v, want %v", r.Interaction, want)
	}
	var names []string
	for _, resource := range r.Resource {
		names = append(names, resource.Type)
		if want := []code{{"read"}, {"vread"}, {"update"}, {"create"}}; !slices.Equal(resource.Interaction, want) {
			t.Errorf("%s: %v, want %v", resource.Type, resource.Interaction, want)
		}
		if !resource.ReadHistory || !resource.UpdateCreate || !resource.ConditionalCreate {
			t.Errorf("%s: %+v", resource.Type, resource)
		}
	}
	if !slices.Equal(names, definition.R4().ResourceTypes()) {
		t.Errorf("types: %v", names)
	}
}

func TestWhatIsNotGivenIsNotClaimed(t *testing.T) {
	c := claims()
	c.Interactions = []Interaction{{Instance, interaction.Read}}
	var s statement
	if err := json.Unmarshal(Statement(c), &s); err != nil {
		t.Fatal(err)
	}
	for _, resource := range s.Rest[0].Resource {
		if resource.ReadHistory || resource.UpdateCreate || resource.ConditionalCreate || len(resource.Interaction) != 1 {
			t.Fatalf("got %+v, want no more than the one interaction that is claimed", resource)
		}
	}
}

// TestStoreWithoutTransactions: a standalone MongoDB refuses transactions and
// conditional writes, so nothing of that is claimed.
func TestStoreWithoutTransactions(t *testing.T) {
	c := claims()
	c.NoTransactions = true
	var s statement
	if err := json.Unmarshal(Statement(c), &s); err != nil {
		t.Fatal(err)
	}
	if slices.Contains(s.Rest[0].Interaction, code{string(interaction.Transaction)}) ||
		!slices.Contains(s.Rest[0].Interaction, code{string(interaction.Batch)}) {
		t.Errorf("interactions: %v", s.Rest[0].Interaction)
	}
	if text := s.Rest[0].Documentation; strings.Contains(text, conditional) || !strings.Contains(text, unconditional) {
		t.Errorf("the statement says: %s", text)
	}
	for _, r := range s.Rest[0].Resource {
		if r.ConditionalCreate || r.ConditionalUpdate || r.ConditionalDelete != "not-supported" || strings.Contains(r.Documentation, conditional) {
			t.Fatalf("got %+v, want no conditional interactions", r)
		}
	}
}

func BenchmarkStatement(b *testing.B) {
	c := claims()
	for b.Loop() {
		Statement(c)
	}
}
