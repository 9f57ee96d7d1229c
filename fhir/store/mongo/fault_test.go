package mongo_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"caseway/fhir"
	"caseway/fhir/search"
	"caseway/fhir/store"
	"caseway/fhir/store/mongo"
	"caseway/fhir/store/mongo/mongotest"
)

// journal is what writers were told: versions that must be there for ever.
type journal struct {
	mu    sync.Mutex
	acked []store.Version
}

func (j *journal) note(versions []store.Version) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.acked = append(j.acked, versions...)
}

func (j *journal) count() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.acked)
}

// write creates resources and changes them, two in a commit now and then,
// until ctx ends. A commit that fails may or may not have happened, so the
// writer goes on with other resources.
func (j *journal) write(ctx context.Context, s store.Store, name string) {
	for i := 0; ctx.Err() == nil; i++ {
		a, b := patient(fmt.Sprintf("%s-%d-a", name, i)), patient(fmt.Sprintf("%s-%d-b", name, i))
		for _, c := range []store.Commit{
			{Writes: []store.Write{put(a, 0, i)}},
			{Writes: []store.Write{put(a, 1, i), put(b, 0, i)}},
			{Writes: []store.Write{put(a, store.AnyVersion, i)}},
		} {
			versions, err := s.Commit(ctx, c)
			if err != nil {
				time.Sleep(time.Millisecond)
				break
			}
			j.note(versions)
		}
	}
}

// check reads everything back: each acknowledged version with its bytes, and
// for each resource a history without gaps.
func (j *journal) check(t *testing.T, s store.Store) {
	t.Helper()
	keys := map[fhir.Key]bool{}
	for _, want := range j.acked {
		got, err := s.ReadVersion(t.Context(), want.Key, want.VersionID)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.JSON, want.JSON) || !got.LastUpdated.Equal(want.LastUpdated) {
			t.Errorf("acknowledged: %s version %d; stored: version %d, %d bytes", want.Key, want.VersionID, got.VersionID, len(got.JSON))
		}
		keys[want.Key] = true
	}
	for key := range keys {
		page, err := s.History(t.Context(), store.HistoryQuery{Type: key.Type, ID: key.ID, Limit: 10})
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range page.Versions {
			if v.VersionID != int64(len(page.Versions)-i) {
				t.Errorf("%s: place %d of %d in history has version %d", key, i, len(page.Versions), v.VersionID)
			}
		}
	}
}

// writers starts some and returns what stops them.
func (j *journal) writers(ctx context.Context, n int, name string, stores ...store.Store) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { j.write(ctx, stores[i%len(stores)], fmt.Sprintf("%s-%d", name, i)) })
	}
	return func() { cancel(); wg.Wait() }
}

func (j *journal) waitFor(t *testing.T, n int) {
	t.Helper()
	eventually(t, func() error {
		if j.count() < n {
			return fmt.Errorf("only %d writes acknowledged", j.count())
		}
		return nil
	})
}

// TestKilledDatabaseLosesNothing kills the database while writers write. The
// store finds it again by itself.
func TestKilledDatabaseLosesNothing(t *testing.T) {
	in := mongotest.Own(t, mongotest.Options{})
	s := opened(t, in.URI)
	var j journal
	rounds := 4
	if testing.Short() {
		rounds = 2
	}
	for round := range rounds {
		stop := j.writers(t.Context(), 8, fmt.Sprint(round), s)
		j.waitFor(t, j.count()+20)
		time.Sleep(rand.N(200 * time.Millisecond))
		in.Kill(t)
		stop()
		in.Start(t)
		eventually(t, func() error { return s.Check(t.Context()) })
		j.check(t, s)
	}
	stop := j.writers(t.Context(), 8, "after", s)
	j.waitFor(t, j.count()+20)
	stop()
	j.check(t, s)
	t.Logf("%d versions acknowledged", j.count())
}

