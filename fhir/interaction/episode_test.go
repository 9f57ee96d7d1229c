package interaction_test

import (
	"testing"

	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/fhir/interaction"
	"caseway/fhir/store"
	"caseway/fhir/store/mongo"
	"caseway/fhir/store/mongo/mongotest"
)

const episodeOfTeam = `{"resourceType":"EpisodeOfCare","id":"e","status":"active","patient":{"reference":"Patient/p"},"team":[{"reference":"` + base + `/CareTeam/t"}]}`

// TestCaseIsFoundWhileTheIndexIsMadeAnew: the index of another base URL doesn't
// know that the episode names the team.
func TestCaseIsFoundWhileTheIndexIsMadeAnew(t *testing.T) {
	onEachStore(t, func(t *testing.T, open func() store.Store) {
		s := open()
		t.Cleanup(func() { _ = s.Close() })
		old := must[*interaction.Engine](t)(interaction.New(interaction.Config{
			Store: s, Schema: definition.R4(), ResourceTypes: definition.R4().ResourceTypes(), Base: "http://old.example.org/fhir",
		}))
		(&process{Engine: old, t: t}).put("EpisodeOfCare", "e", episodeOfTeam)
		e := join(t, interaction.Config{Store: s})
		if p := e.IndexProgress(); p.Opened == p.Generation {
			t.Fatal("nothing has to be indexed anew")
		}
		r := e.put("CareTeam", "t", `{"resourceType":"CareTeam","id":"t","subject":{"reference":"Patient/p"}}`)
		if tags := fhir.Tags(r.Version.JSON, interaction.CaseSystem); len(tags) != 1 || tags[0] != "e" {
			t.Errorf("the team is marked with %v", tags)
		}
		_, err := e.Update(t.Context(), interaction.UpdateRequest{
			Key: fhir.Key{Type: "CareTeam", ID: "u"}, Body: []byte(`{"resourceType":"CareTeam","id":"u"}`),
		})
		wantError(t, err, fhir.Transient, fhir.IssueTransient, "CareTeam")
	})
}

// TestCaseOnAStandaloneMongoDB: a store without transactions takes the episode,
// and the answer says what isn't marked.
func TestCaseOnAStandaloneMongoDB(t *testing.T) {
	s := must[*mongo.Store](t)(mongo.Open(t.Context(), mongotest.Own(t, mongotest.Options{Standalone: true}).URI, mongo.Options{}))
	t.Cleanup(func() { _ = s.Close() })
	e := &process{Engine: newEngine(t, interaction.Config{Store: s}), t: t}
	e.put("CareTeam", "t", `{"resourceType":"CareTeam","id":"t"}`)
	r := e.put("EpisodeOfCare", "e", episodeOfTeam)
	if len(r.Issues) != 1 || r.Issues[0].Code != fhir.IssueNotSupported {
		t.Errorf("the answer says %v", r.Issues)
	}
}
