package kit_test

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// demo is a run of `caseway demo`.
type demo struct {
	cmd   *exec.Cmd
	rest  io.Reader
	urls  []string // to open
	curls []string // to run
}

// startDemo runs the demo, with dir for temporary folders, until it has printed
// its last line.
func startDemo(t *testing.T, dir string) *demo {
	t.Helper()
	d := &demo{cmd: exec.CommandContext(t.Context(), binary(t), "demo")}
	d.cmd.Env, d.cmd.Stderr = []string{"TMPDIR=" + dir}, os.Stderr
	out, err := d.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.cmd.Process.Kill() })
	d.rest = out
	for lines := bufio.NewScanner(out); len(d.curls) < 3; {
		if !lines.Scan() {
			t.Fatalf("the demo ended after %v, %v: %v", d.urls, d.curls, lines.Err())
		}
		line := strings.TrimSpace(lines.Text())
		switch {
		case strings.HasPrefix(line, "curl "):
			d.curls = append(d.curls, line)
		case strings.HasPrefix(line, "http://"):
			d.urls = append(d.urls, strings.Fields(line)[0])
		}
	}
	return d
}

// curl runs a command as it was printed.
func (d *demo) curl(t *testing.T, i int) (answer struct {
	Cases        []struct{ Phase string }
	Case         struct{ Phase string }
	ResourceType string
	Total        int
	Entry        []struct {
		Resource struct{ ResourceType string }
	}
},
) {
	t.Helper()
	out, err := exec.Command("bash", "-c", d.curls[i]).Output()
	if err != nil {
		t.Fatalf("%s: got %v, want no error", d.curls[i], err)
	}
	if err := json.Unmarshal(out, &answer); err != nil {
		t.Fatalf("%s: %v\n%s", d.curls[i], err, out)
	}
	return answer
}

// TestDemo: the first command of the README shows cases in several phases by
// what it prints, and leaves nothing behind.
func TestDemo(t *testing.T) {
	_, first, _ := strings.Cut(readme(t), "```sh\n")
	if !strings.HasPrefix(first, "go run . demo ") {
		t.Error("the README doesn't begin with the demo")
	}
	dir := t.TempDir()
	d := startDemo(t, dir)
	if kept, err := os.ReadDir(dir); err != nil || len(kept) != 1 {
		t.Errorf("a running demo has %d temporary folders: %v", len(kept), err)
	}
	if len(d.urls) != 9 {
		t.Errorf("it prints %d pages, not 4 and 5 cases: %v", len(d.urls), d.urls)
	}
	for _, url := range d.urls {
		answer, err := http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			t.Errorf("%s: %d", url, answer.StatusCode)
		}
	}
	d.shows(t)
	if err := d.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, d.rest); err != nil {
		t.Error(err)
	}
	if err := d.cmd.Wait(); err != nil {
		t.Errorf("it ended with %v", err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("%d temporary folders are left: %v", len(left), err)
	}
}

// shows looks at what the printed commands answer.
func (d *demo) shows(t *testing.T) {
	t.Helper()
	var phases []string
	for _, row := range d.curl(t, 0).Cases {
		phases = append(phases, row.Phase)
	}
	slices.Sort(phases)
	if want := []string{"active", "active", "active", "active", "planning"}; !slices.Equal(phases, want) {
		t.Errorf("the open cases are in phases %v, not %v", phases, want)
	}
	if got := d.curl(t, 1).Case.Phase; got != "active" {
		t.Errorf("the infusion is in phase %q", got)
	}
	seen := map[string]int{}
	for _, e := range d.curl(t, 2).Entry {
		seen[e.Resource.ResourceType]++
	}
	for _, typ := range []string{"EpisodeOfCare", "Patient", "CareTeam", "CarePlan", "Goal", "ServiceRequest", "Task", "Contract", "Coverage", "Provenance"} {
		if seen[typ] == 0 {
			t.Errorf("the case as FHIR has no %s: %v", typ, seen)
		}
	}
}
