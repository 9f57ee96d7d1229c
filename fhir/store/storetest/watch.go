package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"caseway/fhir"
	"caseway/fhir/store"
)

var watchCases = []testCase{
	{"watch/each version, each resource in order", watchAll},
	{"watch/starts with what comes after the call", watchFromNow},
	{"watch/resumes by position after reopening", watchResumes},
	{"watch/several at once", watchersAtOnce},
}

// collect reads changes behind a position until done says so.
func collect(ctx context.Context, s store.Store, after store.Position, done func(store.Change) bool) ([]store.Change, error) {
	return drain(s.Watch(ctx, after), done)
}

func drain(changes func(func(store.Change, error) bool), done func(store.Change) bool) (all []store.Change, err error) {
	for c, err := range changes {
		if err != nil {
			return all, err
		}
		all = append(all, c)
		if done(c) {
			break
		}
	}
	return all, nil
}

// isKey says when a change of this key has come.
func isKey(key fhir.Key) func(store.Change) bool {
	return func(c store.Change) bool { return c.Version.Key == key }
}

// inOrder removes what came again, and fails where a resource's versions
// first came in another order than their own.
func inOrder(t *testing.T, changes []store.Change, from map[fhir.Key]int64) map[fhir.Key][]store.Version {
	t.Helper()
	byKey := map[fhir.Key][]store.Version{}
	for _, c := range changes {
		v := c.Version
		next := from[v.Key] + int64(len(byKey[v.Key])) + 1
		if v.VersionID > next {
			t.Errorf("%s came before version %d", show(v), next)
		}
		if v.VersionID == next {
			byKey[v.Key] = append(byKey[v.Key], v)
		}
	}
	return byKey
}

func watchAll(t *testing.T, d *database) {
	s, last := d.store(t), patient("last")
	changes := s.Watch(d.ctx, "")
	rounds := scaled(50, 10)
	var mu sync.Mutex
	written := map[fhir.Key][]store.Version{}
	var writers sync.WaitGroup
	defer writers.Wait() // a change may come before its commit gives back
	writers.Go(func() {
		for _, err := range together(8, func(w int) error {
			for i := range rounds {
				v, err := s.Commit(d.ctx, changesOf(w, int64(i)))
				if err != nil {
					return err
				}
				mu.Lock()
				for _, v := range v {
					written[v.Key] = append(written[v.Key], v)
				}
				mu.Unlock()
			}
			return nil
		}) {
			if err != nil {
				t.Errorf("committing: got the error %v, want none", err)
			}
		}
		if _, err := s.Commit(d.ctx, store.Commit{Writes: []store.Write{create(last, 1)}}); err != nil {
			t.Errorf("committing the last: got the error %v, want none", err)
		}
	})
	got, err := drain(changes, isKey(last))
	if err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	byKey := inOrder(t, got, nil)
	for key, want := range written {
		wantSameAll(t, byKey[key], want)
	}
}

// changesOf is the i-th commit of a writer: one resource changes every time,
// being deleted now and then, and one is new.
func changesOf(w int, i int64) store.Commit {
	key := patient(fmt.Sprintf("w%d", w))
	first := change(key, i, int(i))
	if i%5 == 4 {
		first = remove(key, i)
	}
	return store.Commit{Writes: []store.Write{first, create(patient(fmt.Sprintf("w%d-%d", w, i)), int(i))}}
}

func watchFromNow(t *testing.T, d *database) {
	s := d.store(t)
	commit(d.ctx, t, s, create(patient("before"), 1))
	changes := s.Watch(d.ctx, "")
	want := commit(d.ctx, t, s, create(patient("after"), 1))
	got, err := drain(changes, isKey(patient("after")))
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 {
		t.Fatalf("%d changes, want 1", len(got))
	}
	wantSame(t, got[0].Version, want[0])
}

func watchResumes(t *testing.T, d *database) {
	s, shut := d.closable(t)
	changes := s.Watch(d.ctx, "")
	var all []store.Version
	for i := range int64(20) {
		all = append(all, commit(d.ctx, t, s, change(patient("1"), i, int(i)))...)
	}
	n := 0
	got, err := drain(changes, func(store.Change) bool { n++; return n == 8 })
	if err != nil {
		t.Fatal(err)
	}
	shut()

	s = d.store(t)
	all = append(all, commit(d.ctx, t, s, change(patient("1"), 20, 1), create(patient("last"), 1))...)
	seen := inOrder(t, got, nil)[patient("1")]
	rest, err := collect(d.ctx, s, got[len(got)-1].Position, isKey(patient("last")))
	if err != nil {
		t.Fatal(err)
	}
	after := inOrder(t, rest, map[fhir.Key]int64{patient("1"): int64(len(seen))})
	wantSameAll(t, slices.Concat(seen, after[patient("1")], after[patient("last")]), all)
}

func watchersAtOnce(t *testing.T, d *database) {
	s, last := d.store(t), patient("last")
	start := s.Watch(d.ctx, "")
	commit(d.ctx, t, s, create(patient("first"), 1))
	got, err := drain(start, isKey(patient("first")))
	if err != nil {
		t.Fatal(err)
	}
	position := got[len(got)-1].Position
	go func() {
		for i := range int64(30) {
			_, _ = s.Commit(d.ctx, store.Commit{Writes: []store.Write{change(patient("1"), i, 1)}})
		}
		_, _ = s.Commit(d.ctx, store.Commit{Writes: []store.Write{create(last, 1)}})
	}()
	counts := make([]int, 10)
	for i, err := range together(len(counts), func(i int) error {
		changes, err := collect(d.ctx, s, position, isKey(last))
		counts[i] = len(inOrder(t, changes, nil)[patient("1")])
		return err
	}) {
		if err != nil || counts[i] != 30 {
			t.Errorf("watcher %d saw %d of 30 versions, error %v", i, counts[i], err)
		}
	}
	ctx, cancel := context.WithCancel(d.ctx)
	if _, err := collect(ctx, s, position, func(store.Change) bool { cancel(); return false }); !errors.Is(err, context.Canceled) {
		t.Errorf("a watch whose context ended: error %v", err)
	}
}
