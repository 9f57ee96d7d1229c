package sqlite

import (
	"time"

	"caseway/fhir/search"
)

// mergeAt is how many entries are kept in memory before they are merged, about
// 50 bytes each. Writers wait for some hundredths of a second then; to merge
// more at a time would save little.
const mergeAt = 12_000

// remember keeps a head's terms for the index.
func (w *writer) remember(seq int64, terms []search.Term) (err error) {
	for _, t := range terms {
		if w.term, err = w.newTerm(w.term[:0], string(t)); err != nil {
			return err
		}
		w.added.add(w.term, seq)
	}
	return nil
}

// forget makes entries of a head that there are count no longer.
func (w *writer) forget(seq int64, terms []search.Term) {
	c := w.coder()
	for _, t := range terms {
		w.term = c.append(w.term[:0], string(t))
		w.gone.add(w.term, seq)
	}
}

// collect lets what was remembered and forgotten be seen by the open
// transaction.
func (w *writer) collect() {
	w.latest.added = w.latest.added.with(w.added.clone())
	w.latest.gone = w.latest.gone.with(w.gone.clone())
	w.added.reset()
	w.gone.reset()
}

// commitGroup commits the open transaction. Its prefixes and entries are shown
// before, and taken back where that fails.
func (w *writer) commitGroup() error {
	before, next := w.s.recent.Load(), w.latest
	w.s.prefixes.add(w.fresh)
	w.s.recent.Store(&next)
	start := time.Now()
	err := exec(w.sql.commit)
	w.window.synced(time.Since(start))
	if err != nil {
		w.s.recent.Store(before)
		w.s.prefixes.remove(w.fresh)
	}
	clear(w.fresh)
	return err
}

// loadRecent makes the entries of heads that weren't merged.
func (w *writer) loadRecent() error {
	seq, err := number(w.conn, "SELECT seq FROM compacted")
	if err != nil {
		return err
	}
	added, err := w.entries(unmergedSQL, seq)
	if err == nil {
		err = w.addMembers(added, seq)
	}
	if err != nil {
		return err
	}
	added.sort()
	gone, err := w.entries(displacedSQL, seq)
	if err != nil {
		return err
	}
	w.s.recent.Store(&memtable{merged: seq, added: sortedRuns(nil).with(added), gone: sortedRuns(nil).with(gone)})
	return nil
}

// What a merge adds and takes away.
const (
	unmergedSQL  = "SELECT seq, terms FROM head WHERE seq > ?"
	displacedSQL = "SELECT seq, terms FROM displaced WHERE seq <= ?"
)

// entries are those of the index that heads or displaced heads stand for, in order.
func (w *writer) entries(query string, seq int64) (*sortedRun, error) {
	q, err := w.conn.Prepare(query)
	if err != nil {
		return nil, err
	}
	defer func() { _ = q.Reset() }()
	q.BindInt64(1, seq)
	c, r := w.coder(), &sortedRun{}
	for {
		row, err := q.Step()
		if err != nil {
			return nil, err
		}
		if !row {
			r.sort()
			return r, nil
		}
		terms, err := decodeIndex(text(q, 1), true)
		if err != nil {
			return nil, err
		}
		for _, t := range terms {
			w.term = c.append(w.term[:0], string(t))
			r.add(w.term, q.ColumnInt64(0))
		}
	}
}

// mergeRecent brings the table of postings up to date once there is enough to do.
func (w *writer) mergeRecent() {
	size := w.s.recent.Load().size()
	if size < w.mergeNext {
		return
	}
	start := time.Now()
	err := w.merge()
	w.s.opt.Observe("merge", time.Since(start), err)
	w.mergeNext = w.s.opt.mergeAt
	if err != nil {
		w.mergeNext += size
		w.s.opt.Log.Warn("merging recent index entries", "error", err)
	}
}

func (w *writer) merge() error {
	if err := w.begin(); err != nil {
		return err
	}
	err := w.mergeAll()
	if err == nil {
		err = exec(w.sql.commit)
	}
	if err != nil {
		w.rollback()
		return err
	}
	w.s.recent.Store(&memtable{merged: w.seq})
	return nil
}

func (w *writer) mergeAll() error {
	gone, err := w.entries(displacedSQL, w.latest.merged)
	if err != nil {
		return err
	}
	if err := w.mergeGone(gone); err != nil {
		return err
	}
	added, err := w.entries(unmergedSQL, w.latest.merged)
	if err != nil {
		return err
	}
	if err := w.mergeAdded(added); err != nil {
		return err
	}
	if err := w.mergeMembers(); err != nil {
		return err
	}
	if err := exec(w.sql.dropDisplaced); err != nil {
		return err
	}
	w.sql.setMerged.BindInt64(1, w.seq)
	return exec(w.sql.setMerged)
}
