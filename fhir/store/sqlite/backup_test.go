package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"caseway/fhir/search"
	"caseway/fhir/store"
)

// writers commit until stopped, and know what was acknowledged.
type writers struct {
	mu           sync.Mutex
	acknowledged []store.Version
	stop         context.CancelFunc
	running      sync.WaitGroup
}

func startWriters(t *testing.T, s *Store, n int) *writers {
	ctx, cancel := context.WithCancel(t.Context())
	w := &writers{stop: cancel}
	for i := range n {
		w.running.Go(func() {
			for ctx.Err() == nil {
				v, err := s.Commit(ctx, store.Commit{Writes: []store.Write{write(fmt.Sprintf("w%d", i), 2000), write(fmt.Sprintf("x%d", i), 2000)}})
				if err != nil {
					if !errors.Is(err, context.Canceled) {
						t.Errorf("committing: got the error %v, want none before the end", err)
					}
					return
				}
				w.mu.Lock()
				w.acknowledged = append(w.acknowledged, v...)
				w.mu.Unlock()
			}
		})
	}
	return w
}

// until waits until n versions were acknowledged, and gives them.
func (w *writers) until(n int) []store.Version {
	for {
		w.mu.Lock()
		all := w.acknowledged[:len(w.acknowledged):len(w.acknowledged)]
		w.mu.Unlock()
		if len(all) >= n {
			return all
		}
	}
}

func (w *writers) end() {
	w.stop()
	w.running.Wait()
}

func TestBackupWhileWritersRun(t *testing.T) {
	for name, backup := range map[string]func(context.Context, *Store, string) error{
		"from the store":         func(ctx context.Context, s *Store, file string) error { return s.Backup(ctx, file) },
		"beside another process": func(ctx context.Context, s *Store, file string) error { return Backup(ctx, s.path, file) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := open(t, filepath.Join(dir, "store.db"), Options{walLimit: 1 << 20})
			w := startWriters(t, s, 4)
			defer w.end()
			for i, n := range []int{1, 200, 800} {
				before := w.until(n)
				file := filepath.Join(dir, fmt.Sprintf("copy%d.db", i))
				if err := backup(t.Context(), s, file); err != nil {
					t.Fatal(err)
				}
				wantRestorable(t, file, before)
			}
		})
	}
}

// wantRestorable opens a copy: it holds all that was acknowledged before, no
// commit in half, and takes writes.
func wantRestorable(t *testing.T, file string, before []store.Version) {
	t.Helper()
	s := open(t, file, Options{})
	wantStored(t, s, before)
	for i := range 4 {
		both, err := s.Read(t.Context(), key(fmt.Sprintf("w%d", i)), key(fmt.Sprintf("x%d", i)))
		if err != nil || both[0].VersionID != both[1].VersionID {
			t.Errorf("the copy holds half a commit: versions %d and %d, error %v", both[0].VersionID, both[1].VersionID, err)
		}
	}
	last := before[len(before)-1]
	commit(t, s, write(last.Key.ID, 10))
	found, err := s.Scan(t.Context(), search.Scan{Type: "Patient", Term: search.Term("Patient.identifier:|" + last.Key.ID), Limit: 5})
	if err != nil || len(found.Hits) != 1 {
		t.Errorf("the copy's index finds %d resources, error %v", len(found.Hits), err)
	}
}

func TestBackupRefuses(t *testing.T) {
	dir := t.TempDir()
	s := open(t, filepath.Join(dir, "store.db"), Options{})
	commit(t, s, write("1", 10))
	existing := filepath.Join(dir, "existing")
	if err := os.WriteFile(existing, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	wantError(t, s.Backup(t.Context(), existing), existing, "exist")
	if text, err := os.ReadFile(existing); string(text) != "precious" {
		t.Errorf("the existing file holds %q now, error %v", text, err)
	}
	wantError(t, Backup(t.Context(), filepath.Join(dir, "none.db"), filepath.Join(dir, "copy")), "none.db")
	wantError(t, Backup(t.Context(), prepared(t, "CREATE TABLE song (title TEXT);"), filepath.Join(dir, "copy")), "isn't a Caseway store")
	wantError(t, s.Backup(t.Context(), filepath.Join(dir, "no", "copy")), "no such file or directory")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Backup(ctx, filepath.Join(dir, "copy")); !errors.Is(err, context.Canceled) {
		t.Errorf("a backup whose context ended: %v", err)
	}
	left, err := filepath.Glob(filepath.Join(dir, "copy*"))
	if err != nil || len(left) != 0 {
		t.Errorf("refused backups left %v, error %v", left, err)
	}
}

// What a backup that was killed left behind goes with the next one beside it;
// what another one is writing stays.
func TestBackupRemovesWhatOthersLeft(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "store.db")
	s := open(t, path, Options{})
	v := commit(t, s, write("1", 10))
	left := filepath.Join(dir, "yesterday.db"+partMark+"17")
	for _, name := range []string{left, left + "-wal", left + "-shm"} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(name, []byte("half of it"), 0o600); err != nil {
				t.Fatal(err)
			}
		})
	}
	running, err := newPart(filepath.Join(dir, "another.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer running.remove()
	copied := filepath.Join(dir, "copy.db")
	if err := Backup(t.Context(), path, copied); err != nil {
		t.Fatal(err)
	}
	parts, err := filepath.Glob(filepath.Join(dir, "*"+partMark+"*"))
	if err != nil || len(parts) != 1 || parts[0] != running.Name() {
		t.Errorf("parts %v, %v; want only the one that is being written, %s", parts, err, running.Name())
	}
	wantOnly(t, open(t, copied, Options{}), v)
}
