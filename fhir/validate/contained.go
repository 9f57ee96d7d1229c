package validate

import (
	"bytes"

	"caseway/fhir"
)

// everyContainedIsUsed is dom-3: each contained resource is referred to from
// somewhere in the resource, or refers to its container as "#". One without an
// id is left to checkContained.
func everyContainedIsUsed(_ *walk, n fhir.Node) bool {
	first := child(n, "contained")
	if !first.Valid() {
		return true
	}
	var local [16][]byte
	names := fragments(n, local[:0])
	for c := first; c.Valid(); c = c.Next() {
		if c.Name() != "contained" {
			continue
		}
		id := child(c, "id").Raw()
		if len(id) > 1 && !isAmong(id[1:len(id)-1], names) && !refersToContainer(c) {
			return false
		}
	}
	return true
}

func isAmong(id []byte, names [][]byte) bool {
	for _, name := range names {
		if bytes.Equal(name, id) {
			return true
		}
	}
	return false
}

// fragments appends what the references, canonicals and URIs below a node name
// after a "#".
func fragments(n fhir.Node, dst [][]byte) [][]byte {
	for c := n.First(); c.Valid(); c = c.Next() {
		if raw := c.Raw(); len(raw) > 2 && raw[1] == '#' && mayBeLocal(c) {
			dst = append(dst, raw[2:len(raw)-1])
		}
		dst = fragments(c, dst)
	}
	return dst
}

func mayBeLocal(n fhir.Node) bool {
	switch n.Type().Name {
	case "canonical", "uri", "url":
		return true
	}
	return n.Name() == "reference"
}

// refersToContainer reports whether "#" alone stands as a reference or
// canonical below a node.
func refersToContainer(n fhir.Node) bool {
	for c := n.First(); c.Valid(); c = c.Next() {
		if raw := c.Raw(); string(raw) == `"#"` && (c.Type().Name == "canonical" || c.Name() == "reference") {
			return true
		}
		if refersToContainer(c) {
			return true
		}
	}
	return false
}

// checkContained wants an id of each contained resource, and no two the same.
func checkContained(w *walk, n fhir.Node) {
	for c := n.First(); c.Valid(); c = c.Next() {
		if c.Name() != "contained" {
			continue
		}
		id := child(c, "id").Raw()
		if len(id) == 0 {
			w.fail(c, fhir.IssueRequired, "contained-id", "has no id, so that nothing can refer to it")
			continue
		}
		if first := containedBy(n, id[1:len(id)-1]); first != c {
			w.fail(c, fhir.IssueDuplicate, "contained-id", "has the same id as another contained resource")
		}
	}
}
