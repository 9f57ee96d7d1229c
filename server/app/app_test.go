package app

import (
	"crypto/sha256"
	"encoding/base64"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

func get(t *testing.T, method, path string) *http.Response {
	t.Helper()
	w := httptest.NewRecorder()
	Handler().ServeHTTP(w, httptest.NewRequest(method, path, nil))
	return w.Result()
}

func TestEveryPageForbidsWhatIsNotItsOwn(t *testing.T) {
	for _, path := range []string{"/app", "/app/", "/app/launch.html", "/app/app.js", "/app/none", "/app/fhirclient/"} {
		t.Run(path, func(t *testing.T) {
			r := get(t, http.MethodGet, path)
			if got := r.Header.Get("Content-Security-Policy"); got != policy || strings.Contains(got, "unsafe") {
				t.Errorf("%s: policy %q", path, got)
			}
			if r.Header.Get("X-Content-Type-Options") != "nosniff" || r.Header.Get("Referrer-Policy") != "no-referrer" {
				t.Errorf("%s: headers %v", path, r.Header)
			}
		})
	}
}

func TestPathsAndMethods(t *testing.T) {
	for _, c := range []struct {
		method, path string
		status       int
		location     string
	}{
		{"GET", "/app", 301, "/app/"},
		{"GET", "/app?error=access_denied", 301, "/app/?error=access_denied"},
		{"GET", "/app/", 200, ""},
		{"GET", "/app/?code=a&state=b", 200, ""},
		{"HEAD", "/app/launch.html", 200, ""},
		{"GET", "/app/fhirclient/fhir-client.pure.min.js", 200, ""},
		{"GET", "/app/fhirclient/LICENSE", 200, ""},
		{"GET", "/app/fhirclient/", 404, ""},
		{"GET", "/app/../go.mod", 404, ""},
		{"GET", "/app//evil.example/", 404, ""},
		{"POST", "/app/", 405, ""},
		{"DELETE", "/app/app.js", 405, ""},
	} {
		t.Run(c.method, func(t *testing.T) {
			r := get(t, c.method, c.path)
			if r.StatusCode != c.status || r.Header.Get("Location") != c.location {
				t.Errorf("%s %s: %d %q, want %d %q", c.method, c.path, r.StatusCode, r.Header.Get("Location"), c.status, c.location)
			}
		})
	}
}

// A policy without unsafe-inline makes the browser ignore what is inline: it
// mustn't be there at all.
func TestPagesHaveNothingInline(t *testing.T) {
	inline := regexp.MustCompile(`<script>|<style|\son\w+=|\sstyle=|javascript:|https?://`)
	files, err := fs.Glob(static, "static/*.html")
	if err != nil || len(files) != 2 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		page, err := static.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if found := inline.Find(page); found != nil {
			t.Errorf("%s has %q", name, found)
		}
	}
}

func TestLibraryIsWhatItsSourceFileNames(t *testing.T) {
	library, err := static.ReadFile("static/fhirclient/fhir-client.pure.min.js")
	if err != nil {
		t.Fatal(err)
	}
	source, err := static.ReadFile("static/fhirclient/SOURCE.md")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(library)
	if want := "sha256-" + base64.StdEncoding.EncodeToString(sum[:]); !strings.Contains(string(source), want) {
		t.Errorf("SOURCE.md doesn't name %s", want)
	}
}

// What the launch page asks for and what the client is registered with are
// written in two languages.
func TestLaunchAsksForRegisteredScopesOnly(t *testing.T) {
	script, err := static.ReadFile("static/launch.js")
	if err != nil {
		t.Fatal(err)
	}
	registered := map[string]bool{}
	for _, s := range scopes {
		registered[s] = true
	}
	asked := regexp.MustCompile(`"((?:patient|launch)/[\w.]+|launch|openid|fhirUser|\w+_access)"`).FindAllSubmatch(script, -1)
	if len(asked) < 9 {
		t.Fatalf("found %d scopes", len(asked))
	}
	for _, m := range asked {
		if !registered[string(m[1])] {
			t.Errorf("%s is asked for and not registered", m[1])
		}
	}
	if !strings.Contains(string(script), `"`+ID+`"`) {
		t.Errorf("the launch page doesn't name the client %s", ID)
	}
}
