package reconcile

import (
	"cmp"
	"slices"
)

// pair are two items that are about the same.
type pair struct {
	here, there *item
	by          level
}

// mostCandidates bounds with how many items of the same code one is compared.
const mostCandidates = 50

// pair finds which items of two lists are about the same, each with one other,
// and which are left over. The surest sign goes first; of several items that
// have it, those that also agree find one another first.
func (c comparing) pair(here, there []item) (pairs []pair, left, right []*item) {
	m := matching{comparing: c, here: here, there: there, taken: make([]bool, len(there)), found: make([]pair, len(here))}
	for l := range levels {
		m.index(l)
		m.match(l, true)
		m.match(l, false)
	}
	for i, p := range m.found {
		if p.there == nil {
			left = append(left, &here[i])
			continue
		}
		pairs = append(pairs, p)
	}
	for i := range there {
		if !m.taken[i] {
			right = append(right, &there[i])
		}
	}
	return pairs, left, right
}

type matching struct {
	comparing
	here, there []item
	taken       []bool // of there
	found       []pair // by the index of here
	byKey       map[string][]int
}

// index finds the items of there by their keys of a level.
func (m *matching) index(l level) {
	m.byKey = map[string][]int{}
	for i := range m.there {
		for _, k := range m.there[i].keys[l] {
			m.byKey[k] = append(m.byKey[k], i)
		}
	}
}

// match pairs what isn't paired yet: with whole, only what agrees.
func (m *matching) match(l level, whole bool) {
	for i := range m.here {
		if m.found[i].there != nil {
			continue
		}
		best, least := -1, 0
		for _, j := range m.candidates(&m.here[i], l) {
			d := m.compare(&m.here[i], &m.there[j], l)
			n := len(d.differences)*1000 + len(d.here) + len(d.there)
			if whole && len(d.differences) > 0 {
				continue
			}
			if best < 0 || n < least {
				best, least = j, n
			}
		}
		if best >= 0 {
			m.taken[best] = true
			m.found[i] = pair{&m.here[i], &m.there[best], l}
		}
	}
}

// candidates are free items of there that have a key in common with one of here.
func (m *matching) candidates(it *item, l level) []int {
	var all []int
	for _, k := range it.keys[l] {
		for _, j := range m.byKey[k] {
			if len(all) >= mostCandidates {
				break
			}
			if !m.taken[j] && !slices.Contains(all, j) && (l != byText || !it.differInCode(&m.there[j])) {
				all = append(all, j)
			}
		}
	}
	slices.SortFunc(all, cmp.Compare[int])
	return all
}
