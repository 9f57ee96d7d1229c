package fhir

import (
	"slices"
	"sort"
)

// Sub gives a nested resource, such as a Bundle entry's, as a tree of its own.
// It shares the text. An invalid node gives an empty tree.
func (t *Tree) Sub(n Node) *Tree {
	if !n.Valid() {
		return &Tree{}
	}
	first, end := n.at, n.tree.endOf(n.at)
	from, to := n.Span()
	sub := &Tree{JSON: n.tree.JSON[from:to:to], nodes: slices.Clone(n.tree.nodes[first:end])}
	for i := range sub.nodes {
		sub.nodes[i].move(-first, int32(-from))
	}
	root := &sub.nodes[0]
	root.elem, root.parent, root.next, root.index = nil, -1, -1, -1
	return sub
}

// endOf is the index behind a node's last descendant: the first node further
// on whose parent stands before the node.
func (t *Tree) endOf(at int32) int32 {
	end := at + 1
	for int(end) < len(t.nodes) && t.nodes[end].parent >= at {
		end++
	}
	return end
}

// move shifts what a node points to by a number of nodes and of bytes.
func (d *node) move(nodes, bytes int32) {
	for _, at := range []*int32{&d.parent, &d.first, &d.last, &d.next} {
		if *at >= 0 {
			*at += nodes
		}
	}
	if d.end > d.start {
		d.start += bytes
		d.end += bytes
	}
}

// Edit gives a primitive that is written as a string another text.
type Edit struct {
	Node Node
	Text string
}

// Replace gives a copy of the tree in which the nodes of edits, each named
// once and having a value, have new texts. Nothing else changes; the texts
// aren't checked against their types. Without edits it is t itself.
func (t *Tree) Replace(edits []Edit) *Tree {
	if len(edits) == 0 {
		return t
	}
	edits = slices.Clone(edits)
	slices.SortFunc(edits, func(a, b Edit) int { return int(a.Node.node().start - b.Node.node().start) })
	text := make([]byte, 0, len(t.JSON)+32*len(edits))
	ends := make([]int32, len(edits))   // of the texts that are replaced
	shifts := make([]int32, len(edits)) // of all that stands behind each
	at := 0
	for i, e := range edits {
		from, to := e.Node.Span()
		text = append(text, t.JSON[at:from]...)
		text = appendString(text, e.Text)
		at = to
		ends[i], shifts[i] = int32(to), int32(len(text)-to)
	}
	text = append(text, t.JSON[at:]...)
	return &Tree{JSON: text, nodes: shifted(t.nodes, ends, shifts)}
}

// shifted copies nodes with their spans moved: what ends at or behind ends[i]
// moves by shifts[i].
func shifted(nodes []node, ends, shifts []int32) []node {
	moved := slices.Clone(nodes)
	by := func(at int32) int32 {
		i := sort.Search(len(ends), func(i int) bool { return ends[i] > at })
		if i == 0 {
			return 0
		}
		return shifts[i-1]
	}
	for i := range moved {
		if n := &moved[i]; n.end > n.start {
			n.start, n.end = n.start+by(n.start), n.end+by(n.end)
		}
	}
	return moved
}
