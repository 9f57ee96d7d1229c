package interaction

import (
	"time"

	"caseway/fhir"
	"caseway/fhir/budget"
	"caseway/fhir/search"
)

// CreateRequest asks for a new resource (https://hl7.org/fhir/R4/http.html#create).
type CreateRequest struct {
	Type string
	Body []byte
	// IfNoneExist is the query part of a conditional create,
	// "identifier=http://example.org|1", or the URL of the search; "" for a
	// plain one.
	IfNoneExist string
	// IdempotencyKey, when not "", lets this write happen once: it is kept as a
	// record in the same commit, and a repetition is refused with kind
	// Duplicate, code duplicate, before any work is done.
	IdempotencyKey string
}

// UpdateRequest asks for a new version, or for a resource under a client's id
// (https://hl7.org/fhir/R4/http.html#update).
type UpdateRequest struct {
	Key fhir.Key // without an id for a conditional update
	// Criteria is the query part of a conditional update,
	// "identifier=http://example.org|1"; "" for a plain one.
	Criteria string
	Body     []byte
	IfMatch  int64 // the version that must be current; 0: any
	// IdempotencyKey, when not "", lets this write happen once: it is kept as a
	// record in the same commit, and a repetition is refused with kind
	// Duplicate, code duplicate, before any work is done.
	IdempotencyKey string
}

// PatchRequest asks for a change of a resource
// (https://hl7.org/fhir/R4/http.html#patch).
type PatchRequest struct {
	Key fhir.Key // without an id for a conditional patch
	// Criteria is the query part of a conditional patch,
	// "identifier=http://example.org|1"; "" for a plain one.
	Criteria string
	Format   PatchFormat
	Body     []byte
	IfMatch  int64 // the version that must be current; 0: any
	// IdempotencyKey, when not "", lets this write happen once: it is kept as a
	// record in the same commit, and a repetition is refused with kind
	// Duplicate, code duplicate, before any work is done.
	IdempotencyKey string
}

// DeleteRequest asks for a tombstone (https://hl7.org/fhir/R4/http.html#delete).
type DeleteRequest struct {
	Key fhir.Key // without an id for a conditional delete
	// Criteria is the query part of a conditional delete; "" for a plain one.
	Criteria string
	IfMatch  int64 // the version that must be current; 0: any
}

// HistoryRequest asks for a page of history, newest first
// (https://hl7.org/fhir/R4/http.html#history). With Type and ID it is one
// resource's, with Type alone a type's, with neither the system's.
type HistoryRequest struct {
	Type, ID string
	Base     string    // our own base URL without a closing slash, for fullUrl and links
	Count    int       // page size; 0 asks only for the total; NoCount: the default
	Since    time.Time // zero: no bound
	// AtFrom and AtTo are the half-open range that _at was written with.
	AtFrom, AtTo time.Time
	List         string // id of a List whose items' resources are shown; "" for all
	Cursor       string // from a next link; "" for the first page
	// Subset are _summary and _elements: see Engine.ParseSubset.
	Subset []search.Pair
	// Query is the parameters as they are to be shown in links, without
	// the cursor, "_count=10&_since=…".
	Query  string
	Answer *budget.Answer // what the page's JSON is drawn from; nil: it has no bound

	countOnly bool // _summary=count: see Count
}

// CursorParameter is the parameter of a next link that carries a
// HistoryRequest's Cursor.
const CursorParameter = "_cursor"

// NoCount as a HistoryRequest's Count leaves the page size to the server.
const NoCount = -1

// Return is what a client prefers to get back from a write
// (https://hl7.org/fhir/R4/http.html#ops).
type Return int

// The preferences.
const (
	ReturnDefault Return = iota // representation for one resource, minimal inside bundles
	ReturnMinimal
	ReturnRepresentation
	ReturnOutcome
)

// BundleRequest asks for a batch or a transaction
// (https://hl7.org/fhir/R4/http.html#transaction).
type BundleRequest struct {
	Body   []byte
	Base   string // our own base URL without a closing slash
	Return Return
	// IdempotencyKey, when not "", lets this write happen once: it is kept as a
	// record in the same commit, and a repetition is refused with kind
	// Duplicate, code duplicate, before any work is done.
	IdempotencyKey string
	// Lenient is for the searches of the Bundle, see SearchRequest.
	Lenient bool
	// DryRun does everything but commit a transaction: what refuses it does so, and
	// otherwise the answer is empty.
	DryRun bool
	// Elsewhere answers calls that the engine doesn't know; nil for none. In a
	// transaction it is asked after the writes, for what changes nothing.
	Elsewhere Elsewhere
	// Answer is what the answers of entries are drawn from, each page as short
	// as it must be. An entry that doesn't fit fails alone, with kind TooCostly.
	// nil: there is no bound.
	Answer *budget.Answer
}
