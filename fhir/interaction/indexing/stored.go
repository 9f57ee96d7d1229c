package indexing

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/fhir/search"
)

// storedParameter is a SearchParameter that is stored and active.
type storedParameter struct {
	id         string
	definition *definition.SearchParameter
}

// parametersAtOnce is how many SearchParameters are read at a time.
const parametersAtOnce = 200

// mark tells whether SearchParameters were written since another mark: a
// create or update is the newest, and a deletion leaves one fewer.
type mark struct {
	newest search.Place
	count  int
}

// mark looks at the stored SearchParameters without reading them.
func (x *Keeper) mark(ctx context.Context) (m mark, err error) {
	if m.count, err = x.store.CountType(ctx, ParameterType, 1<<30); err != nil || m.count == 0 {
		return m, err
	}
	page, err := x.store.Scan(ctx, search.Scan{Type: ParameterType, Descending: true, Limit: 1, KeysOnly: true})
	if len(page.Hits) > 0 {
		m.newest = page.Hits[0].Place
	}
	return m, err
}

// stored reads the active SearchParameters, in the order of their ids.
func (x *Keeper) stored(ctx context.Context) ([]storedParameter, error) {
	var all []storedParameter
	scan := search.Scan{Type: ParameterType, Limit: parametersAtOnce}
	for {
		page, err := x.store.Scan(ctx, scan)
		if err != nil {
			return nil, err
		}
		for _, hit := range page.Hits {
			tree, err := fhir.DecodeStored(x.schema, hit.JSON)
			if err != nil {
				return nil, err
			}
			if root := tree.Root(); root.Child("status").Text() == "active" {
				all = append(all, storedParameter{hit.Key.ID, definitionOf(root)})
			}
			scan.After = hit.Place
		}
		if !page.More || len(page.Hits) == 0 {
			slices.SortFunc(all, func(a, b storedParameter) int { return strings.Compare(a.id, b.id) })
			return all, nil
		}
	}
}

// adopt makes a state of what is stored and reports whether that changes
// anything. Where two parameters have a type and code in common, the one that
// had them before keeps them.
func (x *Keeper) adopt(s *indexState, stored []storedParameter) (changed bool) {
	before := s.Parameters
	after := x.effective(inOrderOf(before, stored))
	next := s.Generation + 1
	for i := range after {
		p := &after[i]
		p.Since = next
		if old := find(before, p.ID); old != nil && old.same(p) {
			p.Since = old.Since
		}
		changed = changed || p.Since == next
	}
	for i := range before {
		old := &before[i]
		if p := find(after, old.ID); p == nil || p.Since == next {
			changed = true
			if p == nil && old.displaces() || p != nil && old.displaces() && !old.same(p) {
				// The built-in parameter that comes back has no terms yet.
				s.ProgramSince = next
			}
		}
	}
	if !changed {
		return false
	}
	for i := range after {
		if after[i].Definition.Type == "composite" {
			after[i].Since = next // its components may be others now
		}
	}
	s.Parameters, s.Generation = after, next
	return true
}

// inOrderOf puts those first that were there before, in the order that they
// had.
func inOrderOf(before []parameterState, stored []storedParameter) []storedParameter {
	rank := make(map[string]int, len(before))
	for i, p := range before {
		rank[p.ID] = i - len(before)
	}
	ordered := slices.Clone(stored)
	slices.SortStableFunc(ordered, func(a, b storedParameter) int { return rank[a.id] - rank[b.id] })
	return ordered
}

// effective are the parameters that work for at least one type.
func (x *Keeper) effective(stored []storedParameter) []parameterState {
	custom := make([]search.CustomParameter, len(stored))
	for i, p := range stored {
		custom[i].Definition = p.definition
	}
	registry, _ := search.NewRegistry(definition.R4(), custom, x.options...)
	var all []parameterState
	for _, p := range stored {
		var types []string
		for _, typ := range definition.R4().ResourceTypes() {
			if found := registry.Parameter(typ, p.definition.Code); found != nil && found.Definition == p.definition {
				types = append(types, typ)
			}
		}
		if len(types) > 0 {
			all = append(all, parameterState{ID: p.id, Types: types, Definition: p.definition})
		}
	}
	return all
}

func find(list []parameterState, id string) *parameterState {
	for i := range list {
		if list[i].ID == id {
			return &list[i]
		}
	}
	return nil
}

// same reports whether two parameters make the same terms.
func (p *parameterState) same(q *parameterState) bool {
	a, errA := json.Marshal(p.Definition)
	b, errB := json.Marshal(q.Definition)
	return errA == nil && errB == nil && string(a) == string(b) && slices.Equal(p.Types, q.Types)
}

// displaces reports whether the parameter stands for a built-in one.
func (p *parameterState) displaces() bool {
	return slices.ContainsFunc(p.Types, func(typ string) bool {
		return slices.ContainsFunc(definition.R4().SearchParameters(typ), func(d *definition.SearchParameter) bool {
			return d.Code == p.Definition.Code
		})
	})
}

// concerns reports whether writes may change the parameters that are in use.
func (x *Keeper) concerns(written []Written) bool {
	return slices.ContainsFunc(written, func(w Written) bool {
		if w.Key.Type != ParameterType {
			return false
		}
		if find(x.now.Load().Parameters, w.Key.ID) != nil {
			return true
		}
		return w.After != nil && x.wouldWork(w.Key, w.After)
	})
}

// wouldWork reports whether a parameter works for any type as things are.
func (x *Keeper) wouldWork(key fhir.Key, t *fhir.Tree) bool {
	if t.Root().Child("status").Text() != "active" {
		return false
	}
	d := definitionOf(t.Root())
	registry, _ := x.registryWith(key.ID, d)
	return slices.ContainsFunc(definition.R4().ResourceTypes(), func(typ string) bool {
		p := registry.Parameter(typ, d.Code)
		return p != nil && p.Definition == d
	})
}
