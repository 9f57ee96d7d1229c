package server_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"caseway/fhir/store"
	"caseway/server"
)

// TestScripts runs testdata/*.txtar on both stores: requests and the answers
// that they must get. testdata/README.md says how one is written.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for name, open := range map[string]func(testing.TB) store.Store{"sqlite": openSQLite, "mongodb": openMongo} {
		t.Run(name, func(t *testing.T) {
			for _, file := range files {
				t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { runScript(t, file, open(t)) })
			}
		})
	}
}

func runScript(t *testing.T, file string, s store.Store) {
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(newServer(t, s, server.Config{
		CORSOrigins: []string{"https://app.example.org"}, MaxBody: 64 << 10,
	}))
	defer h.Close()
	p := &player{root: h.URL, vars: map[string]string{"base": h.URL + "/fhir"}}
	if len(archive.Files)%2 != 0 {
		t.Fatalf("a script has requests and responses in turn")
	}
	for i := 0; i < len(archive.Files); i += 2 {
		request, response := archive.Files[i], archive.Files[i+1]
		if !strings.HasPrefix(request.Name, "request") || !strings.HasPrefix(response.Name, "response") {
			t.Fatalf("want request and response in turn, not %q and %q", request.Name, response.Name)
		}
		p.step = request.Name
		p.play(t, request.Data, response.Data)
	}
}

// player plays one script.
type player struct {
	root string
	step string
	vars map[string]string
}

func (p *player) play(t *testing.T, request, response []byte) {
	t.Helper()
	head, body := split(string(request))
	r, err := p.request(head, body)
	if err != nil {
		t.Fatalf("%s: got %v, want no error", p.step, err)
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, DisableCompression: true}}
	answer, err := client.Do(r)
	if err != nil {
		t.Fatalf("%s: got %v, want no error", p.step, err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatalf("%s: got %v, want no error", p.step, err)
	}
	p.compare(t, string(response), answer, string(text))
}

// request reads a request line, headers and a body.
func (p *player) request(head []string, body string) (*http.Request, error) {
	method, path, _ := strings.Cut(head[0], " ")
	r, err := http.NewRequest(method, p.root+p.fill(path), strings.NewReader(strings.TrimSuffix(p.fill(body), "\n")))
	if err != nil {
		return nil, err
	}
	r.Header.Set("User-Agent", "")
	for _, line := range head[1:] {
		name, value, _ := strings.Cut(line, ":")
		value = p.fill(strings.TrimSpace(value))
		if name == "Host" {
			r.Host = value
			continue
		}
		r.Header.Add(name, value)
	}
	return r, nil
}

func (p *player) compare(t *testing.T, want string, answer *http.Response, text string) {
	t.Helper()
	head, body := split(want)
	if strconv.Itoa(answer.StatusCode) != head[0] {
		t.Errorf("%s: status %d, want %s: %.600s", p.step, answer.StatusCode, head[0], text)
	}
	for _, line := range head[1:] {
		name, pattern, _ := strings.Cut(line, ":")
		got := strings.Join(answer.Header.Values(name), ", ")
		if !p.match(strings.TrimSpace(pattern), got) {
			t.Errorf("%s: %s is %q, want %q", p.step, name, got, strings.TrimSpace(pattern))
		}
	}
	for line := range strings.Lines(body) {
		line = p.fill(strings.TrimSpace(line))
		unwanted, isUnwanted := strings.CutPrefix(line, "! ")
		switch {
		case line == "":
		case line == "(nothing)":
			if text != "" {
				t.Errorf("%s: a body, want none: %.600s", p.step, text)
			}
		case isUnwanted:
			if strings.Contains(text, unwanted) {
				t.Errorf("%s: the body has %q: %.600s", p.step, unwanted, text)
			}
		case !strings.Contains(text, line):
			t.Errorf("%s: the body lacks %q: %.900s", p.step, line, text)
		}
	}
}

var variable = regexp.MustCompile(`<([a-z]+)>`)

// fill puts in what variables hold.
func (p *player) fill(text string) string {
	return variable.ReplaceAllStringFunc(text, func(name string) string {
		if value, known := p.vars[name[1:len(name)-1]]; known {
			return value
		}
		return name
	})
}

// match compares a header with a pattern: * stands for anything, <name> for a
// variable, which is set where it isn't known yet.
func (p *player) match(pattern, got string) bool {
	var names []string
	expression := regexp.QuoteMeta(p.fill(pattern))
	expression = strings.ReplaceAll(expression, `\*`, `.*`)
	expression = variable.ReplaceAllStringFunc(expression, func(name string) string {
		names = append(names, name[1:len(name)-1])
		return `([A-Za-z0-9.\-]+)`
	})
	found := regexp.MustCompile(`^` + expression + `$`).FindStringSubmatch(got)
	for i, name := range names {
		if found != nil {
			p.vars[name] = found[i+1]
		}
	}
	return found != nil
}

// split cuts head lines from what follows the first empty line.
func split(text string) (head []string, body string) {
	first, body, _ := strings.Cut(text, "\n\n")
	return strings.Split(strings.TrimSpace(first), "\n"), body
}

// pad makes a body of n bytes, for tests that scripts are too small for.
func pad(n int) []byte {
	const start, end = `{"resourceType":"Basic","code":{"text":"`, `"}}`
	return append(append([]byte(start), bytes.Repeat([]byte("x"), n-len(start)-len(end))...), end...)
}
