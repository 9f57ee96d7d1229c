package kit_test

import (
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"caseway/conformance/kit"
)

func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestFirstWalk runs the README's first walk line by line; each of its curl
// calls must succeed.
func TestFirstWalk(t *testing.T) {
	_, walk, found := strings.Cut(readme(t), "<!-- walk")
	_, walk, opened := strings.Cut(walk, "```sh\n")
	walk, _, closed := strings.Cut(walk, "```")
	if !found || !opened || !closed {
		t.Fatal("the README has no walk")
	}
	p := start(t, kit.Launch{Store: "sqlite:" + t.TempDir() + "/caseway.db"})
	here := strings.Replace(walk, "http://127.0.0.1:8080/fhir", p.Base, 1)
	if here == walk {
		t.Fatal("the walk doesn't name the server")
	}
	out, err := exec.Command("bash", "-e", "-o", "pipefail", "-c", here).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, out, p.Output())
	}
	for _, want := range []string{
		`"CapabilityStatement"`, "HTTP/1.1 201 Created", "HTTP/1.1 304 Not Modified", `"versionId":"2"`,
		`"type":"history"`, `"type":"transaction-response"`, "HTTP/1.1 204 No Content",
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("the walk shows no %s:\n%s", want, out)
		}
	}
}

var (
	flagInHelp = regexp.MustCompile(`(?m)^\s+(?:-\w, )?--(?:\[no-\])?([a-z][a-z-]+)`)
	envInHelp  = regexp.MustCompile(`\$(CASEWAY_\w+)`)
	inReadme   = regexp.MustCompile("(?m)^\\| `--([a-z-]+)` \\| `(CASEWAY_\\w+)` \\|")
)

// TestReadmeHasEverySetting compares the README's table with what the command
// says of itself.
func TestReadmeHasEverySetting(t *testing.T) {
	out, err := exec.Command(binary(t), "serve", "--help").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	help := map[string]bool{}
	for _, m := range flagInHelp.FindAllStringSubmatch(string(out), -1) {
		if m[1] != "help" {
			help["--"+m[1]] = true
		}
	}
	for _, m := range envInHelp.FindAllStringSubmatch(string(out), -1) {
		help[m[1]] = true
	}
	if len(help) < 6 {
		t.Fatalf("read only %v from\n%s", help, out)
	}
	table := map[string]bool{}
	for _, m := range inReadme.FindAllStringSubmatch(readme(t), -1) {
		table["--"+m[1]], table[m[2]] = true, true
	}
	for _, name := range slices.Sorted(maps.Keys(help)) {
		if !table[name] {
			t.Errorf("the README's table lacks %s", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(table)) {
		if !help[name] {
			t.Errorf("the README names %s, which the command doesn't have", name)
		}
	}
}
