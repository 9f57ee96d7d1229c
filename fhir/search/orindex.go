package search

import (
	"cmp"
	"slices"
)

// orIndex is an Or of so many conditions on terms that to test one after the other
// would cost too much for each head: 10,000 values between commas. It finds the
// members that a term may satisfy as an interval tree does, in a sorted list.
type orIndex struct {
	members   Or
	intervals []interval // ordered by from
	maxTo     []Term     // for each interval, the largest to up to it
}

func (*orIndex) expr() {}

// interval is a range of terms by which a member may hold, [from, to), with what
// must hold besides.
type interval struct {
	from, to Term
	test     func(Term) bool
	rest     And
}

// fewMembers are tested one after the other.
const fewMembers = 64

// orOf is an Or in normal form; *orIndex where that pays.
func orOf(members Or) Expr {
	if len(members) <= fewMembers {
		return members
	}
	e := &orIndex{members: members}
	for _, m := range members {
		if !e.add(m) {
			return members
		}
	}
	slices.SortStableFunc(e.intervals, func(a, b interval) int { return cmp.Compare(a.from, b.from) })
	maxTo := Term("")
	for _, w := range e.intervals {
		maxTo = max(maxTo, w.to)
		e.maxTo = append(e.maxTo, maxTo)
	}
	return e
}

// add takes a leaf in, or leaves that must hold together: by one of them it is
// found, and the others are only tested where that one holds. Of exact terms
// each leads to few members; otherwise the last leaf says most.
func (e *orIndex) add(m Expr) bool {
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
	rest := slices.Delete(slices.Clone(all), by, by+1)
	for _, t := range found.Exact {
		e.intervals = append(e.intervals, interval{from: t, to: t + "\x00", rest: rest})
	}
	if len(found.Exact) == 0 {
		e.intervals = append(e.intervals, interval{from: found.From, to: found.To, test: found.Test, rest: rest})
	}
	return true
}

// holds looks each term up among the intervals.
func (e *orIndex) holds(h *Hit) bool {
	last := len(e.intervals) - 1
	for _, t := range within(h.Terms, e.intervals[0].from, e.maxTo[last]) {
		i, _ := slices.BinarySearchFunc(e.intervals, t, func(w interval, t Term) int {
			if w.from <= t {
				return -1
			}
			return 1
		})
		for i--; i >= 0 && e.maxTo[i] > t; i-- {
			if w := &e.intervals[i]; t < w.to && (w.test == nil || w.test(t)) && holds(w.rest, h) {
				return true
			}
		}
	}
	return false
}
