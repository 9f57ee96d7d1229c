package storetest

import (
	"fmt"
	"strconv"
	"testing"

	"caseway/fhir"
	"caseway/fhir/search"
	"caseway/fhir/store"
)

var conflictCases = []testCase{
	{"conflict/all or nothing", allOrNothing},
	{"conflict/expected version", expectedVersion},
	{"conflict/target", target},
	{"conflict/a failing member doesn't take others along", failingMember},
	{"conflict/one winner for a version", oneWinner},
	{"conflict/no update lost", noUpdateLost},
	{"conflict/tombstones race too", tombstoneRace},
}

// failures are commits that fail in the middle, one for each kind of conflict.
// Patient/old exists in version 1, Patient/gone is deleted.
func failures() map[store.ConflictKind]store.Commit {
	fresh := func(names ...string) (writes []store.Write) {
		for i, n := range names {
			writes = append(writes, create(patient(n), i))
		}
		return writes
	}
	old := patient("old")
	return map[store.ConflictKind]store.Commit{
		store.VersionMismatch: {Writes: append(fresh("a"), change(old, 2, 9), create(patient("b"), 1))},
		store.TargetMissing: {
			Writes:        append(fresh("a", "b"), change(old, 1, 9)),
			Preconditions: []store.Precondition{{Exists: old}, {Exists: patient("gone")}, {Exists: old}},
		},
		store.CriteriaChanged: {
			Writes: append(fresh("a", "b"), change(old, 1, 9)),
			Preconditions: []store.Precondition{
				{Exists: old}, {Criteria: hasIdentifier(old), Matches: ""},
			},
		},
		store.RecordMismatch: {
			Writes: append(fresh("a", "b"), change(old, 1, 9)),
			Records: []store.RecordWrite{
				{Kind: "job", Key: "new", Value: []byte("x")}, {Kind: "job", Key: "old", Expect: 7}, {Kind: "job", Key: "other"},
			},
		},
	}
}

// hasIdentifier asks for resources with the identifier that body gives to key.
func hasIdentifier(key fhir.Key) *search.Query {
	return &search.Query{
		Type: key.Type, Limit: 2,
		All: []search.Clause{{Any: []search.Term{identifier(key, key.ID)}}},
	}
}

func allOrNothing(t *testing.T, d *database) {
	s := d.store(t)
	commit(d.ctx, t, s, create(patient("old"), 1), create(patient("gone"), 1))
	commit(d.ctx, t, s, remove(patient("gone"), 1))
	seed := store.Commit{Records: []store.RecordWrite{{Kind: "job", Key: "old", Value: []byte("1")}}}
	if _, err := s.Commit(d.ctx, seed); err != nil {
		t.Fatal(err)
	}
	before := allHistory(d.ctx, t, s, store.HistoryQuery{Limit: 100})
	for kind, c := range failures() {
		_, err := s.Commit(d.ctx, c)
		wantConflict(t, err, kind, 1)
		wantSameAll(t, allHistory(d.ctx, t, s, store.HistoryQuery{Limit: 100}), before)
		versions, err := s.Read(d.ctx, patient("a"), patient("b"))
		if err != nil || versions[0].Exists() || versions[1].Exists() {
			t.Errorf("%v left %v behind, error %v", kind, showAll(versions), err)
		}
		wantRecords(d.ctx, t, s, "job", store.Record{Kind: "job", Key: "old", Value: []byte("1"), Version: 1})
	}
	commit(d.ctx, t, s, create(patient("a"), 1), change(patient("old"), 1, 2), create(patient("b"), 1))
}

func expectedVersion(t *testing.T, d *database) {
	s, key := d.store(t), patient("1")
	refuse := func(w store.Write, current int64) {
		t.Helper()
		_, err := s.Commit(d.ctx, store.Commit{Writes: []store.Write{w}})
		wantConflict(t, err, store.VersionMismatch, 0)
		if c, ok := err.(*store.Conflict); ok && (c.Key != key || c.Current != current && c.Current != -1) {
			t.Errorf("conflict names %s at %d, want %s at %d", c.Key, c.Current, key, current)
		}
	}
	refuse(change(key, 1, 1), 0)
	refuse(remove(key, 1), 0)
	commit(d.ctx, t, s, create(key, 1))
	refuse(create(key, 1), 1)
	refuse(change(key, 2, 1), 1)
	commit(d.ctx, t, s, remove(key, 1))
	refuse(create(key, 1), 2)
	refuse(change(key, 1, 1), 2)
	refuse(remove(key, 1), 2)
	commit(d.ctx, t, s, change(key, 2, 1))
}

