package sqlite

import (
	"bytes"
	"cmp"
	"slices"
	"sort"
)

// The table of postings lags behind the heads: to write the twenty entries of a
// resource where they belong would touch as many pages. So the entries of recent
// heads are kept in memory, and merged into the table many at a time and in its
// order. Nothing is lost with them: their terms stand in the heads, from which
// they are made again when the store is opened.
//
// The table compacted says up to which head the postings are complete; entries in
// memory count only for later ones. Postings of heads that were displaced since stay
// until the next merge, which finds them in the table displaced. They lead to no
// head, so a scan finds nothing by them; to count, they are kept in memory too.

// entry is a term as the index has it, and a head that has it.
type entry struct {
	at, size uint32 // where the term stands in the run's text
	seq      int64
}

// sortedRun is entries ordered by term and seq. It doesn't change any more.
type sortedRun struct {
	text    []byte
	entries []entry
}

func (r *sortedRun) add(term []byte, seq int64) {
	r.entries = append(r.entries, entry{at: uint32(len(r.text)), size: uint32(len(term)), seq: seq})
	r.text = append(r.text, term...)
}

func (r *sortedRun) term(e entry) []byte { return r.text[e.at : e.at+e.size] }

func (r *sortedRun) sort() {
	slices.SortFunc(r.entries, func(a, b entry) int {
		return cmp.Or(bytes.Compare(r.term(a), r.term(b)), cmp.Compare(a.seq, b.seq))
	})
}

func (r *sortedRun) reset() { r.text, r.entries = r.text[:0], r.entries[:0] }

// clone is an ordered copy.
func (r *sortedRun) clone() *sortedRun {
	c := &sortedRun{text: slices.Clone(r.text), entries: slices.Clone(r.entries)}
	c.sort()
	return c
}

// from is the index of the first entry whose term isn't less.
func (r *sortedRun) from(term []byte) int {
	return sort.Search(len(r.entries), func(i int) bool { return bytes.Compare(r.term(r.entries[i]), term) >= 0 })
}

// sortedRuns are entries in several runs, each more than twice as long as the next.
type sortedRuns []*sortedRun

// with are the runs and one more, that which is left unchanged being shared.
func (r sortedRuns) with(next *sortedRun) sortedRuns {
	if len(next.entries) == 0 {
		return r
	}
	r = append(slices.Clone(r), next)
	for n := len(r); n > 1 && len(r[n-2].entries) <= 2*len(r[n-1].entries); n = len(r) {
		r = append(r[:n-2], merged(r[n-2], r[n-1]))
	}
	return r
}

func merged(a, b *sortedRun) *sortedRun {
	m := &sortedRun{
		text:    make([]byte, 0, len(a.text)+len(b.text)),
		entries: make([]entry, 0, len(a.entries)+len(b.entries)),
	}
	i, j := 0, 0
	for i < len(a.entries) || j < len(b.entries) {
		if j == len(b.entries) || i < len(a.entries) && bytes.Compare(a.term(a.entries[i]), b.term(b.entries[j])) <= 0 {
			m.add(a.term(a.entries[i]), a.entries[i].seq)
			i++
		} else {
			m.add(b.term(b.entries[j]), b.entries[j].seq)
			j++
		}
	}
	return m
}

func (r sortedRuns) len() (n int) {
	for _, x := range r {
		n += len(x.entries)
	}
	return n
}

// count is how many entries a range of terms has.
func (r sortedRuns) count(s span) (n int) {
	for _, x := range r {
		n += max(0, x.from(s.to)-x.from(s.from))
	}
	return n
}

// seqs appends the heads that a range of terms leads to, within bounds.
func (r sortedRuns) seqs(to []int64, s span, b seqRange) []int64 {
	for _, x := range r {
		for i := x.from(s.from); i < len(x.entries) && bytes.Compare(x.term(x.entries[i]), s.to) < 0; i++ {
			if seq := x.entries[i].seq; seq > b.after && seq < b.until {
				to = append(to, seq)
			}
		}
	}
	return to
}

// memtable is what the index has in memory at one moment. It doesn't change.
//
// A writer shows its entries just before it commits, so that who sees a commit
// sees its entries. That others see them too early does no harm, for there are
// no heads yet where they lead.
type memtable struct {
	merged int64      // heads up to this one have their postings in the table
	added  sortedRuns // entries of later heads
	gone   sortedRuns // entries that don't count any more, of the table or added
}

func (r *memtable) size() int { return r.added.len() + r.gone.len() }
