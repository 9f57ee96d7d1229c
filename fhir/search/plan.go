package search

import (
	"context"
	"slices"

	"caseway/fhir"
)

// Plan is a search to be run: what a Request asks for, narrowed by access
// rules, and where to go on.
type Plan struct {
	Types []string  // empty: all
	Where Expr      // nil: everything
	Sort  []SortKey // empty: by place, oldest first
	Count int       // hits wanted; with 0 only More and, where it is known, Total say something
	// After is where to go on: behind it, or with Backwards before it; nil:
	// at the beginning, or at the end.
	After     *Position
	Backwards bool
	Budget    *Budget // nil: a new one
}

// Position is a place in a search's order, so that a page can follow another.
type Position struct {
	Place Place
	Sort  []SortValue // what the resource sorts by; nil in the order of places
}

// SortValue is what a resource sorts by under one SortKey. Missing values come
// last in both directions.
type SortValue struct {
	Text    string
	Missing bool
}

// Matches is one page of a search's result.
type Matches struct {
	Hits        []Hit     // in order, whichever way the page was reached
	More        bool      // there are further ones in the direction of travel
	First, Last *Position // of what was found; nil where nothing was
	Total       int       // of all pages, where it came for free; otherwise -1
	// Versioned is set where a chain was followed over a reference to one version
	// of a resource, and compared with the resource as it is now.
	Versioned bool
}

// Run gives one page of a search.
//
// In the default order a resource that doesn't change while someone pages
// appears exactly once. One that does may appear again, or be left out of a
// page that it no longer belongs to, so that a page may be short although there
// are More. A search that costs too much fails with kind TooCostly, one whose
// context ends with the source's error: whoever bounds the time knows whether
// it was the search or the store that took it.
func Run(ctx context.Context, src Source, p Plan) (Matches, error) {
	r := newRunner(src, p)
	var m Matches
	var err error
	if descending, ok := placeOrder(p.Sort); ok {
		m, err = r.page(ctx, p, descending)
	} else {
		m, err = r.sortedPage(ctx, p)
	}
	if err != nil {
		return Matches{}, err
	}
	r.noteVersions(r.where, m.Hits)
	m.Versioned = r.budget.versioned
	return m, nil
}

// placeOrder reports whether a sort is the order of places, one way or the other.
func placeOrder(sort []SortKey) (descending, ok bool) {
	switch {
	case len(sort) == 0:
		return false, true
	case len(sort) == 1 && sort[0].Field == fieldLastUpdated:
		return sort[0].Descending, true
	}
	return false, false
}

// The fields that can be sorted by without a parameter.
const (
	fieldID          = "_id"
	fieldLastUpdated = "_lastUpdated"
)

// page streams matches in the order of places until there are enough.
func (r *runner) page(ctx context.Context, p Plan, descending bool) (Matches, error) {
	r.want = p.Count
	r.descending = descending != p.Backwards
	if p.After != nil {
		r.after = p.After.Place
	}
	found, hits := 0, []Hit(nil)
	complete, err := r.each(ctx, func(some []Hit) bool {
		found += len(some)
		some = some[:min(len(some), p.Count+1-len(hits))]
		if hits == nil {
			hits = some // which are often all there are
		} else {
			hits = append(hits, some...)
		}
		return len(hits) > p.Count
	})
	if err != nil {
		return Matches{}, err
	}
	m := Matches{Total: -1, More: len(hits) > p.Count}
	if complete && p.After == nil {
		m.Total = found
	}
	hits = hits[:min(len(hits), p.Count)]
	if p.Backwards {
		slices.Reverse(hits)
	}
	if n := len(hits); n > 0 {
		m.First, m.Last = &Position{Place: hits[0].Place}, &Position{Place: hits[n-1].Place}
	}
	m.Hits, err = r.read(ctx, r.onceEach(hits))
	return m, err
}

// onceEach drops a resource's second appearance, which it has where it changed
// while several scans were under way.
func (r *runner) onceEach(hits []Hit) []Hit {
	if r.scans < 2 {
		return hits
	}
	seen := make(map[fhir.Key]bool, len(hits))
	return slices.DeleteFunc(hits, func(h Hit) bool {
		again := seen[h.Key]
		seen[h.Key] = true
		return again
	})
}

// read adds the JSON where it was left out. A resource that has changed since
// is taken as it is now, where it still matches.
func (r *runner) read(ctx context.Context, hits []Hit) ([]Hit, error) {
	var keys []fhir.Key
	for i := range hits {
		if hits[i].JSON == nil {
			keys = append(keys, hits[i].Key)
		}
	}
	if len(keys) == 0 {
		return hits, nil
	}
	now, err := r.heads(ctx, keys, false)
	if err != nil {
		return nil, err
	}
	filled := make([]Hit, 0, len(hits))
	for _, h := range hits {
		if h.JSON == nil {
			head, ok := now[h.Key]
			if ok && head.VersionID != h.VersionID {
				ok, err = r.still(ctx, head)
			}
			if err != nil {
				return nil, err
			}
			if !ok {
				continue
			}
			h = head
		}
		filled = append(filled, h)
	}
	return filled, nil
}

// still reports whether a resource that was found matches as it is now.
func (r *runner) still(ctx context.Context, h Hit) (bool, error) {
	if !r.updated.holds(&h) {
		return false, nil
	}
	kept, err := r.filter(ctx, r.where, everyHead, []Hit{h})
	return len(kept) > 0, err
}
