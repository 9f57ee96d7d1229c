package sqlite

import (
	"cmp"
	"slices"
	"strings"

	"caseway/fhir"
	"caseway/fhir/search"
	"caseway/fhir/store"
)

// Which versions belong to a compartment stands among the postings, by a term
// that no resource has. Unlike the others these postings stay when a version
// is displaced, for history is narrowed by them.

// membership is the term of a compartment such as "Patient/1".
func membership(compartment string) search.Term { return search.Term("@=" + compartment) }

// memberships are the terms of compartments as a version has them.
func memberships(compartments string) []search.Term {
	names := strings.Fields(compartments)
	terms := make([]search.Term, len(names))
	for i, name := range names {
		terms[i] = membership(name)
	}
	return terms
}

// What is read of memberships: those of versions after the last merge, those in
// the table, and what history must know of a version.
const (
	unmergedMembersSQL = "SELECT seq, compartments FROM version WHERE seq > ? AND compartments <> ''"
	pastSQL            = "SELECT updated, key, version, until FROM version WHERE seq = ?"
)

// addMembers adds the memberships of versions that weren't merged to a run,
// which isn't in order any more.
func (w *writer) addMembers(r *sortedRun, seq int64) error {
	q, err := w.conn.Prepare(unmergedMembersSQL)
	if err != nil {
		return err
	}
	defer func() { _ = q.Reset() }()
	q.BindInt64(1, seq)
	c := w.coder()
	for {
		row, err := q.Step()
		if err != nil || !row {
			return err
		}
		for _, t := range memberships(q.ColumnText(1)) {
			w.term = c.append(w.term[:0], string(t))
			r.add(w.term, q.ColumnInt64(0))
		}
	}
}

// mergeMembers writes the memberships in memory to the table.
func (w *writer) mergeMembers() error {
	r := &sortedRun{}
	if err := w.addMembers(r, w.latest.merged); err != nil {
		return err
	}
	r.sort()
	return w.mergeAdded(r)
}

// moveTo puts a head into other compartments than it is in.
func (w *writer) moveTo(h *head, compartments string) error {
	if compartments == h.compartments {
		return nil
	}
	w.sql.setCompartments.BindText(1, compartments)
	w.sql.setCompartments.BindInt64(2, h.seq)
	if err := exec(w.sql.setCompartments); err != nil {
		return err
	}
	before, now := sortedTerms(memberships(h.compartments)), sortedTerms(memberships(compartments))
	dropped, added := without(before, now), without(now, before)
	if h.seq > w.latest.merged {
		w.forget(h.seq, dropped)
		return w.remember(h.seq, added)
	}
	if err := w.dropTerms(h.seq, dropped); err != nil {
		return err
	}
	return w.addTerms(h.seq, added)
}

// members are the versions that belong to a compartment, of those in memory.
func (r *memtable) members(term []byte, b seqRange) (seqs []int64) {
	whole := span{term, append(slices.Clone(term), 0)}
	left := map[int64]int{}
	for _, seq := range r.gone.seqs(nil, whole, b) {
		left[seq]++
	}
	for _, seq := range r.added.seqs(nil, whole, b) {
		if left[seq]--; left[seq] < 0 {
			seqs = append(seqs, seq)
		}
	}
	return seqs
}

// byCompartment reads the heads in a compartment: first those whose memberships
// are in the table, for all others are later ones.
func (x source) byCompartment(c *collector, b seqRange) error {
	term := x.coder.append(nil, string(membership(c.q.Compartment.String())))
	inTable := func() error {
		return x.byPostings(c, term, b)
	}
	inMemory := func() error {
		return x.heads(c, inOrder(x.recent.members(term, b), c.q.Descending), always)
	}
	first, second := inTable, inMemory
	if c.q.Descending {
		first, second = inMemory, inTable
	}
	if err := first(); err != nil || c.page.More {
		return err
	}
	return second()
}

