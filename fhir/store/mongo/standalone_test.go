package mongo_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"caseway/fhir"
	"caseway/fhir/store"
	"caseway/fhir/store/mongo/mongotest"
)

// standalone opens a store on a server of its own without a replica set.
func standalone(t *testing.T) (*mongotest.Instance, store.Store) {
	t.Helper()
	in := mongotest.Own(t, mongotest.Options{Standalone: true})
	return in, opened(t, in.URI)
}

func TestStandaloneTakesSingleWrites(t *testing.T) {
	_, s := standalone(t)
	key := patient("1")
	var want []store.Version
	for _, w := range []store.Write{
		put(key, 0, 1), put(key, 1, 2), {Key: key, Method: store.Delete, Expect: store.AnyVersion}, put(key, store.AnyVersion, 3),
	} {
		want = append(want, commit(t, s, w)...)
	}
	for i, w := range want {
		if got, err := s.ReadVersion(t.Context(), key, int64(i+1)); err != nil || string(got.JSON) != string(w.JSON) || got.Deleted() != w.Deleted() {
			t.Errorf("version %d: %+v, %v; want %+v", i+1, got, err, w)
		}
	}
	page, err := s.History(t.Context(), store.HistoryQuery{Type: "Patient", Limit: 10, Count: true})
	if err != nil || len(page.Versions) != 4 || page.Total != 4 {
		t.Errorf("history has %d versions, total %d, error %v", len(page.Versions), page.Total, err)
	}
	for _, expect := range []int64{0, 3, 5} {
		_, err := s.Commit(t.Context(), store.Commit{Writes: []store.Write{put(key, expect, 9)}})
		var c *store.Conflict
		if !errors.As(err, &c) || c.Kind != store.VersionMismatch || c.Current != 4 {
			t.Errorf("expecting version %d: %v", expect, err)
		}
	}
	rec := store.RecordWrite{Kind: "job", Key: "a", Value: []byte("x")}
	if _, err := s.Commit(t.Context(), store.Commit{Records: []store.RecordWrite{rec}}); err != nil {
		t.Error(err)
	}
}

func TestStandaloneRefusesWhatNeedsATransaction(t *testing.T) {
	_, s := standalone(t)
	commit(t, s, put(patient("there"), 0, 1))
	rec := []store.RecordWrite{{Kind: "job", Key: "a"}}
	a, b := put(patient("a"), 0, 1), put(patient("b"), 0, 1)
	for name, c := range map[string]store.Commit{
		"two writes":           {Writes: []store.Write{a, b}},
		"a write and a record": {Writes: []store.Write{a}, Records: rec},
		"two records":          {Records: append(slices.Clone(rec), store.RecordWrite{Kind: "job", Key: "b"})},
		"criteria":             {Writes: []store.Write{a}, Preconditions: []store.Precondition{{Criteria: identified("1")}}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.Commit(t.Context(), c)
			var fe *fhir.Error
			if !errors.As(err, &fe) || fe.Kind != fhir.Invalid || fe.Issues[0].Code != fhir.IssueNotSupported {
				t.Errorf("%s: got %v, want it refused as not supported", name, err)
			}
		})
	}
	got, err := s.Read(t.Context(), patient("a"), patient("b"))
	if err != nil || got[0].Exists() || got[1].Exists() {
		t.Errorf("a refused commit wrote something: %+v, %v", got, err)
	}
	exists := func(id string) store.Commit {
		return store.Commit{Writes: []store.Write{a}, Preconditions: []store.Precondition{{Exists: patient(id)}}}
	}
	var c *store.Conflict
	if _, err := s.Commit(t.Context(), exists("nowhere")); !errors.As(err, &c) || c.Kind != store.TargetMissing {
		t.Errorf("a missing target: %v", err)
	}
	if _, err := s.Commit(t.Context(), exists("there")); err != nil {
		t.Errorf("a target that is there: %v", err)
	}
}

