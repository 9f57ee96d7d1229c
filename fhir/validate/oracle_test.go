package validate_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"testing"
)

// verdict is what FHIR's own validator says of a resource.
type verdict struct {
	Key    string // of the question
	Valid  bool
	Errors []finding
}

type finding struct{ ID, Location, Message string }

// question is a resource with the profiles that it is asked about.
type question struct {
	name     string
	class    string // of the mutation; "" for what is as it was
	body     []byte
	profiles []string
}

func (q *question) key() string {
	h := sha256.New()
	h.Write(q.body)
	for _, p := range q.profiles {
		_, _ = io.WriteString(h, "\n"+p)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// oracle asks FHIR's own validator, a Java program that answers a line with a
// line, and keeps its verdicts in a file. Where the program isn't at hand, the
// file alone answers.
//
//   - CASEWAY_ORACLE is the command that starts it.
//   - CASEWAY_ORACLE_CACHE is the file.
type oracle struct {
	t     *testing.T
	known map[string]*verdict
	cache string
	args  []string
}

func openOracle(t *testing.T, cache string, args ...string) *oracle {
	t.Helper()
	o := &oracle{t: t, known: map[string]*verdict{}, cache: cache, args: args}
	f, err := os.Open(cache)
	if err != nil {
		return o
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<28)
	for lines.Scan() {
		var v verdict
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		o.known[v.Key] = &v
	}
	return o
}

// ask gives a verdict for each question; those that nobody answers are nil.
func (o *oracle) ask(list []question) []*verdict {
	o.t.Helper()
	var missing []*question
	asked := map[string]bool{}
	for i := range list {
		if key := list[i].key(); o.known[key] == nil && !asked[key] {
			asked[key] = true
			missing = append(missing, &list[i])
		}
	}
	if command := os.Getenv("CASEWAY_ORACLE"); command != "" && len(missing) > 0 {
		o.run(command, missing)
	}
	verdicts := make([]*verdict, len(list))
	for i := range list {
		verdicts[i] = o.known[list[i].key()]
	}
	return verdicts
}

func (o *oracle) run(command string, missing []*question) {
	cmd := exec.Command("nice", append([]string{command, "--serve"}, o.args...)...)
	in, _ := cmd.StdinPipe()
	out, _ := cmd.StdoutPipe()
	if err := cmd.Start(); err != nil {
		o.t.Fatal(err)
	}
	cache, err := os.OpenFile(o.cache, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		o.t.Fatal(err)
	}
	defer cache.Close()
	go func() {
		for _, q := range missing {
			job := map[string]any{"body": string(q.body), "tag": q.key()}
			if len(q.profiles) > 0 {
				job["profile"] = q.profiles
			}
			line, _ := json.Marshal(job)
			_, _ = in.Write(append(line, '\n'))
		}
		in.Close()
	}()
	answers := bufio.NewScanner(out)
	answers.Buffer(nil, 1<<28)
	for answers.Scan() {
		v := readAnswer(o.t, answers.Bytes())
		line, _ := json.Marshal(v)
		_, _ = cache.Write(append(line, '\n'))
		o.known[v.Key] = v
	}
	if err := cmd.Wait(); err != nil {
		o.t.Fatal(err)
	}
}

// readAnswer reads a line of the validator.
func readAnswer(t *testing.T, line []byte) *verdict {
	var a struct {
		File   string
		Valid  bool
		Issues []struct{ Severity, ID, Location, Message string }
	}
	if err := json.Unmarshal(bytes.TrimSpace(line), &a); err != nil {
		t.Fatalf("the validator answers %.200q: %v", line, err)
	}
	v := &verdict{Key: a.File, Valid: a.Valid}
	for _, i := range a.Issues {
		if i.Severity == "error" || i.Severity == "fatal" {
			v.Errors = append(v.Errors, finding{i.ID, i.Location, i.Message[:min(len(i.Message), 160)]})
		}
	}
	return v
}
