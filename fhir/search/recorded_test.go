package search

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"caseway/fhir/definition"
	"caseway/fhir/fhirtest"
)

// eachLine reads a file of NDJSON of the test data.
func eachLine(t testing.TB, path string, use func(line []byte)) {
	t.Helper()
	file, err := os.Open(filepath.Join(fhirtest.SharedDir(t), "data", path))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		use(lines.Bytes())
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
}

// withUSCore makes a registry with US Core's search parameters.
func withUSCore(t testing.TB) *Registry {
	t.Helper()
	var custom []CustomParameter
	eachLine(t, "ig/hl7.fhir.us.core-6.1.0/searchparameter.ndjson", func(line []byte) {
		d := new(definition.SearchParameter)
		if err := json.Unmarshal(line, d); err != nil {
			t.Fatal(err)
		}
		// The element's name in JSON isn't its name in FHIRPath.
		d.Expression = strings.ReplaceAll(d.Expression, ".valueDateTime", ".value.ofType(dateTime)")
		custom = append(custom, CustomParameter{Definition: d})
	})
	r, _ := NewRegistry(definition.R4(), custom) // most are R4's once more, which is a problem told
	return r
}

// unanswered are the parameters of US Core that the server of the recorded
// requests didn't have.
var unanswered = []string{"role=", "discharge-disposition=", "description="}

// TestRecordedRequests parses what a conformance run asked a server.
func TestRecordedRequests(t *testing.T) {
	r, parsed := withUSCore(t), 0
	eachLine(t, "requirements/us-core-6.1.0-reference-requests.ndjson", func(line []byte) {
		var request struct {
			Method, URL string
			Status      int
		}
		if err := json.Unmarshal(line, &request); err != nil {
			t.Fatal(err)
		}
		url, own := strings.CutPrefix(request.URL, "{base}/")
		path, _, search := strings.Cut(url, "?")
		if !own || !search || request.Method != "GET" || strings.Contains(path, "/") {
			return
		}
		parsed++
		answered := request.Status == 200 || slices.ContainsFunc(unanswered, func(code string) bool { return strings.Contains(url, code) })
		if _, err := parseURL(t, r, url, false); (err == nil) != answered {
			t.Errorf("%s: %d, but %v", url, request.Status, err)
		}
	})
	if parsed < 900 {
		t.Errorf("only %d requests", parsed)
	}
}
