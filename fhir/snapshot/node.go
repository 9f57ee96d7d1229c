package snapshot

import (
	"strings"
)

// Node is an element with what is below it.
type Node struct {
	*Element
	// Name is the last part of the path: "value[x]".
	Name     string
	Children []*Node
	Slices   []*Node
}

// Child finds a child by its name.
func (n *Node) Child(name string) *Node {
	for _, c := range n.Children {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// Slice finds a slice by its name.
func (n *Node) Slice(name string) *Node {
	for _, s := range n.Slices {
		if s.SliceName == name {
			return s
		}
	}
	return nil
}

// choice finds the child whose value may be written as name, such as value[x]
// for valueQuantity, with the type that the name has.
func (n *Node) choice(name string) (child *Node, typ string) {
	for _, c := range n.Children {
		stem, ok := strings.CutSuffix(c.Name, "[x]")
		if !ok || !strings.HasPrefix(name, stem) {
			continue
		}
		for _, t := range c.Type {
			if strings.EqualFold(name[len(stem):], t.Code) {
				return c, t.Code
			}
		}
	}
	return nil, ""
}

// clone copies a node with all below it. Elements are copied too, what they
// point to is shared.
func (n *Node) clone() *Node {
	e := *n.Element
	c := &Node{Element: &e, Name: n.Name}
	for _, child := range n.Children {
		c.Children = append(c.Children, child.clone())
	}
	for _, slice := range n.Slices {
		c.Slices = append(c.Slices, slice.clone())
	}
	return c
}

// size counts the nodes.
func (n *Node) size() int {
	count := 1
	for _, c := range n.Children {
		count += c.size()
	}
	for _, s := range n.Slices {
		count += s.size()
	}
	return count
}

// Flatten lists the elements as a snapshot does: each with its children, then
// its slices.
func (n *Node) Flatten() []*Element { return n.flatten(nil, n.Name) }

func (n *Node) flatten(dst []*Element, id string) []*Element {
	e := *n.Element
	e.ID = id
	dst = append(dst, &e)
	for _, c := range n.Children {
		dst = c.flatten(dst, id+"."+c.Name)
	}
	for _, s := range n.Slices {
		dst = s.flatten(dst, id+":"+s.SliceName)
	}
	return dst
}

// treeOf makes a tree of a snapshot's elements.
func treeOf(elements []*Element) (*Node, bool) {
	if len(elements) == 0 {
		return nil, false
	}
	identify(elements)
	root := &Node{Element: elements[0], Name: elements[0].Path}
	for _, e := range elements[1:] {
		parent := root
		parts := strings.Split(e.ID, ".")
		if len(parts) < 2 {
			return nil, false
		}
		for _, part := range parts[1 : len(parts)-1] {
			if parent = parent.at(part); parent == nil {
				return nil, false
			}
		}
		if !parent.put(e, parts[len(parts)-1]) {
			return nil, false
		}
	}
	return root, true
}

// at follows one part of an id: "coding", or "coding:loinc".
func (n *Node) at(part string) *Node {
	name, slice, sliced := strings.Cut(part, ":")
	c := n.Child(name)
	if c == nil || !sliced {
		return c
	}
	return c.Slice(slice)
}

// put adds an element as child or slice.
func (n *Node) put(e *Element, part string) bool {
	name, slice, sliced := strings.Cut(part, ":")
	c := n.Child(name)
	if !sliced {
		if c != nil {
			return false
		}
		n.Children = append(n.Children, &Node{Element: e, Name: name})
		return true
	}
	if c == nil {
		return false
	}
	if e.SliceName == "" {
		e.SliceName = slice
	}
	c.Slices = append(c.Slices, &Node{Element: e, Name: name})
	return true
}