// TestStandaloneLosesNoUpdate: without transactions, too, each version number
// is given once, and each version says when the next one displaced it.
func TestStandaloneLosesNoUpdate(t *testing.T) {
	_, s := standalone(t)
	key := patient("1")
	commit(t, s, put(key, 0, 0))
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range 5 {
				if _, err := s.Commit(t.Context(), store.Commit{Writes: []store.Write{put(key, store.AnyVersion, 1)}}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	page, err := s.History(t.Context(), store.HistoryQuery{Type: key.Type, ID: key.ID, Limit: 1000})
	if err != nil || len(page.Versions) != 81 {
		t.Fatalf("history has %d versions, error %v", len(page.Versions), err)
	}
	for i, v := range page.Versions {
		if v.VersionID != int64(81-i) {
			t.Fatalf("place %d of history has version %d", i, v.VersionID)
		}
		at := store.HistoryQuery{Type: key.Type, ID: key.ID, AtFrom: v.LastUpdated, AtTo: v.LastUpdated.Add(time.Millisecond), Limit: 100}
		then, err := s.History(t.Context(), at)
		if err != nil || !slices.ContainsFunc(then.Versions, func(w store.Version) bool { return w.VersionID == v.VersionID }) {
			if i+1 < len(page.Versions) && i > 0 && page.Versions[i-1].LastUpdated.Equal(v.LastUpdated) {
				continue // current for less than a millisecond
			}
			t.Errorf("version %d wasn't current when it was written, error %v", v.VersionID, err)
		}
	}
}

// TestStandaloneBrokenOffWrite: a process that dies between the two steps of a
// write leaves the head in both collections. History shows it once, and the
// next write goes on from it.
func TestStandaloneBrokenOffWrite(t *testing.T) {
	in := mongotest.Own(t, mongotest.Options{Standalone: true})
	s := opened(t, in.URI)
	key := patient("1")
	commit(t, s, put(key, 0, 1))
	if err := s.DisplaceOnly(t.Context(), key.String()); err != nil {
		t.Fatal(err)
	}
	want := func(n int) {
		t.Helper()
		for _, q := range []store.HistoryQuery{{}, {Type: "Patient"}, {Type: "Patient", ID: "1"}} {
			q.Limit = 10
			page, err := s.History(t.Context(), q)
			if err != nil || len(page.Versions) != n || page.More {
				t.Errorf("history has %d versions, want %d, error %v", len(page.Versions), n, err)
			}
		}
	}
	want(1)
	v := commit(t, s, put(key, 1, 2))[0]
	want(2)
	page, err := s.History(t.Context(), store.HistoryQuery{AtFrom: v.LastUpdated, Limit: 10})
	if err != nil || len(page.Versions) != 1 || page.Versions[0].VersionID != 2 {
		t.Errorf("current since the write: %+v, error %v", page.Versions, err)
	}
}

func TestStandaloneFeed(t *testing.T) {
	_, s := standalone(t)
	commit(t, s, put(patient("before"), 0, 1))
	changes := s.Watch(t.Context(), "")
	go func() {
		for i := range int64(5) {
			_, _ = s.Commit(t.Context(), store.Commit{Writes: []store.Write{put(patient("1"), i, 1)}})
			time.Sleep(200 * time.Millisecond)
		}
	}()
	var got []string
	var middle store.Position
	for c, err := range changes {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprint(c.Version.Key, "/", c.Version.VersionID))
		if len(got) == 3 {
			middle = c.Position
		}
		if len(got) == 5 {
			break
		}
	}
	if fmt.Sprint(got) != "[Patient/1/1 Patient/1/2 Patient/1/3 Patient/1/4 Patient/1/5]" {
		t.Errorf("changes: %v", got)
	}
	after := map[int64]bool{}
	for c, err := range s.Watch(t.Context(), middle) {
		if err != nil {
			t.Fatal(err)
		}
		if c.Version.Key == patient("1") {
			after[c.Version.VersionID] = true
		}
		if after[5] {
			break
		}
	}
	if !after[4] {
		t.Error("a resumed feed left out version 4")
	}
}