// TestAwayAndBack: every operation says that the store is away, soon, and
// works again when it is back.
func TestAwayAndBack(t *testing.T) {
	in := mongotest.Own(t, mongotest.Options{})
	s := opened(t, in.URI+"?serverSelectionTimeoutMS=500")
	commit(t, s, put(patient("1"), 0, 1))
	in.Stop(t)
	for name, op := range eachOperation(s) {
		err := op(t.Context())
		var fe *fhir.Error
		if !errors.As(err, &fe) || fe.Kind != fhir.Transient || fe.RetryAfter <= 0 {
			t.Errorf("%s while the server is away: %v", name, err)
		}
	}
	in.Start(t)
	eventually(t, func() error { return s.Check(t.Context()) })
	for name, op := range eachOperation(s) {
		if err := op(t.Context()); err != nil {
			t.Errorf("%s after the server is back: %v", name, err)
		}
	}
}

// eachOperation is one call of each.
func eachOperation(s store.Store) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"check":        s.Check,
		"read":         func(ctx context.Context) error { _, err := s.Read(ctx, patient("1")); return err },
		"read several": func(ctx context.Context) error { _, err := s.Read(ctx, patient("1"), patient("2")); return err },
		"read version": func(ctx context.Context) error { _, err := s.ReadVersion(ctx, patient("1"), 1); return err },
		"history":      func(ctx context.Context) error { return historyOf(store.HistoryQuery{})(ctx, s) },
		"search": func(ctx context.Context) error {
			_, err := s.Scan(ctx, search.Scan{Type: "Patient", Term: "Patient.identifier=1", Limit: 1})
			return err
		},
		"records": func(ctx context.Context) error { _, err := s.Records(ctx, "job", "", "", 1); return err },
		"create": func(ctx context.Context) error {
			_, err := s.Commit(ctx, store.Commit{Writes: []store.Write{put(patient("c"), 0, 1)}})
			return err
		},
		"update": func(ctx context.Context) error {
			_, err := s.Commit(ctx, store.Commit{Writes: []store.Write{put(patient("1"), store.AnyVersion, 1)}})
			return err
		},
		"record": func(ctx context.Context) error {
			_, err := s.Commit(ctx, store.Commit{Records: []store.RecordWrite{{Kind: "job", Key: "1", Expect: store.AnyVersion}}})
			return err
		},
	}
}

// TestWatchOutlivesARestart: the change feed goes on where it was.
func TestWatchOutlivesARestart(t *testing.T) {
	in := mongotest.Own(t, mongotest.Options{})
	s := opened(t, in.URI)
	next, stop := iter.Pull2(s.Watch(t.Context(), ""))
	defer stop()
	for i := range int64(3) {
		commit(t, s, put(patient("1"), i, 1))
		var seen int64
		for seen < i+1 {
			c, err, _ := next()
			if err != nil || c.Version.VersionID > i+1 {
				t.Fatalf("change %+v, error %v", c, err)
			}
			seen = c.Version.VersionID
		}
		in.Restart(t)
		eventually(t, func() error { return s.Check(t.Context()) })
	}
}

// TestLostTokenIsMadeGood: a position whose token the server no longer knows
// begins with history from before it.
func TestLostTokenIsMadeGood(t *testing.T) {
	in := mongotest.Server(t)
	s := opened(t, in.URI)
	var want []store.Version
	for i := range int64(5) {
		want = append(want, commit(t, s, put(patient("1"), i, int(i)))...)
	}
	lost := mongo.PositionAt(time.Now(), time.Now(), mongo.TooOldToken("82000000010000"))
	go func() {
		time.Sleep(300 * time.Millisecond)
		_, _ = s.Commit(context.Background(), store.Commit{Writes: []store.Write{put(patient("1"), 5, 5)}})
	}()
	var got []int64
	for c, err := range s.Watch(t.Context(), lost) {
		if err != nil {
			t.Fatal(err)
		}
		if i := len(got); i < len(want) && !bytes.Equal(c.Version.JSON, want[i].JSON) {
			t.Errorf("change %d isn't what was written", i)
		}
		if got = append(got, c.Version.VersionID); c.Version.VersionID == 6 {
			break
		}
	}
	if fmt.Sprint(got) != "[1 2 3 4 5 6]" {
		t.Errorf("versions %v, want 1 to 6, each once", got)
	}
}

func TestBrokenPositions(t *testing.T) {
	s := opened(t, mongotest.Server(t).URI)
	for _, p := range []store.Position{"x", ":", "x:y"} {
		for _, err := range s.Watch(t.Context(), p) {
			if err == nil {
				t.Errorf("position %q: a change came", p)
			}
			break
		}
	}
}
