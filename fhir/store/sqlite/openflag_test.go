package sqlite

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"caseway/fhir/store"
)

// logged gives Options that log into a text.
func logged() (Options, *bytes.Buffer) {
	var text bytes.Buffer
	return Options{Log: slog.New(slog.NewTextHandler(&text, nil))}, &text
}

// crash leaves a store as a process that is killed would: with its log.
func crash(t *testing.T, path string, opt Options) (acknowledged []store.Version) {
	t.Helper()
	s := open(t, path, opt)
	for i := range 20 {
		acknowledged = append(acknowledged, commit(t, s, write(fmt.Sprint(i), 2000))...)
	}
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name+".kept", content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	closeStore(t, s)
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		if err := os.Rename(name+".kept", name); err != nil {
			t.Fatal(err)
		}
	}
	return acknowledged
}

func remove(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
}

// A store that lost its log says so when it is opened, and up to when it is
// whole; one that didn't lose it says nothing.
func TestMissingLog(t *testing.T) {
	const says = "the store's log is missing"
	for _, row := range []struct {
		name  string
		leave func(t *testing.T, path string)
		want  bool
	}{
		{"new", func(*testing.T, string) {}, false},
		{"after an orderly end", func(t *testing.T, path string) {
			s := open(t, path, Options{})
			commit(t, s, write("1", 10))
			closeStore(t, s)
		}, false},
		{"after a kill", func(t *testing.T, path string) { crash(t, path, Options{}) }, false},
		{"after a kill, with the log gone", func(t *testing.T, path string) {
			crash(t, path, Options{})
			remove(t, path+"-wal", path+"-shm")
		}, true},
		{"after a kill of a store that had been closed, with the log gone", func(t *testing.T, path string) {
			s := open(t, path, Options{})
			commit(t, s, write("before", 10))
			closeStore(t, s)
			crash(t, path, Options{})
			remove(t, path+"-wal")
		}, true},
		{"said once", func(t *testing.T, path string) {
			crash(t, path, Options{})
			remove(t, path+"-wal", path+"-shm")
			closeStore(t, open(t, path, Options{}))
		}, false},
		{"a backup of an open store", func(t *testing.T, path string) {
			s := open(t, path+".source", Options{})
			commit(t, s, write("1", 10))
			if err := s.Backup(t.Context(), path); err != nil {
				t.Fatal(err)
			}
		}, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "store.db")
			row.leave(t, path)
			opt, text := logged()
			closeStore(t, open(t, path, opt))
			if got := strings.Contains(text.String(), says); got != row.want {
				t.Errorf("%q is said: %v, want %v; the log says %q", says, got, row.want, text)
			}
		})
	}
}

// A clock that ran ahead shows in the log, at the start and when it is written.
func TestClockBehindTheStoreIsSaid(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	s := open(t, path, Options{Clock: func() time.Time { return time.Now().Add(2 * time.Hour) }})
	ahead := commit(t, s, write("1", 10))[0]
	closeStore(t, s)
	opt, text := logged()
	s = open(t, path, opt)
	if v := commit(t, s, write("1", 10))[0]; !v.LastUpdated.Equal(ahead.LastUpdated) {
		t.Errorf("lastUpdated %v, want it to stay at %v", v.LastUpdated, ahead.LastUpdated)
	}
	closeStore(t, s)
	if n := strings.Count(text.String(), "the clock is behind the newest version"); n != 1 {
		t.Errorf("the clock is said to be behind %d times, want once for a minute: %q", n, text)
	}
	opt, text = logged()
	closeStore(t, open(t, filepath.Join(t.TempDir(), "new.db"), opt))
	if text.Len() > 0 {
		t.Errorf("a new store says %q, want nothing", text)
	}
}
