package sqlite

import (
	"encoding/binary"
	"errors"
	"slices"
	"unsafe"

	"caseway/fhir/search"
)

// errDamagedIndex is a head or posting list that can't be read: the file is damaged.
var errDamagedIndex = errors.New("sqlite: a resource's index terms are damaged")

// encodeIndex writes an index's terms and values as one sorted list, front-coded:
// the number of terms and of their bytes, then for each the length of the prefix
// that it shares with the one before it, doubled, and one more where it is indexed,
// the length of the suffix that follows, and that. An index without anything is
// empty.
func encodeIndex(x search.Index) []byte {
	terms, values := sortedTerms(x.Terms), sortedTerms(x.Values)
	if len(terms)+len(values) == 0 {
		return []byte{}
	}
	var e frontEncoder
	for len(terms)+len(values) > 0 {
		switch {
		case len(values) == 0 || len(terms) > 0 && terms[0] < values[0]:
			e.add(terms[0], 1)
			terms = terms[1:]
		case len(terms) == 0 || values[0] < terms[0]:
			e.add(values[0], 0)
			values = values[1:]
		default: // in both
			e.add(terms[0], 1)
			terms, values = terms[1:], values[1:]
		}
	}
	head := binary.AppendUvarint(make([]byte, 0, len(e.encoded)+6), uint64(e.count))
	return append(binary.AppendUvarint(head, uint64(e.bytes)), e.encoded...)
}

// sortedTerms makes sure that terms are sorted and there once.
func sortedTerms(terms []search.Term) []search.Term {
	for i := 1; i < len(terms); i++ {
		if terms[i-1] >= terms[i] {
			terms = slices.Clone(terms)
			slices.Sort(terms)
			return slices.Compact(terms)
		}
	}
	return terms
}

// frontEncoder appends terms in order.
type frontEncoder struct {
	encoded      []byte
	last         search.Term
	count, bytes int
}

func (e *frontEncoder) add(t search.Term, indexed uint64) {
	shared := 0
	for shared < len(t) && shared < len(e.last) && t[shared] == e.last[shared] {
		shared++
	}
	e.encoded = binary.AppendUvarint(e.encoded, uint64(shared)<<1|indexed)
	e.encoded = binary.AppendUvarint(e.encoded, uint64(len(t)-shared))
	e.encoded = append(e.encoded, t[shared:]...)
	e.last = t
	e.count++
	e.bytes += len(t)
}

// decodeIndex reads what encodeIndex wrote: all terms and values in order, or
// only the indexed terms. The terms share one piece of memory, and nothing
// with encoded.
func decodeIndex(encoded []byte, onlyIndexed bool) ([]search.Term, error) {
	if len(encoded) == 0 {
		return nil, nil
	}
	d := frontDecoder{rest: encoded}
	count, size := d.number(), d.number()
	if d.bad || count > len(encoded) || size > count*len(encoded) {
		return nil, errDamagedIndex
	}
	terms, text := make([]search.Term, 0, count), make([]byte, 0, size)
	last := 0 // where the term before begins
	for range count {
		shared, suffix := d.number(), []byte(nil)
		indexed := shared&1 == 1
		shared >>= 1
		suffix = d.take(d.number())
		if d.bad || shared > len(text)-last || len(text)+shared+len(suffix) > size {
			return nil, errDamagedIndex
		}
		from := len(text)
		text = append(append(text, text[last:last+shared]...), suffix...)
		last = from
		if indexed || !onlyIndexed {
			terms = append(terms, search.Term(unsafe.String(unsafe.SliceData(text[from:]), len(text)-from)))
		}
	}
	return terms, nil
}

// frontDecoder reads what a frontEncoder wrote; bad is set once that is damaged.
type frontDecoder struct {
	rest []byte
	bad  bool
}

func (d *frontDecoder) number() int {
	n, size := binary.Uvarint(d.rest)
	if size <= 0 || n > 1<<31 {
		d.bad = true
		return 0
	}
	d.rest = d.rest[size:]
	return int(n)
}

func (d *frontDecoder) take(n int) []byte {
	if n > len(d.rest) {
		d.bad = true
		return nil
	}
	taken := d.rest[:n]
	d.rest = d.rest[n:]
	return taken
}
