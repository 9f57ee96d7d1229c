package kit_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestCaseAPIAsItsDocumentSays runs schemathesis (https://schemathesis.io) on the
// case API of a demo: requests that the OpenAPI document allows and forbids, by
// all checks. `make schemathesis` installs it and names it in
// CASEWAY_SCHEMATHESIS.
//
// Once it makes up all ids, and once it is given those of a case, so that it gets
// behind the 404s, without the steps that end the case. How many requests it makes
// doesn't depend on the machine, unless that takes longer than is given.
func TestCaseAPIAsItsDocumentSays(t *testing.T) {
	tool := os.Getenv("CASEWAY_SCHEMATHESIS")
	if tool == "" {
		t.Skip("needs schemathesis; `make schemathesis` installs and runs it")
	}
	d := startDemo(t, t.TempDir())
	root, _, _ := strings.Cut(d.urls[0], "/cases")
	root = strings.TrimSuffix(root, "/")
	dir := t.TempDir()
	document := filepath.Join(dir, "openapi.json")
	if err := os.WriteFile(document, fetch(t, root+"/cases/openapi.json"), 0o600); err != nil {
		t.Fatal(err)
	}
	schemathesis(t, filepath.Join(filepath.Dir(tool), "openapi-spec-validator"), "--schema", "3.1", document)
	args := []string{"run", root + "/cases/openapi.json", "--checks", "all", "--no-color", "--generation-database", "none", "--seed", "1"}
	made := filepath.Join(dir, "made.toml")
	write(t, made, acceptance)
	schemathesis(t, tool, slices.Concat([]string{"--config-file", made}, args, []string{"--phases", "coverage,fuzzing", "--max-time", "60"})...)
	known := filepath.Join(dir, "known.toml")
	write(t, known, acceptance+knownIDs(t, root, document))
	schemathesis(t, tool, slices.Concat([]string{"--config-file", known}, args, []string{
		"--phases", "fuzzing", "--max-examples", "3", "--max-time", "150",
		"--exclude-path-regex", `^/cases$|/(import|export)$|actions/(retract|cancel|close)$`,
	})...)
}

// acceptance is what may come of a request that the document allows: rules of
// cases, ids and states stand against steps too, which no schema tells. One that
// it forbids may be refused for its If-Match first.
const acceptance = `[checks]
positive_data_acceptance.expected-statuses = ["2xx", "304", "400", "404", "405", "409", "412", "413", "415", "422", "428"]
negative_data_rejection.expected-statuses = ["400", "404", "405", "406", "409", "412", "413", "415", "422", "428"]
`

// knownIDs gives paths the ids of a case in force and of its parts.
func knownIDs(t *testing.T, root, document string) string {
	t.Helper()
	var page struct{ Cases []struct{ ID string } }
	if err := json.Unmarshal(fetch(t, root+"/cases?phase=active"), &page); err != nil || len(page.Cases) == 0 {
		t.Fatalf("%d active cases: %v", len(page.Cases), err)
	}
	id := page.Cases[len(page.Cases)-1].ID
	var view struct{ Case map[string]json.RawMessage }
	if err := json.Unmarshal(fetch(t, root+"/cases/"+id+"?view=whole"), &view); err != nil {
		t.Fatal(err)
	}
	body, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	var api struct{ Paths map[string]any }
	if err := json.Unmarshal(body, &api); err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("\n[parameters]\n\"path.id\" = %q\n", id)
	parts := 0
	for path := range api.Paths {
		step := strings.Split(path, "/") // "", cases, {id}, list, type, {part}
		if len(step) != 6 || step[5] != "{part}" {
			continue
		}
		var list []struct{ ID string }
		_ = json.Unmarshal(view.Case[step[3]], &list) // the case has none of many kinds
		for _, part := range list {
			if typ, found, _ := strings.Cut(part.ID, "/"); typ == step[4] {
				text += fmt.Sprintf("\n[[operations]]\ninclude-path = %q\n[operations.parameters]\n\"path.part\" = %q\n", path, found)
				parts++
				break
			}
		}
	}
	if parts < 5 {
		t.Fatalf("parts of %d kinds in %s", parts, id)
	}
	return text
}

func fetch(t *testing.T, url string) []byte {
	t.Helper()
	got, err := http.Get(url) //nolint:noctx // a server on this machine
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	if err != nil || got.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %v", url, got.StatusCode, err)
	}
	return body
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// schemathesis runs a command of its environment that has to succeed, and shows
// what it says.
func schemathesis(t *testing.T, name string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = t.TempDir()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", filepath.Base(name), err, out)
	}
	t.Logf("%s", out)
}
