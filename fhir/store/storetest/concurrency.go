package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"caseway/fhir/search"
	"caseway/fhir/store"
)

var concurrencyCases = []testCase{
	{"concurrency/200 goroutines", twoHundred},
	{"concurrency/a context that has ended", endedContext},
	{"concurrency/contexts that end meanwhile", endingContexts},
	{"concurrency/a commit is seen whole", seenWhole},
	{"check and close", checkAndClose},
}

func twoHundred(t *testing.T, d *database) {
	s := d.store(t)
	rounds := scaled(5, 2)
	for i, err := range together(200, func(i int) error {
		for r := range rounds {
			if err := workload(d.ctx, s, i, r); err != nil {
				return err
			}
		}
		return nil
	}) {
		if err != nil {
			t.Errorf("goroutine %d: %v", i, err)
		}
	}
	page, err := s.History(d.ctx, store.HistoryQuery{Limit: 1, Count: true})
	if want := int64(200 * rounds * 2); err != nil || page.Total != want {
		t.Errorf("history holds %d versions, want %d, error %v", page.Total, want, err)
	}
}

// workload creates, reads, changes and reads again.
func workload(ctx context.Context, s store.Store, i, r int) error {
	key := patient(fmt.Sprintf("g%d-%d", i, r))
	for expect := range int64(2) {
		written, err := s.Commit(ctx, store.Commit{Writes: []store.Write{change(key, expect, r)}})
		if err != nil {
			return err
		}
		got, err := s.Read(ctx, key)
		if err != nil {
			return err
		}
		if !same(got[0], written[0]) {
			return fmt.Errorf("wrote %s, read %s", show(written[0]), show(got[0]))
		}
	}
	page, err := s.History(ctx, store.HistoryQuery{Type: key.Type, ID: key.ID, Limit: 5})
	if err == nil && len(page.Versions) != 2 {
		err = fmt.Errorf("history of %s has %d versions", key, len(page.Versions))
	}
	return err
}

func endedContext(t *testing.T, d *database) {
	s, key := d.store(t), patient("1")
	commit(d.ctx, t, s, create(key, 1))
	ctx, cancel := context.WithCancel(d.ctx)
	cancel()
	_, readErr := s.Read(ctx, key)
	_, vreadErr := s.ReadVersion(ctx, key, 1)
	_, historyErr := s.History(ctx, store.HistoryQuery{Limit: 1})
	_, searchErr := s.Scan(ctx, search.Scan{Type: key.Type, Term: identifier(key, key.ID), Limit: 1})
	_, recordsErr := s.Records(ctx, "job", "", "", 1)
	_, commitErr := s.Commit(ctx, store.Commit{Writes: []store.Write{change(key, 1, 2)}})
	for name, err := range map[string]error{
		"Read": readErr, "ReadVersion": vreadErr, "History": historyErr, "Scan": searchErr,
		"Records": recordsErr, "Commit": commitErr,
	} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: error %v, want context.Canceled", name, err)
		}
	}
	for _, err := range s.Watch(ctx, "") {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("Watch: error %v, want context.Canceled", err)
		}
		break
	}
	if v := read(d.ctx, t, s, key); v.VersionID != 1 {
		t.Errorf("a commit with an ended context wrote %s", show(v))
	}
}

// endingContexts: a commit whose context ends on the way happened whole or
// not at all, whatever it returned, and one without an error happened.
func endingContexts(t *testing.T, d *database) {
	s := d.store(t)
	n := scaled(200, 40)
	errs := together(n, func(i int) error {
		ctx, cancel := context.WithTimeout(d.ctx, time.Duration(i*100)*time.Microsecond)
		defer cancel()
		_, err := s.Commit(ctx, store.Commit{Writes: []store.Write{
			create(patient(fmt.Sprintf("a%d", i)), i), create(patient(fmt.Sprintf("b%d", i)), i),
		}})
		return err
	})
	for i, err := range errs {
		if err != nil && !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("commit %d: %v", i, err)
		}
		a := read(d.ctx, t, s, patient(fmt.Sprintf("a%d", i))).Exists()
		b := read(d.ctx, t, s, patient(fmt.Sprintf("b%d", i))).Exists()
		if a != b || err == nil && !a {
			t.Errorf("commit %d with error %v: first %v, second %v", i, err, a, b)
		}
	}
	commit(d.ctx, t, s, create(patient("after"), 1))
}

// seenWhole: two resources that change together are never read apart.
func seenWhole(t *testing.T, d *database) {
	s, a, b := d.store(t), patient("a"), patient("b")
	commit(d.ctx, t, s, create(a, 0), create(b, 0))
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range int64(scaled(200, 40)) {
			if _, err := s.Commit(d.ctx, store.Commit{Writes: []store.Write{change(a, i+1, int(i)), change(b, i+1, int(i))}}); err != nil {
				t.Errorf("commit %d: %v", i, err)
				return
			}
		}
	}()
	for reading := true; reading; {
		select {
		case <-done:
			reading = false
		default:
		}
		got, err := s.Read(d.ctx, a, b)
		if err != nil {
			t.Fatal(err)
		}
		if got[0].VersionID != got[1].VersionID {
			t.Fatalf("read %s beside %s", show(got[0]), show(got[1]))
		}
	}
	<-done
}

func checkAndClose(t *testing.T, d *database) {
	s, shut := d.closable(t)
	if err := s.Check(d.ctx); err != nil {
		t.Errorf("check of an open store: %v", err)
	}
	shut()
	if err := s.Check(d.ctx); err == nil {
		t.Error("a closed store says that it can answer")
	}
	if _, err := s.Read(d.ctx, patient("1")); err == nil {
		t.Error("a closed store read")
	}
	if _, err := s.Commit(d.ctx, store.Commit{Writes: []store.Write{create(patient("1"), 1)}}); err == nil {
		t.Error("a closed store took a commit")
	}
}
