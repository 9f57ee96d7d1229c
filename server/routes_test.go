package server_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"caseway/server"
)

// verbs are what each path takes; every other verb must be refused with these.
var verbs = map[string]string{
	"/":                          "GET, HEAD, OPTIONS",
	"/fhir":                      "GET, HEAD, OPTIONS, POST",
	"/fhir/metadata":             "GET, HEAD, OPTIONS",
	"/fhir/_history":             "GET, HEAD, OPTIONS",
	"/fhir/_search":              "GET, HEAD, OPTIONS, POST",
	"/fhir/Patient":              "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT",
	"/fhir/Patient/_history":     "GET, HEAD, OPTIONS",
	"/fhir/Patient/_search":      "GET, HEAD, OPTIONS, POST",
	"/fhir/Patient/1":            "DELETE, GET, HEAD, OPTIONS, PATCH, PUT",
	"/fhir/Patient/1/_history":   "GET, HEAD, OPTIONS",
	"/fhir/Patient/1/_history/1": "GET, HEAD, OPTIONS",
	"/fhir/Patient/1/Task":       "GET, HEAD, OPTIONS",
	"/livez":                     "GET, HEAD, OPTIONS",
	"/readyz":                    "GET, HEAD, OPTIONS",
	"/metrics":                   "GET, HEAD, OPTIONS",
}

func TestWrongVerbsAreRefusedWithWhatIsAllowed(t *testing.T) {
	h := listen(t, server.Config{})
	for path, allow := range verbs {
		for _, verb := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW", "PROPFIND"} {
			t.Run(verb, func(t *testing.T) {
				if strings.Contains(", "+allow+",", ", "+verb+",") {
					return
				}
				status, header, body := do(t, verb, h.URL+path, "")
				if status != http.StatusMethodNotAllowed || header.Get("Allow") != allow {
					t.Errorf("%s %s: %d, Allow %q, want 405 and %q", verb, path, status, header.Get("Allow"), allow)
				}
				if verb != "HEAD" && !strings.Contains(body, `"code":"not-supported"`) {
					t.Errorf("%s %s: %s", verb, path, body)
				}
			})
		}
	}
}

func TestHeadIsAnsweredAsGet(t *testing.T) {
	h := listen(t, server.Config{})
	for path, allow := range verbs {
		if !strings.Contains(allow, "HEAD") {
			continue
		}
		get, _, _ := do(t, "GET", h.URL+path, "")
		head, header, body := do(t, "HEAD", h.URL+path, "")
		if get != head || body != "" {
			t.Errorf("%s: GET %d, HEAD %d with %d bytes", path, get, head, len(body))
		}
		if header.Get("Content-Type") == "" {
			t.Errorf("HEAD %s: no Content-Type", path)
		}
	}
}

// do sends a request with FHIR JSON and headers in turn, and reads the answer.
func do(t *testing.T, method, url, body string, headers ...string) (int, http.Header, string) {
	t.Helper()
	r, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/fhir+json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := plainClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, answer.Header, string(text)
}

// plainClient leaves encodings as they are.
var plainClient = &http.Client{Transport: &http.Transport{DisableCompression: true}}
