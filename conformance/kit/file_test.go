package kit_test

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"caseway/conformance/kit"
)

// TestStoreByOtherNames: while a server has a store, no other name of its file
// leads past the lock; a symbolic link leads to the same store.
func TestStoreByOtherNames(t *testing.T) {
	dir := t.TempDir()
	file, symbolic, hard := filepath.Join(dir, "caseway.db"), filepath.Join(t.TempDir(), "symbolic.db"), filepath.Join(dir, "hard.db")
	if err := os.Symlink(file, symbolic); err != nil {
		t.Fatal(err)
	}
	p := start(t, kit.Launch{Store: "sqlite:" + symbolic})
	c := kit.NewClient(p.Base)
	known(t, c)
	refusesToStart(t, "sqlite:"+file, "in use by another process")
	refusesToStart(t, "sqlite:"+symbolic, "in use by another process")
	out, err := exec.Command(binary(t), "load", "--store", "sqlite:"+file, t.TempDir()).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "in use by another process") {
		t.Errorf("load beside a server: %v\n%s", err, out)
	}
	if out, err := exec.Command(binary(t), "backup", "--store", "sqlite:"+symbolic, filepath.Join(dir, "copy.db")).CombinedOutput(); err != nil {
		t.Errorf("backup by a link: %v\n%s", err, out)
	}
	if err := os.Link(file, hard); err != nil {
		t.Fatal(err)
	}
	refusesToStart(t, "sqlite:"+hard, "hard links")
	for _, command := range [][]string{{"backup", "--store", "sqlite:" + hard, filepath.Join(dir, "other.db")}, {"user", "list", "--store", "sqlite:" + hard}} {
		if out, err := exec.Command(binary(t), command...).CombinedOutput(); err == nil || !strings.Contains(string(out), "hard links") {
			t.Errorf("%s by a hard link: %v\n%s", command[0], err, out)
		}
	}
	known(t, c)
	p.Kill()
	refusesToStart(t, "sqlite:"+file, "hard links")
	if err := os.Remove(hard); err != nil {
		t.Fatal(err)
	}
	stillAnswers(t, kit.NewClient(start(t, kit.Launch{Store: "sqlite:" + file}).Base))
}

// TestLogThatIsGone: a server that finds the log of its store removed says so.
func TestLogThatIsGone(t *testing.T) {
	launch := kit.Launch{Store: "sqlite:" + t.TempDir() + "/caseway.db", Log: t.TempDir() + "/server.log"}
	p := start(t, launch)
	known(t, kit.NewClient(p.Base))
	p.Kill()
	again := start(t, launch)
	if text := again.Output(); strings.Contains(text, "log is missing") {
		t.Errorf("a log that is there is missed:\n%s", text)
	}
	again.Kill()
	for _, side := range []string{"-wal", "-shm"} {
		t.Run(side, func(t *testing.T) {
			if err := os.Remove(strings.TrimPrefix(launch.Store, "sqlite:") + side); err != nil {
				t.Fatal(err)
			}
		})
	}
	if text := start(t, launch).Output(); !strings.Contains(text, "the store's log is missing") {
		t.Errorf("no word of the log that is gone:\n%s", text)
	}
}

// TestBackupThatIsKilled leaves nothing behind once the next one has run.
func TestBackupThatIsKilled(t *testing.T) {
	dir := t.TempDir()
	store := "sqlite:" + filepath.Join(dir, "caseway.db")
	c := kit.NewClient(start(t, kit.Launch{Store: store}).Base)
	for range 30 {
		large := []byte(`{"resourceType":"Basic","code":{"text":"` + strings.Repeat("x", 900_000) + `"}}`)
		if answer, err := c.Do(t.Context(), http.MethodPost, "Basic", large); err != nil || !answer.Acknowledged() {
			t.Fatalf("status %d, %v", answer.Status, err)
		}
	}
	parts := func() []string {
		names, err := filepath.Glob(filepath.Join(dir, "*part*"))
		if err != nil {
			t.Fatal(err)
		}
		return names
	}
	killed := exec.Command(binary(t), "backup", "--store", store, filepath.Join(dir, "first.db"))
	if err := killed.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = killed.Wait()
	}()
	for running := true; running; {
		select {
		case <-ended:
			t.Fatal("the backup came to its end")
		case <-time.After(time.Millisecond):
			running = len(parts()) == 0
		}
	}
	if err := killed.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-ended
	if out, err := exec.Command(binary(t), "backup", "--store", store, filepath.Join(dir, "second.db")).CombinedOutput(); err != nil {
		t.Fatalf("backup: %v\n%s", err, out)
	}
	if left := parts(); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestHistoryOfAnEmptyStore: who polls from before the first write on is told an
// instant to go on from, and misses nothing.
func TestHistoryOfAnEmptyStore(t *testing.T) {
	onBothStores(t, func(t *testing.T, store string) {
		c := kit.NewClient(start(t, kit.Launch{Store: store}).Base)
		poll := func(url string) (complete string, entries int) {
			t.Helper()
			answer, err := c.Do(t.Context(), http.MethodGet, url, nil)
			var page bundle
			if err != nil || answer.Status != http.StatusOK || json.Unmarshal(answer.Body, &page) != nil {
				t.Fatalf("%s: status %d, %v: %.300s", url, answer.Status, err, answer.Body)
			}
			return page.Meta.LastUpdated, len(page.Entry)
		}
		histories := []string{"_history", "Patient/_history"}
		since := make([]string, len(histories))
		for i, of := range histories {
			complete, entries := poll(of)
			if complete < "1970" || entries != 0 {
				t.Errorf("%s: complete up to %q with %d entries, want an instant and none", of, complete, entries)
			}
			if since[i], entries = poll(of + "?_since=" + complete); since[i] < complete || entries != 0 {
				t.Errorf("%s again: complete up to %q with %d entries, want at least %q and none", of, since[i], entries, complete)
			}
		}
		known(t, c)
		for i, of := range histories {
			if _, entries := poll(of + "?_since=" + since[i]); entries != 1 {
				t.Errorf("%s since %s has %d entries, want the one that was written after", of, since[i], entries)
			}
		}
	})
}
