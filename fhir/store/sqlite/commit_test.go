package sqlite

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"

	"caseway/fhir"
	"caseway/fhir/store"
)

// A commit that SQLite can't take, found out only while it is written, is
// undone alone; those that share its group are kept.
func TestMemberThatFailsWhileItIsWritten(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "store.db"), Options{})
	s.writer.conn.Limit(sqlite.LimitLength, 1<<20)
	var wg sync.WaitGroup
	for i := range 60 {
		wg.Go(func() {
			size, first := 100, write(fmt.Sprintf("first%d", i), 100)
			if i%6 == 2 {
				size = 2 << 20
			}
			_, err := s.Commit(t.Context(), store.Commit{Writes: []store.Write{first, write(fmt.Sprintf("second%d", i), size)}})
			var fe *fhir.Error
			if tooLarge := errors.As(err, &fe) && fe.Kind == fhir.TooLarge; tooLarge != (size > 1<<20) || !tooLarge && err != nil {
				t.Errorf("commit of %d bytes: error %v", size, err)
			}
			v, err := s.Read(t.Context(), first.Key)
			if err != nil || v[0].Exists() != (size < 1<<20) {
				t.Errorf("commit of %d bytes: first write stored %v, error %v", size, v[0].Exists(), err)
			}
		})
	}
	wg.Wait()
}

func TestMalformedCommits(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "store.db"), Options{})
	noContent, content, method := write("1", 1), write("1", 1), write("1", 1)
	noContent.Content = nil
	content.Method = store.Delete
	method.Method = "PURGE"
	record := store.RecordWrite{Kind: "k", Key: "1"}
	for name, c := range map[string]store.Commit{
		"update without content": {Writes: []store.Write{noContent}},
		"delete with content":    {Writes: []store.Write{content}},
		"unknown method":         {Writes: []store.Write{method}},
		"one record twice":       {Records: []store.RecordWrite{record, record}},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := s.Commit(t.Context(), c); !errors.Is(err, errMalformed) {
				t.Errorf("%s: error %v", name, err)
			}
		})
	}
	commit(t, s, write("1", 1))
}

func TestTombstoneKeepsCompartments(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	s := open(t, path, Options{})
	w := write("1", 1)
	w.Compartments = []string{"Patient/1", "Patient/2"}
	commit(t, s, w)
	commit(t, s, store.Write{Key: w.Key, Method: store.Delete, Expect: 1})
	closeStore(t, s)
	c, err := openConn(path, "")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	kept, err := number(c, "SELECT count(*) FROM version WHERE method = 4 AND compartments = 'Patient/1 Patient/2'")
	if kept != 1 || err != nil {
		t.Errorf("%d tombstones keep the compartments, error %v", kept, err)
	}
	terms, err := number(c, "SELECT (SELECT count(*) FROM posting) + (SELECT count(*) FROM head)")
	if terms != 0 || err != nil {
		t.Errorf("a tombstone has %d terms or heads, error %v", terms, err)
	}
}

func TestObserve(t *testing.T) {
	var mu sync.Mutex
	seen := map[string]int{}
	s := open(t, filepath.Join(t.TempDir(), "store.db"), Options{Observe: func(op string, _ time.Duration, err error) {
		mu.Lock()
		defer mu.Unlock()
		seen[op]++
		if (err != nil) != (op == "commit" && seen[op] == 2) {
			t.Errorf("%s: error %v", op, err)
		}
	}})
	commit(t, s, write("1", 1))
	_, _ = s.Commit(t.Context(), store.Commit{Writes: []store.Write{{Key: key("1"), Method: store.Delete, Expect: 7}}})
	_, _ = s.Read(t.Context(), key("1"))
	_, _ = s.ReadVersion(t.Context(), key("1"), 1)
	_, _ = s.History(t.Context(), store.HistoryQuery{Limit: 1})
	_, _ = s.Records(t.Context(), "k", "", "", 1)
	stats := s.Stats()
	closeStore(t, s)
	if got := slices.Sorted(maps.Keys(seen)); !slices.Equal(got, []string{"commit", "group", "history", "read", "records", "vread"}) {
		t.Errorf("observed %v", got)
	}
	if stats.Readers < 4 || stats.ReadersBusy != 0 || stats.Waiting != 0 || stats.WALBytes == 0 {
		t.Errorf("stats of an idle store: %+v", stats)
	}
}
