package search

import (
	"slices"
	"time"

	"caseway/fhir"
)

// keySet is Keys with a way to look one up. Normal form has it in place of Keys.
type keySet struct {
	keys []fhir.Key // each once
	set  map[fhir.Key]struct{}
}

func (*keySet) expr() {}

func newKeySet(keys []fhir.Key) *keySet {
	n := &keySet{set: make(map[fhir.Key]struct{}, len(keys))}
	for _, k := range keys {
		if _, again := n.set[k]; !again {
			n.set[k] = struct{}{}
			n.keys = append(n.keys, k)
		}
	}
	return n
}

// compartmentScope is Within in normal form.
type compartmentScope struct {
	compartment fhir.Key
	where       Expr
}

func (*compartmentScope) expr() {}

func normalWithin(e Within) Expr {
	where := normal(e.Where)
	if none, ok := where.(Or); ok && len(none) == 0 {
		return where
	}
	return &compartmentScope{e.Compartment, where}
}

// normal brings an expression to the form that the executor works with: And
// and Or have members of the other kind only, Not stands before what can't be
// taken apart, exact leaves and keys under an Or are one, Keys are *keySet, Within
// is *compartmentScope, Chain and Reverse are *join, Contained is *contained, and an
// Or of very many is *orIndex. An empty And always holds, an empty Or never.
func normal(e Expr) Expr {
	switch e := e.(type) {
	case nil:
		return And{}
	case And:
		return normalAnd(e, normal)
	case Or:
		return normalOr(e, normal)
	case Not:
		return negated(e.Expr)
	case Leaf:
		return normalLeaf(e)
	case Keys:
		return newKeySet(e)
	case Within:
		return normalWithin(e)
	case Chain:
		return &join{typ: e.Type, param: e.Param, where: normal(e.Where)}
	case Contained:
		return &contained{typ: e.Type, param: e.Param, where: normal(e.Where)}
	case Reverse:
		return &join{typ: e.Type, param: e.Param, where: normal(e.Where), reverse: true}
	}
	return e
}

// negated is the normal form of Not.
func negated(e Expr) Expr {
	switch e := e.(type) {
	case nil:
		return Or{}
	case And:
		return normalOr(Or(e), negated)
	case Or:
		return normalAnd(And(e), negated)
	case Not:
		return normal(e.Expr)
	case Within:
		return negated(e.Where)
	case Updated:
		return outsideOf(e)
	}
	switch n := normal(e).(type) {
	case Or: // a leaf that never holds
		return And{}
	default:
		return Not{n}
	}
}

// outsideOf is the complement of a range of lastUpdated.
func outsideOf(u Updated) Expr {
	var either Or
	if !u.From.IsZero() {
		either = append(either, Updated{To: u.From})
	}
	if !u.To.IsZero() {
		either = append(either, Updated{From: u.To})
	}
	return either
}

func normalLeaf(l Leaf) Expr {
	if len(l.Exact) == 0 && l.From >= l.To {
		return Or{}
	}
	if !slices.IsSorted(l.Exact) {
		l.Exact = slices.Sorted(slices.Values(l.Exact))
	}
	return l
}

func normalAnd(members And, form func(Expr) Expr) Expr {
	all := make(And, 0, len(members))
	for _, m := range members {
		switch n := form(m).(type) {
		case And:
			all = append(all, n...)
		case Or:
			if len(n) == 0 {
				return n
			}
			all = append(all, n)
		default:
			all = append(all, n)
		}
	}
	if len(all) == 1 {
		return all[0]
	}
	return all
}

func normalOr(members Or, form func(Expr) Expr) Expr {
	u := union{rest: make(Or, 0, len(members))}
	for _, m := range members {
		switch n := form(m).(type) {
		case Or:
			for _, inner := range n {
				u.add(inner)
			}
		case And:
			if len(n) == 0 {
				return n
			}
			u.rest = append(u.rest, n)
		default:
			u.add(n)
		}
	}
	return u.expr()
}

// union joins the members of an Or that one lookup answers.
type union struct {
	indexed, kept []Term
	keys          []fhir.Key
	rest          Or
}

func (u *union) add(e Expr) {
	switch e := e.(type) {
	case Leaf:
		switch {
		case len(e.Exact) == 0:
			u.rest = append(u.rest, e)
		case e.Indexed():
			u.indexed = append(u.indexed, e.Exact...)
		default:
			u.kept = append(u.kept, e.Exact...)
		}
	case *keySet:
		u.keys = append(u.keys, e.keys...)
	default:
		u.rest = append(u.rest, e)
	}
}

func (u *union) expr() Expr {
	for _, terms := range [][]Term{u.indexed, u.kept} {
		if len(terms) > 0 {
			slices.Sort(terms)
			u.rest = append(u.rest, Leaf{Exact: slices.Compact(terms)})
		}
	}
	if len(u.keys) > 0 {
		u.rest = append(u.rest, newKeySet(u.keys))
	}
	if len(u.rest) == 1 {
		return u.rest[0]
	}
	return orOf(u.rest)
}

// conjuncts takes an expression in normal form apart: what must hold, with the
// bounds of lastUpdated by themselves; never is set where nothing can match.
func conjuncts(e Expr) (where []Expr, updated Updated, never bool) {
	members, ok := e.(And)
	if !ok {
		members = And{e}
	}
	where = make([]Expr, 0, len(members))
	for _, m := range members {
		switch m := m.(type) {
		case Updated:
			updated = updated.and(m)
		case Or:
			if len(m) == 0 {
				return nil, updated, true
			}
			where = append(where, m)
		default:
			where = append(where, m)
		}
	}
	never = !updated.From.IsZero() && !updated.To.IsZero() && !updated.From.Before(updated.To)
	return where, updated, never
}

func (u Updated) and(v Updated) Updated {
	if v.From.After(u.From) {
		u.From = v.From
	}
	if u.To.IsZero() || !v.To.IsZero() && v.To.Before(u.To) {
		u.To = v.To
	}
	return u
}

func (u Updated) holds(h *Hit) bool { return u.contains(h.LastUpdated) }

func (u Updated) contains(t time.Time) bool {
	return !t.Before(u.From) && (u.To.IsZero() || t.Before(u.To))
}
