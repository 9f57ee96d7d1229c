package interaction_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"caseway/fhir"
	"caseway/fhir/builtin"
	"caseway/fhir/interaction"
	"caseway/fhir/search"
	"caseway/fhir/store"
)

// shown is what is read of a searchset.
type shown struct {
	Total *int
	Link  []struct{ Relation, URL string }
	Entry []struct {
		Resource struct{ ID string }
		Search   struct{ Mode string }
	}
}

func (s shown) ids() (ids []string) {
	for _, e := range s.Entry {
		ids = append(ids, e.Resource.ID)
	}
	return ids
}

func (s shown) link(relation string) string {
	for _, l := range s.Link {
		if l.Relation == relation {
			return l.URL
		}
	}
	return ""
}

// finding searches by a URL below the base.
func (p *process) finding(line string) shown {
	p.t.Helper()
	line = strings.TrimPrefix(line, base+"/")
	typ, query, _ := strings.Cut(line, "?")
	text := must[[]byte](p.t)(p.Search(p.t.Context(), interaction.SearchRequest{Type: typ, Base: base, Parameters: must[[]search.Pair](p.t)(search.Split(query))}))
	var s shown
	if err := json.Unmarshal(text, &s); err != nil {
		p.t.Fatal(err)
	}
	return s
}

func TestSearchesFindWhatTheServerBringsAlong(t *testing.T) {
	onEachStore(t, func(t *testing.T, open func() store.Store) {
		s := open()
		t.Cleanup(func() { _ = s.Close() })
		var books []builtin.Resource
		for i, id := range []string{"delta", "alpha", "charlie", "bravo"} {
			books = append(books, builtin.Resource{Key: fhir.Key{Type: "CodeSystem", ID: id}, JSON: fmt.Appendf(nil,
				`{"resourceType":"CodeSystem","id":"%s","url":"http://example.org/%s","name":"N%d","status":"active","content":"complete"}`, id, id, i)})
		}
		e := join(t, interaction.Config{Store: s, Builtin: books})
		for i, id := range []string{"charlie", "echo", "foxtrot"} {
			e.put("CodeSystem", id, fmt.Sprintf(`{"resourceType":"CodeSystem","id":"%s","url":"http://example.com/%s","name":"N%d","status":"draft","content":"complete"}`, id, id, i))
		}
		whole := []string{"alpha", "bravo", "delta", "charlie", "echo", "foxtrot"} // charlie is stored, and stands for ours
		back := slices.Clone(whole)
		slices.Reverse(back)
		for query, want := range map[string][]string{
			"": whole, "_sort=_lastUpdated": whole, "_sort=-_lastUpdated": back,
			"_sort=_id": {"alpha", "bravo", "charlie", "delta", "echo", "foxtrot"}, "_sort=-_id": {"foxtrot", "echo", "delta", "charlie", "bravo", "alpha"},
			"_sort=name,_id": {"charlie", "delta", "alpha", "echo", "foxtrot", "bravo"}, "status=active": {"alpha", "bravo", "delta"}, "status:not=draft": {"alpha", "bravo", "delta"},
			"url=http://example.org/alpha": {"alpha"}, "url=http://example.org/charlie": nil, "name=N": whole, "name:exact=N1": {"alpha", "echo"},
			"status=draft,active": whole, "_id=alpha,echo,charlie": {"alpha", "charlie", "echo"}, "_lastUpdated=lt2026-11-22T00:00:01Z": {"alpha", "bravo", "delta"},
			"_lastUpdated=gt2026-11-22T00:00:01Z": {"charlie", "echo", "foxtrot"},
		} {
			t.Run(query, func(t *testing.T) {
				for _, count := range []string{"", "&_count=1", "&_count=2", "&_count=3"} {
					line := "CodeSystem?" + query + count
					all := e.finding(line + "&_total=accurate")
					if all.Total == nil || *all.Total != len(want) {
						t.Errorf("%s: the total is %v", line, all.Total)
					}
					var got []string
					last := ""
					for next := line; next != ""; next = e.finding(next).link("next") {
						got = append(got, e.finding(next).ids()...)
						last = next
					}
					if !slices.Equal(got, want) {
						t.Errorf("%s: got %v, want what the line says", line, got)
					}
					var backwards []string
					for previous := last; previous != ""; previous = e.finding(previous).link("previous") {
						backwards = append(e.finding(previous).ids(), backwards...)
					}
					if !slices.Equal(backwards, want) {
						t.Errorf("%s: backwards %v", line, backwards)
					}
				}
			})
		}
		if got := e.finding("?_type=CodeSystem&_summary=count"); *got.Total != 6 {
			t.Errorf("%d of the type in the system", *got.Total)
		}
		if got := e.finding("?_id=alpha&_type=CodeSystem,Patient").ids(); !slices.Equal(got, []string{"alpha"}) {
			t.Errorf("found %v", got)
		}
		if got := e.finding("CompartmentDefinition?url=" + url.QueryEscape(fhir.CanonicalBase+"/CompartmentDefinition/patient")).ids(); !slices.Equal(got, []string{"patient"}) {
			t.Errorf("found %v", got)
		}
	})
}
