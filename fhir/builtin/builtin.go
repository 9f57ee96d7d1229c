// Package builtin is what the server brings along beside what it stores: search
// parameters, compartments, operations, code systems. They can be read under
// their ids, unless a stored resource has the id, and searches of their types
// find them; history and searches of everything don't.
//
// A Resource is one of them, a Set all of a server.
package builtin

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"sync"

	"caseway/fhir"
	"caseway/fhir/overlay"
	"caseway/fhir/search"
	"caseway/fhir/store"
)

// Resource is a resource that the server brings along beside the engine's own,
// such as the code systems of cases. JSON is compact, begins with resourceType
// and id, and has no meta.
type Resource struct {
	Key  fhir.Key
	JSON []byte
}

// version gives a built-in resource the meta that all of them have.
func (r Resource) version() store.Version {
	meta, err := json.Marshal(newMeta())
	if err != nil {
		panic(err) // made of two strings
	}
	head := []byte(`{"resourceType":"` + r.Key.Type + `","id":"` + r.Key.ID + `"`)
	rest, _ := bytes.CutPrefix(r.JSON, head)
	text := append(append(head, `,"meta":`...), meta...)
	text = append(text, rest...)
	return store.Version{Key: r.Key, VersionID: 1, LastUpdated: date, Method: store.Put, JSON: text}
}

// Set is all that a server brings along.
type Set struct {
	decode func(store.Version) (*fhir.Tree, error)
	all    map[fhir.Key]store.Version
	types  map[string]bool // of which there are some

	mu   sync.Mutex
	kept *index
}

// index is a Set as searches by a registry find it: in page order.
type index struct {
	of        *search.Registry
	resources []overlay.Resource
}

// New makes the Set of the engine's own resources and more. A resource of the
// engine's own stands before another of its id.
func New(decode func(store.Version) (*fhir.Tree, error), more []Resource) *Set {
	s := &Set{decode: decode, all: make(map[fhir.Key]store.Version, len(more)), types: map[string]bool{}}
	for _, r := range more {
		s.all[r.Key] = r.version()
	}
	maps.Copy(s.all, own())
	for key := range s.all {
		s.types[key.Type] = true
	}
	return s
}

// At finds a built-in resource.
func (s *Set) At(key fhir.Key) (store.Version, bool) {
	v, ok := s.all[key]
	return v, ok
}

// Under lets a search of some types find what the server brings along of them,
// beside what is stored.
func (s *Set) Under(stored search.Source, r *search.Registry, types []string) (search.Source, error) {
	if !slices.ContainsFunc(types, func(typ string) bool { return s.types[typ] }) {
		return stored, nil
	}
	all, err := s.indexed(r)
	if err != nil {
		return nil, err
	}
	var some []overlay.Resource
	for _, o := range all {
		if slices.Contains(types, o.Key.Type) {
			some = append(some, o)
		}
	}
	return overlay.Under(stored, some), nil
}

// indexed gives the resources as searches by a registry find them, made once for
// each registry.
func (s *Set) indexed(r *search.Registry) ([]overlay.Resource, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept != nil && s.kept.of == r {
		return s.kept.resources, nil
	}
	made := &index{of: r}
	for key, v := range s.all {
		tree, err := s.decode(v)
		if err != nil {
			return nil, err
		}
		hit := search.Hit{Key: key, VersionID: v.VersionID, LastUpdated: v.LastUpdated, JSON: v.JSON}
		made.resources = append(made.resources, overlay.NewResource(hit, r.Index(tree)))
	}
	overlay.Sort(made.resources)
	s.kept = made
	return made.resources, nil
}
