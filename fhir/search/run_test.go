package search_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"caseway/fhir"
	"caseway/fhir/search"
)

func drawSort(t *rapid.T) []search.SortKey {
	key := func(k search.SortKey) search.SortKey {
		k.Descending = rapid.Bool().Draw(t, "descending")
		return k
	}
	tag, identifier := search.SortKey{Param: parameter("Task", "_tag")}, search.SortKey{Param: parameter("Task", "identifier")}
	id, updated := search.SortKey{Field: "_id"}, search.SortKey{Field: "_lastUpdated"}
	switch rapid.IntRange(0, 7).Draw(t, "sort") {
	case 0, 1:
		return []search.SortKey{key(updated)}
	case 2:
		return []search.SortKey{key(id)}
	case 3:
		return []search.SortKey{key(tag)}
	case 4:
		return []search.SortKey{key(updated), key(tag)}
	case 5:
		return []search.SortKey{key(identifier), key(tag), key(id)}
	}
	return nil
}

// The pages of any search, put together in either direction, are what the
// model gives.
func TestPagesGiveWhatTheModelGives(t *testing.T) {
	defer search.ReplanEarly()()
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, 60)
		p := search.Plan{Sort: drawSort(t), Count: rapid.IntRange(1, 25).Draw(t, "count")}
		p.Types, p.Where = drawSearch(t)
		p.Backwards = rapid.Bool().Draw(t, "backwards")
		want := w.matches(p)

		var got []search.Hit
		for page := 0; ; page++ {
			m, err := search.Run(t.Context(), w, p)
			if err != nil {
				t.Fatal(err)
			}
			checkPage(t, m, p, len(want), page)
			if p.Backwards {
				got, p.After = append(slices.Clone(m.Hits), got...), m.First
			} else {
				got, p.After = append(got, m.Hits...), m.Last
			}
			if !m.More {
				break
			}
		}
		if diff := cmp.Diff(ids(want), ids(got)); diff != "" {
			t.Fatalf("want -, got +:\n%s", diff)
		}
	})
}

func checkPage(t *rapid.T, m search.Matches, p search.Plan, want, page int) {
	if m.Total != -1 && m.Total != want {
		t.Fatalf("total %d, want %d", m.Total, want)
	}
	if !m.More && page == 0 && m.Total == -1 {
		t.Fatal("a first page that is the last doesn't know the total")
	}
	if len(m.Hits) > p.Count || m.More && len(m.Hits) < p.Count {
		t.Fatalf("page of %d hits, want %d, more: %v", len(m.Hits), p.Count, m.More)
	}
	for _, h := range m.Hits {
		if h.JSON == nil || len(h.Terms) == 0 && h.Key.Type == "" {
			t.Fatalf("%v has no JSON", h.Key)
		}
	}
}

// A search with little work to spend gives what the model gives or is refused;
// chains fall back to lookups on the way.
func TestASmallBudgetRefusesOrAnswersRight(t *testing.T) {
	defer search.ReplanEarly()()
	answered := 0
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, 60)
		p := search.Plan{Sort: drawSort(t), Count: rapid.IntRange(1, 10).Draw(t, "count")}
		p.Types, p.Where = drawSearch(t)
		p.Budget = search.NewBudget(rapid.IntRange(1, 300).Draw(t, "budget"))
		m, err := search.Run(t.Context(), w, p)
		if err != nil {
			checkRefusal(t, err)
			return
		}
		answered++
		want := w.matches(p)
		if diff := cmp.Diff(ids(want[:min(p.Count, len(want))]), ids(m.Hits)); diff != "" {
			t.Fatalf("want -, got +:\n%s", diff)
		}
	})
	if answered == 0 {
		t.Error("no search was answered")
	}
}

func checkRefusal(t interface{ Fatal(...any) }, err error) {
	fe := (*fhir.Error)(nil)
	if !errors.As(err, &fe) || fe.Kind != fhir.TooCostly || !strings.Contains(fe.Error(), "add a condition that narrows it") {
		t.Fatal("not a refusal that helps:", err)
	}
}

func TestCountsAreWhatTheModelCounts(t *testing.T) {
	defer search.ReplanEarly()()
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, 60)
		var p search.Plan
		p.Types, p.Where = drawSearch(t)
		want := len(w.matches(p))
		n, exact, err := search.Count(t.Context(), w, p, 0)
		if err != nil || !exact || n != want {
			t.Fatalf("count %d, exact %v, error %v; want %d", n, exact, err, want)
		}
		limit := rapid.IntRange(1, 60).Draw(t, "limit")
		n, exact, err = search.Count(t.Context(), w, p, limit)
		if err != nil || exact && n != want || !exact && n < min(limit, want) {
			t.Fatalf("count %d up to %d, exact %v, error %v; want %d", n, limit, exact, err, want)
		}
	})
}
