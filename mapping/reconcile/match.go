package reconcile

import "slices"

// pair are two items that are about the same.
type pair struct {
	here, there *item
	by          level
}

// mostCompared bounds how many pairs of items are compared for which of several
// of the same code are most alike. Behind it the first one is taken.
const mostCompared = 100_000

// pair finds which items of two lists are about the same, each with one other,
// and which are left over. The surest sign goes first; of several items that
// have it, those that also agree find one another first.
func (c *comparing) pair(here, there []item) (pairs []pair, left, right []*item) {
	m := matching{comparing: c, here: here, there: there, taken: make([]bool, len(there)), found: make([]pair, len(here)), seen: make([]int, len(there))}
	for l := range levels {
		m.index(l)
		m.match(l, true)
		m.match(l, false)
	}
	m.alike()
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
	*comparing
	here, there []item
	taken       []bool // of there
	found       []pair // by the index of here
	byKey       map[string][]int
	seen        []int // of there: by which search for candidates
	searches    int
	compared    int
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
			if m.compared++; m.compared > mostCompared {
				if best < 0 && !whole {
					best = j
				}
				break
			}
			d := m.compare(&m.here[i], &m.there[j], l)
			n := len(d.differences)*1000 + len(d.here) + len(d.there)
			if whole && len(d.differences) > 0 {
				continue
			}
			if best < 0 || n < least {
				best, least = j, n
			}
			if n == 0 {
				break
			}
		}
		if best >= 0 {
			m.taken[best] = true
			m.found[i] = pair{&m.here[i], &m.there[best], l}
		}
	}
}

// alike pairs what is told by nothing else and says the same in every element.
func (m *matching) alike() {
	for i := range m.here {
		for j := range m.there {
			a, b := &m.here[i], &m.there[j]
			if m.found[i].there != nil || m.taken[j] || !a.subject.Valid() || !b.subject.Valid() || m.compared > 2*mostCompared {
				continue
			}
			m.compared++
			if m.same(a.subject, b.subject) {
				m.taken[j] = true
				m.found[i] = pair{a, b, byValue}
			}
		}
	}
}

// candidates are free items of there that have a key in common with one of here.
func (m *matching) candidates(it *item, l level) []int {
	var all []int
	m.searches++
	for _, k := range it.keys[l] {
		for _, j := range m.byKey[k] {
			if m.taken[j] || m.seen[j] == m.searches || l == byText && it.differInCode(&m.there[j]) {
				continue
			}
			m.seen[j] = m.searches
			all = append(all, j)
		}
	}
	slices.Sort(all)
	return all
}
