package search

import (
	"context"
	"strings"
	"time"

	"caseway/fhir"
	"caseway/fhir/budget"
)

// Place is where a head stands in page order: by lastUpdated, then by what the
// store orders resources of one instant by. Places compare by both, bytewise.
type Place struct {
	Updated int64  // milliseconds since 1970
	Tie     string // made by the store, stable for a version
}

// Compare orders places.
func (p Place) Compare(q Place) int {
	if p.Updated != q.Updated {
		if p.Updated < q.Updated {
			return -1
		}
		return 1
	}
	return strings.Compare(p.Tie, q.Tie)
}

// Hit is a current resource as a Source gives it.
type Hit struct {
	Key         fhir.Key
	VersionID   int64
	LastUpdated time.Time
	JSON        []byte // nil where Scan.KeysOnly was asked for, and where Scan.Room hadn't room for it
	Place       Place
	// Terms are the indexed terms and the kept values together, sorted by
	// bytes: what a Leaf is tested on.
	Terms []Term

	holder *Hit // of a contained resource, what contains it; such a hit has no id
}

// Scan asks a Source for heads, never tombstones. The driver is Keys, else
// Term, else Terms, else the range From to To, else Compartment, else all
// resources of Type.
type Scan struct {
	Type        string     // "": all types
	Keys        []fhir.Key // exactly these, in any order
	Term        Term       // that have this indexed term, in page order
	Terms       []Term     // that have one of these indexed terms: each once, in any order
	From, To    Term       // that have an indexed term in [From, To): each once, in any order
	Compartment fhir.Key   // that were written as belonging to it, in page order; of all types
	// After and Until bound the places, exclusive; zero: no bound. With
	// Descending, After is the upper and Until the lower bound.
	After, Until Place
	Descending   bool // newest first; only for Term, Compartment and whole types
	// Updated bounds lastUpdated, half-open.
	Updated  Updated
	Limit    int  // hits, at least 1
	KeysOnly bool // leave JSON out
	// Filter has conditions that are pushed down to a scan by Term, each a list of
	// indexed terms of which a hit should have one. A FilteringSource leaves out
	// heads that it knows not to satisfy them; others ignore it.
	Filter [][]Term
	// Room is what the JSON of hits is drawn from, before it is read as far as
	// that can be. What doesn't fit is left out of its hit; where the driver has
	// page order, the page may end there. nil: there is room.
	Room *budget.Share
}

// Page is the answer to a Scan.
type Page struct {
	Hits []Hit
	More bool // there are more than Limit, or than the store gives at once
	// Filtered is how many heads were left out by the Scan's Filter.
	Filtered int
}

// Source gives heads. Stores implement it, also bound to a transaction, and a
// slice of resources does for tests. Safe for concurrent use.
type Source interface {
	Scan(ctx context.Context, s Scan) (Page, error)
	// Estimate counts index entries in [From, To), or the heads that they lead
	// to, up to limit, of one type whose name the terms begin with.
	Estimate(ctx context.Context, from, to Term, limit int) (int, error)
}

// FilteringSource is a Source that filters by Scan.Filter.
type FilteringSource interface {
	Source
	// FiltersScans does nothing: it says that Scan.Filter is applied.
	FiltersScans()
}

// Lister is a Source that knows of which types there are resources.
type Lister interface {
	// Types gives all types of which there are current resources, and perhaps
	// others that there were once, in any order.
	Types(ctx context.Context) ([]string, error)
}

// Index is what is kept of a resource for searching.
type Index struct {
	Terms  []Term // indexed; sorted, each once
	Values []Term // kept beside the head for recheck, sort and modifiers, not indexed; sorted, each once
}
