package search

import (
	"context"
	"errors"
	"slices"
	"strings"

	"caseway/fhir"
)

// ParseOptions is what a search says outside of its parameters, and what
// Parse may ask.
type ParseOptions struct {
	// Lenient leaves out what isn't known or supported, and says so in
	// Request.Ignored (Prefer: handling=lenient). Values that can't be read and
	// modifiers that don't work are refused all the same.
	Lenient bool
	// Compartment, where it isn't zero, is what all results belong to, by the
	// definition of its type's compartment.
	Compartment fhir.Key
	Env         Env
	// List gives the resources that a List names, none where there is no such
	// List; nil refuses _list.
	List func(ctx context.Context, id string) ([]fhir.Key, error)
}

// Parse reads a search of resources of some types, or with none of all, or of
// all that can be in the compartment. An error of type *fhir.Error tells every
// problem, each with its parameter as expression; other errors are those of
// Env and List.
func (r *Registry) Parse(ctx context.Context, types []string, pairs []Pair, o ParseOptions) (*Request, error) {
	if o.Env.Terminology != nil {
		o.Env.Terminology = cachingTerminology{o.Env.Terminology, map[string][]Coding{}}
	}
	p := &requestParser{
		ctx: ctx, registry: r, options: o, given: types,
		request: &Request{Count: DefaultCount},
	}
	if err := p.chooseTypes(pairs); err != nil {
		return nil, err
	}
	for _, pair := range pairs {
		if err := p.take(pair); err != nil {
			return nil, err
		}
	}
	p.checkTogether()
	if err := p.findings.err(); err != nil {
		return nil, err
	}
	p.request.Where = p.where
	return p.request, nil
}

// requestParser reads one search.
type requestParser struct {
	ctx      context.Context
	registry *Registry
	options  ParseOptions
	given    []string // the types that the URL's path names; none: all
	types    []string // searched, at least one
	request  *Request
	where    And
	findings findings
	cost     int // see spend
}

// cachingTerminology expands each value set once for a request, however many types
// and chains ask for it.
type cachingTerminology struct {
	Terminology
	expanded map[string][]Coding
}

func (r cachingTerminology) Expand(ctx context.Context, valueSet string) ([]Coding, error) {
	if codings, ok := r.expanded[valueSet]; ok {
		return codings, nil
	}
	codings, err := r.Terminology.Expand(ctx, valueSet)
	if err == nil {
		r.expanded[valueSet] = codings
	}
	return codings, err
}

// control is a parameter that isn't one of a resource's elements. It gives its
// value as it was understood, "" where the self link doesn't show it.
type control func(p *requestParser, modifier, value string) (used string, err error)

// controls are R4's (https://hl7.org/fhir/R4/search.html#table). Those of a
// server (_format, _pretty) are read elsewhere.
var controls map[string]control

func init() {
	controls = map[string]control{
		"_count":         (*requestParser).count,
		"_total":         (*requestParser).total,
		"_summary":       (*requestParser).summary,
		"_elements":      (*requestParser).elements,
		"_contained":     (*requestParser).contained,
		"_containedType": (*requestParser).contained,
		"_sort":          (*requestParser).sort,
		"_include":       (*requestParser).include,
		"_revinclude":    (*requestParser).revinclude,
		"_type":          (*requestParser).typesAgain,
		"_list":          (*requestParser).list,
		"_filter":        (*requestParser).filter,
		"_format":        (*requestParser).skip,
		"_pretty":        (*requestParser).skip,
	}
}

func (p *requestParser) skip(_, _ string) (string, error) { return "", nil }

// take reads one parameter. Problems that are the client's are kept for later;
// the error is any other one.
func (p *requestParser) take(pair Pair) error {
	used, err := p.read(pair.Name, pair.Value)
	switch {
	case err == nil && used != "":
		p.request.Used = append(p.request.Used, Pair{pair.Name, used})
		return nil
	case p.options.Lenient && errors.As(err, new(ignorable)):
		p.ignore(pair.Name, err)
		return nil
	}
	return p.findings.add(pair.Name, err)
}

// ignore says what lenient handling leaves out.
func (p *requestParser) ignore(name string, err error) {
	if e := (ignorable{}); errors.As(err, &e) {
		p.request.Ignored = append(p.request.Ignored, shown(name)+" was left out: "+e.withHint().Issues[0].Text)
	}
}

func (p *requestParser) read(name, value string) (used string, err error) {
	if value == "" {
		return "", notSupported("the parameter " + shown(name) + " has no value; leave it out, or write :missing=true behind its name to ask for resources without one")
	}
	code, modifier, modified := strings.Cut(name, ":")
	c, ok := controls[code]
	if !ok {
		return p.condition(name, value)
	}
	if modified && code != "_include" && code != "_revinclude" {
		return "", fhir.NewError(fhir.Invalid, fhir.IssueNotSupported, "the parameter "+code+" takes no modifier"+sortHint(code))
	}
	return c(p, modifier, value)
}

// condition reads a parameter that says which resources match.
func (p *requestParser) condition(name, value string) (string, error) {
	e, err := p.onTypes(p.types, func(typ string) (Expr, error) { return p.onType(typ, name, value, 0) })
	if err != nil {
		return "", err
	}
	p.where = append(p.where, e)
	return value, nil
}

// onTypes makes one condition for resources of several types from one for each.
//
// Terms and references begin with their resource's type, so that what holds
// for one type never does for another, and the conditions can be joined by OR,
// unless they are negated: a resource of one type doesn't have the terms of
// another.
func (p *requestParser) onTypes(types []string, one func(typ string) (Expr, error)) (Expr, error) {
	var all []Expr
	negated := false
	for _, typ := range types {
		e, err := one(typ)
		if err != nil {
			return nil, p.sharedBy(types, err)
		}
		if len(types) == 1 {
			return e, nil
		}
		if not, ok := e.(Not); ok {
			negated, e = true, not.Expr
		}
		if len(all) == 0 || !everyType(e) {
			all = append(all, e)
		}
	}
	e := anyOf(all)
	if negated {
		return Not{e}, nil
	}
	return e, nil
}

// everyType reports whether a condition says the same of all types.
func everyType(e Expr) bool {
	switch e := e.(type) {
	case Updated, Reverse:
		return true
	case And:
		return len(e) == 0
	case Or:
		return len(e) > 0 && !slices.ContainsFunc(e, func(m Expr) bool { return !everyType(m) })
	}
	return false
}

// sharedBy explains why a parameter is unknown in a search of several types
// (https://hl7.org/fhir/R4/search.html#type).
func (p *requestParser) sharedBy(types []string, err error) error {
	e := ignorable{}
	if len(types) == 1 || !errors.As(err, &e) {
		return err
	}
	is := e.withHint().Issues[0]
	return ignorable{strict: fhir.NewError(fhir.Invalid, is.Code, is.Text+"; a search of several types takes the parameters that all of them have"), known: e.known}
}

// mostCost is how many terms the conditions of one request may come to.
const mostCost = 100_000

// spend counts the terms that a condition comes to: untyped chains and
// references multiply them.
func (p *requestParser) spend(terms int) error {
	if p.cost += terms; p.cost > mostCost {
		return fhir.NewError(fhir.TooCostly, fhir.IssueTooCostly,
			"the search comes to too many conditions; name types where a chain or a reference can lead to several, or use fewer values")
	}
	return nil
}
