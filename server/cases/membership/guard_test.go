package membership_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"caseway/fhir"
	"caseway/fhir/interaction"
	"caseway/fhir/store"
	"caseway/fhir/store/mongo"
	"caseway/fhir/store/mongo/mongotest"
	"caseway/server/cases/membership"
)

const episodeOfTeam = `{"resourceType":"EpisodeOfCare","id":"e","status":"active","patient":{"reference":"Patient/p"},"team":[{"reference":"` + base + `/CareTeam/t"}]}`

// TestCaseIsFoundWhileTheIndexIsMadeAnew: the index of another base URL doesn't
// know that the episode names the team.
func TestCaseIsFoundWhileTheIndexIsMadeAnew(t *testing.T) {
	for _, b := range backends {
		t.Run(b.name, func(t *testing.T) { caseWhileIndexed(t, b.open(t)) })
	}
}

func caseWhileIndexed(t *testing.T, s store.Store) {
	newEngine(t, s, "http://old.example.org/fhir").put("EpisodeOfCare", "e", episodeOfTeam)
	e := newEngine(t, s, base)
	if err := e.JoinIndexing(t.Context()); err != nil {
		t.Fatal(err)
	}
	if p := e.IndexProgress(); p.Opened == p.Generation {
		t.Fatal("nothing has to be indexed anew")
	}
	r := e.put("CareTeam", "t", `{"resourceType":"CareTeam","id":"t","subject":{"reference":"Patient/p"}}`)
	if tags := fhir.Tags(r.Version.JSON, membership.CaseSystem); len(tags) != 1 || tags[0] != "e" {
		t.Errorf("the team is marked with %v", tags)
	}
	_, err := e.Update(t.Context(), interaction.UpdateRequest{
		Key: fhir.Key{Type: "CareTeam", ID: "u"}, Body: []byte(`{"resourceType":"CareTeam","id":"u"}`),
	})
	wantError(t, err, fhir.Transient, fhir.IssueTransient, "CareTeam")
}

// TestCaseOnAStandaloneMongoDB: a store without transactions takes the episode,
// and the answer says what isn't marked.
func TestCaseOnAStandaloneMongoDB(t *testing.T) {
	s := must[*mongo.Store](t)(mongo.Open(t.Context(), mongotest.Own(t, mongotest.Options{Standalone: true}).URI, mongo.Options{}))
	t.Cleanup(func() { _ = s.Close() })
	e := newEngine(t, s, base)
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
			e := newEngine(t, b.open(t), base)
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
							t.Errorf("%s: got %v, want no error", id, err)
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
			if n := len(fhir.Tags(team.JSON, membership.CaseSystem)); n != 20 {
				t.Errorf("the team is marked with %d cases", n)
			}
			page := must[[]byte](t)(e.Everything(t.Context(), interaction.EverythingRequest{Key: last.Version.Key, Base: base}))
			if !strings.Contains(string(page), `/CareTeam/ward"`) {
				t.Errorf("the last episode doesn't lead to its team: %s", page)
			}
		})
	}
}
