package search

import "slices"

// withoutImplied leaves out the conjuncts that another one implies, in normal
// form: what access adds to a search mostly says again what the search asks for,
// and each condition costs a lookup for each head.
func withoutImplied(where []Expr) []Expr {
	kept := make([]Expr, 0, len(where))
	for i, e := range where {
		if l, ok := e.(Leaf); ok && impliedBy(where, i, l) {
			continue
		}
		kept = append(kept, e)
	}
	return kept
}

// impliedBy reports whether a conjunct says no more than another does. Of those
// that say the same the first stays.
func impliedBy(where []Expr, of int, l Leaf) bool {
	for i, e := range where {
		other, ok := e.(Leaf)
		if ok && i != of && selectsAll(l, other) && (i < of || !selectsAll(other, l)) {
			return true
		}
	}
	return false
}

// selectsAll reports whether one exact leaf selects all terms that another does.
// Both are sorted.
func selectsAll(l, other Leaf) bool {
	if len(other.Exact) == 0 || len(other.Exact) > len(l.Exact) {
		return false
	}
	for _, t := range other.Exact {
		if _, found := slices.BinarySearch(l.Exact, t); !found {
			return false
		}
	}
	return true
}
