package interaction

import (
	"context"

	"caseway/fhir"
	"caseway/fhir/search"
	"caseway/fhir/store"
)

// Question is what an Access is asked about one interaction.
//
// A key without an id asks about the type, one without a type about the
// system. With an id and HistoryType or HistorySystem it is about each version
// in a history.
type Question struct {
	What Name
	Key  fhir.Key
	// Before is the current version where there is one. A conditional create
	// that found a resource has it as Before.
	Before store.Version
	// After is the new version, of a write alone.
	After *fhir.Tree
	// Follows is set where a rule lets a write follow from another that the
	// caller asks for. Then the caller's permissions must have it, but the
	// resource may be one that they don't see.
	Follows bool
	// created are the resources that the same commit creates under ids of the
	// server's making.
	created map[fhir.Key]bool
}

// Creates reports whether a resource is created, under an id of the server's
// making, by the commit that the question is about.
func (q *Question) Creates(key fhir.Key) bool { return q.created[key] }

// Access decides what the caller, whom it finds in ctx, may do. Safe for
// concurrent use.
type Access interface {
	// Decide returns nil, or the error with which an interaction is refused:
	// kind NotFound for what the caller may not see, so that it looks like what
	// isn't there, Forbidden where that reveals nothing.
	//
	// About a patch it is asked twice: as Patch, without After, before anything
	// is said of how the patch fits, and as Update when it is known what comes
	// out.
	Decide(ctx context.Context, q Question) error
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
