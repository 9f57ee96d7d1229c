package kit_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"caseway/conformance/kit"
)

// blocks gives the blocks of a document that are for one language, in their order.
func blocks(t *testing.T, text, language string) []string {
	t.Helper()
	var all []string
	for i, part := range strings.Split(text, "```"+language+"\n") {
		if i == 0 {
			continue
		}
		lines, _, closed := strings.Cut(part, "```")
		if !closed {
			t.Fatal("a block of the document isn't closed")
		}
		all = append(all, lines)
	}
	return all
}

// follow runs lines of a document for a shell in dir, against a server in place of the
// one that they name, and gives what they print.
func follow(t *testing.T, p *kit.Process, dir, lines string) string {
	t.Helper()
	here := strings.Replace(lines, "http://127.0.0.1:8080", strings.TrimSuffix(p.Base, "/fhir"), 1)
	if here == lines {
		t.Fatal("the document doesn't name the server")
	}
	run := exec.Command("bash", "-e", "-c", here)
	run.Dir = dir
	out, err := run.CombinedOutput()
	if err != nil {
		last, _ := os.ReadFile(filepath.Join(dir, "answer.json"))
		t.Fatalf("%v\n%s\nthe last answer: %s", err, out, last)
	}
	return string(out)
}

// TestTutorial runs every line of docs/cases/tutorial.md that is for a shell, one
// after the other, on each store.
func TestTutorial(t *testing.T) {
	script := strings.Join(blocks(t, document(t, "docs/cases/tutorial.md"), "sh"), "")
	onBothStores(t, func(t *testing.T, uri string) {
		p := start(t, kit.Launch{Store: uri})
		out := follow(t, p, t.TempDir(), script)
		for _, want := range []string{
			`"phase": "opened"`, `"rule": "plan-needs-approval"`, `"phase": "closed"`, `"status": "finished"`, `"title": "Antibiotics at home"`, `"resourceType": "Provenance"`,
		} {
			t.Run(want, func(t *testing.T) {
				if !strings.Contains(out, want) {
					t.Errorf("the tutorial shows no %s:\n%s", want, out)
				}
			})
		}
	})
}

// TestLoginWalks runs documents about login: the first block makes files, the
// console starts a server on them, the other blocks get tokens and read.
func TestLoginWalks(t *testing.T) {
	for _, c := range []struct {
		document string
		want     []string
	}{
		{"docs/apps/smart.md", []string{
			"http://127.0.0.1:9000/callback?code=", "state=s1", `"patient":"ann"`, `"refresh_token":"`, `"id_token":"`,
			`"title":"A stronger heart"`, "Bob: 404", `"name":[{"text":"Ann Example"}]`, "after revocation: 401",
		}},
		{"docs/apps/backend.md", []string{
			`"expires_in":300`, `"title":"A stronger heart"`, `"name":[{"text":"Ann Example"}]`, "tasks: 403", `"invalid_client"`, "again: 401",
		}},
	} {
		t.Run(c.document, func(t *testing.T) {
			out := walkLogin(t, document(t, c.document))
			for _, want := range c.want {
				if !strings.Contains(out, want) {
					t.Errorf("the document shows no %s:\n%s", want, out)
				}
			}
		})
	}
}

// walkLogin runs a document about login and gives what it prints.
func walkLogin(t *testing.T, text string) string {
	t.Helper()
	lines, console := blocks(t, text, "sh"), strings.Split(strings.TrimSpace(strings.Join(blocks(t, text, "console"), "")), "\n")
	if len(lines) < 4 || len(console) != 2 {
		t.Fatalf("the document has %d blocks, want 4 or more, and %d commands, want 2", len(lines), len(console))
	}
	dir := t.TempDir()
	files := exec.Command("bash", "-e", "-c", lines[0])
	files.Dir = dir
	if out, err := files.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	load := exec.CommandContext(t.Context(), binary(t), strings.Fields(console[0])[1:]...)
	load.Dir = dir
	if out, err := load.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", console[0], err, out)
	}
	if want := "caseway serve --store sqlite:smart.db --auth embedded --auth-seed seed.yaml"; console[1] != want {
		t.Fatalf("the server is started by %q, not by %q as here", console[1], want)
	}
	p := startAt(t, "sqlite:"+filepath.Join(dir, "smart.db"), "--auth", "embedded", "--auth-seed", filepath.Join(dir, "seed.yaml"))
	return follow(t, p, dir, strings.Join(lines[1:], ""))
}
