package search

import (
	"context"
	"slices"

	"caseway/fhir"
	"caseway/fhir/budget"
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
	// Room is what the hits' JSON is drawn from. A page ends before a hit that
	// doesn't fit. nil: there is room for all.
	Room     *budget.Share
	KeysOnly bool // leave JSON out
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
// are More. A search that costs too much fails with kind TooCostly, one of which
// not even the first hit has Room as Room says, one whose context ends with the
// source's error: whoever bounds the time knows whether it was the search or the
// store that took it.
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
		return len(hits) > p.Count || r.roomExhausted && len(hits) > 0
	})
	if err != nil {
		return Matches{}, err
	}
	m := Matches{Total: -1, More: len(hits) > p.Count || !complete}
	if complete && p.After == nil {
		m.Total = found
	}
	hits = withoutRepeats(r, hits[:min(len(hits), p.Count)], func(h Hit) fhir.Key { return h.Key })
	filled, reached, err := r.read(ctx, hits)
	if reached > 0 {
		m.First, m.Last = &Position{Place: hits[0].Place}, &Position{Place: hits[reached-1].Place}
	}
	m.show(filled, reached < len(hits), p.Backwards)
	return m, err
}

// show takes in what is shown of a page, in the direction of travel.
func (m *Matches) show(hits []Hit, cut, backwards bool) {
	m.Hits, m.More = hits, m.More || cut
	if backwards {
		slices.Reverse(m.Hits)
		m.First, m.Last = m.Last, m.First
	}
}

// withoutRepeats drops a resource's second appearance, which it has where it changed
// while several scans were under way.
func withoutRepeats[T any](r *runner, found []T, key func(T) fhir.Key) []T {
	if r.scans < 2 {
		return found
	}
	seen := make(map[fhir.Key]bool, len(found))
	return slices.DeleteFunc(found, func(x T) bool {
		k := key(x)
		again := seen[k]
		seen[k] = true
		return again
	})
}

// firstRead is how many heads are read at first where there may not be room for
// all of them.
const firstRead = 64

// read adds the JSON where it was left out, in the order of hits, until there
// is no room; reached is how many of them it came to. Where that is none, it
// fails as Room says.
func (r *runner) read(ctx context.Context, hits []Hit) (filled []Hit, reached int, err error) {
	if r.keysOnly {
		return hits, len(hits), nil
	}
	r.releaseUnused(hits) // what was read of heads that don't match isn't needed
	if !slices.ContainsFunc(hits, func(h Hit) bool { return h.JSON == nil }) {
		return hits, len(hits), nil
	}
	filled = make([]Hit, 0, len(hits))
	for n := firstRead; reached < len(hits); {
		some := hits[reached:min(reached+n, len(hits))]
		more, at, err := r.readSome(ctx, some)
		if err != nil {
			return nil, 0, err
		}
		filled, reached = append(filled, more...), reached+at
		if at == len(some) {
			n = min(2*n, keysAtOnce)
			continue
		}
		if len(some) == 1 {
			break
		}
		// Those behind may have taken the room of the one that there was none for.
		for i := range hits[reached:] {
			hits[reached+i].JSON = nil
		}
		r.releaseUnused(filled)
		n = 1
	}
	if reached == 0 {
		return nil, 0, r.room.Refusal()
	}
	return filled, reached, nil
}

// readSome reads up to the first hit that there is no room for. A resource that
// has changed since is taken as it is now, where it still matches.
func (r *runner) readSome(ctx context.Context, hits []Hit) (filled []Hit, reached int, err error) {
	var keys []fhir.Key
	for i := range hits {
		if hits[i].JSON == nil {
			keys = append(keys, hits[i].Key)
		}
	}
	now, err := r.heads(ctx, keys, false)
	for i := 0; i < len(hits) && err == nil; i++ {
		h := hits[i]
		if h.JSON == nil {
			head, ok := now[h.Key]
			if ok && head.JSON == nil && r.room.Refused() {
				return filled, i, nil
			}
			if ok && head.VersionID != h.VersionID {
				ok, err = r.stillMatches(ctx, head)
			}
			if !ok || err != nil {
				continue
			}
			h = head
		}
		filled = append(filled, h)
	}
	return filled, len(hits), err
}

// releaseUnused gives back the room of all that this runner has read but the JSON of hits.
func (r *runner) releaseUnused(hits []Hit) {
	if r.room != nil {
		r.room.Keep(r.drawn + sizeOf(hits))
	}
}

// sizeOf is how many bytes of JSON hits have.
func sizeOf(hits []Hit) (n int) {
	for i := range hits {
		n += len(hits[i].JSON)
	}
	return n
}

// stillMatches reports whether a resource that was found matches as it is now.
func (r *runner) stillMatches(ctx context.Context, h Hit) (bool, error) {
	if !r.updated.holds(&h) {
		return false, nil
	}
	kept, err := r.filter(ctx, r.where, noConjunct, []Hit{h})
	return len(kept) > 0, err
}
