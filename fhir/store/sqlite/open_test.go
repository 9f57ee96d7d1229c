package sqlite

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"

	"caseway/fhir/store"
)

// wantError fails unless err's text holds all the words.
func wantError(t *testing.T, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error %q doesn't say %q", err, w)
		}
	}
}

func TestSecondOpenIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	first := open(t, path, Options{})
	_, err := Open(t.Context(), path, Options{})
	wantError(t, err, path, "in use by another process")
	v := commit(t, first, write("1", 10))
	closeStore(t, first)
	closeStore(t, first)
	second := open(t, path, Options{})
	wantStored(t, second, v)
}

func TestUnwritableDirectory(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{
		filepath.Join(file, "store.db"),
		filepath.Join(t.TempDir(), "missing", "store.db"),
		"/proc/self/store.db",
	} {
		t.Run(path, func(t *testing.T) {
			_, err := Open(t.Context(), path, Options{})
			wantError(t, err, path, "directory can't be written to")
		})
	}
}

func TestStoreIsPrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	s := open(t, path, Options{})
	commit(t, s, write("1", 10))
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		t.Run(name, func(t *testing.T) {
			info, err := os.Stat(name)
			if err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%s: mode %v, error %v", filepath.Base(name), info.Mode(), err)
			}
		})
	}
}

// prepared makes an SQLite file with statements.
func prepared(t *testing.T, statements string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "store.db")
	c, err := sqlite.OpenConn(path, sqlite.OpenReadWrite|sqlite.OpenCreate)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(execEach(c, statements), c.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestForeignFilesAreRefused(t *testing.T) {
	newer := filepath.Join(t.TempDir(), "newer.db")
	closeStore(t, open(t, newer, Options{}))
	c, err := openConn(newer, "PRAGMA user_version = 99;")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = Open(t.Context(), newer, Options{})
	wantError(t, err, newer, "schema 99", "newer program")

	other := prepared(t, "CREATE TABLE song (title TEXT);")
	_, err = Open(t.Context(), other, Options{})
	wantError(t, err, other, "isn't a Caseway store")

	text := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(text, []byte(strings.Repeat("not a database\n", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = Open(t.Context(), text, Options{})
	wantError(t, err, text)
}

func TestClockGoesBackwards(t *testing.T) {
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	var ahead atomic.Int64
	opt := Options{Clock: func() time.Time { return start.Add(time.Duration(ahead.Load())) }}
	path := filepath.Join(t.TempDir(), "store.db")
	s := open(t, path, opt)
	stamp := func(want time.Time) {
		t.Helper()
		if v := commit(t, s, write("1", 10))[0]; !v.LastUpdated.Equal(want) {
			t.Errorf("version %d: lastUpdated %v, want %v", v.VersionID, v.LastUpdated, want)
		}
	}
	stamp(start)
	ahead.Store(int64(-time.Hour))
	stamp(start)
	closeStore(t, s)

	s = open(t, path, opt)
	stamp(start)
	ahead.Store(int64(time.Second + 999*time.Microsecond))
	stamp(start.Add(time.Second))
	page, err := s.History(t.Context(), store.HistoryQuery{Limit: 10})
	if err != nil || len(page.Versions) != 4 || page.Versions[0].VersionID != 4 || page.Versions[3].VersionID != 1 {
		t.Errorf("history %v, error %v", page.Versions, err)
	}
	if !page.Settled.Equal(start.Add(time.Second)) {
		t.Errorf("settled up to %v, which isn't the newest stamp", page.Settled)
	}
}

func TestExpiredRecordsAreSwept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	now := time.Now()
	opt := Options{Clock: func() time.Time { return now }}
	s := open(t, path, opt)
	var records []store.RecordWrite
	for _, k := range []string{"a", "b", "c"} {
		records = append(records, store.RecordWrite{Kind: "k", Key: k, Expires: now.Add(time.Minute)})
	}
	records[1].Expires = time.Time{}
	if _, err := s.Commit(t.Context(), store.Commit{Records: records}); err != nil {
		t.Fatal(err)
	}
	for n := range 5 * mostSwept / 2 {
		records = append(records, store.RecordWrite{Kind: "many", Key: strconv.Itoa(n), Expires: now.Add(time.Minute)})
	}
	if _, err := s.Commit(t.Context(), store.Commit{Records: records[3:]}); err != nil {
		t.Fatal(err)
	}
	closeStore(t, s)

	now = now.Add(time.Hour)
	s = open(t, path, opt)
	for n := range 3 { // the first group of a process sweeps, and others go on where there are more
		commit(t, s, write(strconv.Itoa(n), 10))
	}
	closeStore(t, s)
	c, err := openConn(path, "")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if n, err := number(c, "SELECT count(*) FROM record"); n != 1 || err != nil {
		t.Errorf("%d records are left, want 1, error %v", n, err)
	}
}

// Commits that race with Close are done or not done, and say which.
func TestCloseAmongWriters(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	s := open(t, path, Options{})
	var mu sync.Mutex
	var acknowledged []store.Version
	started := make(chan struct{}, 100)
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for {
				v, err := s.Commit(t.Context(), store.Commit{Writes: []store.Write{write(string(rune('a'+w)), 100)}})
				if err != nil {
					if !errors.Is(err, ErrClosed) {
						t.Errorf("committing: got the error %v, want none or %v", err, ErrClosed)
					}
					return
				}
				mu.Lock()
				acknowledged = append(acknowledged, v...)
				mu.Unlock()
				select {
				case started <- struct{}{}:
				default:
				}
			}
		})
	}
	for range 50 {
		<-started
	}
	closeStore(t, s)
	wg.Wait()
	s = open(t, path, Options{})
	wantStored(t, s, acknowledged)
	page, err := s.History(t.Context(), store.HistoryQuery{Limit: 1, Count: true})
	if err != nil || page.Total != int64(len(acknowledged)) {
		t.Errorf("%d versions are stored, %d were acknowledged, error %v", page.Total, len(acknowledged), err)
	}
}
