package search

import (
	"context"
	"errors"
	"slices"

	"caseway/fhir"
	"caseway/fhir/budget"
)

// runner finds the matches of one expression, in the order of places. Several
// share a budget: each chain has runners of its own.
type runner struct {
	source Source
	budget *Budget
	outer  *runner // that this one works for; nil: the request itself
	floor  int     // errLarge where the budget falls below

	types   []string
	where   []Expr // conjuncts in normal form
	updated Updated
	never   bool

	after         Place
	descending    bool
	want          int  // about how many matches are wanted; all with everything
	everything    bool // all matches are wanted
	keysOnly      bool
	room          *budget.Share // of JSON
	drawn         int           // bytes of room that were taken before
	roomExhausted bool          // JSON has been left out for want of room

	scans, examined, found int
	filtered               int // heads that the source has left out by itself
	driver                 accessPath
}

func newRunner(src Source, p Plan) *runner {
	if p.Budget == nil {
		p.Budget = NewBudget(DefaultHeads)
	}
	r := &runner{source: src, budget: p.Budget, types: p.Types, room: p.Room, drawn: p.Room.Taken(), keysOnly: p.KeysOnly}
	r.where, r.updated, r.never = conjuncts(normal(p.Where))
	r.where = withoutImplied(r.where)
	return r
}

// inner makes a runner for a part of the work of another. Where is in normal
// form.
func (r *runner) inner(typ string, where Expr) *runner {
	in := &runner{source: r.source, budget: r.budget, outer: r, floor: r.floor, types: []string{typ}, keysOnly: true}
	in.where, in.updated, in.never = conjuncts(where)
	return in
}

// errNoProgress: without it a faulty source would keep a search going for ever.
var errNoProgress = errors.New("search: the source says that there are more heads and gives none")

// scan asks the source and pays for it.
func (r *runner) scan(ctx context.Context, s Scan) (Page, error) {
	if err := ctx.Err(); err != nil {
		return Page{}, err
	}
	if !s.KeysOnly {
		s.Room = r.room
	}
	page, err := r.source.Scan(ctx, s)
	if err != nil {
		return Page{}, err
	}
	if n := len(page.Hits); n > 0 && s.Room.Refused() && page.Hits[n-1].JSON == nil {
		r.roomExhausted = true
	}
	r.scans++
	r.filtered += page.Filtered
	if page.More && len(page.Hits) == 0 {
		return Page{}, errNoProgress
	}
	return page, r.spend(len(page.Hits))
}

// keysAtOnce is how many keys one scan is asked for.
const keysAtOnce = 1000

// heads reads the current resources with these keys.
func (r *runner) heads(ctx context.Context, keys []fhir.Key, keysOnly bool) (map[fhir.Key]Hit, error) {
	heads := make(map[fhir.Key]Hit, len(keys))
	for some := range slices.Chunk(keys, keysAtOnce) {
		page, err := r.scan(ctx, Scan{Keys: some, Limit: len(some), KeysOnly: keysOnly})
		if err != nil {
			return nil, err
		}
		for _, h := range page.Hits {
			heads[h.Key] = h
		}
	}
	return heads, nil
}

// each gives all matches behind r.after in order, some at a time, until emit
// has enough. What it is given is its own. Complete reports whether there are
// no others.
func (r *runner) each(ctx context.Context, emit func([]Hit) (enough bool)) (complete bool, err error) {
	if r.never {
		return true, nil
	}
	if err := r.withoutContained(ctx); err != nil {
		return false, err
	}
	for effort := r.firstEffort(); ; effort++ {
		d, err := r.openDriver(ctx, effort)
		if err != nil {
			return false, err
		}
		done, complete, err := r.runDriver(ctx, d, effort, emit)
		if err != nil || done {
			return complete, err
		}
	}
}

// runDriver reads from a driver until there is enough, or until it has cost so
// much that another may be better.
func (r *runner) runDriver(ctx context.Context, d *mergedScan, effort int, emit func([]Hit) bool) (done, complete bool, err error) {
	exact := noConjunct
	if d.exact {
		exact = d.conjunct
	}
	for {
		hits, more, err := d.next(ctx, r)
		if err != nil {
			return false, false, err
		}
		if n := len(hits); n > 0 {
			r.examined += n
			r.after = hits[n-1].Place
		}
		if hits, err = r.filter(ctx, r.where, exact, hits); err != nil {
			return false, false, err
		}
		r.found += len(hits)
		enough := emit(hits)
		if enough || !more {
			return true, !more, nil
		}
		if r.examined >= replanAfter(effort) && r.replaceable(d.conjunct) {
			return false, false, nil
		}
	}
}
