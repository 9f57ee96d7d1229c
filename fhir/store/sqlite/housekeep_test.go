package sqlite

import (
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"caseway/fhir/store"
)

// Readers that never pause don't let the write-ahead log grow without bounds.
func TestLogIsBoundedUnderSteadyReaders(t *testing.T) {
	const limit = 1 << 20
	s := open(t, filepath.Join(t.TempDir(), "store.db"), Options{walLimit: limit})
	commit(t, s, write("read", 3000))
	var done atomic.Bool
	var wg sync.WaitGroup
	for r := range 4 {
		wg.Go(func() {
			for !done.Load() {
				if err := readSomething(t, s, r); err != nil {
					t.Errorf("reading: got the error %v, want none", err)
					return
				}
			}
		})
	}
	var written, largest int64
	for i := range 300 {
		commit(t, s, write(fmt.Sprintf("w%d", i), 50_000))
		written += 50_000
		largest = max(largest, s.Stats().WALBytes)
	}
	done.Store(true)
	wg.Wait()
	if largest > 3*limit {
		t.Errorf("the log grew to %d bytes, with a limit of %d and %d written", largest, limit, written)
	}
	if largest < limit/2 || written < 10*limit {
		t.Errorf("nothing to bound: log %d, written %d", largest, written)
	}
}

func readSomething(t *testing.T, s *Store, r int) error {
	if r%2 == 0 {
		_, err := s.Read(t.Context(), key("read"))
		return err
	}
	_, err := s.History(t.Context(), store.HistoryQuery{Limit: 5})
	return err
}
