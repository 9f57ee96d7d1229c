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

// scanAmongWriters: while writers go on, a resource that doesn't change is on
// exactly one page, whether they are read by term or by type, and whichever
// way. One that changes and always matches comes to the end again and again;
// who reads up to the end, once writers have stopped, hasn't missed it.
func scanAmongWriters(t *testing.T, d *database) {
	full := d.store(t)
	s, other := full, full
	if d.shared {
		other = d.store(t)
	}
	still, moving := seedStill(t, d, full), seedMoving(t, d, full)
	ctx, stop := context.WithCancel(d.ctx)
	var writers sync.WaitGroup
	defer writers.Wait()
	defer stop()
	for w := range 4 {
		writers.Go(func() { keepMoving(ctx, []store.Store{full, other}[w%2], w, moving) })
	}
	tagged := search.Scan{Term: "Goal.tag=common", Limit: 9}
	for range scaled(5, 2) {
		for _, q := range []search.Scan{tagged, {Type: "Goal", Limit: 11, KeysOnly: true}, {Term: tagged.Term, Limit: 10, Descending: true}} {
			wantOnceEach(t, still, pageAmongWriters(d.ctx, t, s, q, nil))
		}
	}
	seen := pageAmongWriters(d.ctx, t, s, tagged, func() { stop(); writers.Wait() })
	wantOnceEach(t, still, seen)
	for _, key := range moving {
		if seen[key] == 0 {
			t.Errorf("%s, which always matches, was missed", key)
		}
	}
}

func wantOnceEach(t *testing.T, keys []fhir.Key, seen map[fhir.Key]int) {
	t.Helper()
	for _, key := range keys {
		if seen[key] != 1 {
			t.Errorf("%s, which doesn't change, came %d times", key, seen[key])
		}
	}
}

func common(key fhir.Key) store.Write {
	return indexed(key, store.AnyVersion, []search.Term{"Goal.tag=common", search.Term("Goal.own=" + key.ID)}, nil)
}

func seedStill(t *testing.T, d *database, s store.Store) (keys []fhir.Key) {
	for i := range scaled(200, 60) {
		key := fhir.Key{Type: "Goal", ID: fmt.Sprintf("still%d", i)}
		keys = append(keys, key)
		commit(d.ctx, t, s, common(key))
	}
	return keys
}

func seedMoving(t *testing.T, d *database, s store.Store) (keys []fhir.Key) {
	var writes []store.Write
	for i := range 12 {
		key := fhir.Key{Type: "Goal", ID: fmt.Sprintf("moving%d", i)}
		keys, writes = append(keys, key), append(writes, common(key))
	}
	commit(d.ctx, t, s, writes...)
	return keys
}

// keepMoving changes some resources, and makes and deletes others.
func keepMoving(ctx context.Context, s store.Store, w int, keys []fhir.Key) {
	for i := 0; ctx.Err() == nil; i++ {
		passing := fhir.Key{Type: "Goal", ID: fmt.Sprintf("passing%d-%d", w, i%5)}
		change := common(passing)
		if i/5%2 == 1 {
			change = remove(passing, store.AnyVersion)
		}
		_, _ = s.Commit(ctx, store.Commit{Writes: []store.Write{common(keys[(i*4+w)%len(keys)]), change}})
	}
}

// pageAmongWriters goes from page to page. Those who write could keep a reader
// going for ever, so once it has passed what was last when it began it ends, or
// lets them halt and reads on.
func pageAmongWriters(ctx context.Context, t *testing.T, s search.Source, q search.Scan, halt func()) map[fhir.Key]int {
	t.Helper()
	last, err := s.Scan(ctx, search.Scan{Type: "Goal", Limit: 1, Descending: true})
	if err != nil || len(last.Hits) != 1 {
		t.Fatalf("%d hits, error %v", len(last.Hits), err)
	}
	seen, halted := map[fhir.Key]int{}, false
	for more := true; more; {
		page, err := s.Scan(ctx, q)
		if err != nil {
			t.Fatal(err)
		}
		for i, hit := range page.Hits {
			seen[hit.Key]++
			if i > 0 && (hit.Place.Compare(page.Hits[i-1].Place) > 0) == q.Descending {
				t.Fatalf("%s: %s is out of order", describe(q), hit.Key)
			}
		}
		if more = page.More; !more {
			break
		}
		q.After = page.Hits[len(page.Hits)-1].Place
		if !q.Descending && q.After.Updated > last.Hits[0].Place.Updated && !halted {
			if more = halt != nil; more {
				halt()
				halted = true
			}
		}
	}
	return seen
}
