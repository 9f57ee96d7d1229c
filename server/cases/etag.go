package cases

import (
	"net/http"
	"strings"

	"caseway/server/cases/problem"
)

// matches reports whether a list of entity tags (RFC 9110 section 8.8.3) has
// one, or *.
func matches(values []string, etag string) bool {
	for _, value := range values {
		for tag := range strings.SplitSeq(value, ",") {
			tag = strings.TrimSpace(tag)
			if tag == "*" || strings.TrimPrefix(tag, "W/") == etag {
				return true
			}
		}
	}
	return false
}

// checkIfMatch refuses a step on another state of the case than the caller saw.
func checkIfMatch(values []string, etag string) error {
	if len(values) == 0 || matches(values, etag) {
		return nil
	}
	return problem.New(http.StatusPreconditionFailed, "version-conflict", "The case has changed",
		"the case isn't in the state that If-Match names; read it again")
}
