package sqlite

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"caseway/fhir/store"
)

// A store has one lock, whichever name it is opened by.
func TestLockHoldsByEveryName(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	path := filepath.Join(dir, "store.db")
	link, linked, folder := filepath.Join(other, "link.db"), filepath.Join(other, "linked.db"), filepath.Join(other, "folder")
	if err := errors.Join(os.Symlink(path, link), os.Symlink(link, linked), os.Symlink(dir, folder)); err != nil {
		t.Fatal(err)
	}
	s := open(t, linked, Options{})
	v := commit(t, s, write("1", 10))
	for _, at := range []string{path, link, linked, filepath.Join(folder, "store.db")} {
		t.Run(at, func(t *testing.T) {
			_, err := Open(t.Context(), at, Options{})
			wantError(t, err, at, "in use by another process")
		})
	}
	wantStored(t, s, v)
	moved := filepath.Join(other, "moved.db")
	if err := os.Rename(path, moved); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), moved, Options{})
	wantError(t, err, moved, "in use by another process")
	if err := os.Rename(moved, path); err != nil {
		t.Fatal(err)
	}
	wantStored(t, s, v)
}

// A symbolic link, also one to a file that isn't there yet, leads to the same
// store with the same log.
func TestStoreBehindASymbolicLink(t *testing.T) {
	dir := t.TempDir()
	path, link := filepath.Join(dir, "store.db"), filepath.Join(t.TempDir(), "link.db")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	acknowledged := crash(t, path, Options{})
	remove(t, path+"-shm")
	s := open(t, link, Options{})
	wantOnly(t, s, acknowledged)
	acknowledged = append(acknowledged, commit(t, s, write("late", 10))...)
	if s.Stats().WALBytes == 0 {
		t.Error("the size of the log isn't known")
	}
	copied := filepath.Join(t.TempDir(), "copy.db")
	if err := Backup(t.Context(), link, copied); err != nil {
		t.Errorf("backing up by the link: got the error %v, want none", err)
	}
	closeStore(t, s)
	wantOnly(t, open(t, path, Options{}), acknowledged)
	wantOnly(t, open(t, copied, Options{}), acknowledged)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

// Under a second hard link SQLite would keep another log: all who open a store
// refuse.
func TestStoreWithTwoHardLinksIsRefused(t *testing.T) {
	dir := t.TempDir()
	path, link := filepath.Join(dir, "store.db"), filepath.Join(dir, "link.db")
	s := open(t, path, Options{})
	v := commit(t, s, write("1", 10))
	if err := os.Link(path, link); err != nil {
		t.Fatal(err)
	}
	ways := []struct {
		name string
		try  func(path string) error
	}{
		{"open", func(path string) error { _, err := Open(t.Context(), path, Options{}); return err }},
		{"records", func(path string) error { _, err := OpenRecords(path); return err }},
		{"backup", func(path string) error { return Backup(t.Context(), path, filepath.Join(dir, "copy.db")) }},
	}
	for _, row := range ways[1:] {
		t.Run(row.name, func(t *testing.T) { wantError(t, row.try(link), link, "2 names (hard links)") })
	}
	closeStore(t, s)
	for _, row := range ways {
		for _, at := range []string{path, link} {
			t.Run(row.name+" "+filepath.Base(at), func(t *testing.T) { wantError(t, row.try(at), at, "2 names (hard links)") })
		}
	}
	remove(t, link)
	s = open(t, path, Options{})
	wantOnly(t, s, []store.Version(v))
}
