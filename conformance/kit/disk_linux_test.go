package kit_test

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"caseway/conformance/kit"
)

// smallDisk is a file system of a few megabytes. Only root can make one.
func smallDisk(t *testing.T, size string) (dir string, grow func(size string)) {
	t.Helper()
	dir = t.TempDir()
	if os.Getuid() != 0 && os.Getenv("CI") != "true" {
		t.Skip("skipped: only root can mount a small file system")
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Fatalf("mount: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	return dir, func(size string) {
		if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT, "size="+size); err != nil {
			t.Fatalf("remount: %v", err)
		}
	}
}

// TestFullDisk fills the store's disk. Writes are refused as something that
// may pass, reads go on, and when there is room again, so do writes.
func TestFullDisk(t *testing.T) {
	dir, grow := smallDisk(t, "12m")
	launch := kit.Launch{Store: "sqlite:" + dir + "/caseway.db", Log: t.TempDir() + "/server.log"}
	p := start(t, launch)
	c := kit.NewClient(p.Base)
	known(t, c)
	large := []byte(`{"resourceType":"Basic","code":{"text":"` + strings.Repeat("x", 200_000) + `"}}`)
	var locations []string
	refused := 0
	for range 200 {
		answer, err := c.Do(t.Context(), http.MethodPost, "Basic", large)
		if err != nil {
			t.Fatalf("%v\n%s", err, p.Output())
		}
		if answer.Acknowledged() {
			key, _ := keyOf(answer.Header.Get("Location"))
			locations = append(locations, key)
			continue
		}
		if answer.Status != http.StatusServiceUnavailable || answer.Header.Get("Retry-After") == "" {
			t.Fatalf("full disk: status %d, Retry-After %q: %s", answer.Status, answer.Header.Get("Retry-After"), answer.Body)
		}
		checkOutcome(t, answer, "transient")
		stillAnswers(t, c)
		if page, err := c.Do(t.Context(), http.MethodGet, "_history?_count=1", nil); err != nil || page.Status != http.StatusOK {
			t.Fatalf("a page of history: status %d, %v", page.Status, err)
		}
		if ready, err := c.Do(t.Context(), http.MethodGet, strings.TrimSuffix(p.Base, "/fhir")+"/readyz", nil); err != nil || ready.Status != http.StatusServiceUnavailable {
			t.Errorf("/readyz while writes are refused: status %d, %v", ready.Status, err)
		}
		if refused++; refused == 5 {
			break
		}
	}
	if refused == 0 || len(locations) == 0 {
		t.Fatalf("%d acknowledged, %d refused", len(locations), refused)
	}
	grow("64m")
	if answer, err := c.Do(t.Context(), http.MethodPost, "Basic", large); err != nil || !answer.Acknowledged() {
		t.Errorf("with room again: status %d, %v: %.300s", answer.Status, err, answer.Body)
	}
	p.Kill()
	wantThere(t, kit.NewClient(start(t, launch).Base), locations)
}

// wantThere fails unless all that was acknowledged can be read.
func wantThere(t *testing.T, c *kit.Client, locations []string) {
	t.Helper()
	for _, key := range locations {
		if answer, err := c.Do(t.Context(), http.MethodGet, key, nil); err != nil || answer.Status != http.StatusOK {
			t.Errorf("%s was acknowledged: status %d, %v", key, answer.Status, err)
		}
	}
}

