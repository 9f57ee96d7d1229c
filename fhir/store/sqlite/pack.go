package sqlite

import (
	"encoding/binary"
	"errors"
	"slices"
	"unsafe"

	"caseway/fhir/search"
)

// errPacked is a head whose terms can't be read: the file is damaged.
var errPacked = errors.New("sqlite: a resource's index terms are damaged")

// packIndex writes an index's terms and values as one sorted list: the number
// of terms and of their bytes, then for each how many bytes it shares with the
// one before it, doubled, and one more where it is indexed, the length of what
// follows, and that. An index without anything is empty.
func packIndex(x search.Index) []byte {
	terms, values := ordered(x.Terms), ordered(x.Values)
	if len(terms)+len(values) == 0 {
		return []byte{}
	}
	var p packer
	for len(terms)+len(values) > 0 {
		switch {
		case len(values) == 0 || len(terms) > 0 && terms[0] < values[0]:
			p.add(terms[0], 1)
			terms = terms[1:]
		case len(terms) == 0 || values[0] < terms[0]:
			p.add(values[0], 0)
			values = values[1:]
		default: // in both
			p.add(terms[0], 1)
			terms, values = terms[1:], values[1:]
		}
	}
	head := binary.AppendUvarint(make([]byte, 0, len(p.packed)+6), uint64(p.count))
	return append(binary.AppendUvarint(head, uint64(p.bytes)), p.packed...)
}

// ordered makes sure that terms are sorted and there once.
func ordered(terms []search.Term) []search.Term {
	for i := 1; i < len(terms); i++ {
		if terms[i-1] >= terms[i] {
			terms = slices.Clone(terms)
			slices.Sort(terms)
			return slices.Compact(terms)
		}
	}
	return terms
}

type packer struct {
	packed       []byte
	last         search.Term
	count, bytes int
}

func (p *packer) add(t search.Term, indexed uint64) {
	shared := 0
	for shared < len(t) && shared < len(p.last) && t[shared] == p.last[shared] {
		shared++
	}
	p.packed = binary.AppendUvarint(p.packed, uint64(shared)<<1|indexed)
	p.packed = binary.AppendUvarint(p.packed, uint64(len(t)-shared))
	p.packed = append(p.packed, t[shared:]...)
	p.last = t
	p.count++
	p.bytes += len(t)
}

// unpackIndex reads what packIndex wrote: all terms and values in order, or
// only the indexed terms. The terms share one piece of memory, and nothing
// with packed.
func unpackIndex(packed []byte, onlyIndexed bool) ([]search.Term, error) {
	if len(packed) == 0 {
		return nil, nil
	}
	r := unpacker{rest: packed}
	count, size := r.number(), r.number()
	if r.bad || count > len(packed) || size > count*len(packed) {
		return nil, errPacked
	}
	terms, text := make([]search.Term, 0, count), make([]byte, 0, size)
	last := 0 // where the term before begins
	for range count {
		shared, suffix := r.number(), []byte(nil)
		indexed := shared&1 == 1
		shared >>= 1
		suffix = r.take(r.number())
		if r.bad || shared > len(text)-last || len(text)+shared+len(suffix) > size {
			return nil, errPacked
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

type unpacker struct {
	rest []byte
	bad  bool
}

func (u *unpacker) number() int {
	n, size := binary.Uvarint(u.rest)
	if size <= 0 || n > 1<<31 {
		u.bad = true
		return 0
	}
	u.rest = u.rest[size:]
	return int(n)
}

func (u *unpacker) take(n int) []byte {
	if n > len(u.rest) {
		u.bad = true
		return nil
	}
	taken := u.rest[:n]
	u.rest = u.rest[n:]
	return taken
}