// versionsIn are the versions that belong to any of some compartments, newest
// first.
func (x source) versionsIn(compartments []string, b seqRange) (seqs []int64, err error) {
	for _, name := range compartments {
		term := x.coder.append(nil, string(membership(name)))
		seqs = append(seqs, x.recent.members(term, b)...)
		err := x.postings(term, b, false, func(some []int64) (bool, error) {
			seqs = append(seqs, some...)
			return false, nil
		})
		if err != nil {
			return nil, err
		}
	}
	return inOrder(seqs, true), nil
}

// past is a version as the order of history needs it.
type past struct {
	seq, updated int64
	key          string
	version      int64
}

// newestFirst is the order of history.
func newestFirst(a, b past) int {
	return -cmp.Or(cmp.Compare(a.updated, b.updated), strings.Compare(a.key, b.key), cmp.Compare(a.version, b.version))
}

// rowsIn are the rows of a page of the history of compartments and one more,
// if there is one. Sequence numbers give history's order but within an instant.
func (q *selection) rowsIn(x source) (found []versionRow, err error) {
	span := search.Updated{From: q.Since, To: q.AtTo}
	if behind := q.After.LastUpdated; q.After.VersionID > 0 && (q.AtTo.IsZero() || behind.Before(q.AtTo)) {
		span.To = instant(behind.UnixMilli() + 1)
	}
	var all []past
	err = q.eachIn(x, span, func(v past) (enough bool) {
		if len(all) > q.Limit && v.updated < all[len(all)-1].updated {
			return true
		}
		if q.After.VersionID == 0 || newestFirst(v, q.behind()) > 0 {
			all = append(all, v)
		}
		return false
	})
	slices.SortFunc(all, newestFirst)
	for _, v := range all[:min(len(all), q.Limit+1)] {
		found = append(found, versionRow{seq: v.seq})
	}
	return found, err
}

// behind is the position that the page is behind.
func (q *selection) behind() past {
	return past{updated: q.After.LastUpdated.UnixMilli(), key: q.After.Key.String(), version: q.After.VersionID}
}

// countIn counts all that match in the compartments.
func (q *selection) countIn(x source) (n int64, err error) {
	err = q.eachIn(x, search.Updated{From: q.Since, To: q.AtTo}, func(past) bool { n++; return false })
	return n, err
}

// eachIn gives what matches in the compartments, the newest commits first.
func (q *selection) eachIn(x source, span search.Updated, f func(past) (enough bool)) error {
	b, err := x.seqRange(&search.Scan{Updated: span})
	if err != nil {
		return err
	}
	seqs, err := x.versionsIn(q.Compartments, b)
	if err != nil {
		return err
	}
	s, err := x.conn.Prepare(pastSQL)
	if err != nil {
		return err
	}
	defer func() { _ = s.Reset() }()
	wanted := q.wanted()
	for _, seq := range seqs {
		s.BindInt64(1, seq)
		row, err := s.Step()
		if err != nil {
			return err
		}
		v := past{seq: seq, updated: s.ColumnInt64(0), key: s.ColumnText(1), version: s.ColumnInt64(2)}
		until := s.ColumnInt64(3)
		if err := s.Reset(); err != nil {
			return err
		}
		switch {
		case !row || !wanted(v.key):
		case !q.AtFrom.IsZero() && until <= q.AtFrom.UnixMilli():
		case f(v):
			return nil
		}
	}
	return nil
}

// wanted tells which resources are asked for.
func (q *selection) wanted() func(key string) bool {
	switch {
	case q.Keys != nil:
		keys := q.keys()
		return func(key string) bool { return slices.Contains(keys, key) }
	case q.ID != "":
		only := fhir.Key{Type: q.Type, ID: q.ID}.String()
		return func(key string) bool { return key == only }
	case q.Type != "":
		return func(key string) bool { return strings.HasPrefix(key, q.Type+"/") }
	}
	return func(string) bool { return true }
}

// historyIn fills a page of the history of compartments.
func (r *reader) historyIn(sel *selection, page *store.HistoryPage, x source) (err error) {
	*page = store.HistoryPage{}
	if page.Settled, err = r.settled(); err != nil {
		return err
	}
	rows, err := sel.rowsIn(x)
	if err == nil {
		err = r.fill(sel, page, rows)
	}
	if err == nil && sel.Count {
		page.Total, err = sel.countIn(x)
	}
	return err
}
