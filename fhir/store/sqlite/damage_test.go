package sqlite

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"caseway/fhir/search"
	"caseway/fhir/store"
)

// A damaged page shows in the check and the log as soon as somebody has met it.
func TestDamageIsSaid(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	s := open(t, path, Options{})
	for i := range 40 {
		commit(t, s, write(strconv.Itoa(i), 40_000))
	}
	closeStore(t, s)
	ruin(t, path)

	opt, text := logged()
	s = open(t, path, opt)
	if err := s.Check(t.Context()); err != nil {
		t.Errorf("before anybody met the damage: %v", err)
	}
	_, err := s.History(t.Context(), store.HistoryQuery{Limit: 1000})
	if err == nil {
		_, err = s.Scan(t.Context(), search.Scan{Type: "Patient", Limit: 10})
	}
	if err == nil {
		t.Fatal("the damage wasn't met")
	}
	wantError(t, s.Check(t.Context()), "the store's file is damaged", "backup")
	if n := strings.Count(text.String(), "the store's file is damaged"); n != 1 {
		t.Errorf("the damage is said %d times, want once: %q", n, text)
	}
}

// ruin overwrites a page in the middle of a file, which long bodies fill.
func ruin(t *testing.T, path string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	page := fileSize(path) / pageSize / 2
	if _, err := f.WriteAt(bytes.Repeat([]byte{0xa5}, pageSize), page*pageSize); err != nil {
		t.Fatal(err)
	}
}
