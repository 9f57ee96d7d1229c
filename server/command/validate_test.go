package command

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// write puts files into a folder of the test's own.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const (
	soundPlan  = `{"resourceType":"CarePlan","id":"a","status":"active","intent":"plan","subject":{"reference":"Patient/1"}}`
	brokenPlan = "{\n  \"resourceType\": \"CarePlan\", \"id\": \"b\", \"status\": \"active\", \"intent\": \"plan\",\n  \"subject\": {\"reference\": \"#none\"}\n}\n"
	plans      = "http://example.org/plans"
	profiled   = `{"resourceType":"StructureDefinition","url":"` + plans + `","version":"1.0.0","name":"P","status":"active","kind":"resource","abstract":false,"type":"CarePlan",
		"baseDefinition":"http://hl7.org/fhir/StructureDefinition/CarePlan","derivation":"constraint","differential":{"element":[{"id":"CarePlan.title","path":"CarePlan.title","min":1}]}}`
	manifest = `{"name":"example.plans","version":"1.0.0","dependencies":{"example.other":"2.0.0"}}`
)

func TestValidateFiles(t *testing.T) {
	dir := write(t, map[string]string{
		"a.json": soundPlan, "b.json": brokenPlan, "lines/c.ndjson": soundPlan + "\n" + strings.ReplaceAll(brokenPlan, "\n", "") + "\n", "notes.txt": "no JSON",
		"guide/package/package.json": manifest, "guide/package/StructureDefinition-p.json": profiled,
	})
	in := func(names ...string) []string {
		for i, n := range names {
			if !strings.HasPrefix(n, "-") && !strings.Contains(n, "://") {
				names[i] = filepath.Join(dir, n)
			}
		}
		return append([]string{"validate"}, names...)
	}
	for _, c := range []struct {
		name      string
		args      []string
		code      int
		out, errs []string // what they hold
	}{
		{"sound", in("a.json"), 0, nil, []string{"1 resources in 1 files, 0 with errors"}},
		{"broken", in("b.json"), 1, []string{"b.json:3:14: error: CarePlan.subject", "(ref-1)"}, []string{"1 with errors"}},
		{"lines", in("lines"), 1, []string{"c.ndjson:2:"}, []string{"2 resources in 1 files, 1 with errors"}},
		{"profile", in("--packages", "guide", "--profile", plans, "a.json"), 1, []string{"title is required by the profile", "[" + plans + "]"}, []string{"example.other#2.0.0, which example.plans#1.0.0 needs"}},
		{"unknown profile", in("--profile", "http://example.org/none", "a.json"), 1, nil, []string{"no such definition"}},
		{"no files", in("lines/none.json"), 1, nil, []string{"no such file"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out, errs bytes.Buffer
			if code := run(t.Context(), c.args, &out, &errs); code != c.code {
				t.Errorf("exit code %d, want %d", code, c.code)
			}
			for _, want := range c.out {
				if !strings.Contains(out.String(), want) {
					t.Errorf("the output has no %q:\n%s", want, &out)
				}
			}
			for _, want := range c.errs {
				if !strings.Contains(errs.String(), want) {
					t.Errorf("the errors have no %q:\n%s", want, &errs)
				}
			}
		})
	}
}

func TestValidatePrintsJSONLines(t *testing.T) {
	dir := write(t, map[string]string{"a.json": soundPlan, "b.json": brokenPlan})
	var out, errs bytes.Buffer
	if code := run(t.Context(), []string{"validate", "--format", "json", dir}, &out, &errs); code != exitFailed {
		t.Errorf("exit code %d, want %d: %s", code, exitFailed, &errs)
	}
	var list []jsonResource
	for line := range strings.Lines(out.String()) {
		var r jsonResource
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%s: got %v, want no error", line, err)
		}
		list = append(list, r)
	}
	if len(list) != 2 || !list[0].Valid || list[1].Valid || list[1].ID != "b" {
		t.Fatalf("the lines are %+v", list)
	}
	want := jsonIssue{Severity: "error", Code: "invariant", Expression: "CarePlan.subject", Line: 3, Column: 14, Rule: "ref-1", Text: list[1].Issues[0].Text}
	if list[1].Issues[0] != want {
		t.Errorf("the issue is %+v, want %+v", list[1].Issues[0], want)
	}
}
