package kit_test

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"

	"caseway/conformance/kit"
)

func readme(t *testing.T) string { return document(t, "README.md") }

// document is the text of one of the project's documents.
func document(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("../../" + name)
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
	out, err := exec.Command("bash", "-e", "-c", here).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, out, p.Output())
	}
	for _, want := range []string{
		`"CapabilityStatement"`, "HTTP/1.1 201 Created", "HTTP/1.1 304 Not Modified", `"versionId":"2"`,
		`"type":"history"`, `"type":"transaction-response"`, "HTTP/1.1 204 No Content",
	} {
		t.Run(want, func(t *testing.T) {
			if !strings.Contains(string(out), want) {
				t.Errorf("the walk shows no %s:\n%s", want, out)
			}
		})
	}
}

// TestThePageHasEverySetting compares the table of settings with what the command
// says of itself.
func TestThePageHasEverySetting(t *testing.T) {
	table, err := exec.Command(binary(t), "settings").Output()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(table, []byte("`--store` | `CASEWAY_STORE`")) {
		t.Fatalf("no table of settings:\n%s", table)
	}
	if !strings.Contains(document(t, "docs/operate/settings.md"), string(table)) {
		t.Errorf("the page's table isn't what `caseway settings` prints:\n%s", table)
	}
}
