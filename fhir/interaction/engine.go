// Package interaction is what a FHIR R4 server does, without a transport:
// create, read, vread, update, patch, delete, history, search, batch and transaction
// with link rewriting, conditional interactions and references, and the
// operations that are searches (https://hl7.org/fhir/R4/http.html).
//
// It is the one path that HTTP, loading and every later door take. Three
// interfaces, filled by others and wired by the server, hold on all of it:
// [Validator], [Access] and [Guard].
//
// Bodies are JSON text; answers are stored bytes, or bundles made of them.
// Errors are *fhir.Error where a client can act on them. Not here: HTTP
// status codes, headers, tokens, case concepts.
package interaction

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"runtime"
	"sync/atomic"
	"time"

	"caseway/fhir"
	"caseway/fhir/budget"
	"caseway/fhir/definition"
	"caseway/fhir/search"
	"caseway/fhir/store"
	"caseway/fhir/terminology"
)

// Name is the name of an interaction as CapabilityStatement and metrics use it
// (https://hl7.org/fhir/R4/valueset-type-restful-interaction.html and
// valueset-system-restful-interaction.html).
type Name string

// The interactions.
const (
	Read            Name = "read"
	VRead           Name = "vread"
	Create          Name = "create"
	Update          Name = "update"
	Patch           Name = "patch"
	Delete          Name = "delete"
	HistoryInstance Name = "history-instance"
	HistoryType     Name = "history-type"
	HistorySystem   Name = "history-system"
	Transaction     Name = "transaction"
	Batch           Name = "batch"
	SearchType      Name = "search-type"
	SearchSystem    Name = "search-system"
	Operation       Name = "operation"
)

// The operations, as an Access is asked about them.
const (
	Everything    Name = "$everything"
	LastN         Name = "$lastn"
	ReindexAll    Name = "$reindex"
	ReindexStatus Name = "$reindex-status"
)

// Validator checks a resource beyond what decoding does: invariants,
// profiles. Safe for concurrent use.
type Validator interface {
	// Validate returns what is wrong or worth saying. An issue of severity
	// error refuses the write with kind Unprocessable.
	Validate(ctx context.Context, resource *fhir.Tree) []fhir.Issue
}

// Access decides what the caller, whom it finds in ctx, may do. Safe for
// concurrent use.
type Access interface {
	// Decide returns nil, or the error with which an interaction is refused:
	// kind NotFound for what the caller may not see, so that it looks like what
	// isn't there, Forbidden where that reveals nothing. before is the current
	// version where there is one, after the new one for a write. A conditional
	// create that found a resource has it as before.
	//
	// A key without an id asks about the type, one without a type about the
	// system. With an id and HistoryType or HistorySystem it is asked about each
	// version in a history. About a patch it is asked twice: as Patch, without
	// after, before anything is said of how the patch fits, and as Update when
	// it is known what comes out.
	Decide(ctx context.Context, what Name, key fhir.Key, before store.Version, after *fhir.Tree) error
	// Narrow gives the condition that a type's resources must satisfy for the
	// caller to see them: nil where all are to be seen, an empty search.Or
	// where none is. It holds for matches, for what chains, _has and includes
	// go through, and so for order and totals; Decide isn't asked about what
	// was found by it. what is SearchType for what is searched or gone through,
	// and Read, or the name of an operation, for what is shown beside that.
	Narrow(ctx context.Context, what Name, typ string) (search.Expr, error)
	// History gives compartments, such as "Patient/1", to one of which each
	// version in the history of a type, or with "" of the system, must belong
	// for the caller to see it; nil where compartments don't tell. Decide is
	// asked about each version besides.
	History(ctx context.Context, typ string) ([]string, error)
}

// Image is a write as a Guard sees it.
type Image struct {
	// At is where the request holds the resource, the beginning of issues'
	// expressions: "Patient", or "Bundle.entry[3].resource".
	At     string
	Key    fhir.Key
	Method store.Method
	Before store.Version // the zero Version on create
	After  *fhir.Tree    // nil on delete
}

// Guard watches over commits. Safe for concurrent use.
type Guard interface {
	// Check sees all images of one commit, those that guards before it added
	// included. It may replace an image's After.
	//
	// more are further writes that are to happen in the same commit: the
	// consequences of it, or what bears witness to it. They are of resources
	// that aren't among images, each with an id, with Before as it was read and
	// At "". Access isn't asked about them. A store without transactions
	// refuses a commit that has any.
	//
	// An issue of severity error refuses the commit with kind Unprocessable,
	// others are warnings for the caller. Check is called again with fresh
	// images where another commit came in between.
	Check(ctx context.Context, images []Image) (more []Image, issues []fhir.Issue, err error)
}

