package interaction

import (
	"context"
	"strings"

	"caseway/fhir"
	"caseway/fhir/budget"
	"caseway/fhir/search"
)

// Call is what a Bundle's entry asks for that is no read, search or write of a
// resource: a history or an operation
// (https://hl7.org/fhir/R4/operations.html#executing).
type Call struct {
	Method string // GET or POST
	// Path is the URL below the base, without a slash before it and without
	// parameters: "Patient/1/$everything".
	Path       string
	Parameters []search.Pair  // of the URL, decoded
	Body       []byte         // of a POST: the entry's resource, such as Parameters; nil for none
	Base       string         // our own base URL without a closing slash
	Lenient    bool           // see SearchRequest
	Whole      bool           // part of a transaction: it may change nothing
	Answer     *budget.Answer // what the answer is drawn from; nil: it has no bound
}

// takeCall reads the segments of a history or of a call of an operation; false
// for any other URL.
func (en *entry) takeCall(path string, parts []string) bool {
	last := parts[len(parts)-1]
	switch operation := len(last) > 1 && last[0] == '$' && len(parts) <= 3; {
	case en.verb == "GET" && (operation || last == "_history" && len(parts) <= 3 || path == "metadata"):
	case en.verb == "POST" && operation:
	default:
		return false
	}
	en.call = &Call{Method: en.verb, Path: path}
	return true
}

// Elsewhere answers calls that the engine doesn't know. Safe for concurrent use.
type Elsewhere interface {
	// Reads reports whether a call changes nothing, so that it can be part of a
	// transaction by POST too.
	Reads(c Call) bool
	// Answer gives the JSON of a resource, which it has drawn from the call's
	// Answer. It fails with kind NotFound for what isn't there.
	Answer(ctx context.Context, c Call) ([]byte, error)
}

// call answers a call with the JSON of a resource. What the engine doesn't know
// is left to the request's Elsewhere; what nobody knows fails with kind
// NotFound.
func (s *Session) call(ctx context.Context, r BundleRequest, c Call) ([]byte, error) {
	c.Answer = r.Answer
	if err := r.Answer.Err(); err != nil {
		return nil, err
	}
	parts := strings.Split(c.Path, "/")
	key := fhir.Key{}
	if len(parts) > 1 {
		key.Type = parts[0]
	}
	if len(parts) > 2 {
		key.ID = parts[1]
	}
	switch {
	case parts[len(parts)-1] == "_history":
		return s.calledHistory(ctx, key, c)
	case r.Elsewhere != nil:
		return r.Elsewhere.Answer(ctx, c)
	}
	return nil, fhir.NewError(fhir.NotFound, fhir.IssueNotSupported, "the URL names an operation, and none is supported here")
}

func (s *Session) calledHistory(ctx context.Context, key fhir.Key, c Call) ([]byte, error) {
	h := HistoryRequest{Type: key.Type, ID: key.ID, Base: c.Base, Answer: c.Answer}
	if err := h.Take(c.Parameters); err != nil {
		return nil, err
	}
	return s.History(ctx, h)
}
