package sqlite

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"

	"zombiezen.com/go/sqlite"
)

// A row of the table of postings says of several heads that they have a term:
// the first one's sequence number stands in the key, those of the others behind
// it as the differences from one to the next. A term that half of all resources
// share so costs about a byte for each. The rows of a term don't overlap.

// rowBytes is how long the differences of a row may become: a row should fit a
// page several times.
const rowBytes = 400

// What changes the postings' rows.
const (
	addRowSQL  = "INSERT INTO posting (term, seq, count, more) VALUES (?, ?, ?, ?)"
	setRowSQL  = "UPDATE posting SET count = ?3, more = ?4 WHERE term = ?1 AND seq = ?2"
	dropRowSQL = "DELETE FROM posting WHERE term = ? AND seq = ?"
	rowSQL     = "SELECT seq, more FROM posting WHERE term = ? AND seq <= ? ORDER BY seq DESC LIMIT 1"
)

// postingStatements are those of a writer.
type postingStatements struct{ row, addRow, setRow, dropRow *sqlite.Stmt }

func (p *postingStatements) queries() map[**sqlite.Stmt]string {
	return map[**sqlite.Stmt]string{&p.row: rowSQL, &p.addRow: addRowSQL, &p.setRow: setRowSQL, &p.dropRow: dropRowSQL}
}

// more are the differences within ascending sequence numbers.
func more(to []byte, seqs []int64) []byte {
	for i := 1; i < len(seqs); i++ {
		to = binary.AppendUvarint(to, uint64(seqs[i]-seqs[i-1]))
	}
	return to
}

// seqsOf appends the sequence numbers of a row.
func seqsOf(to []int64, first int64, more []byte) ([]int64, error) {
	to = append(to, first)
	for len(more) > 0 {
		n, size := binary.Uvarint(more)
		if size <= 0 || n == 0 || n > math.MaxInt32 {
			return nil, errDamagedIndex
		}
		first += int64(n)
		to, more = append(to, first), more[size:]
	}
	return to, nil
}

// put writes a row.
func (w *writer) put(q *sqlite.Stmt, term []byte, seqs []int64) error {
	w.more = more(w.more[:0], seqs)
	q.BindBytes(1, term)
	q.BindInt64(2, seqs[0])
	q.BindInt64(3, int64(len(seqs)))
	if len(w.more) == 0 {
		q.BindNull(4)
	} else {
		q.BindBytes(4, w.more)
	}
	return exec(q)
}

// rowAt reads the row of a term that a sequence number is in or would come
// behind; nothing where there is none. It holds until the next call.
func (w *writer) rowAt(term []byte, seq int64) ([]int64, error) {
	q := w.sql.posting.row
	q.BindBytes(1, term)
	q.BindInt64(2, seq)
	row, err := q.Step()
	w.seqs = w.seqs[:0]
	if row {
		w.seqs, err = seqsOf(w.seqs, q.ColumnInt64(0), text(q, 1))
	}
	if rerr := q.Reset(); err == nil {
		err = rerr
	}
	return w.seqs, err
}

// rewrite puts other sequence numbers in the place of a row that began with first.
func (w *writer) rewrite(term []byte, first int64, seqs []int64) error {
	if len(seqs) > 0 && seqs[0] == first {
		return w.put(w.sql.posting.setRow, term, seqs)
	}
	w.sql.posting.dropRow.BindBytes(1, term)
	w.sql.posting.dropRow.BindInt64(2, first)
	if err := exec(w.sql.posting.dropRow); err != nil || len(seqs) == 0 {
		return err
	}
	return w.put(w.sql.posting.addRow, term, seqs)
}

// addPosting adds one, wherever its place is.
func (w *writer) addPosting(term []byte, seq int64) error {
	seqs, err := w.rowAt(term, seq)
	if err != nil {
		return err
	}
	i, found := slices.BinarySearch(seqs, seq)
	switch w.more = more(w.more[:0], seqs); {
	case found:
		return nil
	case len(seqs) == 0 || i == len(seqs) && len(w.more) >= rowBytes:
		return w.put(w.sql.posting.addRow, term, []int64{seq})
	case len(w.more) < rowBytes:
		return w.rewrite(term, seqs[0], slices.Insert(seqs, i, seq))
	}
	if err := w.rewrite(term, seqs[0], append(slices.Clone(seqs[:i]), seq)); err != nil {
		return err
	}
	return w.put(w.sql.posting.addRow, term, seqs[i:])
}

