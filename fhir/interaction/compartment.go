package interaction

import (
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"caseway/fhir"
	"caseway/fhir/search"
)

// registered is a registry of search parameters with what is derived from it.
// Safe for concurrent use.
type registered struct {
	*search.Registry                  // what requests are understood by
	writing          *search.Registry // what new versions are indexed by
	generation       int64            // of writing
	writers          atomic.Int64     // commits under way that index by it
	caseTags         sync.Map         // of type name: search.Term
	tied             sync.Map         // of type name: tied
}

// Registry gives the search parameters that are in use now.
func (e *core) Registry() *search.Registry { return e.registered.Load().Registry }

// SetRegistry changes the search parameters. What is written from now on is
// indexed by them, and marked with their generation, which grows; what is
// stored stays indexed as it was.
func (e *core) SetRegistry(r *search.Registry, generation int64) {
	e.registered.Store(&registered{Registry: r, writing: r, generation: generation})
}

// writer gives the registry to index a commit by. Its writers are to be
// lowered when the commit is over.
func (e *core) writer() *registered {
	for {
		r := e.registered.Load()
		r.writers.Add(1)
		if e.registered.Load() == r {
			return r
		}
		r.writers.Add(-1) // who changed it may not have seen us
	}
}

// compartmentsOf gives the compartments to which a resource with these terms
// belongs, as "Patient/1", sorted. A case is found whole as a compartment is,
// so that of its EpisodeOfCare is among them.
func (r *registered) compartmentsOf(key fhir.Key, terms []search.Term) []string {
	all := r.writing.Compartments(key, terms)
	n := len(all)
	if p := r.writing.Parameter(key.Type, "episode-of-care"); p != nil && p.Type == "reference" {
		for _, reference := range p.References(terms) {
			all = append(all, reference.Key.String())
		}
	}
	tag := r.caseTag(key.Type)
	i, _ := slices.BinarySearch(terms, tag)
	for ; i < len(terms) && strings.HasPrefix(string(terms[i]), string(tag)); i++ {
		all = append(all, fhir.Key{Type: "EpisodeOfCare", ID: string(terms[i][len(tag):])}.String())
	}
	if len(all) > n {
		slices.Sort(all)
		all = slices.Compact(all)
	}
	return all
}

// caseTag is what the terms of tags that name a case begin with, before the
// case's id.
func (r *registered) caseTag(typ string) search.Term {
	if tag, ok := r.caseTags.Load(typ); ok {
		return tag.(search.Term)
	}
	const id = "1"
	tag := search.Term("\xff") // no term
	p := r.writing.Parameter(typ, "_tag")
	e, err := r.writing.Condition(context.Background(), p, "", CaseSystem+"|"+id, search.Env{})
	if leaf, ok := e.(search.Leaf); ok && err == nil && len(leaf.Exact) == 1 {
		tag = search.Term(strings.TrimSuffix(string(leaf.Exact[0]), id))
	}
	r.caseTags.Store(typ, tag)
	return tag
}
