package definition

import (
	"embed"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"caseway/fhir"
)

//go:embed data
var data embed.FS

// Version is the FHIR version of the definitions.
const Version = "4.0.1"

// Set is a release's definitions.
type Set struct {
	structures    map[string]*structure // by type name
	resourceTypes []string

	codeSets         func() map[string]fhir.CodeSet
	searchParameters func() *searchParameters
	compartments     func() map[string]*Compartment
	codeSystems      func() map[string]*CodeSystem
}

// R4 returns the definitions of FHIR 4.0.1, always the same Set.
func R4() *Set { return r4() }

var r4 = sync.OnceValue(newSet)

// withoutEndpoint are the resource types that no RESTful interaction names:
// two are abstract, and Parameters is only ever a request's or answer's body.
var withoutEndpoint = []string{"Resource", "DomainResource", "Parameters"}

func newSet() *Set {
	s := &Set{structures: make(map[string]*structure, 256)}
	s.addStructures("primitive-type", fhir.PrimitiveType)
	s.addStructures("complex-type", fhir.ComplexType)
	s.addStructures("resource", fhir.ResourceType)
	for name, t := range s.structures {
		if t.kind == fhir.ResourceType && !slices.Contains(withoutEndpoint, name) {
			s.resourceTypes = append(s.resourceTypes, name)
		}
	}
	slices.Sort(s.resourceTypes)
	s.codeSets = sync.OnceValue(readCodeSets)
	s.searchParameters = sync.OnceValue(s.readSearchParameters)
	s.compartments = sync.OnceValue(readCompartments)
	s.codeSystems = sync.OnceValue(readCodeSystems)
	return s
}

func (s *Set) addStructures(folder string, kind fhir.TypeKind) {
	entries, err := fs.ReadDir(data, "data/structure/"+folder)
	if err != nil {
		panic(err) // the data is part of the program
	}
	for _, e := range entries {
		name := strings.TrimSuffix(e.Name(), ".ndjson")
		s.structures[name] = &structure{set: s, kind: kind, file: "data/structure/" + folder + "/" + e.Name()}
	}
}

// Type returns the definition of a resource type, a data type or an element
// with children of its own, which has its path as its name, such as
// "CarePlan.activity.detail"; nil where there is none.
func (s *Set) Type(name string) *fhir.Type {
	root, _, _ := strings.Cut(name, ".")
	t := s.structures[root]
	if t == nil {
		return nil
	}
	return t.types()[name]
}

// TypeNames lists all resource types, complex types and primitive types, in
// byte order.
func (s *Set) TypeNames() []string {
	names := make([]string, 0, len(s.structures))
	for name := range s.structures {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// ResourceTypes lists the resource types that have a RESTful endpoint, in
// byte order: all but Parameters and the abstract ones.
func (s *Set) ResourceTypes() []string { return s.resourceTypes }

// IsResourceType reports whether name is one of ResourceTypes.
func (s *Set) IsResourceType(name string) bool {
	_, found := slices.BinarySearch(s.resourceTypes, name)
	return found
}
