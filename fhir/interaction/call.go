package interaction

import (
	"context"
	"strings"

	"caseway/fhir"
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
	Parameters []search.Pair // of the URL, decoded
	Body       []byte        // of a POST: the entry's resource, such as Parameters; nil for none
	Base       string        // our own base URL without a closing slash
	Lenient    bool          // see SearchRequest
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

// call answers a call with the JSON of a resource. What the engine doesn't know
// is left to the request's Elsewhere; what nobody knows fails with kind
// NotFound.
func (e *Engine) call(ctx context.Context, r BundleRequest, c Call) ([]byte, error) {
	parts := strings.Split(c.Path, "/")
	name := parts[len(parts)-1]
	key := fhir.Key{}
	if len(parts) > 1 {
		key.Type = parts[0]
	}
	if len(parts) > 2 {
		key.ID = parts[1]
	}
	switch {
	case name == "_history":
		return e.calledHistory(ctx, key, c)
	case c.Method == "GET" && name == "$everything" && key.ID != "":
		return e.Everything(ctx, EverythingRequest{Key: key, Base: c.Base, Parameters: c.Parameters})
	case c.Method == "GET" && name == "$lastn" && key == (fhir.Key{Type: "Observation"}):
		return e.LastN(ctx, LastNRequest{Base: c.Base, Parameters: c.Parameters, Lenient: c.Lenient})
	case c.Method == "GET" && name == "$reindex-status" && (key.ID == "" || key.Type == "SearchParameter") && len(parts) != 2:
		return e.ReindexStatus(ctx, key.ID)
	case r.Elsewhere != nil:
		return r.Elsewhere(ctx, c)
	}
	return nil, notCalled()
}

func (e *Engine) calledHistory(ctx context.Context, key fhir.Key, c Call) ([]byte, error) {
	h := HistoryRequest{Type: key.Type, ID: key.ID, Base: c.Base}
	if err := h.Take(c.Parameters); err != nil {
		return nil, err
	}
	return e.History(ctx, h)
}

func notCalled() *fhir.Error {
	return fhir.NewError(fhir.NotFound, fhir.IssueNotSupported, "the URL names an operation that isn't supported there; /metadata lists those that are")
}
