package interaction

import (
	"caseway/fhir"
	"caseway/fhir/search"
)

// written finds the resources that a transaction is about to write by
// criteria, as a store finds those that it has.
type written struct {
	byTerm map[search.Term][]*entry
	byType map[string][]*entry
}

// newWritten indexes the entries that write a resource, as it was sent or as
// rewritten gives it.
func newWritten(r *search.Registry, entries []*entry, rewritten func(*entry) *fhir.Tree) *written {
	w := &written{byTerm: map[search.Term][]*entry{}, byType: map[string][]*entry{}}
	for _, en := range entries {
		if en.tree == nil || !en.writes() {
			continue
		}
		switch {
		case rewritten != nil: // anew for each try
			en.terms = r.Index(rewritten(en)).Merge()
		case en.terms == nil:
			en.terms = r.Index(en.sent()).Merge()
		}
		w.byType[en.key.Type] = append(w.byType[en.key.Type], en)
		for _, term := range en.terms {
			w.byTerm[term] = append(w.byTerm[term], en)
		}
	}
	return w
}

// matching gives the entries whose resources satisfy criteria.
func (w *written) matching(c *criteria) []*entry {
	var some []*entry
	seen := map[*entry]bool{}
	for _, en := range w.candidates(c) {
		if !seen[en] && c.holds(en.key, en.terms) {
			seen[en] = true
			some = append(some, en)
		}
	}
	return some
}

// candidates are found by the first condition that terms decide, or by type
// where there is none.
func (w *written) candidates(c *criteria) []*entry {
	if len(c.exact) == 0 {
		return w.byType[c.typ]
	}
	var some []*entry
	for _, term := range c.exact[0].Any {
		some = append(some, w.byTerm[term]...)
	}
	return some
}
