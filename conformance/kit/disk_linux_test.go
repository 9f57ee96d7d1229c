package kit_test

import (
	"net/http"
	"os"
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
	c = kit.NewClient(start(t, launch).Base)
	for _, key := range locations {
		if answer, err := c.Do(t.Context(), http.MethodGet, key, nil); err != nil || answer.Status != http.StatusOK {
			t.Errorf("%s was acknowledged: status %d, %v", key, answer.Status, err)
		}
	}
}
