package search

import (
	"context"
	"math"
	"slices"

	"caseway/fhir"
)

// A search is driven by one of its conjuncts, as a join is by its driving table:
// the heads that the index gives for it are read in order, and the other conjuncts
// are tested on them. The planner first guesses by a heuristic which conjunct is
// the most selective, then estimates it from the index, and plans anew with a
// larger limit on the estimates whenever the search examines more heads than the
// effort expects. To change the driver costs little: each goes on where the one
// before it stopped.
const (
	byHeuristic = -1
	firstEffort = 0
)

// efforts are the rounds of planning: entries of the index that an estimate counts
// at most, and heads that are examined before the next round.
var efforts = [...]struct{ entries, examined int }{
	{entries: 256, examined: 512},
	{entries: 4096, examined: 8192},
	{entries: 65536, examined: math.MaxInt},
}

// replanAfter is how many heads are examined before a driver is chosen anew, with
// more effort.
func replanAfter(effort int) int {
	if effort == byHeuristic {
		return 1
	}
	return efforts[effort].examined
}

// fewHeads cost no more to examine than another estimate.
const fewHeads = 64

// noConjunct stands for the conjunct of a full scan, which only the type drives.
const noConjunct = -1

// accessPath is a way into the index for a search, with its estimated cost.
type accessPath struct {
	conjunct  int // the driving one's index in where
	scans     []Scan
	cost      int  // heads, roughly
	unordered bool // some scans give no page order, so that all hits are read and sorted first
	exact     bool // the scans give what the conjunct holds for and no superset of it
}

func (r *runner) firstEffort() int {
	switch {
	case r.heuristicDriver() >= 0:
		return byHeuristic
	case r.everything:
		return firstEffort + 1
	}
	return firstEffort
}

// heuristicDriver gives the conjunct that is likely to be the most selective; -1
// where there is no guess.
func (r *runner) heuristicDriver() int {
	best, least := -1, math.MaxInt
	for i, e := range r.where {
		if l := selectivityRank(e); l > 0 && l < least {
			best, least = i, l
		}
	}
	return best
}

// replaceable reports whether another conjunct could drive, or be answered
// without lookups.
func (r *runner) replaceable(of int) bool {
	for i, e := range r.where {
		if i != of && canDrive(e) || len(unresolvedJoins(e)) > 0 {
			return true
		}
	}
	return false
}

// choose gives the cheapest access path that an effort finds.
func (r *runner) choose(ctx context.Context, effort int) (accessPath, error) {
	if effort == byHeuristic {
		return r.unestimated(ctx, r.heuristicDriver())
	}
	if i := r.onlyDriver(); i >= 0 {
		return r.unestimated(ctx, i)
	}
	limit := efforts[effort].entries
	best := r.fullScan()
	var joined []int
	for i, e := range r.where {
		if len(unresolvedJoins(e)) > 0 {
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
	if effort == firstEffort && !canDrive(r.where[i]) {
		return nil
	}
	for _, j := range unresolvedJoins(r.where[i]) {
		if err := j.resolve(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

func (r *runner) unestimated(ctx context.Context, i int) (accessPath, error) {
	c, _, err := r.accessPath(ctx, r.where[i], noLimit)
	c.conjunct = i
	return c, err
}

// onlyDriver gives the only conjunct that can drive, where that is certain
// without an estimate; otherwise -1.
func (r *runner) onlyDriver() int {
	only := -1
	for i, e := range r.where {
		if !canDrive(e) {
			continue
		}
		l, ok := e.(Leaf)
		if only >= 0 || !ok || len(l.Exact) == 0 || len(l.Exact) > alwaysMerged {
			return -1
		}
		only = i
	}
	return only
}

// consider takes a conjunct if it is better than the best so far.
func (r *runner) consider(ctx context.Context, i, limit int, best *accessPath) error {
	c, ok, err := r.accessPath(ctx, r.where[i], min(limit, best.cost))
	if ok && c.cost < best.cost {
		*best = c
		best.conjunct = i
	}
	return err
}

// fullScan is the access path of last resort: every resource of the types.
func (r *runner) fullScan() accessPath {
	c := accessPath{conjunct: noConjunct, cost: math.MaxInt}
	for _, typ := range r.types {
		c.scans = append(c.scans, Scan{Type: typ})
	}
	if len(r.types) == 0 {
		c.scans = []Scan{{}}
	}
	return c
}

// openDriver begins the scans of the best access path that an effort finds, behind
// what has been given.
func (r *runner) openDriver(ctx context.Context, effort int) (*mergedScan, error) {
	best, err := r.choose(ctx, effort)
	if err != nil {
		return nil, err
	}
	r.driver = best
	d := &mergedScan{conjunct: best.conjunct, exact: best.exact, streams: make([]stream, len(best.scans))}
	keysOnly := r.keysOnly || r.everything || len(best.scans) > fewStreams
	filter, all := r.pushedDown(best.conjunct)
	batch := r.batch(best, all)
	for i, s := range best.scans {
		if s.Term != "" {
			s.Filter = filter
		}
		s.Updated = r.updated
		s.KeysOnly = keysOnly || best.unordered && best.cost > 2*r.want
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

// mostPushedTerms bounds the alternative terms of a condition that is pushed down
// to a source.
const mostPushedTerms = 8

// pushedDown are the conjuncts but one that the source may filter by itself; all is
// set where those that are left to the search reject few heads.
func (r *runner) pushedDown(but int) (terms [][]Term, all bool) {
	if _, ok := r.source.(FilteringSource); !ok {
		return nil, len(r.where) < 2
	}
	all = true
	for i, e := range r.where {
		if i == but {
			continue
		}
		l, ok := e.(Leaf)
		if ok = ok && l.Indexed() && len(l.Exact) > 0 && len(l.Exact) <= mostPushedTerms; ok {
			terms = append(terms, l.Exact)
		}
		all = all && (ok || unselective(e))
	}
	return terms, all
}

// unselective reports whether a condition is taken to hold for nearly every resource,
// as negations do.
func unselective(e Expr) bool {
	switch e := e.(type) {
	case Not:
		return true
	case And:
		return !slices.ContainsFunc(e, func(m Expr) bool { return !unselective(m) })
	case Or:
		return slices.ContainsFunc(e, unselective)
	case *orIndex:
		return unselective(e.members)
	}
	return false
}

// batch is how many heads each stream reads at first; filtered says that the
// source leaves out what the other conditions don't hold for.
func (r *runner) batch(c accessPath, filtered bool) int {
	n := r.want + 1
	if len(r.where) > 0 && !(c.exact && filtered) {
		n *= 2
	}
	if r.everything {
		n = firstBatchOfAll
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
