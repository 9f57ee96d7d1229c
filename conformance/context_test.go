package conformance

import (
	"strings"
	"testing"
)

// carriers are the files that put a value into a context, with what it is. None of
// these steers a decision.
var carriers = map[string]string{
	"auth/principal.go":             "the principal",
	"server/audit/request.go":       "the request, with its id and address",
	"auth/external/verifier.go":     "where a library's HTTP client leaves its trouble, which it hides",
	"fhir/store/sqlite/snapshot.go": "the connection of an open snapshot",
}

// TestContextsSteerNothing: what travels in a context is who asks, which request
// it is, and until when.
func TestContextsSteerNothing(t *testing.T) {
	for path, text := range texts(t) {
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			continue
		}
		if n := strings.Count(text, "context.WithValue("); n > 1 || n == 1 && carriers[path] == "" {
			t.Errorf("%s puts %d values into contexts; what code needs to decide is handed to it", path, n)
		}
	}
}
