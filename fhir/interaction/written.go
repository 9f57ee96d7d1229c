package interaction

import (
	"caseway/fhir"
	"caseway/fhir/search"
)

// written finds the resources that a transaction is about to write by
// criteria, as a store finds those that it has.
type written struct {
	byKey  map[fhir.Key]*entry
	byTerm map[search.Term][]*entry
}

// newWritten indexes the entries that write a resource, as it was sent.
func newWritten(entries []*entry) *written {
	w := &written{byKey: map[fhir.Key]*entry{}, byTerm: map[search.Term][]*entry{}}
	for _, en := range entries {
		if en.tree == nil || !en.writes() {
			continue
		}
		w.byKey[en.key] = en
		if en.terms == nil {
			en.terms = search.Terms(en.tree)
		}
		for _, term := range en.terms {
			w.byTerm[term] = append(w.byTerm[term], en)
		}
	}
	return w
}

// matching gives the entries whose resources satisfy criteria.
func (w *written) matching(c search.Criteria) []*entry {
	var some []*entry
	seen := map[*entry]bool{}
	for _, en := range w.candidates(c) {
		if !seen[en] && c.Match(en.key.ID, en.terms) {
			seen[en] = true
			some = append(some, en)
		}
	}
	return some
}

// candidates are found by the first clause, or by id where there is none.
func (w *written) candidates(c search.Criteria) []*entry {
	var some []*entry
	if len(c.All) > 0 {
		for _, term := range c.All[0].Any {
			some = append(some, w.byTerm[term]...)
		}
		return some
	}
	for _, id := range c.IDs {
		if en := w.byKey[fhir.Key{Type: c.Type, ID: id}]; en != nil {
			some = append(some, en)
		}
	}
	return some
}
