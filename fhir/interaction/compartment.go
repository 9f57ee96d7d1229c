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
	compartments     []Compartment
	tags             sync.Map // of "system|type": search.Term
}

// Registry gives the search parameters that are in use now.
func (e *core) Registry() *search.Registry { return e.registered.Load().Registry }

// SetRegistry changes the search parameters. What is written from now on is
// indexed by them, and marked with their generation, which grows; what is
// stored stays indexed as it was.
func (e *core) SetRegistry(r *search.Registry, generation int64) {
	e.registered.Store(&registered{Registry: r, writing: r, generation: generation, compartments: e.compartments})
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

// Compartment is a further compartment beside R4's: what belongs to a resource by
// a tag. It is found whole by $everything.
type Compartment struct {
	// Type is that of the resource of which the compartment is.
	Type string
	// System is that of the tags; their code is the resource's logical id.
	System string
	// Parameter is the code of reference parameters that say the same, of types
	// that have it; "" for none.
	Parameter string
	// Names are paths of the resource's own references to what is shown with it.
	Names []string
}

// compartmentOf finds a further compartment by the type that it is of, nil for
// none.
func (e *core) compartmentOf(typ string) *Compartment {
	for i := range e.compartments {
		if e.compartments[i].Type == typ {
			return &e.compartments[i]
		}
	}
	return nil
}

// compartmentsOf gives the compartments to which a resource with these terms
// belongs, as "Patient/1", sorted.
func (r *registered) compartmentsOf(key fhir.Key, terms []search.Term) []string {
	all := r.writing.Compartments(key, terms)
	n := len(all)
	for i := range r.compartments {
		all = r.further(&r.compartments[i], key, terms, all)
	}
	if len(all) > n {
		slices.Sort(all)
		all = slices.Compact(all)
	}
	return all
}

// further adds the further compartments of one kind.
func (r *registered) further(c *Compartment, key fhir.Key, terms []search.Term, all []string) []string {
	if p := r.writing.Parameter(key.Type, c.Parameter); p != nil && p.Type == "reference" {
		for _, reference := range p.References(terms) {
			all = append(all, reference.Key.String())
		}
	}
	tag := r.tag(c.System, key.Type)
	i, _ := slices.BinarySearch(terms, tag)
	for ; i < len(terms) && strings.HasPrefix(string(terms[i]), string(tag)); i++ {
		all = append(all, fhir.Key{Type: c.Type, ID: string(terms[i][len(tag):])}.String())
	}
	return all
}

// tag is what the terms of tags of a system begin with, before the code.
func (r *registered) tag(system, typ string) search.Term {
	of := system + "|" + typ
	if tag, ok := r.tags.Load(of); ok {
		return tag.(search.Term)
	}
	const id = "1"
	tag := search.Term("\xff") // no term
	p := r.writing.Parameter(typ, "_tag")
	e, err := r.writing.Condition(context.Background(), p, "", system+"|"+id, search.Env{})
	if leaf, ok := e.(search.Leaf); ok && err == nil && len(leaf.Exact) == 1 {
		tag = search.Term(strings.TrimSuffix(string(leaf.Exact[0]), id))
	}
	r.tags.Store(of, tag)
	return tag
}
