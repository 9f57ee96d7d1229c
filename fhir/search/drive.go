package search

import (
	"context"
	"math"
	"slices"

	"caseway/fhir"
)

// A search is driven by one of its conjuncts: the heads that the index gives
// for it are read in order, and the other conjuncts are checked on them. Which
// one leads to the fewest is first guessed by its looks, then estimated, and
// estimated again with more effort whenever the search turns out to take long.
// A change costs little, since any driver can go on where another one stopped.
const (
	byLooks     = -1
	firstEffort = 0
)

var efforts = [...]struct{ entries, examined int }{
	{entries: 256, examined: 512},
	{entries: 4096, examined: 8192},
	{entries: 65536, examined: math.MaxInt},
}

// patience is how many heads are looked at before more effort goes into the
// choice of a driver.
func patience(effort int) int {
	if effort == byLooks {
		return 1
	}
	return efforts[effort].examined
}

// fewHeads cost no more to look at than another estimate.
const fewHeads = 64

// everyHead stands for the conjunct where nothing but the type drives.
const everyHead = -1

// candidate is a way to drive a search.
type candidate struct {
	of      int // which conjunct
	scans   []Scan
	cost    int  // heads, roughly
	gathers bool // some come in no order, so that all are read first
	sure    bool // the conjunct holds for all of them
}

func (r *runner) firstEffort() int {
	switch {
	case r.glance() >= 0:
		return byLooks
	case r.everything:
		return firstEffort + 1
	}
	return firstEffort
}

// glance gives the conjunct that is likely to be selective; -1 for none.
func (r *runner) glance() int {
	best, least := -1, math.MaxInt
	for i, e := range r.where {
		if l := looks(e); l > 0 && l < least {
			best, least = i, l
		}
	}
	return best
}

// replaceable reports whether another conjunct could drive, or be answered
// without lookups.
func (r *runner) replaceable(of int) bool {
	for i, e := range r.where {
		if i != of && drivable(e) || len(freshJoins(e)) > 0 {
			return true
		}
	}
	return false
}

// choose gives the best candidate that an effort finds.
func (r *runner) choose(ctx context.Context, effort int) (candidate, error) {
	if effort == byLooks {
		return r.unestimated(ctx, r.glance())
	}
	if i := r.onlyTerms(); i >= 0 {
		return r.unestimated(ctx, i)
	}
	limit := efforts[effort].entries
	best := r.all()
	var joined []int
	for i, e := range r.where {
		if len(freshJoins(e)) > 0 {
			joined = append(joined, i)
			continue
		}
		if best.cost <= fewHeads {
			continue
		}
		if err := r.consider(ctx, i, limit, &best); err != nil {
			return best, err
		}
	}
	for _, i := range joined {
		if best.cost < efforts[firstEffort].entries {
			break // lookups for so few cost less
		}
		if err := r.resolve(ctx, i, effort); err != nil {
			return best, err
		}
		if err := r.consider(ctx, i, limit, &best); err != nil {
			return best, err
		}
	}
	return best, nil
}

