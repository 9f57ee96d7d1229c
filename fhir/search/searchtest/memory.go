// Package searchtest helps to test what searches: a Source in memory.
package searchtest

import (
	"context"
	"slices"
	"sort"
	"sync"

	"caseway/fhir"
	"caseway/fhir/search"
)

// Memory is a search.Source over resources in memory. It does what the Source
// contract says in the plainest way, counts what it is asked, and fails where
// the contract is broken by the caller. Safe for concurrent use.
type Memory struct {
	mu     sync.Mutex
	heads  map[fhir.Key]entry
	places []entry // in order of places; nil where it must be made anew
	terms  map[search.Term][]entry
	sorted []search.Term

	// Scans, Heads and Estimates count what was asked for and given.
	Scans, Heads, Estimates int
}

type entry struct {
	hit          search.Hit
	indexed      []search.Term
	compartments []fhir.Key
}

// NewMemory makes an empty source.
func NewMemory() *Memory { return &Memory{heads: map[fhir.Key]entry{}} }

// Put adds a resource or takes the place of the one with its key. The hit's
// Terms are made from the index.
func (m *Memory) Put(h search.Hit, x search.Index, compartments ...fhir.Key) {
	m.mu.Lock()
	defer m.mu.Unlock()
	h.Terms = x.Merge()
	m.heads[h.Key] = entry{h, x.Terms, compartments}
	m.places = nil
}

// Delete takes a resource away.
func (m *Memory) Delete(k fhir.Key) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.heads, k)
	m.places = nil
}

// All gives all resources in the order of places.
func (m *Memory) All() []search.Hit {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.prepare()
	hits := make([]search.Hit, len(m.places))
	for i, e := range m.places {
		hits[i] = e.hit
	}
	return hits
}

func (m *Memory) prepare() {
	if m.places != nil {
		return
	}
	m.terms = map[search.Term][]entry{}
	for _, e := range m.heads {
		m.places = append(m.places, e)
	}
	slices.SortFunc(m.places, func(a, b entry) int { return a.hit.Place.Compare(b.hit.Place) })
	for _, e := range m.places {
		for _, t := range e.indexed {
			m.terms[t] = append(m.terms[t], e)
		}
	}
	m.sorted = make([]search.Term, 0, len(m.terms))
	for t := range m.terms {
		m.sorted = append(m.sorted, t)
	}
	slices.Sort(m.sorted)
}

// Scan implements search.Source.
func (m *Memory) Scan(ctx context.Context, s search.Scan) (search.Page, error) {
	if s.Limit < 1 {
		panic("searchtest: a scan needs a limit")
	}
	if s.Descending && (len(s.Keys) > 0 || len(s.Terms) > 0 || s.To != "") {
		panic("searchtest: only whole types and terms are scanned in descending order")
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.prepare()
	m.Scans++
	if ctx.Err() != nil {
		return search.Page{}, ctx.Err()
	}
	entries := m.driven(s)
	if s.Descending {
		s.After, s.Until = s.Until, s.After
	}
	from, to := 0, len(entries)
	if inOrder := len(s.Keys) == 0 && len(s.Terms) == 0 && s.To == ""; inOrder {
		from = sort.Search(len(entries), func(i int) bool { return entries[i].hit.Place.Compare(s.After) > 0 })
		if s.Until != (search.Place{}) {
			to = sort.Search(len(entries), func(i int) bool { return entries[i].hit.Place.Compare(s.Until) >= 0 })
		}
	}
	var page search.Page
	for n := range max(0, to-from) {
		e := entries[from+n]
		if s.Descending {
			e = entries[to-1-n]
		}
		if !within(s, e.hit) {
			continue
		}
		if len(page.Hits) == s.Limit {
			page.More = true
			break
		}
		if s.KeysOnly || !s.Room.Take(len(e.hit.JSON)) {
			e.hit.JSON = nil
		}
		page.Hits = append(page.Hits, e.hit)
	}
	m.Heads += len(page.Hits)
	return page, nil
}

// driven gives what the driver of a scan leads to.
func (m *Memory) driven(s search.Scan) []entry {
	var entries []entry
	switch {
	case len(s.Keys) > 0:
		seen := map[fhir.Key]bool{}
		for _, k := range s.Keys {
			if e, found := m.heads[k]; found && !seen[k] {
				seen[k] = true
				entries = append(entries, e)
			}
		}
	case s.Term != "":
		return m.terms[s.Term]
	case len(s.Terms) > 0 || s.To != "":
		seen := map[fhir.Key]bool{}
		terms := s.Terms
		if len(terms) == 0 {
			terms = m.within(s.From, s.To)
		}
		for _, t := range terms {
			for _, e := range m.terms[t] {
				if !seen[e.hit.Key] {
					seen[e.hit.Key] = true
					entries = append(entries, e)
				}
			}
		}
	case s.Compartment != fhir.Key{}:
		for _, e := range m.places {
			if slices.Contains(e.compartments, s.Compartment) {
				entries = append(entries, e)
			}
		}
	default:
		return m.places
	}
	return entries
}

func within(s search.Scan, h search.Hit) bool {
	switch {
	case s.Type != "" && s.Type != h.Key.Type:
		return false
	case s.After != (search.Place{}) && h.Place.Compare(s.After) <= 0:
		return false
	case s.Until != (search.Place{}) && h.Place.Compare(s.Until) >= 0:
		return false
	case h.LastUpdated.Before(s.Updated.From):
		return false
	}
	return s.Updated.To.IsZero() || h.LastUpdated.Before(s.Updated.To)
}

func (m *Memory) within(from, to search.Term) []search.Term {
	i, _ := slices.BinarySearch(m.sorted, from)
	j, _ := slices.BinarySearch(m.sorted, to)
	return m.sorted[i:max(i, j)]
}

// Estimate implements search.Source.
func (m *Memory) Estimate(ctx context.Context, from, to search.Term, limit int) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.prepare()
	m.Estimates++
	n := 0
	for _, t := range m.within(from, to) {
		if n += len(m.terms[t]); n >= limit {
			return limit, ctx.Err()
		}
	}
	return n, ctx.Err()
}
