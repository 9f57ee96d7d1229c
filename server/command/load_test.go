package command

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestLoadCommand: what is refused is told with a reason and exit code 1, and a
// repeated run adds nothing.
func TestLoadCommand(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	for name, text := range map[string]string{
		"patient.json": `{"resourceType":"Patient"}`,
		"batch.json": `{"resourceType":"Bundle","type":"batch","entry":[
			{"resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient"}},
			{"request":{"method":"DELETE","url":"Patient/never"}}]}`,
		"invalid.json": `{"resourceType":"Patient","birthDate":"soon"}`,
		"broken.json":  `{"resourceType":"Pat`,
		"other.json":   `{"version":1}`,
		"theirs.json": `{"resourceType":"Bundle","type":"transaction","entry":[
			{"resource":{"resourceType":"EpisodeOfCare","id":"e2","status":"active","patient":{"reference":"Patient/a"}},"request":{"method":"PUT","url":"EpisodeOfCare/e2"}},
			{"resource":{"resourceType":"Encounter","status":"finished","class":{"code":"HH"},"subject":{"reference":"Patient/b"},"episodeOfCare":[{"reference":"EpisodeOfCare/e2"}]},"request":{"method":"POST","url":"Encounter"}}]}`,
		"case.json": `{"resourceType":"EpisodeOfCare","id":"e1","status":"active","patient":{"display":"somebody"},
			"extension":[{"url":"https://caseway.dev/fhir/StructureDefinition/episode-phase","valueCode":"opened"}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(path(name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		})
	}
	for _, row := range []struct {
		args string
		code int
		says string
	}{
		{path("patient.json"), 0, "stored 1 resources"},
		{path("patient.json"), 0, "1 were there from an earlier run"},
		{"--check-cases " + path("patient.json"), 0, "0 cases break rules"},
		{path("case.json"), 0, "stored 1 resources"},
		{"--check-cases " + path("case.json"), 1, "history-not-contiguous\n1 cases break rules"},
		{"--check-cases --to http://127.0.0.1:1/fhir " + path("case.json"), 1, "looks into a store"},
		{path("batch.json"), 0, "stored 1 resources"},
		{path("batch.json"), 0, "stored 0 resources"},
		{path("invalid.json"), 1, "Patient.birthDate"},
		{path("broken.json"), 1, "isn't JSON"},
		{path("other.json"), 1, "no resourceType"},
		{path("theirs.json"), 1, "a case is one patient's"},
		{path("absent.json"), 1, "no such file"},
		{"--to http://127.0.0.1:1/fhir " + path("patient.json"), 1, "refused"},
		{"--to 127.0.0.1 " + path("patient.json"), 1, "--to is a FHIR base URL"},
	} {
		t.Run(row.args, func(t *testing.T) {
			args := append([]string{"load", "--store", "sqlite:" + path("caseway.db")}, strings.Fields(row.args)...)
			var says output
			if code := run(t.Context(), args, &says, &says); code != row.code || !strings.Contains(says.String(), row.says) {
				t.Errorf("%s: exit code %d, want %d, and %q in: %s", row.args, code, row.code, row.says, &says)
			}
			if strings.Contains(row.says, "no such file") && strings.Contains(says.String(), "stored") {
				t.Errorf("%s: tells of a run that wasn't: %s", row.args, &says)
			}
		})
	}
}
