package fhir

// First is the first child element; invalid where there is none. With Next it
// walks the children without an iterator, for code that runs on every write.
func (n Node) First() Node {
	if n.tree == nil || n.node().first < 0 {
		return Node{}
	}
	return Node{n.tree, n.node().first}
}

// Next is the sibling that follows; invalid after the last one.
func (n Node) Next() Node {
	if n.tree == nil || n.node().next < 0 {
		return Node{}
	}
	return Node{n.tree, n.node().next}
}
