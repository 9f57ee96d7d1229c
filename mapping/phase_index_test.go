package mapping

import (
	"strings"
	"testing"

	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/fhir/search"
	"caseway/mapping/casemodel"

	episodepb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/episode_of_care_go_proto"
)

// What an EpisodeOfCare is found by is what the case shows: the phase, inferred
// where Caseway's extension isn't there or contradicts the status, and the date
// that comes due next.
func TestEpisodesAreIndexedAsCasesShowThem(t *testing.T) {
	registry, problems := search.NewRegistry(definition.R4(), nil)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	statuses := []string{"planned", "waitlist", "active", "onhold", "finished", "cancelled", "entered-in-error"}
	for _, status := range statuses {
		for _, phase := range append(casemodel.Phases(), "") {
			for _, due := range []string{"", "2026-05-01", "2026-05-01T10:00:00Z"} {
				t.Run(due, func(t *testing.T) {
					extensions := ""
					if phase != "" {
						extensions = `{"url":"https://caseway.dev/fhir/StructureDefinition/episode-phase","valueCode":"` + string(phase) + `"},`
					}
					if due != "" {
						extensions += `{"url":"https://caseway.dev/fhir/StructureDefinition/next-due","extension":[{"url":"date","valueDateTime":"` + due + `"}]},`
					}
					if extensions != "" {
						extensions = `"extension":[` + strings.TrimSuffix(extensions, ",") + `],`
					}
					text := `{"resourceType":"EpisodeOfCare","id":"e",` + extensions + `"status":"` + status + `","patient":{"reference":"Patient/p"}}`
					tree, err := fhir.Decode(definition.R4(), []byte(text), fhir.Limits{})
					if err != nil {
						t.Fatal(err)
					}
					m, err := Decode(tree)
					if err != nil {
						t.Fatal(err)
					}
					c, _ := CaseFromEpisode(m.(*episodepb.EpisodeOfCare))
					index := registry.Index(tree)
					if got := valuesOf(index, "phase="); len(got) != 1 || got[0] != string(c.Phase) {
						t.Errorf("%s with phase %q: indexed as %q, shown as %s", status, phase, got, c.Phase)
					}
					if got := valuesOf(index, "next-due<"); (len(got) > 0) != (c.NextDue != nil) {
						t.Errorf("due %q: indexed as %q", due, got)
					}
				})
			}
		}
	}
}

// valuesOf are what the terms of an EpisodeOfCare say behind a parameter's code
// and kind of term.
func valuesOf(index search.Index, code string) (all []string) {
	for _, term := range index.Terms {
		if value, is := strings.CutPrefix(string(term), "EpisodeOfCare."+code); is {
			all = append(all, value)
		}
	}
	return all
}
