package search

import (
	"slices"
	"time"

	"caseway/fhir"
)

// Expr is a condition on a resource: a tree to which access rules add before
// a store is asked. Expressions are immutable and safe to share.
type Expr interface{ expr() }

type (
	// And holds where every member holds; an empty one always holds.
	And []Expr
	// Or holds where any member holds; an empty one never holds.
	Or []Expr
	// Not holds where its member doesn't.
	Not struct{ Expr Expr }

	// Leaf holds for a resource that has a term which the leaf selects: one of
	// Exact, or one in the half-open range [From, To) for which Test, where
	// there is one, is true. Exactly one of Exact and the range is used.
	Leaf struct {
		Exact    []Term
		From, To Term
		Test     func(Term) bool // pure; sees indexed terms and kept values in the range
	}

	// Keys holds for these resources.
	Keys []fhir.Key

	// Within holds where Where does, which holds for nothing outside of the
	// compartment. So all of it is found by one lookup, whatever its type.
	Within struct {
		Compartment fhir.Key
		Where       Expr
	}

	// Updated holds for a lastUpdated in the half-open range [From, To); a
	// zero bound is open.
	Updated struct{ From, To time.Time }

	// Chain holds for a resource with a reference by one of the parameters Param to a
	// current resource of Type that satisfies Where.
	Chain struct {
		Param *Parameter
		Type  string
		Where Expr
	}

	// Contained holds for a resource with a reference by Param to a resource of Type
	// that it contains and that satisfies Where.
	Contained struct {
		Param *Parameter
		Type  string
		Where Expr
	}

	// Reverse holds for a resource to which a current resource of Type refers
	// by Param, and which satisfies Where (_has). What is contained isn't such
	// a resource: it isn't found by itself
	// (https://hl7.org/fhir/R4/search.html#contained).
	Reverse struct {
		Type  string
		Param *Parameter
		Where Expr
	}
)

func (And) expr()       {}
func (Or) expr()        {}
func (Not) expr()       {}
func (Leaf) expr()      {}
func (Keys) expr()      {}
func (Within) expr()    {}
func (Updated) expr()   {}
func (Chain) expr()     {}
func (Contained) expr() {}
func (Reverse) expr()   {}

// LooksElsewhere reports whether more than a resource's own terms and key
// decide whether a condition holds for it.
func LooksElsewhere(e Expr) bool {
	switch e := e.(type) {
	case And:
		return slices.ContainsFunc(e, LooksElsewhere)
	case Or:
		return slices.ContainsFunc(e, LooksElsewhere)
	case Not:
		return LooksElsewhere(e.Expr)
	case Leaf, Keys:
		return false
	}
	return true
}
