package storetest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"caseway/fhir"
	"caseway/fhir/store"
)

var pagingCases = []testCase{
	{"paging/pages make up the whole", pagesMakeWhole},
	{"paging/while writers go on", pagingAmongWriters},
	{"paging/big pages", bigPages},
	{"paging/bounded by bytes", boundedByBytes},
}

// allHistory reads page by page until there is no more.
func allHistory(ctx context.Context, t testing.TB, s store.Store, q store.HistoryQuery) (all []store.Version) {
	t.Helper()
	all, _ = pages(ctx, t, s, q)
	return all
}

// pages is allHistory that also returns the first page, whose Settled says
// from where to go on.
func pages(ctx context.Context, t testing.TB, s store.Store, q store.HistoryQuery) ([]store.Version, store.HistoryPage) {
	t.Helper()
	first, err := s.History(ctx, q)
	if err != nil {
		t.Fatal(err)
	}
	all, page := first.Versions, first
	for page.More {
		if len(page.Versions) == 0 {
			t.Fatal("a page without versions says that there are more")
		}
		q.After = placeOf(page.Versions[len(page.Versions)-1])
		if page, err = s.History(ctx, q); err != nil {
			t.Fatal(err)
		}
		all = append(all, page.Versions...)
	}
	return all, first
}

// seedMany creates n resources, many to a commit, and gives them newest first.
func seedMany(t *testing.T, d *database, s store.Store, typ string, n int) []store.Version {
	var all []store.Version
	for len(all) < n {
		var writes []store.Write
		for i := range min(n-len(all), 100) {
			writes = append(writes, create(fhir.Key{Type: typ, ID: fmt.Sprintf("%d-%d", len(all), i)}, i))
		}
		all = append(all, commit(d.ctx, t, s, writes...)...)
	}
	slices.SortFunc(all, newestFirst)
	return all
}

func pagesMakeWhole(t *testing.T, d *database) {
	s := d.store(t)
	all := seedMany(t, d, s, "Goal", scaled(500, 120))
	all = append(seedMany(t, d, s, "Task", 150), all...)
	slices.SortFunc(all, newestFirst)
	for _, limit := range []int{7, 100, len(all) - 1, len(all), len(all) + 1} {
		wantSameAll(t, allHistory(d.ctx, t, s, store.HistoryQuery{Limit: limit}), all)
	}
	goals := past(all).matching(store.HistoryQuery{Type: "Goal"})
	wantSameAll(t, allHistory(d.ctx, t, s, store.HistoryQuery{Type: "Goal", Limit: 13}), goals)
}

// pagingAmongWriters: what was there before the first page appears exactly
// once, and nothing appears twice.
func pagingAmongWriters(t *testing.T, d *database) {
	s := d.store(t)
	before := seedMany(t, d, s, "Goal", scaled(400, 100))
	ctx, stop := context.WithCancel(d.ctx)
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() { keepChanging(ctx, s, w, before) })
	}
	got := allHistory(d.ctx, t, s, store.HistoryQuery{Limit: 9})
	stop()
	wg.Wait()
	seen := map[store.HistoryPosition]bool{}
	for _, v := range got {
		if seen[placeOf(v)] {
			t.Errorf("%s appears twice", show(v))
		}
		seen[placeOf(v)] = true
	}
	for _, v := range before {
		if !seen[placeOf(v)] {
			t.Errorf("%s was missed", show(v))
		}
	}
	if !slices.IsSortedFunc(got, newestFirst) {
		t.Error("the pages aren't in order")
	}
}

// keepChanging creates resources, and changes those that there are, until ctx ends.
func keepChanging(ctx context.Context, s store.Store, w int, known []store.Version) {
	for i := 0; ctx.Err() == nil; i++ {
		key := known[(i*4+w)%len(known)].Key
		_, _ = s.Commit(ctx, store.Commit{Writes: []store.Write{
			change(key, store.AnyVersion, i), create(patient(fmt.Sprintf("w%d-%d", w, i)), i),
		}})
	}
}

func bigPages(t *testing.T, d *database) {
	s := d.store(t)
	n := scaled(3000, 300)
	all := seedMany(t, d, s, "Goal", n)
	page, err := s.History(d.ctx, store.HistoryQuery{Limit: n})
	if err != nil || page.More {
		t.Fatalf("more %v, error %v", page.More, err)
	}
	wantSameAll(t, page.Versions, all)
}

func boundedByBytes(t *testing.T, d *database) {
	s := d.store(t)
	var all []store.Version
	for i, size := range []int{10, 5000, 20_000, 300_000, 10, 70_000, 1000, 1000} {
		w := create(fhir.Key{Type: "Binary", ID: fmt.Sprint(i)}, i)
		w.Content = &fhir.Content{Type: w.Key.Type, Rest: bigText(size)}
		all = append(all, commit(d.ctx, t, s, w)...)
	}
	all = append(all, commit(d.ctx, t, s, remove(all[0].Key, 1))...)
	slices.SortFunc(all, newestFirst)
	for _, bound := range []int{1, 1500, 6000, 100_000, 1 << 20} {
		q := store.HistoryQuery{Limit: 100, LimitBytes: bound}
		page, err := s.History(d.ctx, q)
		if err != nil {
			t.Fatal(err)
		}
		if size := jsonBytes(page.Versions); len(page.Versions) > 1 && size > bound {
			t.Errorf("a page of at most %d bytes has %d", bound, size)
		}
		wantSameAll(t, allHistory(d.ctx, t, s, q), all)
	}
	page, err := s.History(d.ctx, store.HistoryQuery{Limit: 100})
	if err != nil || page.More || len(page.Versions) != len(all) {
		t.Errorf("the default bound stopped at %d of %d versions, error %v", len(page.Versions), len(all), err)
	}
}

func jsonBytes(versions []store.Version) (n int) {
	for _, v := range versions {
		n += len(v.JSON)
	}
	return n
}