func target(t *testing.T, d *database) {
	s := d.store(t)
	commit(d.ctx, t, s, create(patient("there"), 1), create(patient("gone"), 1))
	commit(d.ctx, t, s, remove(patient("gone"), 1))
	needs := func(id string) store.Precondition { return store.Precondition{Exists: patient(id)} }
	n := 0
	try := func(p ...store.Precondition) error {
		n++
		_, err := s.Commit(d.ctx, store.Commit{
			Writes: []store.Write{create(patient("w"+strconv.Itoa(n)), 1)}, Preconditions: p,
		})
		return err
	}
	if err := try(needs("there"), needs("there")); err != nil {
		t.Errorf("a resource that is there: got the error %v, want none", err)
	}
	wantConflict(t, try(needs("gone")), store.TargetMissing, 0)
	wantConflict(t, try(needs("there"), needs("never")), store.TargetMissing, 1)
	commit(d.ctx, t, s, change(patient("gone"), 2, 1))
	if err := try(needs("gone")); err != nil {
		t.Errorf("a resource that is there again: got the error %v, want none", err)
	}
}

func failingMember(t *testing.T, d *database) {
	s := d.store(t)
	commit(d.ctx, t, s, create(patient("old"), 1))
	n := scaled(200, 50)
	fails := func(i int) bool { return i%5 == 3 }
	errs := together(n, func(i int) error {
		c := store.Commit{Writes: []store.Write{
			create(patient(fmt.Sprintf("a%d", i)), i), create(patient(fmt.Sprintf("b%d", i)), i),
		}}
		if fails(i) {
			c.Writes = append(c.Writes, change(patient("old"), 5, i))
		}
		_, err := s.Commit(d.ctx, c)
		return err
	})
	for i, err := range errs {
		if fails(i) {
			wantConflict(t, err, store.VersionMismatch, 2)
		} else if err != nil {
			t.Errorf("commit %d: %v", i, err)
		}
		for _, name := range []string{"a", "b"} {
			if v := read(d.ctx, t, s, patient(name+strconv.Itoa(i))); v.Exists() == fails(i) {
				t.Errorf("commit %d: fails %v, stored %v", i, fails(i), v.Exists())
			}
		}
	}
}

func oneWinner(t *testing.T, d *database) {
	s, key := d.store(t), patient("1")
	for round := range int64(scaled(10, 3)) {
		var winners int
		for _, err := range together(64, func(i int) error {
			_, err := s.Commit(d.ctx, store.Commit{Writes: []store.Write{change(key, round, i)}})
			return err
		}) {
			if err == nil {
				winners++
			} else {
				wantConflict(t, err, store.VersionMismatch, 0)
			}
		}
		if winners != 1 {
			t.Fatalf("%d commits won version %d", winners, round+1)
		}
	}
}

func noUpdateLost(t *testing.T, d *database) {
	s, key := d.store(t), patient("counter")
	commit(d.ctx, t, s, create(key, 0))
	each := scaled(4, 1)
	for i, err := range together(64, func(int) error {
		for range each {
			if err := increment(t, d, s, key); err != nil {
				return err
			}
		}
		return nil
	}) {
		if err != nil {
			t.Errorf("goroutine %d: %v", i, err)
		}
	}
	last := read(d.ctx, t, s, key)
	if n := numberIn(t, last); n != 64*each || last.VersionID != int64(n)+1 {
		t.Errorf("%d increments gave %d in version %d", 64*each, n, last.VersionID)
	}
	history := allHistory(d.ctx, t, s, store.HistoryQuery{Type: key.Type, ID: key.ID, Limit: 1000})
	for i, v := range history {
		if v.VersionID != last.VersionID-int64(i) || numberIn(t, v) != int(v.VersionID)-1 {
			t.Fatalf("place %d of history: %s with number %d", i, show(v), numberIn(t, v))
		}
	}
}

// increment adds one to the number in a resource, as a client with If-Match does.
func increment(t *testing.T, d *database, s store.Store, key fhir.Key) error {
	for {
		versions, err := s.Read(d.ctx, key)
		if err != nil {
			return err
		}
		v := versions[0]
		_, err = s.Commit(d.ctx, store.Commit{Writes: []store.Write{change(key, v.VersionID, numberIn(t, v)+1)}})
		if !isConflict(err, store.VersionMismatch) {
			return err
		}
	}
}

func tombstoneRace(t *testing.T, d *database) {
	s, key := d.store(t), patient("1")
	commit(d.ctx, t, s, create(key, 1))
	var winners int
	for _, err := range together(16, func(i int) error {
		w := remove(key, 1)
		if i%2 == 0 {
			w = change(key, 1, i)
		}
		_, err := s.Commit(d.ctx, store.Commit{Writes: []store.Write{w}})
		return err
	}) {
		if err == nil {
			winners++
		} else {
			wantConflict(t, err, store.VersionMismatch, 0)
		}
	}
	if v := read(d.ctx, t, s, key); winners != 1 || v.VersionID != 2 {
		t.Errorf("%d winners, now %s", winners, show(v))
	}
}
