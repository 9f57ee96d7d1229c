package kit_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"caseway/conformance/kit"
)

// TestTutorial runs every line of docs/cases/tutorial.md that is for a shell, one
// after the other, on each store.
func TestTutorial(t *testing.T) {
	text, err := os.ReadFile("../../docs/cases/tutorial.md")
	if err != nil {
		t.Fatal(err)
	}
	var script strings.Builder
	for i, part := range strings.Split(string(text), "```sh\n") {
		if i > 0 {
			lines, _, closed := strings.Cut(part, "```")
			if !closed {
				t.Fatal("a block of the tutorial isn't closed")
			}
			script.WriteString(lines)
		}
	}
	onBothStores(t, func(t *testing.T, uri string) {
		p := start(t, kit.Launch{Store: uri})
		here := strings.Replace(script.String(), "http://127.0.0.1:8080", strings.TrimSuffix(p.Base, "/fhir"), 1)
		if here == script.String() {
			t.Fatal("the tutorial doesn't name the server")
		}
		walk := exec.Command("bash", "-e", "-c", here)
		walk.Dir = t.TempDir()
		out, err := walk.CombinedOutput()
		if err != nil {
			last, _ := os.ReadFile(walk.Dir + "/answer.json")
			t.Fatalf("%v\n%s\nthe last answer: %s", err, out, last)
		}
		for _, want := range []string{
			`"phase": "opened"`, `"rule": "plan-needs-approval"`, `"phase": "closed"`, `"status": "finished"`, `"title": "Antibiotics at home"`, `"resourceType": "Provenance"`,
		} {
			t.Run(want, func(t *testing.T) {
				if !strings.Contains(string(out), want) {
					t.Errorf("the tutorial shows no %s:\n%s", want, out)
				}
			})
		}
	})
}
