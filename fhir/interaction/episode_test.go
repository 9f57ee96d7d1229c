package interaction_test

import (
	"fmt"
	"strings"
	"sync"
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
		(&process{Session: old.As(nil), t: t}).put("EpisodeOfCare", "e", episodeOfTeam)
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
	e := &process{Session: newEngine(t, interaction.Config{Store: s}), t: t}
	e.put("CareTeam", "t", `{"resourceType":"CareTeam","id":"t"}`)
	r := e.put("EpisodeOfCare", "e", episodeOfTeam)
	if len(r.Issues) != 1 || r.Issues[0].Code != fhir.IssueNotSupported {
		t.Errorf("the answer says %v", r.Issues)
	}
}

// TestSharedTeam: a team that many episodes name is marked with the first of
// their cases only, none of them waits for the others for ever, and each
// episode still leads to it.
func TestSharedTeam(t *testing.T) {
	for _, b := range backends {
		t.Run(b.name, func(t *testing.T) {
			e := newEngine(t, interaction.Config{Store: b.open(t)})
			put := func(typ, id, body string) (interaction.Result, error) {
				return e.Update(t.Context(), interaction.UpdateRequest{Key: fhir.Key{Type: typ, ID: id}, Body: []byte(body)})
			}
			episode := func(id string) string {
				return `{"resourceType":"EpisodeOfCare","id":"` + id + `","status":"active","patient":{"reference":"Patient/p"},"team":[{"reference":"CareTeam/ward"}]}`
			}
			must[interaction.Result](t)(put("CareTeam", "ward", `{"resourceType":"CareTeam","id":"ward"}`))
			var all sync.WaitGroup
			for w := range 6 {
				all.Go(func() {
					for i := range 5 {
						id := fmt.Sprintf("e%d-%d", w, i)
						if _, err := put("EpisodeOfCare", id, episode(id)); err != nil {
							t.Errorf("%s: %v", id, err)
						}
					}
				})
			}
			all.Wait()
			last := must[interaction.Result](t)(put("EpisodeOfCare", "last", episode("last")))
			if len(last.Issues) != 1 || last.Issues[0].Severity != fhir.SeverityInformation {
				t.Errorf("the answer says %v", last.Issues)
			}
			team := must[store.Version](t)(e.Read(t.Context(), fhir.Key{Type: "CareTeam", ID: "ward"}))
			if n := len(fhir.Tags(team.JSON, interaction.CaseSystem)); n != 20 {
				t.Errorf("the team is marked with %d cases", n)
			}
			page := must[[]byte](t)(e.Everything(t.Context(), interaction.EverythingRequest{Key: last.Version.Key, Base: base}))
			if !strings.Contains(string(page), `/CareTeam/ward"`) {
				t.Errorf("the last episode doesn't lead to its team: %s", page)
			}
		})
	}
}
