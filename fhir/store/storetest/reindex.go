package storetest

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"caseway/fhir"
	"caseway/fhir/search"
	"caseway/fhir/store"
)

var reindexCases = []testCase{
	{"reindex/what is stale", staleHeads},
	{"reindex/sets the index alone", reindexSets},
	{"reindex/a version that isn't current", reindexPast},
	{"reindex/among writers", reindexAmongWriters},
}

// ofGeneration is a goal whose index a generation made.
func ofGeneration(id string, generation int64) store.Write {
	w := indexed(fhir.Key{Type: "Goal", ID: id}, store.AnyVersion, []search.Term{search.Term(fmt.Sprintf("Goal.generation=%d", generation))}, nil)
	w.Generation = generation
	return w
}

// stalePages reads all that is stale, page by page.
func stalePages(ctx context.Context, t *testing.T, s store.Store, before int64, limit int) (hits []search.Hit) {
	t.Helper()
	after := search.Place{}
	for {
		page, err := s.Stale(ctx, before, after, limit)
		if err != nil || len(page.Hits) > limit || page.More && len(page.Hits) == 0 {
			t.Fatalf("%d hits, more %v, error %v", len(page.Hits), page.More, err)
		}
		hits = append(hits, page.Hits...)
		if !page.More {
			return hits
		}
		after = hits[len(hits)-1].Place
	}
}

func staleHeads(t *testing.T, d *database) {
	full := d.store(t)
	s, h := full, heads{}
	generations := map[fhir.Key]int64{}
	for i := range 30 {
		w := ofGeneration(fmt.Sprint(i), int64(i*7%4))
		generations[w.Key] = w.Generation
		h.write(d.ctx, t, full, w)
	}
	h.write(d.ctx, t, full, ofGeneration("3", 5), remove(fhir.Key{Type: "Goal", ID: "4"}, 1))
	generations[fhir.Key{Type: "Goal", ID: "3"}] = 5
	h.locate(d.ctx, t, s)
	for before := range int64(7) {
		want := heads{}
		for key, k := range h {
			if generations[key] < before {
				want[key] = k
			}
		}
		for _, limit := range []int{1, 4, 100} {
			hits := stalePages(d.ctx, t, s, before, limit)
			if all := want.matching(search.Scan{}); hitKeys(hits) != knownKeys(all) {
				t.Fatalf("before generation %d, %d at a time:\n got %s\nwant %s", before, limit, hitKeys(hits), knownKeys(all))
			}
			for _, hit := range hits {
				h[hit.Key].wantHit(t, hit, false)
			}
		}
	}
}

func reindexSets(t *testing.T, d *database) {
	full := d.store(t)
	s, h := full, heads{}
	h.write(d.ctx, t, full, ofGeneration("a", 1), ofGeneration("b", 1), ofGeneration("c", 2))
	h.locate(d.ctx, t, s)
	a, c := fhir.Key{Type: "Goal", ID: "a"}, fhir.Key{Type: "Goal", ID: "c"}
	x := search.Index{Terms: []search.Term{"Goal.generation=3", "Goal.more:x|y"}, Values: []search.Term{"Goal.generation;s3"}}
	reindex(d.ctx, t, s, 3, store.Reindexed{Key: a, VersionID: 1, Index: x}, store.Reindexed{Key: c, VersionID: 1, Index: search.Index{}})
	for key, index := range map[fhir.Key]search.Index{a: x, c: {}} {
		k := h[key]
		k.index = index
		h[key] = k
	}
	for _, q := range []search.Scan{
		{Term: "Goal.generation=1"},
		{Term: "Goal.generation=2"},
		{Term: "Goal.generation=3"},
		{Term: "Goal.more:x|y"},
		{Type: "Goal"},
		{From: "Goal.generation", To: "Goal.h"},
		{Keys: []fhir.Key{a, c}},
	} {
		q.Limit = 10
		h.wantScan(d.ctx, t, s, q)
	}
	if hits := stalePages(d.ctx, t, s, 3, 10); hitKeys(hits) != "Goal/b" {
		t.Errorf("stale are %s", hitKeys(hits))
	}
	wantSame(t, read(d.ctx, t, full, a), h[a].version)
	page, err := full.History(d.ctx, store.HistoryQuery{Limit: 10})
	if err != nil || len(page.Versions) != 3 {
		t.Errorf("history holds %d versions, error %v", len(page.Versions), err)
	}
	h.write(d.ctx, t, full, remove(a, 1), ofGeneration("c", 3))
	h.locate(d.ctx, t, s)
	h.wantScan(d.ctx, t, s, search.Scan{From: "Goal.", To: "Goal/", Limit: 10})
}

