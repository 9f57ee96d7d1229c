package validate

import (
	"context"

	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/fhir/packages"
	"caseway/fhir/snapshot"
)

// WithPackages gives options with the profiles, extensions, value sets and code
// systems of packages. A StructureDefinition that can't be read is an error; one
// that can't be used is found when a resource claims it.
func WithPackages(set *definition.Set, c *packages.Collection, o Options) (Options, error) {
	o.Library = snapshot.New(set)
	for _, p := range c.Packages {
		for _, r := range p.Resources {
			if r.Type != "StructureDefinition" {
				continue
			}
			if err := o.Library.AddTo(p.Name+"#"+p.Version, r.URL, r.Version, r.JSON); err != nil {
				return o, err
			}
		}
	}
	o.Codes = NewCodes(set, packaged{set, c})
	return o, nil
}

// packaged resolves value sets and code systems of packages.
type packaged struct {
	set      *definition.Set
	packages *packages.Collection
}

// packageLimits are for resources of packages, some of which are big.
var packageLimits = fhir.Limits{Bytes: 128 << 20}

// Resolve implements terminology.Resolver. What isn't readable as R4 JSON isn't
// there.
func (p packaged) Resolve(_ context.Context, typ, canonical string) (*fhir.Tree, error) {
	r := p.packages.Find(typ, canonical)
	if r == nil {
		return nil, nil
	}
	tree, _ := fhir.Decode(p.set, r.JSON, packageLimits) // faults in what isn't read don't matter
	if tree == nil || !tree.Root().Valid() {
		return nil, nil
	}
	return tree, nil
}
