// Package interaction is what a FHIR R4 server does, without a transport:
// create, read, vread, update, patch, delete, history, search, batch and transaction
// with link rewriting, conditional interactions and references, and the
// operations that are searches (https://hl7.org/fhir/R4/http.html).
//
// It is the one path that HTTP, loading and every later door take. An [Engine]
// does nothing by itself: [Engine.As] gives a [Session], which is the engine as
// one kind of caller has it, and every interaction is a Session's. Code inside
// the process uses Read, Find and Commit, which give and take values; what takes
// and gives JSON text is for HTTP and for loading files.
//
// Three interfaces, filled by others and wired by the server, hold on all of it:
// [Validator], [Access] and [Guard].
//
// Where to look: session.go, read.go, create.go, update.go, patch.go and
// delete.go each have an interaction, write.go what all writes do, change.go
// what code inside the process commits. search.go finds and search_bundle.go
// answers; everything.go, lastn.go, hierarchy.go and compartment.go are further
// searches. batch.go and transaction.go take bundles: entry.go reads their
// entries, locate.go, placeholder.go, resolve.go and links.go find what entries
// name, condition.go and afterwards.go hold conditions against what will be
// written, bundle_answer.go answers. criteria.go reads the conditions of all
// conditional interactions, access.go, guard.go and narrow.go ask Access and
// Guards, history*.go are histories. Package indexing lets stored search parameters
// take effect; reindexing.go is where the engine meets it.
//
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
	"caseway/fhir/builtin"
	"caseway/fhir/definition"
	"caseway/fhir/interaction/indexing"
	"caseway/fhir/search"
	"caseway/fhir/store"
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
	Validator Validator // nil: none
	Guards    []Guard   // in order
	// Compartments are further ones, beside those of R4.
	Compartments []Compartment
	Builtin      []builtin.Resource // to read under their ids, unless a stored resource has the id
	Clock        func() time.Time   // nil: time.Now
	Log          *slog.Logger       // nil: discarded
}

// Result is the outcome of an interaction on one resource.
type Result struct {
	Version store.Version // what is stored now, or the tombstone
	Created bool          // a new resource, or one brought back
	Matched bool          // conditional create found this one and wrote nothing
	Issues  []fhir.Issue  // warnings and information for the caller
}

// Engine is what sessions have in common. Safe for concurrent use.
type Engine struct{ *core }

// core is what does the work of sessions, without deciding anything.
type core struct {
	store        store.Store
	schema       fhir.Schema
	types        resourceTypes
	limits       fhir.Limits
	searches     time.Duration // bound of each
	entries      int           // bound of a Bundle's
	maxAnswer    int64
	memory       *budget.Memory
	turns        chan struct{} // of entries of batches that read, of all callers
	validator    Validator
	guards       []Guard
	compartments []Compartment
	server       *Session // to whom everything is allowed
	clock        func() time.Time
	log          *slog.Logger
	locks        *locks
	cursors      *cursors
	base         string
	// registered is swapped when custom search parameters change.
	registered atomic.Pointer[registered]
	indexing   *indexing.Keeper
	builtin    *builtin.Set
}

// New makes an engine. It doesn't use the store yet.
func New(c Config) (*Engine, error) {
	if c.Store == nil || c.Schema == nil || len(c.ResourceTypes) == 0 {
		return nil, errors.New("an engine needs a store, a schema and resource types")
	}
	e := &core{
		store:        c.Store,
		schema:       c.Schema,
		types:        newResourceTypes(c.ResourceTypes),
		limits:       c.Limits,
		searches:     cmp.Or(c.SearchTime, 30*time.Second),
		entries:      cmp.Or(c.MaxEntries, DefaultEntries),
		maxAnswer:    c.MaxAnswer,
		memory:       c.Memory,
		turns:        make(chan struct{}, 2*runtime.GOMAXPROCS(0)),
		validator:    c.Validator,
		compartments: c.Compartments,
		clock:        c.Clock,
		log:          c.Log,
		locks:        newLocks(),
		cursors:      &cursors{store: c.Store},
		base:         c.Base,
	}
	e.builtin = builtin.New(e.decodeStored, c.Builtin)
	e.server = e.as(nil)
	e.guards = append([]Guard{subscriptionGuard{}, parameterGuard{e}}, c.Guards...)
	if c.Registry == nil {
		c.Registry = plainRegistry(c.Base)
	}
	e.SetRegistry(c.Registry, c.Generation)
	if e.clock == nil {
		e.clock = time.Now
	}
	if e.log == nil {
		e.log = slog.New(slog.DiscardHandler)
	}
	e.indexing = indexing.New(indexing.Config{
		Store: c.Store, Schema: c.Schema, Types: e.types.names, Base: c.Base, Prefer: c.PreferStoredParameters, Registries: registries{e}, Log: e.log,
	})
	return &Engine{e}, nil
}

// NewAnswer gives what one answer may have. Whoever asks for it releases it when
// the answer has been sent.
func (e *core) NewAnswer() *budget.Answer { return budget.NewAnswer(e.maxAnswer, e.memory) }

// plainRegistry has R4's search parameters and Caseway's own.
func plainRegistry(base string) *search.Registry {
	var options []search.Option
	if base != "" {
		options = append(options, search.WithBase(base))
	}
	r, _ := search.NewRegistry(definition.R4(), nil, options...)
	return r
}
