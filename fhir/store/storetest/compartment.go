package storetest

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"caseway/fhir"
	"caseway/fhir/search"
	"caseway/fhir/store"
)

var compartmentCases = []testCase{
	{"compartment/history against a model", historyOfCompartments},
	{"compartment/history of a large one", historyOfLarge},
	{"compartment/scan finds heads", scanCompartments},
	{"compartment/reindex moves heads", reindexMoves},
}

// compartmentsAt are the compartments of a resource's version: most go from
// one to another.
func compartmentsAt(key fhir.Key, version int64) []string {
	switch {
	case key.Type == "CarePlan" && key.ID == "quick":
		return []string{"Patient/a", fmt.Sprintf("Patient/%d", version)}
	case key.Type == "CarePlan":
		return nil
	case key.Type == "Patient":
		return []string{key.String()}
	case version%2 == 0:
		return []string{"Patient/a", "Patient/b"}
	}
	return []string{"Encounter/a", "Patient/b"}
}

// within gives writes the compartments that their versions are to have.
func within(writes []store.Write) []store.Write {
	for i := range writes {
		writes[i].Compartments = compartmentsAt(writes[i].Key, writes[i].Expect+1)
	}
	return writes
}

// belongs reports whether a version is in one of the compartments, a tombstone
// where the version before it was.
func belongs(v store.Version, compartments []string) bool {
	version := v.VersionID
	if v.Deleted() {
		version--
	}
	return slices.ContainsFunc(compartmentsAt(v.Key, version), func(c string) bool { return slices.Contains(compartments, c) })
}

func historyOfCompartments(t *testing.T, d *database) {
	s := d.store(t)
	all := seedHistory(t, d, s)
	for name, q := range historyQuerySamples(all) {
		for _, compartments := range [][]string{
			{"Patient/b"},
			{"Patient/a", "Patient/b", "Patient/3", "Patient/a"},
			{},
		} {
			q := q
			q.Compartments = compartments
			t.Run(fmt.Sprint(name, compartments), func(t *testing.T) {
				want := all.matching(q)
				for _, limit := range []int{2, len(all)} {
					q.Limit, q.Count = limit, limit > 2
					wantPage(d.ctx, t, s, q, want)
				}
				for i := 0; i < len(all); i += scaled(3, 7) {
					q.After, q.Limit = placeOf(all[i]), 2
					wantPage(d.ctx, t, s, q, want)
				}
			})
		}
	}
}

// historyOfLarge reads a compartment of many versions page by page, before and
// after the store was opened anew.
func historyOfLarge(t *testing.T, d *database) {
	s, shut := d.closable(t)
	n := scaled(3000, 300)
	var want past
	for i := 0; i < n; i += 50 {
		writes := make([]store.Write, 50)
		for j := range writes {
			key := fhir.Key{Type: "Task", ID: fmt.Sprint((i + j) % (n / 3))}
			writes[j] = change(key, store.AnyVersion, i+j)
			writes[j].Index = search.Index{Terms: []search.Term{search.Term(fmt.Sprintf("Task.n=%d", i+j))}}
			writes[j].Compartments = []string{fmt.Sprintf("Patient/%d", j%2)}
		}
		for j, v := range commit(d.ctx, t, s, writes...) {
			if j%2 == 1 {
				want = append(want, v)
			}
		}
	}
	slices.SortFunc(want, newestFirst)
	ask := func(s store.Store) {
		t.Helper()
		q := store.HistoryQuery{Type: "Task", Compartments: []string{"Patient/1"}, Limit: n / 7, Count: true}
		for rest := want; len(rest) > 0; rest = rest[min(q.Limit, len(rest)):] {
			wantPage(d.ctx, t, s, q, want)
			q.After = placeOf(rest[min(q.Limit, len(rest))-1])
		}
	}
	ask(s)
	shut()
	ask(d.store(t))
}

func scanCompartments(t *testing.T, d *database) {
	full := d.store(t)
	s, h := full, heads{}
	for i := range scaled(200, 60) {
		w := indexed(fhir.Key{Type: []string{"Task", "Goal"}[i%2], ID: fmt.Sprint(i % 40)}, store.AnyVersion, nil, nil)
		w.Compartments = []string{fmt.Sprintf("Patient/%d", i%3), "Encounter/1"}
		if i%7 == 6 {
			h.write(d.ctx, t, full, remove(w.Key, store.AnyVersion))
			continue
		}
		h.write(d.ctx, t, full, w)
	}
	h.locate(d.ctx, t, s)
	all := h.matching(search.Scan{})
	middle := all[len(all)/2].place
	for _, of := range []fhir.Key{patient("0"), patient("1"), patient("nobody"), {Type: "Encounter", ID: "1"}} {
		for _, limit := range []int{1, 5, 1000} {
			for _, q := range []search.Scan{
				{},
				{After: middle},
				{Until: middle, KeysOnly: true},
				{Descending: true},
				{Descending: true, After: middle},
				{Updated: search.Updated{From: all[3].version.LastUpdated}},
			} {
				q.Compartment, q.Limit = of, limit
				h.wantScan(d.ctx, t, s, q)
			}
		}
	}
}

// reindexMoves: a head moves to the compartments that it is reindexed with,
// and its older versions stay.
func reindexMoves(t *testing.T, d *database) {
	full := d.store(t)
	s, h := full, heads{}
	one, two := ofGeneration("1", 1), ofGeneration("2", 1)
	one.Compartments, two.Compartments = []string{"Patient/1"}, []string{"Patient/1"}
	h.write(d.ctx, t, full, one, two)
	h.write(d.ctx, t, full, one)
	h.locate(d.ctx, t, s)
	move := func(generation int64, compartments ...string) {
		t.Helper()
		k := h[one.Key]
		reindex(d.ctx, t, s, generation, store.Reindexed{Key: one.Key, VersionID: k.version.VersionID, Index: k.index, Compartments: compartments})
		k.compartments = compartments
		h[one.Key] = k
		h.locate(d.ctx, t, s)
	}
	ask := func(versions map[string]int64) {
		t.Helper()
		for of, n := range versions {
			key, _ := fhir.ParseKey(of)
			h.wantScan(d.ctx, t, s, search.Scan{Compartment: key, Limit: 10})
			wantTotal(d.ctx, t, full, of, n)
		}
	}
	ask(map[string]int64{"Patient/1": 3, "Patient/2": 0})
	move(2, "Patient/2")
	ask(map[string]int64{"Patient/1": 2, "Patient/2": 1})
	move(3)
	ask(map[string]int64{"Patient/1": 2, "Patient/2": 0})
	move(4, "Patient/1", "Patient/2")
	ask(map[string]int64{"Patient/1": 3, "Patient/2": 1})
	h.write(d.ctx, t, full, remove(one.Key, store.AnyVersion))
	ask(map[string]int64{"Patient/1": 4, "Patient/2": 2})
}

// wantTotal counts the versions in a compartment.
func wantTotal(ctx context.Context, t *testing.T, s store.Store, compartment string, want int64) {
	t.Helper()
	page, err := s.History(ctx, store.HistoryQuery{Compartments: []string{compartment}, Limit: 1, Count: true})
	if err != nil || page.Total != want {
		t.Errorf("the history of %s has %d versions, want %d, error %v", compartment, page.Total, want, err)
	}
}
