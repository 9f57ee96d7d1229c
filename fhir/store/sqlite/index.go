package sqlite

import (
	"encoding/binary"

	"caseway/fhir/search"
)

// What makes a head and its entries in the index.
const (
	setHeadSQL = `INSERT OR REPLACE INTO head (seq, type, key, version, updated, generation, terms)
		VALUES (?, ?, ?, ?, ?, ?, ?)`
	addPrefixSQL = "INSERT INTO prefix (id, text) VALUES (?, ?)"
)

// index makes a new head and remembers its entries.
func (w *writer) index(typ int64, h *head, x search.Index, generation int64) error {
	if err := w.setHead(typ, h, x, generation); err != nil {
		return err
	}
	return w.remember(h.seq, sortedTerms(x.Terms))
}

// unindex takes away a head that was displaced.
func (w *writer) unindex(h *head) error {
	terms, err := decodeIndex(h.encoded, true)
	if err != nil {
		return err
	}
	w.forget(h.seq, terms)
	if h.seq <= w.latest.merged && len(terms) > 0 {
		q := w.sql.setDisplaced
		q.BindInt64(1, h.seq)
		q.BindBytes(2, h.encoded)
		if err := exec(q); err != nil {
			return err
		}
	}
	w.sql.dropHead.BindInt64(1, h.seq)
	return exec(w.sql.dropHead)
}

func (w *writer) setHead(typ int64, h *head, x search.Index, generation int64) error {
	q := w.sql.setHead
	q.BindInt64(1, h.seq)
	q.BindInt64(2, typ)
	q.BindText(3, h.key)
	q.BindInt64(4, h.version)
	q.BindInt64(5, h.updated)
	q.BindInt64(6, generation)
	q.BindBytes(7, encodeIndex(x))
	return exec(q)
}

// addTerms adds postings to the table.
func (w *writer) addTerms(seq int64, terms []search.Term) (err error) {
	for _, t := range terms {
		if w.term, err = w.newTerm(w.term[:0], string(t)); err != nil {
			return err
		}
		if err := w.addPosting(w.term, seq); err != nil {
			return err
		}
	}
	return nil
}

// dropTerms takes postings out of the table.
func (w *writer) dropTerms(seq int64, terms []search.Term) error {
	c := w.coder()
	for _, t := range terms {
		w.term = c.append(w.term[:0], string(t))
		if err := w.dropPostings(w.term, []int64{seq}); err != nil {
			return err
		}
	}
	return nil
}

// coder writes terms with the prefixes of the open transaction.
func (w *writer) coder() coder { return coder{prefixes: w.s.prefixes, fresh: w.fresh} }

// newTerm appends a term as it is to be in the index, and gives its prefix a
// number where that has none and may have one.
func (w *writer) newTerm(to []byte, term string) ([]byte, error) {
	c := w.coder()
	long, short := prefixesOf(term)
	limit := maxPrefixes
	for _, cut := range [...]int{long, short} {
		id, ok := c.id(term[:cut])
		if !ok && w.s.prefixes.count()+len(w.fresh) < limit {
			var err error
			if id, err = w.newPrefix(term[:cut]); err != nil {
				return nil, err
			}
			ok = true
		}
		if ok {
			return append(binary.AppendUvarint(to, uint64(id)), term[cut:]...), nil
		}
		limit = 2 * maxPrefixes
	}
	return append(append(to, 0), term...), nil
}

func (w *writer) newPrefix(text string) (int64, error) {
	id := int64(w.s.prefixes.count() + len(w.fresh)) // "" has 0
	w.fresh[text] = id
	w.sql.addPrefix.BindInt64(1, id)
	w.sql.addPrefix.BindText(2, text)
	return id, exec(w.sql.addPrefix)
}
