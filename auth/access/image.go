package access

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/fhir/search"
	"caseway/fhir/store"
)

// image is a resource as it is, was or will be, with what decisions look at.
// The nil image is that of no resource.
type image struct {
	access   *Access
	ctx      context.Context
	registry *search.Registry
	key      fhir.Key
	version  store.Version // where it is stored
	tree     *fhir.Tree    // nil until it is needed
	terms    []search.Term // of tree
	indexed  bool
}

func (d decision) versionImage(v store.Version) *image {
	return &image{access: d.Access, ctx: d.ctx, registry: d.view.registry, key: v.Key, version: v}
}

func (d decision) treeImage(key fhir.Key, t *fhir.Tree) *image {
	return &image{access: d.Access, ctx: d.ctx, registry: d.view.registry, key: key, tree: t}
}

// decoded gives the resource. A tombstone stands for the version before it.
func (i *image) decoded() (*fhir.Tree, error) {
	if i == nil || i.tree != nil {
		return i.treeOrNil(), nil
	}
	v := i.version
	for v.Deleted() {
		var err error
		if v, err = i.access.store.ReadVersion(i.ctx, i.key, v.VersionID-1); err != nil {
			return nil, err
		}
	}
	if v.JSON == nil {
		return nil, fmt.Errorf("access: a version isn't there any more")
	}
	tree, err := fhir.DecodeStored(i.access.schema, v.JSON)
	if err != nil {
		return nil, fmt.Errorf("access: %w", err)
	}
	i.tree = tree
	return tree, nil
}

func (i *image) treeOrNil() *fhir.Tree {
	if i == nil {
		return nil
	}
	return i.tree
}

// found gives what searches would find the resource by.
func (i *image) found() ([]search.Term, error) {
	if i.indexed {
		return i.terms, nil
	}
	tree, err := i.decoded()
	if err != nil {
		return nil, err
	}
	i.terms, i.indexed = i.registry.Index(tree).Merge(), true
	return i.terms, nil
}

// patients are the logical ids of those in whose compartments the resource is.
func (i *image) patients() ([]string, error) {
	if i == nil {
		return nil, nil
	}
	if i.version.Exists() {
		if known, ok := i.access.known.of(i.registry, i.version); ok {
			return known, nil
		}
	}
	ids, err := i.findPatients()
	if err != nil {
		return nil, err
	}
	if i.version.Exists() {
		i.access.known.put(i.registry, i.version, ids)
	}
	return ids, nil
}

func (i *image) findPatients() ([]string, error) {
	if i.version.JSON != nil {
		if ids, sure := i.access.scan(i.registry, i.key, i.version.JSON); sure {
			return ids, nil
		}
	}
	terms, err := i.found()
	if err != nil {
		return nil, err
	}
	return patientsOf(i.registry, i.key, terms), nil
}

// patientsOf are the patients in whose compartments a resource with these terms
// is.
func patientsOf(r *search.Registry, key fhir.Key, terms []search.Term) []string {
	var ids []string
	if key.Type == "Patient" {
		ids = append(ids, key.ID)
	}
	for _, code := range definition.R4().Compartment("Patient").Params(key.Type) {
		p := r.Parameter(key.Type, code)
		if p == nil {
			continue
		}
		for _, reference := range p.References(terms) {
			if reference.Key.Type == "Patient" {
				ids = append(ids, reference.Key.ID)
			}
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// mostFacts bounds how many versions of each of the parts are remembered.
const (
	mostFacts = 4096
	factParts = 16
)

// facts remembers in whose compartments versions are, so that reading one again
// doesn't decode it again. A version never changes; what puts it into a
// compartment changes with the search parameters.
type facts struct {
	parts [factParts]struct {
		mu       sync.RWMutex
		registry *search.Registry
		all      map[fact][]string
	}
}

type fact struct {
	key     fhir.Key
	version int64
}

func (f *facts) of(r *search.Registry, v store.Version) ([]string, bool) {
	part := &f.parts[partOf(v.Key.ID)]
	part.mu.RLock()
	defer part.mu.RUnlock()
	if part.registry != r {
		return nil, false
	}
	ids, ok := part.all[fact{v.Key, v.VersionID}]
	return ids, ok
}

func (f *facts) put(r *search.Registry, v store.Version, ids []string) {
	part := &f.parts[partOf(v.Key.ID)]
	part.mu.Lock()
	defer part.mu.Unlock()
	if part.registry != r || len(part.all) >= mostFacts {
		part.registry, part.all = r, map[fact][]string{}
	}
	part.all[fact{v.Key, v.VersionID}] = ids
}

func partOf(id string) int {
	sum := 0
	for i := range len(id) {
		sum = sum*31 + int(id[i])
	}
	return int(uint(sum) % factParts)
}
