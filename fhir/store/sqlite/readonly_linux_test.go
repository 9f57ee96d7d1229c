package sqlite

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"caseway/fhir"
	"caseway/fhir/store"
)

// wantRefusal fails unless a write is refused as something that may pass, and the
// store says that it isn't well.
func wantRefusal(t *testing.T, s *Store) {
	t.Helper()
	_, err := s.Commit(t.Context(), store.Commit{Writes: []store.Write{write("late", 300_000)}})
	for what, err := range map[string]error{"a write": err, "the check": s.Check(t.Context())} {
		if !fhir.Is(err, fhir.Transient) {
			t.Errorf("%s: error %v, want one of kind Transient", what, err)
		}
	}
}

// A store on a disk without a byte to spare is opened and read, however the
// process before ended, and written to again when there is room.
func TestOpenOnAFullDisk(t *testing.T) {
	for _, row := range []struct {
		name  string
		leave func(t *testing.T, path string) []store.Version
	}{
		{"after an orderly end", func(t *testing.T, path string) []store.Version {
			s := open(t, path, Options{})
			v := commit(t, s, write("1", 20_000))
			closeStore(t, s)
			return v
		}},
		{"after a kill", func(t *testing.T, path string) []store.Version { return crash(t, path, Options{}) }},
		{"after a kill, without the index of the log", func(t *testing.T, path string) []store.Version {
			v := crash(t, path, Options{})
			remove(t, path+"-shm")
			return v
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := smallDisk(t)
			path := filepath.Join(dir, "store.db")
			acknowledged := row.leave(t, path)
			rest := filepath.Join(dir, "rest")
			if err := os.WriteFile(rest, make([]byte, 8<<20), 0o600); !errors.Is(err, syscall.ENOSPC) {
				t.Fatalf("the disk isn't full: %v", err)
			}
			s := open(t, path, Options{})
			wantOnly(t, s, acknowledged)
			wantRefusal(t, s)
			wantOnly(t, s, acknowledged)
			remove(t, rest)
			if err := s.Check(t.Context()); err != nil {
				t.Errorf("with room again: %v", err)
			}
			acknowledged = append(acknowledged, commit(t, s, write("after", 20_000))...)
			closeStore(t, s)
			wantOnly(t, open(t, path, Options{}), acknowledged)
		})
	}
}

// A store that can't be written at all is read, as long as no log holds some of
// it that nobody can read.
func TestOpenWhereNothingCanBeWritten(t *testing.T) {
	dir := smallDisk(t)
	path := filepath.Join(dir, "store.db")
	acknowledged := crash(t, path, Options{})
	mount := func(flags uintptr) {
		t.Helper()
		if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT|flags, ""); err != nil {
			t.Fatal(err)
		}
	}
	remove(t, path+"-shm")
	mount(syscall.MS_RDONLY)
	_, err := Open(t.Context(), path, Options{})
	wantError(t, err, path, "neither the file nor its log can be written")

	mount(0)
	closeStore(t, open(t, path, Options{}))
	mount(syscall.MS_RDONLY)
	s := open(t, path, Options{})
	wantOnly(t, s, acknowledged)
	wantRefusal(t, s)
	closeStore(t, s)
	mount(0)
	s = open(t, path, Options{})
	wantOnly(t, s, append(acknowledged, commit(t, s, write("after", 20_000))...))
}
