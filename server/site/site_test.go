package site_test

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"caseway/docs"
	"caseway/server/site"
)

func get(t *testing.T, path string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	site.Handler().ServeHTTP(w, r)
	return w
}

var href = regexp.MustCompile(`(?:href|src)="([^"]*)"`)

// TestEachDocumentIsAPage, and what a page links to on the site is there.
func TestEachDocumentIsAPage(t *testing.T) {
	pages := 0
	err := fs.WalkDir(docs.Files, ".", func(name string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(name, ".md") {
			return err
		}
		pages++
		t.Run(name, func(t *testing.T) {
			path := strings.TrimSuffix("/docs/"+strings.TrimSuffix(name, ".md"), "/index")
			w := get(t, path)
			body := w.Body.String()
			if w.Code != http.StatusOK || !strings.Contains(body, "<h1") || !strings.Contains(body, `aria-current="page"`) {
				t.Fatalf("%s: got status %d, want a page with a heading that knows its place", path, w.Code)
			}
			for _, m := range href.FindAllStringSubmatch(body, -1) {
				to, _, _ := strings.Cut(m[1], "#")
				if !strings.HasPrefix(to, "/docs") {
					continue
				}
				if got := get(t, to).Code; got != http.StatusOK {
					t.Errorf("%s links to %s: got status %d, want 200", path, to, got)
				}
			}
			for _, unwanted := range []string{"<script", "style=", "onclick"} {
				t.Run(unwanted, func(t *testing.T) {
					if strings.Contains(body, unwanted) {
						t.Errorf("%s has %q, which its policy forbids", path, unwanted)
					}
				})
			}
		})
		return nil
	})
	if err != nil || pages < 40 {
		t.Errorf("got %d pages, error %v; want at least 40", pages, err)
	}
}

func TestPagesAreRevalidated(t *testing.T) {
	first := get(t, "/docs")
	again := get(t, "/docs", "If-None-Match", first.Header().Get("ETag"))
	if again.Code != http.StatusNotModified || again.Body.Len() > 0 {
		t.Errorf("got status %d and %d bytes, want 304 and none", again.Code, again.Body.Len())
	}
	if !strings.Contains(first.Header().Get("Content-Security-Policy"), "default-src 'none'") {
		t.Errorf("got the policy %q, want one that allows nothing but what it names", first.Header().Get("Content-Security-Policy"))
	}
}

func TestUnknownPagesLeadBack(t *testing.T) {
	for _, path := range []string{"/docs/nothing", "/docs/../server", "/docs/fhir/search.md"} {
		t.Run(path, func(t *testing.T) {
			if w := get(t, path); w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), `href="/docs"`) {
				t.Errorf("got status %d, want 404 with a link to all pages", w.Code)
			}
		})
	}
}

// TestTheStartPageEscapesNames: a client may be called anything.
func TestTheStartPageEscapesNames(t *testing.T) {
	text, err := site.Start{Cases: []site.Case{{ID: "c", Client: "<script>x</script>", Phase: "active"}}, Login: true, App: true}.Page()
	if err != nil || strings.Contains(string(text), "<script") || !strings.Contains(string(text), "&lt;script&gt;") {
		t.Errorf("got %s, error %v; want the name escaped", text, err)
	}
	for _, want := range []string{"/auth/apps", "/app/", "/docs", "/cases/c?view=whole"} {
		t.Run(want, func(t *testing.T) {
			if !strings.Contains(string(text), want) {
				t.Errorf("got no link to %s", want)
			}
		})
	}
}
