package operation_test

import (
	"strings"
	"testing"
)

func TestPlansGetTheTeamsOfTheirEpisode(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		a.T = t
		a.running("e1")
		team := func(id, patient, status string) {
			a.put("CareTeam/"+id, `{"resourceType":"CareTeam","id":"`+id+`","status":"`+status+`","subject":{"reference":"Patient/`+patient+`"},
				"participant":[{"member":{"reference":"Practitioner/manager"}}]}`)
		}
		team("t2", "p1", "active")
		team("t3", "p1", "inactive")
		team("other", "p2", "active")
		named := func(id string) string { return `{"name":"team","valueReference":{"reference":"` + id + `"}}` }
		path := "EpisodeOfCare/e1/$update-care-teams"
		changed := a.ok(a.post(path, named("CareTeam/t2"), named("CareTeam/t3"), `{"name":"reason","valueString":"the therapist joins"}`))
		if changed["type"] != "collection" || !strings.Contains(encoded(t, changed), "/fhir/CarePlan/e1") {
			t.Errorf("got %v, want a collection with the plan", changed)
		}
		plan := encoded(t, a.get("CarePlan/e1")["careTeam"])
		if plan != `[{"reference":"CareTeam/e1"},{"reference":"CareTeam/t2"}]` {
			t.Error(plan)
		}
		if episode := encoded(t, a.get("EpisodeOfCare/e1")["team"]); !strings.Contains(episode, "CareTeam/t2") {
			t.Error(episode)
		}
		if p := a.entries("Provenance?target=CarePlan/e1"); len(p) != 1 || !strings.Contains(encoded(t, p), "the therapist joins") {
			t.Errorf("got %v, want one Provenance with the reason", p)
		}
		if again := a.ok(a.do("POST", path, "")); again["entry"] != nil {
			t.Errorf("changed again: %v", again)
		}
		for id, words := range map[string]string{
			"CareTeam/other": "isn't a resource of the client", "CareTeam/none": "there is no such resource", "Patient/p1": "must be a CareTeam",
		} {
			t.Run(id, func(t *testing.T) {
				status, text := a.post(path, named(id))
				if !strings.Contains(text, words) || status < 400 || status >= 500 {
					t.Errorf("%s: %d %s", id, status, text)
				}
			})
		}
		status, text := a.post(path, `{"name":"teams","valueString":"x"}`)
		a.refused(400, "no parameter teams", status, text)
	})
}
