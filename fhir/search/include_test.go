package search_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"caseway/fhir"
	"caseway/fhir/search"
)

// includes is the model of RunIncludes: what is added, in no order.
func (w *world) includes(hits []search.Hit, includes []search.Include, permit func(string) search.Expr) []string {
	seen := map[fhir.Key]bool{}
	for _, h := range hits {
		seen[h.Key] = true
	}
	added := []string{}
	round := hits
	for first := true; len(round) > 0; first = false {
		var next []search.Hit
		for _, h := range w.hits {
			wanted := slices.ContainsFunc(includes, func(in search.Include) bool {
				return (first || in.Iterate) && slices.ContainsFunc(round, func(from search.Hit) bool { return connects(in, from, h) })
			})
			if wanted && !seen[h.Key] && w.holds(permit(h.Key.Type), h) {
				seen[h.Key] = true
				next = append(next, h)
			}
		}
		added = append(added, ids(next)...)
		round = next
	}
	slices.Sort(added)
	return added
}

// connects reports whether an include leads from one resource to another.
func connects(in search.Include, from, to search.Hit) bool {
	source, target := from, to
	if in.Reverse {
		source, target = to, from
	}
	if in.Source != "*" && in.Source != source.Key.Type || in.Target != "" && in.Target != target.Key.Type {
		return false
	}
	return slices.ContainsFunc(worldLinks, func(l struct{ typ, code, target string }) bool {
		p := parameter(l.typ, l.code)
		return l.typ == source.Key.Type && (in.Param == nil || in.Param == p) && slices.Contains(source.Terms, p.Term(target.Key))
	})
}

func drawInclude(t *rapid.T) search.Include {
	l := rapid.SampledFrom(worldLinks).Draw(t, "link")
	in := search.Include{
		Reverse: rapid.Bool().Draw(t, "reverse"), Iterate: rapid.Bool().Draw(t, "iterate"),
		Source: l.typ, Param: parameter(l.typ, l.code),
		Target: rapid.SampledFrom([]string{"", l.target}).Draw(t, "target"),
	}
	if rapid.IntRange(0, 9).Draw(t, "everything") == 0 {
		in.Source, in.Param = rapid.SampledFrom([]string{"*", l.typ}).Draw(t, "source"), nil
	}
	return in
}

func TestIncludesGiveWhatTheModelGives(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, 40)
		m, err := search.Run(t.Context(), w, search.Plan{Types: []string{"Task"}, Count: rapid.IntRange(1, 10).Draw(t, "count")})
		if err != nil {
			t.Fatal(err)
		}
		hits := m.Hits
		in := search.Inclusion{Limit: 1000}
		for range rapid.IntRange(1, 3).Draw(t, "includes") {
			in.Includes = append(in.Includes, drawInclude(t))
		}
		permit := func(string) search.Expr { return search.And{} }
		if rapid.Bool().Draw(t, "narrowed") {
			some := map[string]search.Expr{}
			for _, typ := range worldTypes {
				some[typ] = drawExpr(t, typ, 2)
			}
			permit = func(typ string) search.Expr { return some[typ] }
			in.Permit = permit
		}
		want := w.includes(hits, in.Includes, permit)
		got := runIncludes(t, w, hits, in)
		names := ids(got.Hits)
		slices.Sort(names)
		if diff := cmp.Diff(want, names); diff != "" || got.Truncated {
			t.Fatalf("truncated: %v; want -, got +:\n%s", got.Truncated, diff)
		}
		for _, h := range got.Hits {
			if h.JSON == nil {
				t.Fatalf("%v has no JSON", h.Key)
			}
		}
		in.Limit = rapid.IntRange(0, 20).Draw(t, "limit")
		got = runIncludes(t, w, hits, in)
		if len(got.Hits) != min(in.Limit, len(want)) || got.Truncated != (in.Limit < len(want)) {
			t.Fatalf("limit %d gave %d of %d, truncated: %v", in.Limit, len(got.Hits), len(want), got.Truncated)
		}
	})
}

func runIncludes(t interface{ Fatal(...any) }, w *world, hits []search.Hit, in search.Inclusion) search.Included {
	got, err := search.RunIncludes(context.Background(), w, registry(), hits, in)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// What the budget doesn't allow is left out, and said to be.
func TestIncludesStayWithinTheBudget(t *testing.T) {
	w := clinic(t, 2000)
	patients := mustRun(t, w, search.Plan{Types: []string{"Patient"}, Count: 50}).Hits
	got := runIncludes(t, w, patients, search.Inclusion{
		Includes: []search.Include{{Reverse: true, Source: "Task", Param: parameter("Task", "patient")}},
		Limit:    1000, Budget: search.NewBudget(400),
	})
	if !got.Truncated || len(got.Hits) == 0 || len(got.Hits) >= 500 {
		t.Errorf("%d of 500 tasks, truncated: %v", len(got.Hits), got.Truncated)
	}
}

// A reference that names a version which isn't current brings that version
// alone, and the resource as it is now only where something else refers to it.
func TestIncludeOfAVersionedReference(t *testing.T) {
	w := newWorld()
	target := hitAt("Patient", "1", 1)
	target.VersionID = 3
	w.put(target, nil, nil)
	p := parameter("Task", "patient")
	for id, version := range map[string]search.Term{"current": "3", "old": "2", "any": ""} {
		kept := []search.Term{"Task.patient;vPatient/1|" + version}
		if version == "" {
			kept = nil
		}
		w.put(hitAt("Task", id, 2), []search.Term{p.Term(target.Key)}, kept)
	}
	for id, want := range map[string][]search.VersionedKey{
		"current": nil, "any": nil, "old": {{Key: target.Key, VersionID: 2}}, "old any": {{Key: target.Key, VersionID: 2}},
	} {
		t.Run(id, func(t *testing.T) {
			var keys search.Keys
			for _, one := range strings.Fields(id) {
				keys = append(keys, fhir.Key{Type: "Task", ID: one})
			}
			hits := mustRun(t, w, search.Plan{Where: keys, Count: 2}).Hits
			got := runIncludes(t, w, hits, search.Inclusion{Includes: []search.Include{{Source: "Task", Param: p}}, Limit: 9})
			current := []string{"Patient/1"}
			if id == "old" {
				current = nil
			}
			if !slices.Equal(ids(got.Hits), current) || !slices.Equal(got.Versions, want) {
				t.Errorf("%s: %v, versions %v, want %v and %v", id, ids(got.Hits), got.Versions, current, want)
			}
		})
	}
}
