package interaction

import (
	"context"
	"slices"

	"caseway/fhir"
	"caseway/fhir/search"
)

// maxHierarchy bounds how many resources :above and :below may come to.
const maxHierarchy = 10_000

// hierarchy finds the resources below or above one, itself among them, by the
// references of its type to itself: Location.partOf and the like
// (https://hl7.org/fhir/R4/search.html#recursive).
func (s *Session) hierarchy(ctx context.Context, of fhir.Key, above bool) ([]fhir.Key, error) {
	source, err := s.source(ctx)
	if err != nil {
		return nil, err
	}
	h := hierarchy{source: source, parents: s.parentParameters(of.Type), seen: map[fhir.Key]bool{}}
	// What the caller may not see is no part of a hierarchy, nor what only it
	// connects.
	if h.may, err = s.narrowing(ctx).of(of.Type); err != nil {
		return nil, err
	}
	h.add(of)
	for level := h.found; len(level) > 0; {
		before := len(h.found)
		if above {
			err = h.up(ctx, level)
		} else {
			err = h.down(ctx, level)
		}
		if err != nil {
			return nil, err
		}
		level = slices.Clone(h.found[before:])
	}
	return h.found, nil
}

// parentParameters are the parameters by which resources of a type say of
// which other one they are a part.
func (e *core) parentParameters(typ string) []*search.Parameter {
	var some []*search.Parameter
	for _, code := range []string{"partof", "part-of"} {
		if p := e.Registry().Parameter(typ, code); p != nil && p.Refused == "" && slices.Contains(p.Targets(), typ) {
			some = append(some, p)
		}
	}
	return some
}

type hierarchy struct {
	source  search.Source
	parents []*search.Parameter
	may     search.Expr // that members must satisfy; nil: any
	found   []fhir.Key
	seen    map[fhir.Key]bool
}

func (h *hierarchy) up(ctx context.Context, level []fhir.Key) error {
	hits, err := search.Run(ctx, h.source, search.Plan{Types: []string{level[0].Type}, Where: h.narrowed(search.Keys(level)), Count: len(level)})
	if err != nil {
		return err
	}
	for _, hit := range hits.Hits {
		for _, p := range h.parents {
			for _, reference := range p.References(hit.Terms) {
				if reference.Key.Type == hit.Key.Type {
					h.add(reference.Key)
				}
			}
		}
	}
	return nil
}

func (h *hierarchy) down(ctx context.Context, level []fhir.Key) error {
	for _, p := range h.parents {
		var terms []search.Term
		for _, key := range level {
			terms = append(terms, p.Term(key))
		}
		found, err := search.Run(ctx, h.source, search.Plan{
			Types: []string{p.Resource}, Where: h.narrowed(search.Leaf{Exact: terms}), Count: maxHierarchy,
		})
		if err != nil {
			return err
		}
		if found.More || len(h.found)+len(found.Hits) > maxHierarchy {
			return fhir.NewError(fhir.TooCostly, fhir.IssueTooCostly, "the hierarchy has more than 10,000 members")
		}
		for _, hit := range found.Hits {
			h.add(hit.Key)
		}
	}
	return nil
}

func (h *hierarchy) narrowed(where search.Expr) search.Expr {
	if h.may == nil {
		return where
	}
	return search.And{where, h.may}
}

// add takes a member in, once: hierarchies may have circles by mistake.
func (h *hierarchy) add(key fhir.Key) {
	if !h.seen[key] {
		h.seen[key] = true
		h.found = append(h.found, key)
	}
}
