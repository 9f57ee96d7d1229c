package fhir

import (
	"iter"
	"slices"
)

// Text is JSON in pieces, so that a large one needn't be put together in memory.
// The zero Text is empty.
type Text struct{ pieces [][]byte }

// NewText makes a Text of what is whole already.
func NewText(json []byte) Text { return Text{[][]byte{json}} }

// Len is how many bytes the text has.
func (t Text) Len() (n int) {
	for _, p := range t.pieces {
		n += len(p)
	}
	return n
}

// Bytes is the whole text; not to be changed.
func (t Text) Bytes() []byte {
	if len(t.pieces) == 1 {
		return t.pieces[0]
	}
	return slices.Concat(t.pieces...)
}

// Drain gives the pieces in order and forgets each, so that its memory is free
// as soon as the caller is done with it. The text is empty afterwards.
func (t Text) Drain() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for i, p := range t.pieces {
			t.pieces[i] = nil
			if !yield(p) {
				return
			}
		}
	}
}
