// Package overlay lets searches find resources that no store has: those that the
// server brings along, and those that a transaction is about to write.
//
// A Resource is found as an index would find it. Beside and Under join resources
// with a search.Source.
//
// Not here: what the resources are (packages builtin and interaction).
package overlay

import (
	"context"
	"slices"
	"strings"
	"sync"

	"caseway/fhir"
	"caseway/fhir/search"
)

// tie begins the ties of resources of an overlay. It sorts before those of stores.
const tie = "!"

// Resource is a resource beside those that a source stores. The terms are sorted.
type Resource struct {
	search.Hit
	indexed []search.Term
}

// NewResource makes one of what a hit shall show, with what the resource's index
// has; Terms and Place of the hit are set by it.
func NewResource(hit search.Hit, x search.Index) Resource {
	hit.Terms = x.Merge()
	hit.Place = search.Place{Updated: hit.LastUpdated.UnixMilli(), Tie: tie + hit.Key.String()}
	return Resource{hit, x.Terms}
}

// Sort puts resources into page order.
func Sort(resources []Resource) {
	slices.SortFunc(resources, func(a, b Resource) int { return a.Place.Compare(b.Place) })
}

// under is a stored source with resources that stored ones of the same id
// replace, for one search.
type under struct {
	overlay
	mu    sync.Mutex
	known bool // which of them are replaced: these are taken out
}

// Under joins resources with those of a source for one search. Where the source
// has a resource of the same id, that one is found in its place. The resources
// are in page order.
func Under(stored search.Source, resources []Resource) search.Source {
	return &under{overlay: overlay{stored, resources}}
}

// rest gives the overlay without the resources that stored ones replace.
func (u *under) rest(ctx context.Context) (*overlay, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.known {
		return &u.overlay, nil
	}
	keys := make([]fhir.Key, len(u.resources))
	for i, r := range u.resources {
		keys[i] = r.Key
	}
	page, err := u.stored.Scan(ctx, search.Scan{Keys: keys, Limit: len(keys), KeysOnly: true})
	if err != nil {
		return nil, err
	}
	u.resources = slices.DeleteFunc(slices.Clone(u.resources), func(r Resource) bool {
		return slices.ContainsFunc(page.Hits, func(h search.Hit) bool { return h.Key == r.Key })
	})
	u.known = true
	return &u.overlay, nil
}

// Scan implements search.Source.
func (u *under) Scan(ctx context.Context, s search.Scan) (search.Page, error) {
	rest, err := u.rest(ctx)
	if err != nil {
		return search.Page{}, err
	}
	return rest.Scan(ctx, s)
}

// Estimate implements search.Source.
func (u *under) Estimate(ctx context.Context, from, to search.Term, limit int) (int, error) {
	rest, err := u.rest(ctx)
	if err != nil {
		return 0, err
	}
	return rest.Estimate(ctx, from, to, limit)
}

// overlay is a source with resources beside those that it stores.
type overlay struct {
	stored    search.Source
	resources []Resource
}

// Beside joins resources with those of a source that has none of their ids. The
// resources are in page order.
func Beside(stored search.Source, resources []Resource) search.Source {
	return &overlay{stored, resources}
}

// Scan implements search.Source.
func (o *overlay) Scan(ctx context.Context, s search.Scan) (search.Page, error) {
	stored := s
	stored.After, stored.Until = storedPlace(s.After), storedPlace(s.Until)
	page, err := o.stored.Scan(ctx, stored)
	if err != nil {
		return page, err
	}
	var more []search.Hit
	for _, r := range o.resources {
		if r.in(s) {
			hit := r.Hit
			if s.KeysOnly {
				hit.JSON = nil
			}
			more = append(more, hit)
		}
	}
	if len(more) == 0 {
		return page, nil
	}
	if s.Keys != nil || len(s.Terms) > 0 || s.From != "" || s.To != "" { // in any order
		page.Hits = append(page.Hits, more...)
		return page, nil
	}
	return inOrder(page, more, s), nil
}

// storedPlace is a place as a store knows it: for a resource of the overlay the
// moment alone, so that stored ones of that moment come after it.
func storedPlace(p search.Place) search.Place {
	if strings.HasPrefix(p.Tie, tie) {
		p.Tie = ""
	}
	return p
}

// inOrder puts resources of the overlay where they belong on a page. Those behind a
// page that isn't the last one come with a later one.
func inOrder(page search.Page, more []search.Hit, s search.Scan) search.Page {
	compare := func(a, b search.Hit) int {
		if s.Descending {
			a, b = b, a
		}
		return a.Place.Compare(b.Place)
	}
	if n := len(page.Hits); page.More && n > 0 {
		last := page.Hits[n-1]
		more = slices.DeleteFunc(more, func(h search.Hit) bool { return compare(h, last) > 0 })
	}
	page.Hits = append(page.Hits, more...)
	slices.SortFunc(page.Hits, compare)
	if s.Limit > 0 && len(page.Hits) > s.Limit {
		page.Hits, page.More = page.Hits[:s.Limit], true
	}
	return page
}

// in reports whether a scan gives a resource. What a Scan says in Also is
// looked at later.
func (r *Resource) in(s search.Scan) bool {
	if s.Type != "" && s.Type != r.Key.Type || s.Compartment != (fhir.Key{}) || !r.between(s) {
		return false
	}
	has := func(t search.Term) bool { _, is := slices.BinarySearch(r.indexed, t); return is }
	switch {
	case s.Keys != nil:
		return slices.Contains(s.Keys, r.Key)
	case s.Term != "":
		return has(s.Term)
	case len(s.Terms) > 0:
		return slices.ContainsFunc(s.Terms, has)
	case s.From != "" || s.To != "":
		return r.count(s.From, s.To) > 0
	}
	return true
}

// between reports whether a scan's bounds let a place through.
func (r *Resource) between(s search.Scan) bool {
	after, until := s.After, s.Until
	if s.Descending {
		after, until = until, after
	}
	return (after == search.Place{} || r.Place.Compare(after) > 0) && (until == search.Place{} || r.Place.Compare(until) < 0) &&
		(s.Updated.From.IsZero() || !r.LastUpdated.Before(s.Updated.From)) && (s.Updated.To.IsZero() || r.LastUpdated.Before(s.Updated.To))
}

// count is how many indexed terms there are in [from, to).
func (r *Resource) count(from, to search.Term) int {
	start, _ := slices.BinarySearch(r.indexed, from)
	end, _ := slices.BinarySearch(r.indexed, to)
	return max(end-start, 0)
}

// Estimate implements search.Source.
func (o *overlay) Estimate(ctx context.Context, from, to search.Term, limit int) (int, error) {
	n, err := o.stored.Estimate(ctx, from, to, limit)
	if err != nil {
		return 0, err
	}
	for i := range o.resources {
		n += o.resources[i].count(from, to)
	}
	return min(n, limit), nil
}
