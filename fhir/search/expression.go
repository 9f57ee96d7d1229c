package search

import (
	"fmt"
	"slices"
	"strings"

	"caseway/fhir"
	"caseway/fhir/fhirpath"
)

// branch is one part of a union that an expression is, such as
// "CarePlan.subject.where(resolve() is Patient)".
type branch struct {
	expr *fhirpath.Expr
	// needs is the resource's element without which the branch gives nothing;
	// "" where that isn't known.
	needs string
	path  path
	plain bool // path says it all
}

// shape is what the elements are that a parameter's expression leads to, as
// far as definitions tell.
type shape struct {
	known    bool
	types    []string // of elements, in byte order
	codeSets []fhir.CodeSet
}

// only reports whether all elements are known to be of some of the types.
func (s shape) only(types ...string) bool {
	return s.known && len(s.types) > 0 && !slices.ContainsFunc(s.types, func(t string) bool { return !slices.Contains(types, t) })
}

// has reports whether some elements are known to be of a type.
func (s shape) has(typ string) bool { return slices.Contains(s.types, typ) }

// compile reads a parameter's expression for its resource type. The parts of
// other types are left out.
func (r *Registry) compile(p *Parameter) (err error) {
	expression, components := r.expressionsOf(p)
	if p.branches, err = r.branches(expression, p.Resource); err != nil {
		return err
	}
	p.url = p.Type == "uri" && p.Code == "url"
	focus := r.set.Type(p.Resource)
	if p.Type == "composite" {
		return r.compileParts(p, components)
	}
	p.shape = shapeOf(p.branches, focus)
	p.targets = targetsOf(p.branches)
	return nil
}

// targetsOf are the types to which references are narrowed by conditions such
// as where(resolve() is Patient); nil where one isn't.
func targetsOf(branches []branch) []string {
	var targets []string
	for _, b := range branches {
		if !b.plain || b.path.target == "" {
			return nil
		}
		targets = append(targets, b.path.target)
	}
	slices.Sort(targets)
	return slices.Compact(targets)
}

func (r *Registry) branches(expression, typ string) ([]branch, error) {
	var branches []branch
	for _, text := range splitUnion(expression) {
		path, plain := parsePath(text)
		if plain && path.root != "" && !r.isA(typ, path.root) {
			continue
		}
		expr, err := fhirpath.Compile(text, fhirpath.Lenient())
		if err != nil {
			return nil, err
		}
		branches = append(branches, branch{expr: expr, needs: path.first(), path: path, plain: plain})
	}
	return branches, nil
}

// compileParts reads the components' expressions and finds for each which parameter its values are like.
func (r *Registry) compileParts(p *Parameter, expressions []string) error {
	for i, c := range p.Definition.Component {
		d := r.definitionOf(c.Definition)
		if d == nil || d.Type == "composite" {
			return fmt.Errorf("the component %s is no known search parameter", c.Definition)
		}
		branches, err := r.branches(expressions[i], p.Resource)
		if err != nil {
			return err
		}
		same := r.newParameter(p.Resource, d)
		if same.compile(); same.problem != nil {
			return same.problem
		}
		values := &Parameter{Code: p.Code, Type: d.Type, URL: d.URL, Definition: d, Resource: p.Resource, registry: r, shape: same.shape}
		values.once.Do(func() {}) // there is no expression of its own
		if !slices.Contains(d.Base, p.Resource) || r.set.SearchParameter(p.URL) != p.Definition {
			same = nil // nobody checked that a custom one leads to the same values
		}
		p.parts = append(p.parts, part{branches: branches, values: values, same: same})
	}
	p.whole = len(p.branches) == 1 && p.branches[0].plain && len(p.branches[0].path.steps) == 0 &&
		!slices.ContainsFunc(p.parts, func(part part) bool { return !part.whole() })
	return nil
}

// whole reports whether the component's own parameter has exactly the values
// that the component has in the resource as a whole.
func (p part) whole() bool {
	if p.same == nil {
		return false
	}
	var here, there []string
	for _, b := range p.branches {
		here = append(here, b.path.String())
	}
	for _, b := range p.same.branches {
		if text := b.path.String(); text != "value.as(SampledData)" { // which has no term
			there = append(there, text)
		}
	}
	slices.Sort(here)
	slices.Sort(there)
	return slices.Equal(here, there)
}

// splitUnion cuts an expression at its outermost "|".
func splitUnion(expression string) []string {
	var parts []string
	depth, from, quote := 0, 0, byte(0)
	for i := 0; i < len(expression); i++ {
		c := expression[i]
		switch {
		case quote != 0:
			if c == '\\' {
				i++
			} else if c == quote {
				quote = 0
			}
		case c == '\'' || c == '`' || c == '"':
			quote = c
		case c == '(' || c == '[' || c == '{':
			depth++
		case c == ')' || c == ']' || c == '}':
			depth--
		case c == '|' && depth == 0:
			parts = append(parts, strings.TrimSpace(expression[from:i]))
			from = i + 1
		}
	}
	return append(parts, strings.TrimSpace(expression[from:]))
}
