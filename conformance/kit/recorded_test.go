package kit_test

import (
	"bufio"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"caseway/conformance/kit"
	"caseway/fhir/fhirtest"
)

// recordedException is a recorded request that isn't answered as it was then.
type recordedException struct {
	URL    string // the recorded one, or its beginning
	Status int    // ours
	Reason string
	met    bool
}

// TestRecordedRequests asks what a conformance run asked another server over
// the same patients, and expects the same statuses but for the exceptions in
// testdata/recorded-exceptions.json.
func TestRecordedRequests(t *testing.T) {
	fhirtest.SharedDir(t)
	onBothStores(t, func(t *testing.T, store string) {
		if testing.Short() && strings.HasPrefix(store, "mongodb") {
			t.Skip("the requests are the same ones on each store")
		}
		u := newUSCore(t, store)
		exceptions := recordedExceptions(t)
		asked := 0
		eachRecorded(t, func(method, url string, status int) {
			for i := range exceptions {
				if e := &exceptions[i]; strings.HasPrefix(url, e.URL) {
					status, e.met = e.Status, true
				}
			}
			answer := askRecorded(t, u.Client, method, u.ours(strings.TrimPrefix(url, "{base}/"), asked))
			if asked++; answer.Status != status {
				t.Errorf("%s %s: status %d, want %d: %.300s", method, url, answer.Status, status, answer.Body)
			}
		})
		for _, e := range exceptions {
			if !e.met {
				t.Errorf("no request is excepted by %s", e.URL)
			}
		}
		if asked != 1055 {
			t.Errorf("%d requests, want 1055", asked)
		}
	})
}

func recordedExceptions(t *testing.T) []recordedException {
	t.Helper()
	text, err := os.ReadFile("testdata/recorded-exceptions.json")
	if err != nil {
		t.Fatal(err)
	}
	var exceptions []recordedException
	if err := json.Unmarshal(text, &exceptions); err != nil {
		t.Fatal(err)
	}
	return exceptions
}

// eachRecorded gives the recorded requests but those by links of the other
// server to its own pages.
func eachRecorded(t *testing.T, use func(method, url string, status int)) {
	t.Helper()
	file, err := os.Open(filepath.Join(fhirtest.SharedDir(t), "data/requirements/us-core-6.1.0-reference-requests.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var r struct {
			Method, URL string
			Status      int
		}
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(r.URL, "_getpages=") {
			use(r.Method, r.URL, r.Status)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
}

var givenID = regexp.MustCompile(`\b([A-Z][A-Za-z]+)/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

// ours puts ids of resources of this server in the place of those that the
// other one had given.
func (u *usCore) ours(path string, n int) string {
	return givenID.ReplaceAllStringFunc(path, func(key string) string {
		typ, _, _ := strings.Cut(key, "/")
		if len(u.resources[typ]) == 0 {
			return key
		}
		return keyIn(u.resources[typ][n%len(u.resources[typ])])
	})
}

// askRecorded repeats a request; the forms of POST _search weren't recorded.
func askRecorded(t *testing.T, c *kit.Client, method, path string) kit.Answer {
	t.Helper()
	var body []byte
	var header []string
	if method == http.MethodPost {
		body, header = []byte("_id=355"), formHeader
	}
	answer, err := c.Do(t.Context(), method, path, body, header...)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return answer
}
