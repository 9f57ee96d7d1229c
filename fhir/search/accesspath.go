package search

import (
	"context"
	"slices"
	"strings"

	"caseway/fhir"
)

// How many streams, one for each term, are merged into one.
const (
	mostTermEstimates = 16  // terms that are estimated one by one; with more that would cost too much
	alwaysMerged      = 512 // whatever it costs; more only within the limit of an effort
	mostMerged        = 4096
)

// typicalCompartment is how many resources a compartment is taken to have.
const typicalCompartment = 150

// noLimit asks for an access path without an estimate of its cost.
const noLimit = -1

// selectivityRank guesses from its form how selective a condition is, without
// statistics: 1 leads to the fewest resources, 0 is no guess. An identifier is
// rarer than a reference, and a reference to a patient rarer than one to others.
func selectivityRank(e Expr) int {
	switch e := e.(type) {
	case *keySet:
		if len(e.keys) <= keysAtOnce {
			return 1
		}
	case *compartmentScope:
		return 3
	case *join:
		if e.state == resolved {
			return selectivityRank(e.rewritten)
		}
	case Leaf:
		if len(e.Exact) == 0 || len(e.Exact) > mostTermEstimates || !e.Indexed() {
			return 0
		}
		worst := 0
		for _, t := range e.Exact {
			l := termSelectivityRank(t)
			if l == 0 {
				return 0
			}
			worst = max(worst, l)
		}
		return worst
	}
	return 0
}

func termSelectivityRank(t Term) int {
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

// canDrive reports whether an index may lead from a condition to resources.
func canDrive(e Expr) bool {
	switch e := e.(type) {
	case Leaf:
		return e.Indexed()
	case *keySet, *compartmentScope, *contained:
		return true
	case *join:
		return e.state == unresolved || e.state == resolved && canDrive(e.rewritten)
	case Or:
		return !slices.ContainsFunc(e, func(m Expr) bool { return !canDrive(m) })
	case *orIndex:
		return canDrive(e.members)
	case And:
		return slices.ContainsFunc(e, canDrive)
	}
	return false
}

// accessPath says how the index leads to what a condition holds for; ok is false
// where it doesn't, or where that would cost more than the limit allows.
func (r *runner) accessPath(ctx context.Context, e Expr, limit int) (c accessPath, ok bool, err error) {
	switch e := e.(type) {
	case Leaf:
		switch {
		case !e.Indexed():
			return c, false, nil
		case len(e.Exact) > 0:
			return r.byTerms(ctx, e.Exact, limit)
		}
		return r.byRange(ctx, e, limit)
	case *keySet:
		c = accessPath{exact: true, unordered: true}
		if keys := r.keysOf(e.keys); len(keys) > 0 {
			c.scans, c.cost = []Scan{{Keys: keys}}, len(keys)
		}
		return c, limit == noLimit || c.cost < limit, nil
	case *compartmentScope:
		return accessPath{scans: []Scan{{Compartment: e.compartment}}, cost: typicalCompartment}, true, nil
	case *join:
		if e.state == resolved {
			return r.accessPath(ctx, e.rewritten, limit)
		}
	case *contained:
		c, ok, err = r.accessPath(ctx, normal(e.driver(e.param.Resource)), limit)
		c.exact = false
		return c, ok, err
	case Or:
		return r.byAny(ctx, e, limit)
	case *orIndex:
		return r.byAny(ctx, e.members, limit)
	case And:
		return r.byBest(ctx, e, limit)
	}
	return c, false, nil
}

// byTerms merges the scans of several terms.
func (r *runner) byTerms(ctx context.Context, terms []Term, limit int) (c accessPath, ok bool, err error) {
	c = accessPath{exact: true, scans: make([]Scan, 0, len(terms))}
	for _, t := range terms {
		if typ := t.resource(); r.searches(typ) {
			c.scans = append(c.scans, Scan{Type: typ, Term: t})
		}
	}
	switch n := len(c.scans); {
	case limit == noLimit:
		return c, true, nil
	case n > mostTermEstimates:
		c.cost = 2 * n
		return c, n <= max(alwaysMerged, limit), nil
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
func (r *runner) byRange(ctx context.Context, l Leaf, limit int) (c accessPath, ok bool, err error) {
	c = accessPath{exact: l.Test == nil, unordered: true}
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

// byAny merges the access paths of the members.
func (r *runner) byAny(ctx context.Context, members Or, limit int) (accessPath, bool, error) {
	all := accessPath{exact: true}
	if limit != noLimit && len(members) > max(alwaysMerged, min(limit, mostMerged)) {
		return all, false, nil // to estimate each would cost more than it could save
	}
	for _, m := range members {
		c, ok, err := r.accessPath(ctx, m, limit)
		if !ok || err != nil || limit != noLimit && all.unordered && all.cost >= limit {
			return all, false, err
		}
		all.scans = append(all.scans, c.scans...)
		all.cost += c.cost
		all.unordered = all.unordered || c.unordered
		all.exact = all.exact && c.exact
	}
	ok := limit == noLimit || !all.unordered || all.cost < limit
	return all, ok && len(all.scans) <= max(alwaysMerged, limit), nil
}

// byBest takes the member that leads to the fewest.
func (r *runner) byBest(ctx context.Context, members And, limit int) (best accessPath, found bool, err error) {
	for _, m := range members {
		c, ok, err := r.accessPath(ctx, m, limit)
		if err != nil {
			return best, false, err
		}
		if ok && (!found || c.cost < best.cost) {
			best, found = c, true
		}
	}
	best.exact = false
	return best, found, nil
}
