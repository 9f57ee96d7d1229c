package packages

import (
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"

	"caseway/fhir"
)

// Collection is several packages. Immutable; safe for concurrent use.
type Collection struct {
	Packages []*Package
	Missing  []Dependency // that no package of the collection fills, by name

	byURL map[key][]*Resource // versions, the latest first
}

type key struct{ typ, url string }

// Dependency is a package that another one names.
type Dependency struct {
	Name    string
	Version string
	Of      []string // the packages that name it, as name#version
}

// String says what is missing, for whom.
func (d *Dependency) String() string {
	return fmt.Sprintf("%s#%s, which %s needs", d.Name, d.Version, strings.Join(d.Of, " and "))
}

// provided are packages that need not be given: what they hold is embedded.
var provided = map[string]bool{"hl7.fhir.r4.core": true}

// Load reads several packages from folders and .tgz files, several at once.
func Load(names []string, limits Limits) (*Collection, error) {
	list, failures := make([]*Package, len(names)), make([]error, len(names))
	var wg sync.WaitGroup
	gate := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i, name := range names {
		gate <- struct{}{}
		wg.Go(func() {
			list[i], failures[i] = Open(name, limits)
			<-gate
		})
	}
	wg.Wait()
	for _, err := range failures {
		if err != nil {
			return nil, err
		}
	}
	return Collect(list), nil
}

// Collect makes a Collection of packages. Several versions of one package may
// stand side by side.
func Collect(list []*Package) *Collection {
	c := &Collection{Packages: list, byURL: map[key][]*Resource{}}
	for _, p := range list {
		for i := range p.Resources {
			if r := &p.Resources[i]; r.URL != "" {
				c.byURL[key{r.Type, r.URL}] = append(c.byURL[key{r.Type, r.URL}], r)
			}
		}
	}
	for _, versions := range c.byURL {
		slices.SortStableFunc(versions, func(a, b *Resource) int { return fhir.CompareVersions(b.Version, a.Version) })
	}
	c.Missing = missing(list)
	return c
}

// missing lists dependencies that nothing fills.
func missing(list []*Package) []Dependency {
	absent := map[string]*Dependency{}
	for _, p := range list {
		for name, version := range p.Dependencies {
			if provided[name] || slices.ContainsFunc(list, func(other *Package) bool { return other.Name == name && fits(other.Version, version) }) {
				continue
			}
			of := p.Name + "#" + p.Version
			if d := absent[name+"#"+version]; d != nil {
				d.Of = append(d.Of, of)
				continue
			}
			absent[name+"#"+version] = &Dependency{Name: name, Version: version, Of: []string{of}}
		}
	}
	result := make([]Dependency, 0, len(absent))
	for _, name := range slices.Sorted(maps.Keys(absent)) {
		result = append(result, *absent[name])
	}
	return result
}

// fits reports whether a version is what a dependency asks for: the same, or one
// with the same beginning where it ends in ".x"; "latest" and "current" take any.
func fits(version, wanted string) bool {
	if prefix, ok := strings.CutSuffix(wanted, "x"); ok {
		return strings.HasPrefix(version, prefix)
	}
	return version == wanted || wanted == "latest" || wanted == "current" || wanted == "dev" || wanted == ""
}

// Find gives the resource of a type with a canonical URL, with or without a
// version: without one the latest; nil where there is none.
func (c *Collection) Find(typ, canonical string) *Resource {
	url, version, versioned := strings.Cut(canonical, "|")
	versions := c.byURL[key{typ, url}]
	if !versioned {
		if len(versions) == 0 {
			return nil
		}
		return versions[0]
	}
	for _, r := range versions {
		if r.Version == version || strings.HasPrefix(r.Version, version+".") {
			return r
		}
	}
	return nil
}

// All lists the resources of a type, package by package.
func (c *Collection) All(typ string) []*Resource {
	var list []*Resource
	for _, p := range c.Packages {
		for i := range p.Resources {
			if p.Resources[i].Type == typ {
				list = append(list, &p.Resources[i])
			}
		}
	}
	return list
}
