package fhir

import (
	"errors"
	"slices"
	"strings"
	"time"
)

// Kind is a class of error that a client can act on. The server turns kinds
// into HTTP status codes in one place; a kind knows nothing of HTTP.
type Kind int

// The kinds. Each comment names the issue code that is usual for it
// (https://hl7.org/fhir/R4/valueset-issue-type.html).
const (
	Internal         Kind = iota // exception: the cause goes to the log, never to the client
	Structure                    // structure: not readable as R4 JSON, id mismatch
	Invalid                      // invalid, value, not-supported: bad parameter, header or value
	Unprocessable                // value, required, code-invalid, invariant, business-rule
	Login                        // login: no or bad token
	Forbidden                    // forbidden: the token may not
	TooCostly                    // too-costly: refused before the work is done
	NotFound                     // not-found: unknown type, id or version
	Gone                         // deleted
	NotAllowed                   // not-supported: this verb isn't allowed here
	Duplicate                    // duplicate, conflict
	VersionConflict              // conflict: If-Match doesn't hold
	MultipleMatches              // multiple-matches: several resources match a condition
	TooLarge                     // too-long
	NotAcceptable                // not-supported: no such answer format
	UnsupportedMedia             // not-supported: no such request format
	Throttled                    // throttled
	Transient                    // transient: the store is away; try again
	kinds                        // how many there are
)

// Kinds lists all kinds, so that a test can walk them.
func Kinds() []Kind {
	all := make([]Kind, kinds)
	for i := range all {
		all[i] = Kind(i)
	}
	return all
}

// Severity is the severity of an issue
// (https://hl7.org/fhir/R4/valueset-issue-severity.html).
type Severity string

// The severities.
const (
	SeverityError       Severity = "error"
	SeverityWarning     Severity = "warning"
	SeverityInformation Severity = "information"
)

// Issue codes that the server uses
// (https://hl7.org/fhir/R4/valueset-issue-type.html).
const (
	IssueStructure       = "structure"
	IssueRequired        = "required"
	IssueValue           = "value"
	IssueInvariant       = "invariant"
	IssueInvalid         = "invalid"
	IssueLogin           = "login"
	IssueForbidden       = "forbidden"
	IssueNotSupported    = "not-supported"
	IssueDuplicate       = "duplicate"
	IssueMultipleMatches = "multiple-matches"
	IssueNotFound        = "not-found"
	IssueDeleted         = "deleted"
	IssueTooLong         = "too-long"
	IssueCodeInvalid     = "code-invalid"
	IssueTooCostly       = "too-costly"
	IssueBusinessRule    = "business-rule"
	IssueConflict        = "conflict"
	IssueTransient       = "transient"
	IssueThrottled       = "throttled"
	IssueException       = "exception"
	IssueInformational   = "informational"
)

// Issue is one problem: what, where, and in plain words what would be right.
// Text never holds patient data: it names elements and rules, not values.
type Issue struct {
	Severity   Severity // empty counts as error
	Code       string   // one of the Issue codes
	Expression string   // FHIRPath-like, such as "CarePlan.activity[0].detail.status"; empty where none applies
	Text       string   // for the client's developer: a sentence, or what is said of Expression, "is required, but missing"
	// Advice is set where only clients are told that ask for an OperationOutcome:
	// what they wrote is stored as it should be.
	Advice bool
}

// Error is an error that a client can act on.
type Error struct {
	Kind       Kind
	Issues     []Issue       // at least one
	Cause      error         // for the log; never shown to a client
	RetryAfter time.Duration // for Transient and Throttled; 0 leaves it to the server
	Allow      []string      // for NotAllowed: the verbs that are allowed
}

// Is reports whether err is, or wraps, an *Error of one of the kinds.
func Is(err error, kinds ...Kind) bool {
	e := (*Error)(nil)
	return errors.As(err, &e) && slices.Contains(kinds, e.Kind)
}

// NewError makes an error with one issue.
func NewError(kind Kind, code, text string) *Error {
	return &Error{Kind: kind, Issues: []Issue{{Severity: SeverityError, Code: code, Text: text}}}
}

// At sets the expression of the only or first issue and returns e.
func (e *Error) At(expression string) *Error {
	e.Issues[0].Expression = expression
	return e
}

// Because sets the cause and returns e.
func (e *Error) Because(cause error) *Error {
	e.Cause = cause
	return e
}

// Error joins the issues' texts with what they are about.
func (e *Error) Error() string {
	var b strings.Builder
	for i := range e.Issues {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(e.Issues[i].Diagnostics())
	}
	if e.Cause != nil {
		b.WriteString(" (")
		b.WriteString(e.Cause.Error())
		b.WriteString(")")
	}
	return b.String()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Within sets the expression of all issues and returns e.
func (e *Error) Within(expression string) *Error {
	for i := range e.Issues {
		e.Issues[i].Expression = expression
	}
	return e
}

// NoSuch says that no resource of a type has the id that is asked for, or none
// that may be seen: the two are told alike.
func NoSuch(typ string) *Error {
	return NewError(NotFound, IssueNotFound, "no "+typ+" has this id")
}
