package membership

import (
	"context"
	"maps"
	"slices"

	"caseway/fhir"
	"caseway/fhir/interaction"
	"caseway/fhir/search"
	"caseway/fhir/store"
)

// mostBrought bounds how many stored resources one commit brings into cases or
// takes out of them.
const mostBrought = 1000

// mostCases bounds in how many cases a stored resource can be. What more of
// them name is shared by them (the team of a ward, say): to write it with each
// would make all of them wait for one another.
const mostCases = 20

// alone reports whether the store can't write several resources at once.
func (m *membership) alone() bool {
	return !m.pending.Transactional()
}

// lookForNames asks the store who takes a resource into its case that comes to be
// now, or whose case is in doubt. One whose id the server has just made is named
// by nobody, and what has been there is marked since it was named.
func (m *membership) lookForNames(ctx context.Context) error {
	for _, mine := range m.members {
		if mine.image.Method == store.Post || !mine.isToAsk() && (len(mine.cases) > 0 || !m.alone()) {
			continue
		}
		hits, err := m.referring(ctx, mine, true)
		if err != nil {
			return err
		}
		naming, err := m.together(ctx, interaction.VersionsOf(hits))
		if err != nil {
			return err
		}
		for _, v := range naming {
			if m.written(v.Key) {
				continue
			}
			cases, by := casesOf(v), mine
			if v.Key.Type == "EpisodeOfCare" {
				cases, by = append(cases, v.Key.ID), &member{image: &interaction.Image{Key: v.Key, At: mine.image.At}}
			}
			if _, err := m.join(ctx, mine, cases, by); err != nil {
				return err
			}
		}
	}
	return nil
}

// isToAsk reports whether others may name a resource that it doesn't know of.
func (m *member) isToAsk() bool {
	return m.new() || slices.ContainsFunc(m.doubts, func(d doubt) bool { return !d.lost && !d.said && !slices.Contains(m.cases, d.id) })
}

// bringIn adds to the commit what is stored and comes into a case by it: what a
// resource names, and what hangs on one that wasn't in the case before.
func (m *membership) bringIn(ctx context.Context) error {
	for i := 0; i < len(m.members) && !m.full; i++ {
		mine := m.members[i]
		if mine.followed == len(mine.cases) {
			continue
		}
		mine.followed = len(mine.cases)
		found, err := m.following(ctx, mine)
		if err != nil {
			return err
		}
		if found, err = m.together(ctx, found); err != nil {
			return err
		}
		for _, v := range found {
			if err := m.bring(ctx, v, mine); err != nil || m.full {
				return err
			}
		}
		if err := m.spread(ctx); err != nil {
			return err
		}
		i = -1 // some may have come into further cases
	}
	return nil
}

// following are the stored resources that come with one into its cases.
func (m *membership) following(ctx context.Context, mine *member) ([]store.Version, error) {
	before := casesOf(mine.image.Before)
	known := !slices.ContainsFunc(mine.cases, func(c string) bool { return !slices.Contains(before, c) })
	if known && mine.same {
		return nil, nil
	}
	keys := slices.DeleteFunc(slices.Clone(mine.brings), func(key fhir.Key) bool { return m.written(key) || !mayBelong()[key.Type] })
	var found []store.Version
	if len(keys) > 0 {
		var err error
		if found, err = m.pending.Stored(ctx, keys...); err != nil {
			return nil, err
		}
	}
	if known || mine.image.Method == store.Post && !mine.stored || mine.image.Key.Type == "EpisodeOfCare" {
		return found, nil // what hangs on it is marked, or there is nothing
	}
	hits, err := m.referring(ctx, mine, false)
	for _, hit := range hits {
		if !m.written(hit.Key) {
			found = append(found, interaction.VersionOf(hit))
		}
	}
	return found, err
}

// storedMember is a stored resource that may be written for its mark.
func (m *membership) storedMember(v store.Version, tree *fhir.Tree) *member {
	cases := casesOf(v)
	return &member{
		image: &interaction.Image{Key: v.Key, Method: store.Put, Before: v, After: tree}, links: linksOf(tree, m.base),
		whose: personsOf(tree, m.base), cases: cases, stored: true, same: true, followed: len(cases),
	}
}

// bring adds a stored resource to the commit where it isn't in all of the cases
// of one by which it comes in.
func (m *membership) bring(ctx context.Context, v store.Version, by *member) error {
	marked := casesOf(v)
	if !v.Exists() || v.Deleted() || m.written(v.Key) ||
		!slices.ContainsFunc(by.cases, func(c string) bool { return !slices.Contains(marked, c) }) {
		return nil
	}
	if len(marked) >= mostCases {
		m.issues = append(m.issues, shared(by.image.At))
		return nil
	}
	if m.alone() {
		m.full = true
		m.issues = append(m.issues, notMarked(by.image.At, true))
		return nil
	}
	tree, err := m.decode(v)
	if err != nil {
		return err
	}
	mine := m.storedMember(v, tree)
	if came, err := m.join(ctx, mine, by.cases, by); err != nil || !came {
		return err
	}
	if m.brought++; m.brought > mostBrought {
		m.full = true
		m.issues = append(m.issues, notMarked(by.image.At, false))
		return nil
	}
	m.members = append(m.members, mine)
	m.here[v.Key] = mine
	return nil
}

