package sqlite

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"caseway/fhir/store"
)

// smallDisk mounts a file system of a few megabytes.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=6m"); err != nil {
		t.Skipf("mounting a small disk needs the right to mount: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Errorf("unmounting: %v", err)
		}
	})
	return dir
}

// untilCheckFails uses up the room that the log's file still has, and gives
// Check's error and what was acknowledged meanwhile.
func untilCheckFails(t *testing.T, s *Store) (acknowledged []store.Version, err error) {
	for range 10_000 {
		v, err := s.Commit(t.Context(), store.Commit{Writes: []store.Write{write("late", 20_000)}})
		if err == nil {
			acknowledged = append(acknowledged, v...)
			continue
		}
		wantFull(t, err)
		if err = s.Check(t.Context()); err != nil {
			return acknowledged, err
		}
	}
	return acknowledged, nil
}

// A full disk is said to be full, takes nothing that was acknowledged, and is
// written to again when there is space.
func TestFullDisk(t *testing.T) {
	dir := smallDisk(t)
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 3<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "store.db")
	s := open(t, path, Options{})
	acknowledged := fill(t, s)
	rest := filepath.Join(dir, "rest")
	if err := os.WriteFile(rest, make([]byte, 6<<20), 0o600); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("the disk isn't full: %v", err)
	}
	late, err := untilCheckFails(t, s)
	wantFull(t, err)
	acknowledged = append(acknowledged, late...)
	wantOnly(t, s, acknowledged)

	if err := errors.Join(os.Remove(ballast), os.Remove(rest)); err != nil {
		t.Fatal(err)
	}
	if err := s.Check(t.Context()); err != nil {
		t.Errorf("with space again: %v", err)
	}
	acknowledged = append(acknowledged, commit(t, s, write("after", 20_000))...)
	wantOnly(t, s, acknowledged)
	closeStore(t, s)
	s = open(t, path, Options{})
	wantOnly(t, s, acknowledged)
}
