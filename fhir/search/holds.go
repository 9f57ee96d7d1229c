package search

import "context"

// holds evaluates a condition in normal form for which nothing has to be looked
// up any more.
func holds(e Expr, h *Hit) bool {
	switch e := e.(type) {
	case Leaf:
		return e.Match(h.Terms)
	case And:
		for _, m := range e {
			if !holds(m, h) {
				return false
			}
		}
		return true
	case Or:
		for _, m := range e {
			if holds(m, h) {
				return true
			}
		}
		return false
	case *orIndex:
		return e.holds(h)
	case Not:
		return !holds(e.Expr, h)
	case *compartmentScope:
		return holds(e.where, h)
	case *keySet:
		_, found := e.set[h.Key]
		return found
	case Updated:
		return h.holder == nil && e.holds(h)
	case *join:
		return holds(e.rewritten, h)
	case *contained:
		return e.holds(h)
	}
	return false
}

// needsLookup reports whether there is a chain in a condition that isn't resolved.
func needsLookup(e Expr) bool {
	switch e := e.(type) {
	case *join:
		return e.state != resolved || needsLookup(e.rewritten)
	case *compartmentScope:
		return needsLookup(e.where)
	case *contained:
		return needsLookup(e.where)
	case And:
		for _, m := range e {
			if needsLookup(m) {
				return true
			}
		}
	case Or:
		for _, m := range e {
			if needsLookup(m) {
				return true
			}
		}
	case Not:
		return needsLookup(e.Expr)
	}
	return false
}

// filter keeps the hits of the searched types for which all conditions hold. The
// one whose index is exact holds for all of them and isn't tested. It works in
// place. What needs no lookup comes first.
func (r *runner) filter(ctx context.Context, where []Expr, exact int, hits []Hit) ([]Hit, error) {
	hits = retain(hits, func(i int) bool { return r.searches(hits[i].Key.Type) })
	var costly []Expr
	for i, e := range where {
		switch {
		case i == exact:
		case needsLookup(e):
			costly = append(costly, e)
		default:
			hits = retain(hits, func(i int) bool { return holds(e, &hits[i]) })
		}
	}
	for _, e := range costly {
		if len(hits) == 0 {
			return hits, nil
		}
		ok, err := r.test(ctx, e, hits)
		if err != nil {
			return nil, err
		}
		hits = retain(hits, func(i int) bool { return ok[i] })
	}
	return hits, nil
}

// retain moves the hits that pass to the front.
func retain(hits []Hit, pass func(int) bool) []Hit {
	n := 0
	for i := range hits {
		if pass(i) {
			if n != i {
				hits[n] = hits[i]
			}
			n++
		}
	}
	return hits[:n]
}

// test evaluates a condition on many hits, so that what has to be looked up is
// looked up together.
func (r *runner) test(ctx context.Context, e Expr, hits []Hit) ([]bool, error) {
	if !needsLookup(e) {
		ok := make([]bool, len(hits))
		for i := range hits {
			ok[i] = holds(e, &hits[i])
		}
		return ok, nil
	}
	switch e := e.(type) {
	case And:
		return r.testMembers(ctx, e, true, hits)
	case Or:
		return r.testMembers(ctx, e, false, hits)
	case *compartmentScope:
		return r.test(ctx, e.where, hits)
	case Not:
		ok, err := r.test(ctx, e.Expr, hits)
		for i := range ok {
			ok[i] = !ok[i]
		}
		return ok, err
	case *join:
		if e.state == resolved {
			return r.test(ctx, e.rewritten, hits)
		}
		return e.lookup(ctx, r, hits)
	case *contained:
		return e.test(ctx, r, hits)
	}
	return make([]bool, len(hits)), nil
}

// testMembers evaluates And (with all) or Or: each member only on the hits that
// the members before it leave open, and those that need a lookup last.
func (r *runner) testMembers(ctx context.Context, members []Expr, all bool, hits []Hit) ([]bool, error) {
	ok := make([]bool, len(hits))
	open, places := make([]Hit, len(hits)), make([]int, len(hits))
	copy(open, hits)
	for i := range ok {
		ok[i], places[i] = all, i
	}
	for _, second := range []bool{false, true} {
		for _, m := range members {
			if len(open) == 0 || needsLookup(m) != second {
				continue
			}
			holds, err := r.test(ctx, m, open)
			if err != nil {
				return nil, err
			}
			n := 0
			for i, h := range holds {
				ok[places[i]] = h
				if h == all {
					open[n], places[n] = open[i], places[i]
					n++
				}
			}
			open, places = open[:n], places[:n]
		}
	}
	return ok, nil
}
