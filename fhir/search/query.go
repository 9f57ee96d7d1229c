// Package search gives FHIR search its meaning and knows nothing of storage.
//
// A [Registry] knows the search parameters of each resource type and makes of a
// resource its [Index]: terms, short strings that say which parameter has which
// value, and values kept beside them. Parse reads a request into conditions on
// these, [Expr], and [Run] evaluates them over any [Source], which does nothing
// but scan: stores, transactions, resources in memory. It plans, follows chains,
// sorts and pages; [RunIncludes] and [Count] do the rest.
//
// Dates are half-open UTC ranges: "2024-05" is [2024-05-01, 2024-06-01).
// Identifiers match exactly, upper and lower case included: a condition that
// took "a1" for "A1" would link one person's data to another.
//
// Where to look: parse.go and parse_*.go read requests, filter_parse.go the
// _filter parameter; condition_*.go make conditions of values, index_*.go terms
// of elements, each file for one type of parameter; expression.go, expr.go and
// query.go are what conditions become. normal.go, driver.go and accesspath.go plan:
// they bring a condition to normal form and choose the conjunct that drives the
// scan and its access path. run.go, join.go, stream.go and orindex.go carry that out,
// holds.go tests resources against conditions, plan.go and sorter.go give a page in
// the order asked for, sort.go has sort keys, include.go follows references,
// count.go counts. registry.go knows the parameters, custom.go and
// custom_expression.go those that are stored, data/own.ndjson our own; metadata.go,
// suggest.go and refused.go say what there is, what was meant and what isn't served.
//
// Not here: storage, access rules, the answer's Bundle.
package search

import "slices"

// Term is one index term: UTF-8, ordered by bytes, beginning with its resource
// type, such as "Patient.identifier:http://example.org|123".
type Term string

// Query asks for the resources of a type that satisfy every clause, in the
// order of their ids.
type Query struct {
	Type string
	All  []Clause // joined by AND; at least one where there is no Where
	// Where, when not nil, must hold too. Only a commit's precondition has it.
	Where Expr
	Limit int // at least 1
}

// Expr is the query as an expression.
func (q Query) Expr() Expr {
	all := make(And, 0, len(q.All)+1)
	for _, c := range q.All {
		all = append(all, Leaf{Exact: slices.Compact(slices.Sorted(slices.Values(c.Any)))})
	}
	if q.Where != nil {
		all = append(all, q.Where)
	}
	return all
}

// Clause is satisfied by a resource that has any of the terms.
type Clause struct {
	Any []Term // joined by OR; at least one
}
