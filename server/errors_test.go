package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"caseway/fhir"
	"caseway/fhir/interaction"
)

// TestEveryKindHasItsStatus holds statuses to the table in the design, and to
// what bundles say of their entries.
func TestEveryKindHasItsStatus(t *testing.T) {
	want := map[fhir.Kind]int{
		fhir.Internal: 500, fhir.Structure: 400, fhir.Invalid: 400, fhir.Unprocessable: 422, fhir.Login: 401,
		fhir.Forbidden: 403, fhir.TooCostly: 403, fhir.NotFound: 404, fhir.Gone: 410, fhir.NotAllowed: 405,
		fhir.Duplicate: 409, fhir.VersionConflict: 412, fhir.MultipleMatches: 412, fhir.TooLarge: 413,
		fhir.NotAcceptable: 406, fhir.UnsupportedMedia: 415, fhir.Throttled: 429, fhir.Transient: 503,
	}
	for _, kind := range fhir.Kinds() {
		err := fmt.Errorf("wrapped: %w", fhir.NewError(kind, fhir.IssueInvalid, "text"))
		status, outcome := answerFor(err)
		if status != want[kind] || http.StatusText(status) == "" {
			t.Errorf("kind %d: status %d, want %d", kind, status, want[kind])
		}
		if (outcome.Issues[0].Text == "text") != (kind != fhir.Internal) {
			t.Errorf("kind %d shows %q", kind, outcome.Issues[0].Text)
		}
		if inBundle := interaction.Status(kind); !strings.HasPrefix(inBundle, strconv.Itoa(status)+" ") {
			t.Errorf("kind %d: %d here, %q in a bundle", kind, status, inBundle)
		}
	}
}

func TestWhatNobodyKnowsIsAnInternalError(t *testing.T) {
	for _, err := range []error{
		errors.New("driver: secret of Mr. Chalmers"),
		fhir.NewError(fhir.Kind(99), fhir.IssueException, "secret"),
		fhir.NewError(fhir.Internal, fhir.IssueException, "secret").Because(errors.New("secret")),
		context.DeadlineExceeded,
	} {
		status, outcome := answerFor(err)
		if text := string(outcome.Outcome()); status != 500 || strings.Contains(text, "secret") || !strings.Contains(text, "internal error") {
			t.Errorf("%v: %d %s", err, status, text)
		}
	}
}