// resolve looks for the inner sides of a conjunct's joins. One that can't drive
// is left to lookups until many were needed.
func (r *runner) resolve(ctx context.Context, i, effort int) error {
	if effort == firstEffort && !drivable(r.where[i]) {
		return nil
	}
	for _, j := range freshJoins(r.where[i]) {
		if err := j.resolve(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

func (r *runner) unestimated(ctx context.Context, i int) (candidate, error) {
	c, _, err := r.candidate(ctx, r.where[i], noLimit)
	c.of = i
	return c, err
}

// onlyTerms gives the only conjunct that can drive, where that is certain
// without an estimate; otherwise -1.
func (r *runner) onlyTerms() int {
	only := -1
	for i, e := range r.where {
		if !drivable(e) {
			continue
		}
		l, ok := e.(Leaf)
		if only >= 0 || !ok || len(l.Exact) == 0 || len(l.Exact) > alwaysTried {
			return -1
		}
		only = i
	}
	return only
}

// consider takes a conjunct if it is better than the best so far.
func (r *runner) consider(ctx context.Context, i, limit int, best *candidate) error {
	c, ok, err := r.candidate(ctx, r.where[i], min(limit, best.cost))
	if ok && c.cost < best.cost {
		*best = c
		best.of = i
	}
	return err
}

// all is the driver of last resort: every resource of the types.
func (r *runner) all() candidate {
	c := candidate{of: everyHead, cost: math.MaxInt}
	for _, typ := range r.types {
		c.scans = append(c.scans, Scan{Type: typ})
	}
	if len(r.types) == 0 {
		c.scans = []Scan{{}}
	}
	return c
}

// drive makes the best driver that an effort finds, beginning behind what has
// been given.
func (r *runner) drive(ctx context.Context, effort int) (*drive, error) {
	best, err := r.choose(ctx, effort)
	if err != nil {
		return nil, err
	}
	r.driver = best
	d := &drive{of: best.of, sure: best.sure, streams: make([]stream, len(best.scans))}
	keysOnly := r.keysOnly || r.everything || len(best.scans) > fewStreams
	also, all := r.also(best.of)
	batch := r.batch(best, all)
	for i, s := range best.scans {
		if s.Term != "" {
			s.Also = also
		}
		s.Updated = r.updated
		s.KeysOnly = keysOnly || best.gathers && best.cost > 2*r.want
		r.bound(&s)
		d.streams[i] = stream{scan: s, batch: batch}
	}
	return d, nil
}

func (r *runner) bound(s *Scan) {
	switch {
	case !r.descending:
		s.After = r.after
	case len(s.Keys) > 0 || s.To != "":
		s.Until = r.after
	default:
		s.Descending, s.After = true, r.after
	}
}

// mostAlternatives bounds how many terms a condition may have that a source is
// to heed beside the driver.
const mostAlternatives = 8

// also are the conditions but one that a source may heed; all is set where there
// are no others that leave out many.
func (r *runner) also(but int) (terms [][]Term, all bool) {
	if _, ok := r.source.(Sieve); !ok {
		return nil, len(r.where) < 2
	}
	all = true
	for i, e := range r.where {
		if i == but {
			continue
		}
		l, ok := e.(Leaf)
		if ok = ok && l.Indexed() && len(l.Exact) > 0 && len(l.Exact) <= mostAlternatives; ok {
			terms = append(terms, l.Exact)
		}
		all = all && (ok || usual(e))
	}
	return terms, all
}

// usual reports whether a condition is taken to hold for nearly every resource,
// as negations do.
func usual(e Expr) bool {
	switch e := e.(type) {
	case Not:
		return true
	case And:
		return !slices.ContainsFunc(e, func(m Expr) bool { return !usual(m) })
	case Or:
		return slices.ContainsFunc(e, usual)
	case *many:
		return usual(e.members)
	}
	return false
}

// batch is how many heads each stream reads at first; sieved says that the
// source passes over what the other conditions don't hold for.
func (r *runner) batch(c candidate, sieved bool) int {
	n := r.want + 1
	if len(r.where) > 0 && !(c.sure && sieved) {
		n *= 2
	}
	if r.everything {
		n = firstOfAll
	}
	n = max(n, r.examined)
	if k := len(c.scans); k > 1 {
		n = max(leastBatch, 2*n/k)
	}
	return min(n, max(mostJSON, r.want+1))
}

// searches tells whether resources of a type are searched.
func (r *runner) searches(typ string) bool {
	if len(r.types) == 0 {
		return true
	}
	for _, t := range r.types {
		if t == typ {
			return true
		}
	}
	return false
}

// keysOf leaves out keys of types that aren't searched.
func (r *runner) keysOf(keys []fhir.Key) []fhir.Key {
	some := make([]fhir.Key, 0, len(keys))
	for _, k := range keys {
		if r.searches(k.Type) {
			some = append(some, k)
		}
	}
	return some
}
