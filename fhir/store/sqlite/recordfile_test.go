package sqlite

import (
	"context"
	"errors"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"caseway/fhir/store"
)

// keeper is what both kinds of opening a file can do with records.
type keeper interface {
	Records(ctx context.Context, kind, prefix, after string, limit int) ([]store.Record, error)
	Commit(ctx context.Context, c store.Commit) ([]store.Version, error)
}

// count adds one to a record, and reports whether nobody else was faster.
func count(t *testing.T, k keeper) bool {
	t.Helper()
	found, err := k.Records(t.Context(), "count", "", "", 1)
	if err != nil {
		t.Errorf("reading the count: got the error %v, want none", err)
		return true
	}
	w := store.RecordWrite{Kind: "count", Key: "n", Value: []byte("1")}
	if len(found) > 0 {
		n, _ := strconv.Atoi(string(found[0].Value))
		w.Value, w.Expect = []byte(strconv.Itoa(n+1)), found[0].Version
	}
	_, err = k.Commit(t.Context(), store.Commit{Records: []store.RecordWrite{w}})
	var conflict *store.Conflict
	if errors.As(err, &conflict) {
		return false
	}
	if err != nil {
		t.Errorf("counting: got the error %v, want none or a conflict", err)
	}
	return true
}

func TestRecordsAreWrittenBesideAnOpenStore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	if _, err := OpenRecords(path); err == nil {
		t.Fatal("opened what isn't there")
	}
	s, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if _, err := Open(t.Context(), path, Options{}); !errors.Is(err, ErrInUse) {
		t.Fatalf("a second store: %v", err)
	}
	f, err := OpenRecords(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()

	// Both count one record up at once: no count is lost.
	const each = 50
	var wg sync.WaitGroup
	for _, keeper := range []keeper{s, f} {
		wg.Go(func() {
			for done := 0; done < each; {
				if count(t, keeper) {
					done++
				}
			}
		})
	}
	wg.Wait()
	found, err := s.Records(t.Context(), "count", "", "", 1)
	if err != nil || len(found) != 1 || string(found[0].Value) != strconv.Itoa(2*each) || found[0].Version != 2*each {
		t.Errorf("counted %+v, %v", found, err)
	}
	if _, err := f.Commit(t.Context(), store.Commit{Writes: make([]store.Write, 1)}); err == nil {
		t.Error("a resource was taken")
	}
}
