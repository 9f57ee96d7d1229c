package interaction

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"

	"caseway/fhir"
	"caseway/fhir/search"
	"caseway/fhir/store"
)

// builtinIndex is what the server brings along, as searches by a registry find it:
// in page order.
type builtinIndex struct {
	of   *search.Registry
	hits []builtinHit
}

// builtinHit is a resource of it.
type builtinHit struct {
	search.Hit
	indexed []search.Term
}

// builtins keeps the index of the registry that is in use.
type builtins struct {
	types map[string]bool // of which there are some
	mu    sync.Mutex
	kept  *builtinIndex
}

// fill notes the types of what is built in.
func (s *builtins) fill(all ...map[fhir.Key]store.Version) {
	s.types = map[string]bool{}
	for _, some := range all {
		for key := range some {
			s.types[key.Type] = true
		}
	}
}

// ours begins the ties of what isn't stored. It sorts before those of stores.
const ours = "!"

// builtinIndexOf indexes what the server brings along, once for each registry.
func (e *core) builtinIndexOf(r *search.Registry) (*builtinIndex, error) {
	e.builtins.mu.Lock()
	defer e.builtins.mu.Unlock()
	if e.builtins.kept != nil && e.builtins.kept.of == r {
		return e.builtins.kept, nil
	}
	l := &builtinIndex{of: r}
	all := maps.Clone(e.builtin)
	maps.Copy(all, builtin())
	for key, v := range all {
		tree, err := e.decodeStored(v)
		if err != nil {
			return nil, err
		}
		x := r.Index(tree)
		l.hits = append(l.hits, builtinHit{search.Hit{
			Key: key, VersionID: v.VersionID, LastUpdated: v.LastUpdated, JSON: v.JSON, Terms: x.Merge(),
			Place: search.Place{Updated: v.LastUpdated.UnixMilli(), Tie: ours + key.String()},
		}, x.Terms})
	}
	slices.SortFunc(l.hits, func(a, b builtinHit) int { return a.Place.Compare(b.Place) })
	e.builtins.kept = l
	return l, nil
}

// withBuiltin lets a search of some types find what the server brings along of
// them, beside what is stored.
func (e *core) withBuiltin(source search.Source, r *search.Registry, types []string) (search.Source, error) {
	if !slices.ContainsFunc(types, func(typ string) bool { return e.builtins.types[typ] }) {
		return source, nil
	}
	l, err := e.builtinIndexOf(r)
	if err != nil {
		return nil, err
	}
	var books []builtinHit
	for _, b := range l.hits {
		if slices.Contains(types, b.Key.Type) {
			books = append(books, b)
		}
	}
	return &union{stored: source, builtin: books}, nil
}

// union is what is stored together with what the server brings along, for one
// search. A stored resource stands for the one that has the same id.
type union struct {
	stored  search.Source
	mu      sync.Mutex
	builtin []builtinHit
	known   bool // of which there are stored ones: these are taken out
}

// there are those that no stored resource stands for.
func (u *union) there(ctx context.Context) ([]builtinHit, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.known {
		return u.builtin, nil
	}
	keys := make([]fhir.Key, len(u.builtin))
	for i, b := range u.builtin {
		keys[i] = b.Key
	}
	page, err := u.stored.Scan(ctx, search.Scan{Keys: keys, Limit: len(keys), KeysOnly: true})
	if err != nil {
		return nil, err
	}
	u.builtin = slices.DeleteFunc(u.builtin, func(b builtinHit) bool {
		return slices.ContainsFunc(page.Hits, func(h search.Hit) bool { return h.Key == b.Key })
	})
	u.known = true
	return u.builtin, nil
}

// Scan implements search.Source.
func (u *union) Scan(ctx context.Context, s search.Scan) (search.Page, error) {
	books, err := u.there(ctx)
	if err != nil {
		return search.Page{}, err
	}
	stored := s
	stored.After, stored.Until = storedPlace(s.After), storedPlace(s.Until)
	page, err := u.stored.Scan(ctx, stored)
	if err != nil {
		return page, err
	}
	var more []search.Hit
	for _, b := range books {
		if b.in(s) {
			hit := b.Hit
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

// storedPlace is a place as a store knows it: for one of ours the moment, at
// which nothing else is.
func storedPlace(p search.Place) search.Place {
	if strings.HasPrefix(p.Tie, ours) {
		p.Tie = ""
	}
	return p
}

// inOrder puts resources of ours where they belong on a page. Those behind a
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

// in reports whether a scan gives a resource of ours. What a Scan says in Also is
// looked at later.
func (b *builtinHit) in(s search.Scan) bool {
	if s.Type != "" && s.Type != b.Key.Type || s.Compartment != (fhir.Key{}) || !b.between(s) {
		return false
	}
	has := func(t search.Term) bool { _, is := slices.BinarySearch(b.indexed, t); return is }
	switch {
	case s.Keys != nil:
		return slices.Contains(s.Keys, b.Key)
	case s.Term != "":
		return has(s.Term)
	case len(s.Terms) > 0:
		return slices.ContainsFunc(s.Terms, has)
	case s.From != "" || s.To != "":
		return b.count(s.From, s.To) > 0
	}
	return true
}

// between reports whether a scan's bounds let a place through.
func (b *builtinHit) between(s search.Scan) bool {
	after, until := s.After, s.Until
	if s.Descending {
		after, until = until, after
	}
	return (after == search.Place{} || b.Place.Compare(after) > 0) && (until == search.Place{} || b.Place.Compare(until) < 0) &&
		(s.Updated.From.IsZero() || !b.LastUpdated.Before(s.Updated.From)) && (s.Updated.To.IsZero() || b.LastUpdated.Before(s.Updated.To))
}

// count is how many indexed terms there are in [from, to).
func (b *builtinHit) count(from, to search.Term) int {
	start, _ := slices.BinarySearch(b.indexed, from)
	end, _ := slices.BinarySearch(b.indexed, to)
	return max(end-start, 0)
}

// Estimate implements search.Source.
func (u *union) Estimate(ctx context.Context, from, to search.Term, limit int) (int, error) {
	n, err := u.stored.Estimate(ctx, from, to, limit)
	if err != nil {
		return 0, err
	}
	books, err := u.there(ctx)
	for i := range books {
		n += books[i].count(from, to)
	}
	return min(n, limit), err
}