// Config is what an Engine needs.
type Config struct {
	Store  store.Store
	Schema fhir.Schema
	// Registry has the search parameters; nil: R4's and Caseway's own.
	Registry *search.Registry
	// Generation counts the registries that a store has been indexed with.
	Generation int64
	// PreferStoredParameters lets a stored SearchParameter take the place of a
	// built-in one with the same type and code. See JoinIndexing.
	PreferStoredParameters bool
	// ResourceTypes are the types that have a RESTful endpoint.
	ResourceTypes []string
	// Base is our own base URL without a closing slash: references below it
	// are the same as relative ones. Requests may come by other URLs. "" where
	// it isn't known.
	Base   string
	Limits fhir.Limits
	// SearchTime bounds how long a search may take, which is too costly then;
	// 0: 30 s.
	SearchTime time.Duration
	// MaxEntries is how many entries a batch or transaction may have; 0: 2,000.
	MaxEntries int
	// MaxAnswer is how many bytes an answer may have; 0: budget.DefaultAnswer.
	MaxAnswer int64
	// Memory is what the answers of NewAnswer draw from; nil: it has no bound.
	Memory    *budget.Memory
	Validator Validator        // nil: none
	Access    Access           // nil: everything is allowed
	Guards    []Guard          // in order
	Builtin   []Builtin        // to read under their ids, unless a stored resource has the id
	Clock     func() time.Time // nil: time.Now
	Log       *slog.Logger     // nil: discarded
}

// Result is the outcome of an interaction on one resource.
type Result struct {
	Version store.Version // what is stored now, or the tombstone
	Created bool          // a new resource, or one brought back
	Matched bool          // conditional create found this one and wrote nothing
	Issues  []fhir.Issue  // warnings and information for the caller
}

// Engine does a FHIR server's interactions. Safe for concurrent use.
type Engine struct {
	store     store.Store
	schema    fhir.Schema
	types     resourceTypes
	limits    fhir.Limits
	searches  time.Duration // bound of each
	entries   int           // bound of a Bundle's
	maxAnswer int64
	memory    *budget.Memory
	turns     chan struct{} // of entries of batches that read, of all callers
	validator Validator
	access    Access
	guards    []Guard
	clock     func() time.Time
	log       *slog.Logger
	locks     *locks
	cursors   *cursors
	base      string
	// terminology knows the definitions' value sets and the stored ones.
	terminology search.Terminology
	// registered is swapped when custom search parameters change.
	registered atomic.Pointer[registered]
	indexing   *indexing
	builtin    map[fhir.Key]store.Version
	shelf      shelf // of what is built in, for searches
}

// New makes an engine. It doesn't use the store yet.
func New(c Config) (*Engine, error) {
	if c.Store == nil || c.Schema == nil || len(c.ResourceTypes) == 0 {
		return nil, errors.New("an engine needs a store, a schema and resource types")
	}
	e := &Engine{
		store:     c.Store,
		schema:    c.Schema,
		types:     newResourceTypes(c.ResourceTypes),
		limits:    c.Limits,
		searches:  cmp.Or(c.SearchTime, 30*time.Second),
		entries:   cmp.Or(c.MaxEntries, DefaultEntries),
		maxAnswer: c.MaxAnswer,
		memory:    c.Memory,
		turns:     make(chan struct{}, 2*runtime.GOMAXPROCS(0)),
		validator: c.Validator,
		access:    c.Access,
		clock:     c.Clock,
		log:       c.Log,
		locks:     newLocks(),
		cursors:   &cursors{store: c.Store},
		base:      c.Base,
	}
	e.builtin = make(map[fhir.Key]store.Version, len(c.Builtin))
	for _, b := range c.Builtin {
		e.builtin[b.Key] = b.version()
	}
	e.shelf.fill(builtin(), e.builtin)
	e.guards = append([]Guard{subscriptionGuard{}, parameterGuard{e}, episodeGuard{e}}, c.Guards...)
	if c.Registry == nil {
		c.Registry = plainRegistry(c.Base)
	}
	e.terminology = terminology.New(definition.R4(), resolver{e})
	e.SetRegistry(c.Registry, c.Generation)
	e.indexing = newIndexing(e, c)
	if e.clock == nil {
		e.clock = time.Now
	}
	if e.log == nil {
		e.log = slog.New(slog.DiscardHandler)
	}
	return e, nil
}

// NewAnswer gives what one answer may have. Whoever asks for it releases it when
// the answer has been sent.
func (e *Engine) NewAnswer() *budget.Answer { return budget.NewAnswer(e.maxAnswer, e.memory) }

// plainRegistry has R4's search parameters and Caseway's own.
func plainRegistry(base string) *search.Registry {
	var options []search.Option
	if base != "" {
		options = append(options, search.WithBase(base))
	}
	r, _ := search.NewRegistry(definition.R4(), nil, options...)
	return r
}

// decide asks Access, if there is one.
func (e *Engine) decide(ctx context.Context, what Name, key fhir.Key, before store.Version, after *fhir.Tree) error {
	if e.access == nil {
		return nil
	}
	return e.access.Decide(ctx, what, key, before, after)
}
