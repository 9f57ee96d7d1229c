package storetest

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"caseway/fhir"
	"caseway/fhir/search"
	"caseway/fhir/store"
)

// heads is what a store should know of its current resources, by key.
type heads map[fhir.Key]known

// known is a current version with its index.
type known struct {
	version      store.Version
	index        search.Index
	compartments []string
	place        search.Place
}

// write commits and keeps account.
func (h heads) write(ctx context.Context, t testing.TB, s store.Store, writes ...store.Write) {
	t.Helper()
	for i, v := range commit(ctx, t, s, writes...) {
		if v.Deleted() {
			delete(h, v.Key)
			continue
		}
		h[v.Key] = known{version: v, index: writes[i].Index, compartments: writes[i].Compartments}
	}
}

// locate learns the places of all heads from the store.
func (h heads) locate(ctx context.Context, t testing.TB, s search.Source) {
	t.Helper()
	page, err := s.Scan(ctx, search.Scan{Keys: slices.Collect(maps.Keys(h)), Limit: len(h) + 1, KeysOnly: true})
	if err != nil || len(page.Hits) != len(h) || page.More {
		t.Fatalf("%d of %d heads were found by key, more %v, error %v", len(page.Hits), len(h), page.More, err)
	}
	for _, hit := range page.Hits {
		k := h[hit.Key]
		if k.place = hit.Place; k.place.Updated != k.version.LastUpdated.UnixMilli() {
			t.Errorf("%s has the place %v", show(k.version), k.place)
		}
		h[hit.Key] = k
	}
}

// matching are the heads that a scan asks for, in the order of places.
func (h heads) matching(q search.Scan) []known {
	var all []known
	for _, k := range h {
		if k.drivenBy(q) && k.within(q) {
			all = append(all, k)
		}
	}
	slices.SortFunc(all, func(a, b known) int { return a.place.Compare(b.place) })
	if q.Descending {
		slices.Reverse(all)
	}
	return all
}

func (k known) drivenBy(q search.Scan) bool {
	switch {
	case q.Keys != nil:
		return slices.Contains(q.Keys, k.version.Key)
	case q.Term != "":
		return slices.Contains(k.index.Terms, q.Term)
	case q.Terms != nil:
		return slices.ContainsFunc(q.Terms, func(t search.Term) bool { return slices.Contains(k.index.Terms, t) })
	case q.To != "":
		return slices.ContainsFunc(k.index.Terms, func(t search.Term) bool { return t >= q.From && t < q.To })
	case q.Compartment != fhir.Key{}:
		return slices.Contains(k.compartments, q.Compartment.String())
	}
	return q.Type == "" || q.Type == k.version.Key.Type
}

func (k known) within(q search.Scan) bool {
	low, high := q.After, q.Until
	if q.Descending {
		low, high = high, low
	}
	at := k.version.LastUpdated
	return (low == search.Place{} || k.place.Compare(low) > 0) && (high == search.Place{} || k.place.Compare(high) < 0) &&
		!at.Before(q.Updated.From) && (q.Updated.To.IsZero() || at.Before(q.Updated.To))
}

// wantScan holds a scan against the heads that there are.
func (h heads) wantScan(ctx context.Context, t testing.TB, s search.Source, q search.Scan) {
	t.Helper()
	want := h.matching(q)
	page, err := s.Scan(ctx, q)
	if err != nil {
		t.Fatalf("%s: got the error %v, want none", describe(q), err)
	}
	if page.More != (len(want) > q.Limit) || len(page.Hits) != min(len(want), q.Limit) {
		t.Errorf("%s: %d hits and more %v, want %d of %d\n got %v\nwant %v", describe(q), len(page.Hits), page.More,
			q.Limit, len(want), hitKeys(page.Hits), knownKeys(want))
		return
	}
	inOrder := inPageOrder(q)
	seen := map[fhir.Key]bool{}
	for i, hit := range page.Hits {
		k, ok := h[hit.Key]
		if !ok || seen[hit.Key] || inOrder && want[i].version.Key != hit.Key || !k.drivenBy(q) || !k.within(q) {
			t.Errorf("%s: hit %d is %s\n got %v\nwant %v", describe(q), i, hit.Key, hitKeys(page.Hits), knownKeys(want))
			return
		}
		seen[hit.Key] = true
		k.wantHit(t, hit, q.KeysOnly)
	}
}

func (k known) wantHit(t testing.TB, hit search.Hit, keysOnly bool) {
	t.Helper()
	json := k.version.JSON
	if keysOnly {
		json = nil
	}
	if hit.VersionID != k.version.VersionID || !hit.LastUpdated.Equal(k.version.LastUpdated) || hit.LastUpdated.Location() != k.version.LastUpdated.Location() ||
		hit.Place != k.place || !bytes.Equal(hit.JSON, json) || (hit.JSON == nil) != keysOnly {
		t.Errorf("%s: got version %d of %v at %v, %d bytes", show(k.version), hit.VersionID, hit.LastUpdated, hit.Place, len(hit.JSON))
	}
	if want := k.index.Merge(); !slices.Equal(hit.Terms, want) {
		t.Errorf("%s: terms %q, want %q", hit.Key, hit.Terms, want)
	}
}

// describe shows a scan without a list of keys.
func describe(q search.Scan) string {
	keys := len(q.Keys)
	q.Keys = nil
	return fmt.Sprintf("%d keys, %+v", keys, q)
}

func hitKeys(hits []search.Hit) string {
	var keys []string
	for _, h := range hits {
		keys = append(keys, h.Key.String())
	}
	return strings.Join(keys, " ")
}

func knownKeys(all []known) string {
	var keys []string
	for _, k := range all {
		keys = append(keys, k.version.Key.String())
	}
	return strings.Join(keys, " ")
}