// referring finds the stored resources that refer to one by the table: those
// that bring it into their cases, or those that join its.
func (m *membership) referring(ctx context.Context, mine *member, bring bool) ([]search.Hit, error) {
	s := seeker{m, mine, joining}
	if bring {
		s.paths = bringing
	}
	if m.pending.Rebuilding() {
		return s.inCompartments(ctx)
	}
	to := m.tiedTo(mine.image.Key.Type)
	by := to.by(bring)
	if len(by) == 0 {
		return nil, nil
	}
	if hits, ok, err := s.atOnce(ctx, by); ok {
		return hits, err
	}
	var all []search.Hit
	for _, p := range by {
		hits, err := m.everyHit(ctx, search.Scan{Type: p.Resource, Term: p.Term(mine.image.Key)})
		if err != nil {
			return nil, err
		}
		all = append(all, hits...)
		if len(all) > mostReferring {
			return all, nil
		}
	}
	return all, nil
}

// termsAtOnce is how many terms are looked for in one scan.
const termsAtOnce = 200

// referringAll is referring of several at once.
func (m *membership) referringAll(ctx context.Context, all []*member, bring bool) (map[fhir.Key][]search.Hit, error) {
	found := map[fhir.Key][]search.Hit{}
	for len(all) > 0 {
		looked := map[search.Term]fhir.Key{}
		n := 0
		for ; n < len(all) && len(looked) < termsAtOnce; n++ {
			to := m.tiedTo(all[n].image.Key.Type)
			for _, p := range to.by(bring) {
				looked[p.Term(all[n].image.Key)] = all[n].image.Key
			}
		}
		page := search.Page{More: true}
		if len(looked) > 1 && !m.pending.Rebuilding() {
			var err error
			if page, err = m.pending.Scan(ctx, search.Scan{Terms: slices.Sorted(maps.Keys(looked)), Limit: scannedAtOnce}); err != nil {
				return nil, err
			}
		}
		for _, mine := range all[:n] {
			if !page.More {
				break
			}
			hits, err := m.referring(ctx, mine, bring)
			if err != nil {
				return nil, err
			}
			found[mine.image.Key] = hits
		}
		for _, hit := range page.Hits {
			for term, key := range looked {
				if _, has := slices.BinarySearch(hit.Terms, term); has && !page.More {
					found[key] = append(found[key], hit)
				}
			}
		}
		all = all[n:]
	}
	return found, nil
}

// mostReferring bounds how many are looked at that refer to one resource: more
// than can come in.
const mostReferring = 2 * mostBrought

// seeker finds what refers to a resource.
type seeker struct {
	*membership
	to    *member
	paths map[string][]string // of references that count, by type
}

// scannedAtOnce is how many hits are asked for in one scan.
const scannedAtOnce = 500

// atOnce finds those of all types by one look into the index; false where there
// are many.
func (s seeker) atOnce(ctx context.Context, by []*search.Parameter) (hits []search.Hit, ok bool, err error) {
	scan := search.Scan{Limit: scannedAtOnce}
	if len(by) == 1 {
		scan.Type, scan.Term = by[0].Resource, by[0].Term(s.to.image.Key)
	}
	for _, p := range by {
		if len(by) > 1 {
			scan.Terms = append(scan.Terms, p.Term(s.to.image.Key))
		}
	}
	page, err := s.pending.Scan(ctx, scan)
	return page.Hits, err != nil || !page.More, err
}

// inCompartments finds them while the index can't be trusted, by reading all
// that belongs to the same patients.
func (s seeker) inCompartments(ctx context.Context) ([]search.Hit, error) {
	patients := s.patients()
	if len(patients) == 0 {
		return nil, fhir.NewError(fhir.Transient, fhir.IssueTransient,
			"to which case this belongs can't be found out while the search index is being made anew").At(s.to.image.At)
	}
	var found []search.Hit
	for _, patient := range patients {
		hits, err := s.everyHit(ctx, search.Scan{Compartment: patient})
		if err != nil {
			return nil, err
		}
		hits = slices.DeleteFunc(hits, func(h search.Hit) bool { return s.paths[h.Key.Type] == nil })
		if hits, err = s.refer(hits); err != nil {
			return nil, err
		}
		found = append(found, hits...)
	}
	return found, nil
}

// patients are those to whose compartments the resource belongs.
func (s seeker) patients() []fhir.Key {
	var keys []fhir.Key
	for _, name := range s.pending.CompartmentsOf(s.to.image.Key, s.to.image.After) {
		if key, _ := fhir.ParseKey(name); key.Type == "Patient" {
			keys = append(keys, key)
		}
	}
	return keys
}

// refer keeps those of some resources that refer to the one.
func (s seeker) refer(hits []search.Hit) ([]search.Hit, error) {
	var found []search.Hit
	for _, hit := range hits {
		tree, err := s.decode(interaction.VersionOf(hit))
		if err != nil {
			return nil, err
		}
		if slices.Contains(fhir.KeysAt(tree.Root(), s.paths[hit.Key.Type], s.base), s.to.image.Key) {
			found = append(found, hit)
		}
	}
	return found, nil
}

// decode reads a stored resource.
func (m *membership) decode(v store.Version) (*fhir.Tree, error) { return m.pending.Decode(v) }

// everyHit reads a scan in page order to its end.
func (m *membership) everyHit(ctx context.Context, s search.Scan) ([]search.Hit, error) {
	s.Limit = scannedAtOnce
	var all []search.Hit
	for {
		page, err := m.pending.Scan(ctx, s)
		if err != nil {
			return nil, err
		}
		all = append(all, page.Hits...)
		if !page.More || len(page.Hits) == 0 {
			return all, nil
		}
		s.After = all[len(all)-1].Place
	}
}
