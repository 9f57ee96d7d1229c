package interaction

import (
	"slices"
	"sync"
	"sync/atomic"

	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/fhir/search"
)

// registered is a registry of search parameters with what is derived from it.
// Safe for concurrent use.
type registered struct {
	*search.Registry                  // what requests are understood by
	writing          *search.Registry // what new versions are indexed by
	generation       int64            // of writing
	writers          atomic.Int64     // commits under way that index by it
	memberships      sync.Map         // of type name: []membershipRule
}

// membershipRule is a parameter by which resources of a type are in
// compartments.
type membershipRule struct {
	parameter *search.Parameter
	codes     []string // of the compartments
}

// Registry gives the search parameters that are in use now.
func (e *Engine) Registry() *search.Registry { return e.registered.Load().Registry }

// SetRegistry changes the search parameters. What is written from now on is
// indexed by them, and marked with their generation, which grows; what is
// stored stays indexed as it was.
func (e *Engine) SetRegistry(r *search.Registry, generation int64) {
	e.registered.Store(&registered{Registry: r, writing: r, generation: generation})
}

// writer gives the registry to index a commit by. Its writers are to be
// lowered when the commit is over.
func (e *Engine) writer() *registered {
	for {
		r := e.registered.Load()
		r.writers.Add(1)
		if e.registered.Load() == r {
			return r
		}
		r.writers.Add(-1) // who changed it may not have seen us
	}
}

func (r *registered) rules(typ string) []membershipRule {
	if rules, ok := r.memberships.Load(typ); ok {
		return rules.([]membershipRule)
	}
	var rules []membershipRule
	for _, code := range definition.R4().Compartments() {
		for _, name := range definition.R4().Compartment(code).Params(typ) {
			p := r.Parameter(typ, name)
			if p == nil || p.Refused != "" {
				continue
			}
			i := slices.IndexFunc(rules, func(rule membershipRule) bool { return rule.parameter == p })
			if i < 0 {
				i = len(rules)
				rules = append(rules, membershipRule{parameter: p})
			}
			rules[i].codes = append(rules[i].codes, code)
		}
	}
	r.memberships.Store(typ, rules)
	return rules
}

// compartmentsOf gives the compartments to which a resource with these terms
// belongs, as "Patient/1", sorted.
func (r *registered) compartmentsOf(key fhir.Key, terms []search.Term) []string {
	var all []string
	if definition.R4().Compartment(key.Type) != nil {
		all = append(all, key.String())
	}
	for _, rule := range r.rules(key.Type) {
		for _, reference := range rule.parameter.References(terms) {
			if slices.Contains(rule.codes, reference.Key.Type) {
				all = append(all, reference.Key.String())
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// inCompartment is the condition that resources of a type satisfy which are in
// a compartment.
func (r *registered) inCompartment(of fhir.Key, typ string) search.Expr {
	var terms []search.Term
	for _, rule := range r.rules(typ) {
		if slices.Contains(rule.codes, of.Type) {
			terms = append(terms, rule.parameter.Term(of))
		}
	}
	var either search.Or
	if len(terms) > 0 {
		slices.Sort(terms)
		either = append(either, search.Leaf{Exact: terms})
	}
	if typ == of.Type {
		either = append(either, search.Keys{of})
	}
	return either
}
