package validate

import "caseway/fhir"

// everyContainedIsUsed is dom-3: each contained resource is referred to from
// somewhere in the resource, or refers to its container as "#". One without an
// id is left to checkContained.
func everyContainedIsUsed(_ *walk, n fhir.Node) bool {
	first := child(n, "contained")
	if !first.Valid() {
		return true
	}
	names := fragments(n, nil)
	for c := first; c.Valid(); c = c.Next() {
		if c.Name() != "contained" {
			continue
		}
		id := child(c, "id").Raw()
		if len(id) > 1 && !names[string(id[1:len(id)-1])] && !refersToContainer(c) {
			return false
		}
	}
	return true
}

// fragments adds what the references, canonicals and URIs below a node name after
// a "#".
func fragments(n fhir.Node, dst map[string]bool) map[string]bool {
	for c := n.First(); c.Valid(); c = c.Next() {
		if raw := c.Raw(); len(raw) > 2 && raw[1] == '#' && mayBeLocal(c) {
			if dst == nil {
				dst = map[string]bool{}
			}
			dst[string(raw[2:len(raw)-1])] = true
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
		if first := w.containedBy(n, id[1:len(id)-1]); first != c {
			w.fail(c, fhir.IssueDuplicate, "contained-id", "has the same id as another contained resource")
		}
	}
}

// containedBy finds the contained resource with an id, the first where several
// have it.
func (w *walk) containedBy(container fhir.Node, id []byte) fhir.Node {
	if w.contained.in != container {
		w.contained = containedIn(container)
	}
	return w.contained.byID[string(id)]
}

// contents are the contained resources of one resource, by id.
type contents struct {
	in   fhir.Node
	byID map[string]fhir.Node
}

func containedIn(container fhir.Node) contents {
	list := contents{in: container}
	for c := container.First(); c.Valid(); c = c.Next() {
		if c.Name() != "contained" {
			continue
		}
		raw := child(c, "id").Raw()
		if len(raw) <= 2 {
			continue
		}
		if list.byID == nil {
			list.byID = map[string]fhir.Node{}
		}
		if id := string(raw[1 : len(raw)-1]); !list.byID[id].Valid() {
			list.byID[id] = c
		}
	}
	return list
}
