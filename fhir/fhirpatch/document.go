package fhirpatch

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"caseway/fhir"
)

// document is a resource as JSON values: maps, slices, strings, json.Numbers
// and bools. Nodes that are given to its methods are of a tree of the same
// content.
type document struct{ root map[string]any }

// element is a value that a document takes.
type element struct {
	value any // nil for a primitive that has no value
	twin  any // id and extension of a primitive; nil where it has none
}

// object reads JSON that is known to be an object whose names are unique.
func object(text []byte) (map[string]any, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v map[string]any
	err := d.Decode(&v)
	return v, err
}

func (d *document) text() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(d.root)
	return bytes.TrimSpace(b.Bytes()), err
}

// property is the name of an element in JSON.
func property(n fhir.Node) string { return propertyOf(n.Element(), n.Type().Name) }

func propertyOf(e *fhir.Element, typ string) string {
	if !e.Choice {
		return e.Name
	}
	return e.Name + strings.ToUpper(typ[:1]) + typ[1:]
}

func isPrimitive(n fhir.Node) bool { return n.Type().Kind == fhir.PrimitiveType }

// members is the object that holds an element's children: for a primitive the
// one under the name with "_", which is made where it isn't there.
func (d *document) members(n fhir.Node) map[string]any {
	if !n.Parent().Valid() {
		return d.root
	}
	parent, name := d.members(n.Parent()), property(n)
	if isPrimitive(n) {
		name = "_" + name
	}
	if n.Index() < 0 {
		if parent[name] == nil {
			parent[name] = map[string]any{}
		}
		return parent[name].(map[string]any)
	}
	list := padded(parent[name], n.Index()+1)
	if list[n.Index()] == nil {
		list[n.Index()] = map[string]any{}
	}
	parent[name] = list
	return list[n.Index()].(map[string]any)
}

// padded is a list of at least n members, null where it had none.
func padded(v any, n int) []any {
	list, _ := v.([]any)
	for len(list) < n {
		list = append(list, nil)
	}
	return list
}

// set puts an element where one is, or, with an index below 0, may be.
func (d *document) set(parent fhir.Node, name string, index int, e element) {
	members := d.members(parent)
	for key, v := range map[string]any{name: e.value, "_" + name: e.twin} {
		if index >= 0 && (v != nil || members[key] != nil) {
			list := padded(members[key], index+1)
			list[index] = v
			v = list
		}
		put(members, key, v)
	}
}

// put sets a member, or takes it out where there is nothing in it.
func put(members map[string]any, key string, v any) {
	list, isList := v.([]any)
	if v == nil || isList && !slices.ContainsFunc(list, func(item any) bool { return item != nil }) {
		delete(members, key)
		return
	}
	members[key] = v
}

// insert makes an element a member of a list.
func (d *document) insert(parent fhir.Node, name string, index int, e element) {
	members := d.members(parent)
	for key, v := range map[string]any{name: e.value, "_" + name: e.twin} {
		if v != nil || members[key] != nil {
			put(members, key, slices.Insert(padded(members[key], index), index, v))
		}
	}
}

// move moves an element within a list of n.
func (d *document) move(parent fhir.Node, name string, n, from, to int) {
	members := d.members(parent)
	for _, key := range []string{name, "_" + name} {
		if members[key] == nil {
			continue
		}
		list := padded(members[key], n)
		v := list[from]
		members[key] = slices.Insert(slices.Delete(list, from, from+1), to, v)
	}
}

// delete takes an element out, and what is left empty by it.
func (d *document) delete(n fhir.Node) {
	members, name := d.members(n.Parent()), property(n)
	for _, key := range []string{name, "_" + name} {
		var v any
		if list, ok := members[key].([]any); ok && n.Index() >= 0 {
			if n.Index() < len(list) {
				list = slices.Delete(list, n.Index(), n.Index()+1)
			}
			v = list
		}
		put(members, key, v)
	}
	d.prune(n.Parent(), members)
}

// prune takes an element out that has no content any more.
func (d *document) prune(n fhir.Node, members map[string]any) {
	switch {
	case len(members) > 0 || !n.Parent().Valid():
	case isPrimitive(n) && n.HasValue():
		d.set(n.Parent(), property(n), n.Index(), element{value: d.valueOf(n)})
	default:
		d.delete(n)
	}
}

// valueOf is a primitive's own value.
func (d *document) valueOf(n fhir.Node) any {
	v := d.members(n.Parent())[property(n)]
	if list, ok := v.([]any); ok && n.Index() >= 0 {
		return list[n.Index()]
	}
	return v
}
