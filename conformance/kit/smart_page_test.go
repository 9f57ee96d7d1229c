package kit_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"caseway/conformance/kit"
)

// block is the first block of shell behind a mark of a document.
func block(t *testing.T, name, mark string) string {
	t.Helper()
	_, rest, marked := strings.Cut(document(t, name), mark)
	_, rest, opened := strings.Cut(rest, "```sh\n")
	lines, _, closed := strings.Cut(rest, "```")
	if !marked || !opened || !closed {
		t.Fatalf("%s has no block behind %q", name, mark)
	}
	return lines
}

// TestATokenWithCurl runs what docs/apps/smart.md has for a back-end service: a key,
// a client, an assertion, a token, a write and a search.
func TestATokenWithCurl(t *testing.T) {
	dir := t.TempDir()
	store := "sqlite:" + filepath.Join(dir, "caseway.db")
	p := start(t, kit.Launch{Store: store, Args: []string{"--auth", "embedded"}})
	lines := strings.ReplaceAll(block(t, "docs/apps/smart.md", "<!-- run"), "http://127.0.0.1:8080", strings.TrimSuffix(p.Base, "/fhir"))
	walk := exec.Command("bash", "-e", "-c", lines)
	walk.Dir = dir
	tools := t.TempDir()
	if err := os.Symlink(binary(t), filepath.Join(tools, "caseway")); err != nil {
		t.Fatal(err)
	}
	walk.Env = append(os.Environ(), "PATH="+tools+":"+os.Getenv("PATH"), "CASEWAY_STORE="+store)
	out, err := walk.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, out, p.Output())
	}
	for _, want := range []string{`"resourceType":"Patient","id":"ann"`, `"type":"searchset"`} {
		t.Run(want, func(t *testing.T) {
			if !strings.Contains(string(out), want) {
				t.Errorf("got %s, want %s in it", out, want)
			}
		})
	}
}
