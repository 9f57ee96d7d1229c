package search

import (
	"cmp"
	"slices"
)

// many is an Or of so many conditions on terms that trying one after the other
// would cost too much for each head: 10,000 values between commas.
type many struct {
	members  Or
	ways     []way  // by their from
	furthest []Term // of the ways up to each, the last to
}

func (*many) expr() {}

// way is one of the ranges of terms by which a member may hold, with what must
// hold besides.
type way struct {
	from, to Term
	test     func(Term) bool
	also     And
}

// fewMembers are tried one after the other.
const fewMembers = 64

// manyOf is an Or in normal form; *many where that pays.
func manyOf(members Or) Expr {
	if len(members) <= fewMembers {
		return members
	}
	e := &many{members: members}
	for _, m := range members {
		if !e.add(m) {
			return members
		}
	}
	slices.SortStableFunc(e.ways, func(a, b way) int { return cmp.Compare(a.from, b.from) })
	furthest := Term("")
	for _, w := range e.ways {
		furthest = max(furthest, w.to)
		e.furthest = append(e.furthest, furthest)
	}
	return e
}

// add takes a leaf in, or leaves that must hold together: by one of them it is
// found, and the others are only looked at where that one holds. Of exact terms
// each leads to few members; otherwise the last leaf says most.
func (e *many) add(m Expr) bool {
	all, ok := m.(And)
	if !ok {
		all = And{m}
	}
	if len(all) == 0 || slices.ContainsFunc(all, func(m Expr) bool { _, ok := m.(Leaf); return !ok }) {
		return false
	}
	by := slices.IndexFunc(all, func(m Expr) bool { return len(m.(Leaf).Exact) > 0 })
	if by < 0 {
		by = len(all) - 1
	}
	found := all[by].(Leaf)
	also := slices.Delete(slices.Clone(all), by, by+1)
	for _, t := range found.Exact {
		e.ways = append(e.ways, way{from: t, to: t + "\x00", also: also})
	}
	if len(found.Exact) == 0 {
		e.ways = append(e.ways, way{from: found.From, to: found.To, test: found.Test, also: also})
	}
	return true
}

// holds looks each term up among the ways.
func (e *many) holds(h *Hit) bool {
	last := len(e.ways) - 1
	for _, t := range within(h.Terms, e.ways[0].from, e.furthest[last]) {
		i, _ := slices.BinarySearchFunc(e.ways, t, func(w way, t Term) int {
			if w.from <= t {
				return -1
			}
			return 1
		})
		for i--; i >= 0 && e.furthest[i] > t; i-- {
			if w := &e.ways[i]; t < w.to && (w.test == nil || w.test(t)) && holds(w.also, h) {
				return true
			}
		}
	}
	return false
}
