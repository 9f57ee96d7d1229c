package membership_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"caseway/fhir"
	"caseway/fhir/interaction"
	"caseway/fhir/search"
	"caseway/fhir/store"
	"caseway/server/cases/membership"
)

// TestBelongingIsEverything: all at once is what the pages have.
func TestBelongingIsEverything(t *testing.T) {
	for _, b := range backends {
		t.Run(b.name, func(t *testing.T) {
			e := newEngine(t, b.open(t), base)
			put := func(typ, id, body string) {
				t.Helper()
				must[interaction.Result](t)(e.Update(t.Context(), interaction.UpdateRequest{
					Key: fhir.Key{Type: typ, ID: id}, Body: []byte(`{"resourceType":"` + typ + `","id":"` + id + `",` + body + `}`),
				}))
			}
			put("Patient", "p", `"active":true`)
			put("Practitioner", "m", `"active":true`)
			put("Organization", "o", `"name":"o"`)
			put("RelatedPerson", "r", `"patient":{"reference":"Patient/p"}`)
			put("Condition", "c", `"subject":{"reference":"Patient/p"}`)
			put("Condition", "other", `"subject":{"reference":"Patient/p"}`)
			put("EpisodeOfCare", "e", `"status":"active","patient":{"reference":"Patient/p"},"careManager":{"reference":"Practitioner/m"},"diagnosis":[{"condition":{"reference":"Condition/c"}}]`)
			put("Flag", "f", `"status":"active","code":{"text":"x"},"subject":{"reference":"Patient/p"},"meta":{"tag":[{"system":"`+membership.CaseSystem+`","code":"e"}]}`)
			for i := range 30 {
				put("Task", "t"+strconv.Itoa(i), `"status":"requested","intent":"order","focus":{"reference":"EpisodeOfCare/e"},"owner":{"reference":"RelatedPerson/r"},"requester":{"reference":"Organization/o"}`)
			}
			types := []string{"Task", "Condition", "EpisodeOfCare", "Patient", "Practitioner", "RelatedPerson"}
			var want []string
			cursor := ""
			for {
				parameters := []search.Pair{{Name: "_type", Value: strings.Join(types, ",")}, {Name: "_count", Value: "7"}}
				if cursor != "" {
					parameters = append(parameters, search.Pair{Name: interaction.CursorParameter, Value: cursor})
				}
				page := must[[]byte](t)(e.Everything(t.Context(), interaction.EverythingRequest{Key: fhir.Key{Type: "EpisodeOfCare", ID: "e"}, Parameters: parameters}))
				keys, next := shownOn(t, page)
				want = append(want, keys...)
				if cursor = next; cursor == "" {
					break
				}
			}
			got := atOnce(t, e, types)
			slices.Sort(want)
			want = slices.Compact(want) // the directory's are on several pages
			slices.Sort(got)
			if !slices.Equal(got, want) || len(got) != 35 {
				t.Errorf("%d at once\n%v\n%d on pages\n%v", len(got), got, len(want), want)
			}
			_, err := e.Belonging(t.Context(), fhir.Key{Type: "EpisodeOfCare", ID: "none"}, types)
			wantError(t, err, fhir.NotFound, fhir.IssueNotFound, "")
		})
	}
}

// atOnce gives the keys of what belongs to the case.
func atOnce(t *testing.T, e *engine, types []string) (keys []string) {
	t.Helper()
	for _, v := range must[[]store.Version](t)(e.Belonging(t.Context(), fhir.Key{Type: "EpisodeOfCare", ID: "e"}, types)) {
		if want := fmt.Sprintf(`"versionId":"%d"`, v.VersionID); !strings.Contains(string(v.JSON), want) {
			t.Errorf("%s is version %d, and says %.200s", v.Key, v.VersionID, v.JSON)
		}
		keys = append(keys, v.Key.String())
	}
	return keys
}

// shownOn gives the keys on a page, and the cursor of the next.
func shownOn(t *testing.T, page []byte) (keys []string, cursor string) {
	t.Helper()
	var b struct {
		Link  []struct{ Relation, URL string }
		Entry []struct {
			Resource struct{ ResourceType, ID string }
		}
	}
	if err := json.Unmarshal(page, &b); err != nil {
		t.Fatal(err)
	}
	for _, e := range b.Entry {
		keys = append(keys, e.Resource.ResourceType+"/"+e.Resource.ID)
	}
	for _, l := range b.Link {
		if l.Relation == "next" {
			_, query, _ := strings.Cut(l.URL, "?")
			pairs := must[[]search.Pair](t)(search.Split(query))
			for _, p := range pairs {
				if p.Name == interaction.CursorParameter {
					cursor = p.Value
				}
			}
		}
	}
	return keys, cursor
}