// wantReadable holds a server whose store can't be written to what it still does.
func wantReadable(t *testing.T, p *kit.Process) {
	t.Helper()
	c := kit.NewClient(p.Base)
	for _, url := range []string{
		"Patient/known", "Patient?_id=known", "Patient?family=Example&_count=1", "_history?_count=1", "Patient/known/$everything", p.Root + "/cases",
	} {
		if answer, err := c.Do(t.Context(), http.MethodGet, url, nil); err != nil || answer.Status != http.StatusOK {
			t.Errorf("%s: status %d, %v: %.300s", url, answer.Status, err, answer.Body)
		}
	}
	large := []byte(`{"resourceType":"Basic","code":{"text":"` + strings.Repeat("x", 300_000) + `"}}`)
	answer, err := c.Do(t.Context(), http.MethodPost, "Basic", large)
	if err != nil || answer.Status != http.StatusServiceUnavailable || answer.Header.Get("Retry-After") == "" {
		t.Errorf("a write: status %d, Retry-After %q, %v", answer.Status, answer.Header.Get("Retry-After"), err)
	}
	checkOutcome(t, answer, "transient")
	if ready, err := c.Do(t.Context(), http.MethodGet, p.Root+"/readyz", nil); err != nil || ready.Status != http.StatusServiceUnavailable {
		t.Errorf("/readyz: status %d, %v", ready.Status, err)
	}
}

// TestStartOnAFullDisk: a server whose disk has no byte to spare starts, with a
// login too, however the one before ended, and writes again when there is room.
func TestStartOnAFullDisk(t *testing.T) {
	seed := filepath.Join(t.TempDir(), "seed.yaml")
	if err := os.WriteFile(seed, []byte("users:\n  - {id: ann, role: patient, patient: ann, password: correct horse battery}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name string
		args []string
		end  func(p *kit.Process) error
	}{
		{"killed", nil, func(p *kit.Process) error { p.Kill(); return nil }},
		{"stopped", nil, (*kit.Process).Stop},
		{"stopped, with a login", []string{"--auth", "embedded", "--auth-seed", seed}, (*kit.Process).Stop},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir, _ := smallDisk(t, "12m")
			launch := kit.Launch{Store: "sqlite:" + dir + "/caseway.db", Log: t.TempDir() + "/server.log"}
			p := start(t, launch)
			known(t, kit.NewClient(p.Base))
			launch.Args = row.args
			if row.args != nil { // what a login needs is there
				if err := p.Stop(); err != nil {
					t.Fatal(err)
				}
				p = start(t, launch)
			}
			if err := row.end(p); err != nil {
				t.Fatal(err)
			}
			rest := dir + "/rest"
			if err := os.WriteFile(rest, make([]byte, 16<<20), 0o600); !errors.Is(err, syscall.ENOSPC) {
				t.Fatalf("the disk isn't full: %v", err)
			}
			p = start(t, launch)
			if row.args == nil {
				wantReadable(t, p)
			}
			if err := os.Remove(rest); err != nil {
				t.Fatal(err)
			}
			awaitReady(t, p)
			if row.args == nil {
				known(t, kit.NewClient(p.Base))
			}
		})
	}
}

// TestStartWhereNothingCanBeWritten: a store that was closed in order is read on
// a read-only file system; one whose log has something isn't, and says why.
func TestStartWhereNothingCanBeWritten(t *testing.T) {
	dir, _ := smallDisk(t, "12m")
	launch := kit.Launch{Store: "sqlite:" + dir + "/caseway.db"}
	remount := func(flags uintptr) {
		t.Helper()
		if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT|flags, ""); err != nil {
			t.Fatal(err)
		}
	}
	p := start(t, launch)
	known(t, kit.NewClient(p.Base))
	p.Kill()
	if err := os.Remove(dir + "/caseway.db-shm"); err != nil {
		t.Fatal(err)
	}
	remount(syscall.MS_RDONLY)
	refusesToStart(t, launch.Store, "neither the file nor its log can be written")
	remount(0)
	if err := start(t, launch).Stop(); err != nil {
		t.Fatal(err)
	}
	remount(syscall.MS_RDONLY)
	p = start(t, launch)
	wantReadable(t, p)
	if err := p.Stop(); err != nil {
		t.Errorf("exit: %v\n%s", err, p.Output())
	}
	remount(0)
	known(t, kit.NewClient(start(t, launch).Base))
}