// dropPostings takes some of a term away, in order, those that there are.
func (w *writer) dropPostings(term []byte, gone []int64) error {
	for len(gone) > 0 {
		seqs, err := w.rowAt(term, gone[0])
		if err != nil {
			return err
		}
		if len(seqs) == 0 || seqs[len(seqs)-1] < gone[0] {
			gone = gone[1:]
			continue
		}
		first, last, before := seqs[0], seqs[len(seqs)-1], len(seqs)
		n, _ := slices.BinarySearch(gone, last+1)
		seqs = slices.DeleteFunc(seqs, func(seq int64) bool {
			_, found := slices.BinarySearch(gone[:n], seq)
			return found
		})
		if len(seqs) < before {
			if err := w.rewrite(term, first, seqs); err != nil {
				return err
			}
		}
		gone = gone[n:]
	}
	return nil
}

// mergeGone takes the postings of a run away.
func (w *writer) mergeGone(r *sortedRun) error {
	return r.each(func(term []byte, seqs []int64) error { return w.dropPostings(term, seqs) })
}

// mergeAdded adds the postings of a run, all of which are of later heads than
// any in the table.
func (w *writer) mergeAdded(r *sortedRun) error {
	return r.each(func(term []byte, seqs []int64) error {
		for len(seqs) > 0 {
			n, size := 1, 0
			for ; n < len(seqs) && size < rowBytes; n++ {
				size += uvarintLen(uint64(seqs[n] - seqs[n-1]))
			}
			if err := w.put(w.sql.posting.addRow, term, seqs[:n]); err != nil {
				return err
			}
			seqs = seqs[n:]
		}
		return nil
	})
}

func uvarintLen(n uint64) (size int) {
	for size = 1; n >= 0x80; size++ {
		n >>= 7
	}
	return size
}

// each gives the terms of a run in order, each with its sequence numbers.
func (r *sortedRun) each(f func(term []byte, seqs []int64) error) error {
	var seqs []int64
	for i := 0; i < len(r.entries); {
		term := r.term(r.entries[i])
		for seqs = seqs[:0]; i < len(r.entries) && bytes.Equal(r.term(r.entries[i]), term); i++ {
			if seq := r.entries[i].seq; len(seqs) == 0 || seqs[len(seqs)-1] != seq {
				seqs = append(seqs, seq)
			}
		}
		if err := f(term, seqs); err != nil {
			return err
		}
	}
	return nil
}

// Reading a term's rows begins with the one that the lower bound is in. boundedSQL
// reads some of them at most.
const (
	ascendingSQL = `SELECT seq, more FROM posting WHERE term = ?1 AND seq < ?3
		AND seq >= coalesce((SELECT max(seq) FROM posting WHERE term = ?1 AND seq <= ?2), 0) ORDER BY seq`
	descendingSQL = ascendingSQL + " DESC"
	boundedSQL    = ascendingSQL + " LIMIT ?4+0"
)

// postings gives the sequence numbers of a term within bounds, in order and some
// at a time, until f has enough.
func (x source) postings(term []byte, b seqRange, descending bool, f func(seqs []int64) (enough bool, err error)) error {
	query := ascendingSQL
	if descending {
		query = descendingSQL
	}
	s, err := x.conn.Prepare(query)
	if err != nil {
		return err
	}
	return x.read(s, term, b, descending, f)
}

func (x source) read(s *sqlite.Stmt, term []byte, b seqRange, descending bool, f func(seqs []int64) (enough bool, err error)) error {
	defer func() { _ = s.Reset() }()
	s.BindBytes(1, term)
	s.BindInt64(2, b.after)
	s.BindInt64(3, b.until)
	var seqs []int64
	for {
		row, err := s.Step()
		if err != nil || !row {
			return err
		}
		if seqs, err = x.row(seqs[:0], s); err != nil {
			return err
		}
		some := b.within(seqs)
		if descending {
			slices.Reverse(some)
		}
		if enough, err := f(some); enough || err != nil {
			return err
		}
	}
}

// row appends the sequence numbers of the row at hand, of the columns seq and more.
func (x source) row(to []int64, s *sqlite.Stmt) ([]int64, error) {
	size := s.ColumnLen(1)
	encoded := slices.Grow((*x.scratch)[:0], size)[:size]
	s.ColumnBytes(1, encoded)
	*x.scratch = encoded
	return seqsOf(to, s.ColumnInt64(0), encoded)
}

// within are those of ascending sequence numbers that are within the bounds.
func (b seqRange) within(seqs []int64) []int64 {
	from, to := 0, len(seqs)
	for from < to && seqs[from] <= b.after {
		from++
	}
	for to > from && seqs[to-1] >= b.until {
		to--
	}
	return seqs[from:to]
}
