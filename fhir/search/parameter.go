package search

import (
	"sync"

	"caseway/fhir"
	"caseway/fhir/definition"
)

// Parameter is a search parameter as it applies to the resources of one type
// (https://hl7.org/fhir/R4/searchparameter.html). A Registry makes it.
type Parameter struct {
	Code       string // as it stands in a URL: "care-team"
	Type       string // number, date, string, token, reference, composite, quantity, uri, special
	URL        string // canonical
	Definition *definition.SearchParameter
	// Resource is the type whose resources are searched: each type has its own
	// Parameter for _tag.
	Resource string
	// Refused says why the parameter can't be used; "" where it can.
	Refused string
	// Pending is set while existing resources aren't indexed by the parameter
	// yet: a search by it would give a part of the answer.
	Pending bool

	progress func() string // of indexing, while Pending
	registry *Registry
	prefix   string // begins its terms: "CarePlan.care-team"
	phonetic bool   // compares how words sound
	url      bool   // is the canonical URL of the resource, which has a version beside it
	once     sync.Once
	branches []branch
	shape    shape
	targets  []string // where the expression says more than the definition
	parts    []part   // of a composite
	whole    bool     // a composite whose element is the resource itself
	problem  error    // why it doesn't compile
}

// part is a component of a composite parameter.
type part struct {
	branches []branch
	// values reads and writes the component's terms. They have no prefix:
	// they stand within a kept value.
	values *Parameter
	// same is the resource's own parameter for the component; nil where it may have other
	// values.
	same *Parameter
}

// Sortable reports whether results can be sorted by the parameter.
func (p *Parameter) Sortable() bool {
	return p.Refused == "" && p.Type != "composite" && p.Type != "special"
}

// Targets lists the resource types that a reference parameter may lead to, in
// byte order.
func (p *Parameter) Targets() []string {
	if types := p.certainTargets(); len(types) > 0 {
		return types
	}
	return p.registry.set.ResourceTypes()
}

// certainTargets are the targets; none where any type may be one.
func (p *Parameter) certainTargets() []string {
	if p.compile(); len(p.targets) > 0 {
		return p.targets
	}
	return p.Definition.Target
}

// howFar says in brackets how far indexing is, where somebody knows.
func (p *Parameter) howFar() string {
	if p.progress == nil {
		return ""
	}
	return " (" + p.progress() + ")"
}

// compile reads the expressions, once.
func (p *Parameter) compile() {
	p.once.Do(func() {
		if p.Refused == "" && p.Definition != nil {
			p.problem = p.registry.compile(p)
		}
	})
}

// codeSets are the value sets that codes of the parameter's elements come from.
func (p *Parameter) codeSets() []fhir.CodeSet {
	p.compile()
	return p.shape.codeSets
}