func reindex(ctx context.Context, t testing.TB, s store.Store, generation int64, changes ...store.Reindexed) {
	t.Helper()
	if err := s.Reindex(ctx, generation, changes); err != nil {
		t.Fatal(err)
	}
}

// reindexPast: what has moved on, is gone, never was, or was indexed later is
// left alone, and hinders no other.
func reindexPast(t *testing.T, d *database) {
	full := d.store(t)
	s, h := full, heads{}
	h.write(d.ctx, t, full, ofGeneration("changed", 1), ofGeneration("deleted", 1), ofGeneration("later", 9), ofGeneration("fine", 1))
	h.write(d.ctx, t, full, ofGeneration("changed", 1), remove(fhir.Key{Type: "Goal", ID: "deleted"}, 1))
	var changes []store.Reindexed
	for _, id := range []string{"changed", "deleted", "later", "never", "fine"} {
		changes = append(changes, store.Reindexed{
			Key: fhir.Key{Type: "Goal", ID: id}, VersionID: 1,
			Index: search.Index{Terms: []search.Term{"Goal.wrong=" + search.Term(id)}},
		})
	}
	deleted := changes[1]
	deleted.VersionID = 2
	reindex(d.ctx, t, s, 5, append(changes, deleted)...)
	fine := fhir.Key{Type: "Goal", ID: "fine"}
	k := h[fine]
	k.index = changes[4].Index
	h[fine] = k
	h.locate(d.ctx, t, s)
	h.wantScan(d.ctx, t, s, search.Scan{From: "Goal.", To: "Goal/", Limit: 10})
	if hits := stalePages(d.ctx, t, s, 5, 10); hitKeys(hits) != "Goal/changed" {
		t.Errorf("stale are %s", hitKeys(hits))
	}
}

// reindexAmongWriters: a reindex that goes on until nothing is stale leaves
// each resource with the index of its current version, though others write.
func reindexAmongWriters(t *testing.T, d *database) {
	full := d.store(t)
	s := full
	var ids []string
	for i := range scaled(200, 50) {
		ids = append(ids, fmt.Sprint(i))
		commit(d.ctx, t, full, ofGeneration(ids[i], 1))
	}
	ctx, stop := context.WithCancel(d.ctx)
	var writers sync.WaitGroup
	defer writers.Wait()
	defer stop()
	for w := range 4 {
		writers.Go(func() {
			for i := w; ctx.Err() == nil; i += 4 {
				_, _ = full.Commit(ctx, store.Commit{Writes: []store.Write{ofGeneration(ids[i*7%len(ids)], 2)}})
			}
		})
	}
	for {
		page, err := s.Stale(d.ctx, 2, search.Place{}, 20)
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Hits) == 0 {
			break
		}
		var changes []store.Reindexed
		for _, hit := range page.Hits {
			changes = append(changes, store.Reindexed{Key: hit.Key, VersionID: hit.VersionID, Index: ofGeneration(hit.Key.ID, 2).Index})
		}
		reindex(d.ctx, t, s, 2, changes...)
	}
	stop()
	writers.Wait()
	for term, want := range map[search.Term]int{"Goal.generation=1": 0, "Goal.generation=2": len(ids)} {
		page, err := s.Scan(d.ctx, search.Scan{Term: term, Limit: len(ids) + 1})
		if err != nil || len(page.Hits) != want {
			t.Errorf("%s: %d hits, want %d, error %v", term, len(page.Hits), want, err)
		}
	}
}
