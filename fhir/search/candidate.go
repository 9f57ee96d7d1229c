package search

import (
	"context"
	"slices"
	"strings"

	"caseway/fhir"
)

// Numbers of streams that are merged.
const (
	estimated   = 16  // with more, an estimate for each would cost too much
	alwaysTried = 512 // more only where effort was made before
	mostTried   = 4096
)

// usualCompartment is how many resources a compartment is taken to have.
const usualCompartment = 150

// noLimit asks for a candidate whatever it costs, which isn't estimated.
const noLimit = -1

// looks ranks conditions that are selective as a rule, the best with 1; others
// have 0.
func looks(e Expr) int {
	switch e := e.(type) {
	case *named:
		if len(e.keys) <= keysAtOnce {
			return 1
		}
	case *inside:
		return 3
	case *join:
		if e.state == resolved {
			return looks(e.plain)
		}
	case Leaf:
		if len(e.Exact) == 0 || len(e.Exact) > estimated || !e.Indexed() {
			return 0
		}
		worst := 0
		for _, t := range e.Exact {
			l := looksTerm(t)
			if l == 0 {
				return 0
			}
			worst = max(worst, l)
		}
		return worst
	}
	return 0
}

func looksTerm(t Term) int {
	if t.code() == "identifier" {
		return 2
	}
	_, value, _ := strings.Cut(string(t), "=")
	key, ok := fhir.ParseKey(value)
	switch {
	case !ok:
		return 0
	case key.Type == "Patient":
		return 3
	}
	return 4
}

// drivable reports whether a condition may lead to resources by an index.
func drivable(e Expr) bool {
	switch e := e.(type) {
	case Leaf:
		return e.Indexed()
	case *named, *inside, *contained:
		return true
	case *join:
		return e.state == fresh || e.state == resolved && drivable(e.plain)
	case Or:
		return !slices.ContainsFunc(e, func(m Expr) bool { return !drivable(m) })
	case *many:
		return drivable(e.members)
	case And:
		return slices.ContainsFunc(e, drivable)
	}
	return false
}

// candidate says how a condition would drive the search; ok is false where it
// can't, or where that would cost more than the limit allows.
func (r *runner) candidate(ctx context.Context, e Expr, limit int) (c candidate, ok bool, err error) {
	switch e := e.(type) {
	case Leaf:
		switch {
		case !e.Indexed():
			return c, false, nil
		case len(e.Exact) > 0:
			return r.byTerms(ctx, e.Exact, limit)
		}
		return r.byRange(ctx, e, limit)
	case *named:
		c = candidate{sure: true, gathers: true}
		if keys := r.keysOf(e.keys); len(keys) > 0 {
			c.scans, c.cost = []Scan{{Keys: keys}}, len(keys)
		}
		return c, limit == noLimit || c.cost < limit, nil
	case *inside:
		return candidate{scans: []Scan{{Compartment: e.compartment}}, cost: usualCompartment}, true, nil
	case *join:
		if e.state == resolved {
			return r.candidate(ctx, e.plain, limit)
		}
	case *contained:
		c, ok, err = r.candidate(ctx, normal(e.driver(e.param.Resource)), limit)
		c.sure = false
		return c, ok, err
	case Or:
		return r.byAny(ctx, e, limit)
	case *many:
		return r.byAny(ctx, e.members, limit)
	case And:
		return r.byBest(ctx, e, limit)
	}
	return c, false, nil
}

// byTerms merges the scans of several terms.
func (r *runner) byTerms(ctx context.Context, terms []Term, limit int) (c candidate, ok bool, err error) {
	c = candidate{sure: true, scans: make([]Scan, 0, len(terms))}
	for _, t := range terms {
		if typ := t.resource(); r.searches(typ) {
			c.scans = append(c.scans, Scan{Type: typ, Term: t})
		}
	}
	switch n := len(c.scans); {
	case limit == noLimit:
		return c, true, nil
	case n > estimated:
		c.cost = 2 * n
		return c, n <= max(alwaysTried, limit), nil
	}
	for _, s := range c.scans {
		n, err := r.source.Estimate(ctx, s.Term, s.Term+"\x00", limit)
		if err != nil {
			return c, false, err
		}
		if c.cost += n; n >= limit {
			break
		}
	}
	return c, true, nil
}

// byRange reads all that a range leads to.
func (r *runner) byRange(ctx context.Context, l Leaf, limit int) (c candidate, ok bool, err error) {
	c = candidate{sure: l.Test == nil, gathers: true}
	typ := l.From.resource()
	if !r.searches(typ) {
		return c, true, nil
	}
	c.scans = []Scan{{Type: typ, From: l.From, To: l.To}}
	if limit == noLimit {
		return c, true, nil
	}
	c.cost, err = r.source.Estimate(ctx, l.From, l.To, limit)
	return c, c.cost < limit, err
}

// byAny merges what drives the members.
func (r *runner) byAny(ctx context.Context, members Or, limit int) (candidate, bool, error) {
	all := candidate{sure: true}
	if limit != noLimit && len(members) > max(alwaysTried, min(limit, mostTried)) {
		return all, false, nil // to estimate each would cost more than it could save
	}
	for _, m := range members {
		c, ok, err := r.candidate(ctx, m, limit)
		if !ok || err != nil || limit != noLimit && all.gathers && all.cost >= limit {
			return all, false, err
		}
		all.scans = append(all.scans, c.scans...)
		all.cost += c.cost
		all.gathers = all.gathers || c.gathers
		all.sure = all.sure && c.sure
	}
	ok := limit == noLimit || !all.gathers || all.cost < limit
	return all, ok && len(all.scans) <= max(alwaysTried, limit), nil
}

// byBest takes the member that leads to the fewest.
func (r *runner) byBest(ctx context.Context, members And, limit int) (best candidate, found bool, err error) {
	for _, m := range members {
		c, ok, err := r.candidate(ctx, m, limit)
		if err != nil {
			return best, false, err
		}
		if ok && (!found || c.cost < best.cost) {
			best, found = c, true
		}
	}
	best.sure = false
	return best, found, nil
}
