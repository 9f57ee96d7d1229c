package fhir

import "iter"

// Tree is a decoded resource: its compact JSON text and one node for each
// element. Immutable and safe for concurrent use.
type Tree struct {
	// JSON is the text without insignificant white space; member order,
	// escapes and numbers are as they were sent.
	JSON []byte

	nodes    []node
	unlisted int // see Listed
}

// node is one element. Nodes stand in document order, and an element's
// descendants directly follow it, but for the members of a "_" twin, which
// follow the last node written before them.
type node struct {
	elem       *Element // nil for the root
	typ        *Type
	parent     int32 // -1 for the root
	first      int32 // first child, or -1
	last       int32 // last child, or -1
	next       int32 // next sibling, or -1
	index      int32 // position in the JSON array, or -1
	start, end int32 // JSON text of the value in Tree.JSON; equal where there is none
}

// Node is an element of a tree: a small value to pass around. The zero Node
// is invalid: every lookup on it gives nothing.
type Node struct {
	tree *Tree
	at   int32
}

// Root is the resource itself.
func (t *Tree) Root() Node {
	if len(t.nodes) == 0 {
		return Node{}
	}
	return Node{t, 0}
}

// Type is the resource type's definition.
func (t *Tree) Type() *Type { return t.Root().Type() }

func (n Node) node() *node { return &n.tree.nodes[n.at] }

// Valid reports whether there is an element at all.
func (n Node) Valid() bool { return n.tree != nil }

// Name is the element's name without a choice's type: "value" for
// valueQuantity; "" for the root and for an invalid node.
func (n Node) Name() string {
	if n.tree == nil || n.node().elem == nil {
		return ""
	}
	return n.node().elem.Name
}

// Element is the element's definition; nil for the root.
func (n Node) Element() *Element {
	if n.tree == nil {
		return nil
	}
	return n.node().elem
}

// Type is the definition of the type that the element really has: Quantity
// for valueQuantity, Patient for a contained patient.
func (n Node) Type() *Type {
	if n.tree == nil {
		return nil
	}
	return n.node().typ
}

// Parent is the element that holds this one; invalid for the root.
func (n Node) Parent() Node {
	if n.tree == nil || n.node().parent < 0 {
		return Node{}
	}
	return Node{n.tree, n.node().parent}
}

// Index is the position in a repeating element, from 0; -1 where the element
// doesn't repeat.
func (n Node) Index() int {
	if n.tree == nil {
		return -1
	}
	return int(n.node().index)
}

// Children gives the child elements in document order, each member of a
// repeating element by itself. A primitive's children are its id and
// extensions.
func (n Node) Children() iter.Seq[Node] {
	return func(yield func(Node) bool) {
		if n.tree == nil {
			return
		}
		for i := n.node().first; i >= 0; i = n.tree.nodes[i].next {
			if !yield(Node{n.tree, i}) {
				return
			}
		}
	}
}

// All gives the child elements of a name, in document order.
func (n Node) All(name string) iter.Seq[Node] {
	return func(yield func(Node) bool) {
		for c := range n.Children() {
			if c.Name() == name && !yield(c) {
				return
			}
		}
	}
}

// Child is the first child element of a name, or an invalid node.
func (n Node) Child(name string) Node {
	for c := range n.All(name) {
		return c
	}
	return Node{}
}

// HasValue reports whether a primitive has a value, not only extensions.
func (n Node) HasValue() bool {
	if n.tree == nil {
		return false
	}
	d := n.node()
	return d.end > d.start
}

// Raw is the JSON text of the value, a slice of Tree.JSON: quoted for
// strings, digit for digit for numbers; nil for a primitive without a value.
func (n Node) Raw() []byte {
	if !n.HasValue() {
		return nil
	}
	d := n.node()
	return n.tree.JSON[d.start:d.end:d.end]
}

// Span is where the value stands in Tree.JSON.
func (n Node) Span() (start, end int) {
	d := n.node()
	return int(d.start), int(d.end)
}

// Text is a primitive's value: unescaped for strings, the literal for numbers
// and booleans; "" where there is none.
func (n Node) Text() string {
	raw := n.Raw()
	if len(raw) == 0 {
		return ""
	}
	if raw[0] == '"' {
		return unquote(raw)
	}
	return string(raw)
}

// Root is the root of the node's tree.
func (n Node) Root() Node { return n.tree.Root() }

// Path is where the element stands, such as
// "CarePlan.activity[0].detail.status".
func (n Node) Path() string {
	if n.tree == nil {
		return ""
	}
	return string(n.appendPath(nil))
}

// All nodes of a tree, the root first, in document order.
func (t *Tree) All() iter.Seq[Node] {
	return func(yield func(Node) bool) {
		for i := range t.nodes {
			if !yield(Node{t, int32(i)}) {
				return
			}
		}
	}
}

// Listed reports whether the error that came with the tree lists all problems
// that the element may have. Where a text has more problems than the limit,
// nothing is known of the elements behind.
func (t *Tree) Listed(n Node) bool {
	return t.unlisted == 0 || n.HasValue() && int(n.node().end) < t.unlisted
}

// ID is the resource's logical id; "" where it has none.
func (t *Tree) ID() string { return t.Root().Child("id").Text() }
