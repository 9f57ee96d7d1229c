package sqlite

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"caseway/fhir"
	"caseway/fhir/store"
)

// wantFull fails unless err says to a client that the disk is full.
func wantFull(t *testing.T, err error) {
	t.Helper()
	var fe *fhir.Error
	if !errors.As(err, &fe) || fe.Kind != fhir.Transient || !strings.Contains(fe.Issues[0].Text, "disk is full") {
		t.Errorf("error %v doesn't say that the disk is full", err)
	}
}

// fill writes from several goroutines until the disk is full for each of
// them, and gives what was acknowledged.
func fill(t *testing.T, s *Store) (acknowledged []store.Version) {
	t.Helper()
	var mu sync.Mutex
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 10_000 {
				v, err := s.Commit(t.Context(), store.Commit{Writes: []store.Write{
					write(fmt.Sprintf("a%d-%d", w, i), 20_000), write(fmt.Sprintf("b%d-%d", w, i), 20_000),
				}})
				if err != nil {
					mu.Lock()
					defer mu.Unlock()
					wantFull(t, err)
					return
				}
				mu.Lock()
				acknowledged = append(acknowledged, v...)
				mu.Unlock()
			}
			t.Error("the disk never filled")
		})
	}
	wg.Wait()
	return acknowledged
}

// wantOnly fails unless the store holds what was acknowledged and nothing else.
func wantOnly(t *testing.T, s *Store, acknowledged []store.Version) {
	t.Helper()
	wantStored(t, s, acknowledged)
	page, err := s.History(t.Context(), store.HistoryQuery{Limit: 1, Count: true})
	if err != nil || page.Total != int64(len(acknowledged)) {
		t.Fatalf("%d versions are stored, %d were acknowledged, error %v", page.Total, len(acknowledged), err)
	}
}

func TestFullDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	s := open(t, path, Options{maxPages: 1000})
	acknowledged := fill(t, s)
	wantOnly(t, s, acknowledged)
	closeStore(t, s)

	s = open(t, path, Options{})
	wantOnly(t, s, acknowledged)
	wantOnly(t, s, append(acknowledged, commit(t, s, write("after", 20_000))...))
}
