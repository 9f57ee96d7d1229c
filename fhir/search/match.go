package search

import (
	"slices"
	"sort"
)

// Match evaluates an expression on the terms and kept values of a resource,
// sorted together. It is for trees of And, Or, Not, Within and Leaf; any other
// expression doesn't hold.
func Match(e Expr, terms []Term) bool {
	switch e := e.(type) {
	case And:
		return !slices.ContainsFunc(e, func(m Expr) bool { return !Match(m, terms) })
	case Or:
		return slices.ContainsFunc(e, func(m Expr) bool { return Match(m, terms) })
	case Not:
		return !Match(e.Expr, terms)
	case Within:
		return Match(e.Where, terms)
	case Leaf:
		return e.Match(terms)
	}
	return false
}

// Match reports whether one of the terms and kept values, sorted together, is
// one that the leaf selects.
func (l Leaf) Match(terms []Term) bool {
	if len(l.Exact) > 0 {
		return l.matchExact(terms)
	}
	for _, t := range within(terms, l.From, l.To) {
		if l.Test == nil || l.Test(t) {
			return true
		}
	}
	return false
}

// matchExact looks up the fewer in the more. Exact is sorted, as Condition
// makes it.
func (l Leaf) matchExact(terms []Term) bool {
	few, many := l.Exact, terms
	if len(few) > len(many) {
		few, many = many, few
	}
	for _, t := range few {
		if _, found := slices.BinarySearch(many, t); found {
			return true
		}
	}
	return false
}

// within gives the terms in the half-open range.
func within(terms []Term, from, to Term) []Term {
	i := sort.Search(len(terms), func(i int) bool { return terms[i] >= from })
	j := i
	for j < len(terms) && terms[j] < to {
		j++
	}
	return terms[i:j]
}

// Merge puts an index's terms and values together in order, as a Hit has them.
func (x Index) Merge() []Term {
	all := append(slices.Clone(x.Terms), x.Values...)
	slices.Sort(all)
	return all
}
