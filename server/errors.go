package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"caseway/fhir"
)

// statusOf gives each kind of error its HTTP status.
var statusOf = map[fhir.Kind]int{
	fhir.Internal:         http.StatusInternalServerError,
	fhir.Structure:        http.StatusBadRequest,
	fhir.Invalid:          http.StatusBadRequest,
	fhir.Unprocessable:    http.StatusUnprocessableEntity,
	fhir.Login:            http.StatusUnauthorized,
	fhir.Forbidden:        http.StatusForbidden,
	fhir.TooCostly:        http.StatusForbidden,
	fhir.NotFound:         http.StatusNotFound,
	fhir.Gone:             http.StatusGone,
	fhir.NotAllowed:       http.StatusMethodNotAllowed,
	fhir.Duplicate:        http.StatusConflict,
	fhir.VersionConflict:  http.StatusPreconditionFailed,
	fhir.MultipleMatches:  http.StatusPreconditionFailed,
	fhir.TooLarge:         http.StatusRequestEntityTooLarge,
	fhir.NotAcceptable:    http.StatusNotAcceptable,
	fhir.UnsupportedMedia: http.StatusUnsupportedMediaType,
	fhir.Throttled:        http.StatusTooManyRequests,
	fhir.Transient:        http.StatusServiceUnavailable,
}

// errSlow is a request body that didn't arrive in time.
var errSlow = errors.New("the request body didn't arrive in time")

// errLongURL is a request whose URL is longer than maxURL.
var errLongURL = errors.New("the URL is too long")

// statusClientGone is for logs and metrics only: nobody is there to read it.
const statusClientGone = 499

// retryAfter is what a client is told where the error doesn't say.
const retryAfter = 5 * time.Second

// internalError is all that a client sees of an error that it can't act on.
var internalError = fhir.NewError(fhir.Internal, fhir.IssueException, "internal error")

// answerFor is the only place where an error becomes a status code and an
// outcome.
func answerFor(err error) (int, *fhir.Error) {
	if errors.Is(err, errSlow) {
		return http.StatusRequestTimeout, fhir.NewError(fhir.Transient, fhir.IssueTransient, errSlow.Error())
	}
	if errors.Is(err, errLongURL) {
		return http.StatusRequestURITooLong, fhir.NewError(fhir.TooLarge, fhir.IssueTooLong, fmt.Sprintf(
			"the URL is longer than %d KB: a search takes its parameters also by POST [type]/_search, in a form", maxURL>>10))
	}
	if fe := (*fhir.Error)(nil); errors.As(err, &fe) {
		if status := statusOf[fe.Kind]; status != 0 && fe.Kind != fhir.Internal {
			return status, fe
		}
	}
	if errors.Is(err, context.Canceled) {
		return statusClientGone, internalError
	}
	return http.StatusInternalServerError, internalError
}

// fail answers with an OperationOutcome.
func (x *exchange) fail(err error) {
	status, outcome := answerFor(err)
	x.err = err
	if x.c.Writer.Written() {
		return // the answer broke off; the log has the cause
	}
	h := x.c.Writer.Header()
	for _, name := range []string{"Etag", "Last-Modified", "Location", "Content-Location", "Content-Encoding"} {
		delete(h, name)
	}
	if status == http.StatusMethodNotAllowed {
		h.Set("Allow", strings.Join(outcome.Allow, ", "))
	}
	if status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests {
		h.Set("Retry-After", seconds(outcome.RetryAfter))
	}
	x.setChallenge(outcome)
	if status == http.StatusRequestTimeout {
		h.Set("Connection", "close")
	}
	if x.route.cases {
		x.format.contentType = problemJSON
		x.writeJSON(x.problem(status, err))
		return
	}
	x.writeJSON(status, outcome.Outcome())
}

// seconds is a Retry-After in whole seconds, at least one.
func seconds(d time.Duration) string {
	if d <= 0 {
		d = retryAfter
	}
	return strconv.Itoa(int((d + time.Second - 1) / time.Second))
}
