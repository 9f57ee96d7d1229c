package storetest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"caseway/fhir/store"
)

var settledCases = []testCase{
	{"settled/a poller misses nothing", pollerMissesNothing},
	{"settled/reaches what was committed", settledReaches},
	{"settled/begins with an empty store", settledFromEmpty},
}

// pollerMissesNothing: whoever asks again and again for what changed since the
// instant up to which the last answer was settled sees every version, though
// several writers write; where the database can be shared, through two stores.
func pollerMissesNothing(t *testing.T, d *database) {
	stores := []store.Store{d.store(t)}
	if d.shared {
		stores = append(stores, d.store(t))
	}
	first := commit(d.ctx, t, stores[0], create(patient("first"), 1))[0]
	ctx, stop := context.WithCancel(d.ctx)
	defer stop()
	var writers sync.WaitGroup
	var mu sync.Mutex
	written := map[store.HistoryPosition]bool{placeOf(first): true}
	for w := range 4 {
		writers.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				v, err := s0(stores, w).Commit(ctx, store.Commit{Writes: []store.Write{create(patient(fmt.Sprintf("p%d-%d", w, i)), i)}})
				if err == nil {
					mu.Lock()
					written[placeOf(v[0])] = true
					mu.Unlock()
				}
				time.Sleep(time.Duration(w) * 3 * time.Millisecond) // so that some are slow and some are quick
			}
		})
	}
	p := poller{seen: map[store.HistoryPosition]bool{}}
	enough := first.LastUpdated.Add(time.Duration(scaled(1000, 300)) * time.Millisecond)
	for p.since.Before(enough) {
		p.poll(t, d, s0(stores, p.polls))
		time.Sleep(10 * time.Millisecond)
	}
	stop()
	writers.Wait()
	p.poll(t, d, stores[0])
	for place := range written {
		if !p.seen[place] {
			t.Errorf("after %d polls %s/%d of %s was missed", p.polls, place.Key, place.VersionID, fhirTime(place.LastUpdated))
		}
	}
}

func s0(stores []store.Store, i int) store.Store { return stores[i%len(stores)] }

func fhirTime(t time.Time) string { return t.Format("15:04:05.000") }

// poller is a client that polls _since.
type poller struct {
	since time.Time
	seen  map[store.HistoryPosition]bool
	polls int
}

func (p *poller) poll(t *testing.T, d *database, s store.Store) {
	t.Helper()
	versions, page := pages(d.ctx, t, s, store.HistoryQuery{Since: p.since, Limit: 100})
	for _, v := range versions {
		p.seen[placeOf(v)] = true
	}
	if page.Settled.Before(p.since) {
		t.Fatalf("settled fell from %v to %v", p.since, page.Settled)
	}
	p.since = page.Settled
	p.polls++
}

// settledReaches: what is committed is settled sooner or later, and nothing
// that is settled has yet to come.
func settledReaches(t *testing.T, d *database) {
	s := d.store(t)
	for range 3 {
		page, err := s.History(d.ctx, store.HistoryQuery{Limit: 1})
		if err != nil {
			t.Fatal(err)
		}
		v := commit(d.ctx, t, s, change(patient("1"), store.AnyVersion, 1))[0]
		if v.LastUpdated.Before(page.Settled) {
			t.Errorf("%s came after %v was settled", show(v), page.Settled)
		}
		nextInstant()
	}
	v := read(d.ctx, t, s, patient("1"))
	var page store.HistoryPage
	for page.Settled.Before(v.LastUpdated) {
		var err error
		if page, err = s.History(d.ctx, store.HistoryQuery{Limit: 1}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// settledFromEmpty: who polls from before the first commit on has an instant to
// go on from, and misses nothing.
func settledFromEmpty(t *testing.T, d *database) {
	s := d.store(t)
	empty := map[string]store.HistoryQuery{
		"system": {Limit: 1}, "type": {Type: "Patient", Limit: 1}, "instance": {Type: "Patient", ID: "1", Limit: 1},
		"compartments": {Compartments: []string{"Patient/1"}, Limit: 1}, "count": {Limit: 1, Count: true},
	}
	for name, q := range empty {
		page, err := s.History(d.ctx, q)
		if err != nil || page.Settled.Year() < 1970 || len(page.Versions) > 0 {
			t.Errorf("%s: %d versions, settled up to %v, %v; want none, and an instant", name, len(page.Versions), page.Settled, err)
		}
	}
	p := poller{seen: map[store.HistoryPosition]bool{}}
	p.poll(t, d, s)
	v := commit(d.ctx, t, s, create(patient("1"), 1))[0]
	p.poll(t, d, s)
	if !p.seen[placeOf(v)] {
		t.Errorf("the first commit, of %v, was missed by who polls since %v", v.LastUpdated, p.since)
	}
}
