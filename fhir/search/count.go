package search

import (
	"context"
	"math"
)

// Counter is a Source that can count all resources of a type without reading
// them.
type Counter interface {
	// CountType counts the current resources of a type up to limit.
	CountType(ctx context.Context, typ string, limit int) (int, error)
}

// Count counts the matches of a plan's Types and Where. Behind limit (0: none)
// it stops, n is what the rest suggests, and exact is false.
func Count(ctx context.Context, src Source, p Plan, limit int) (n int, exact bool, err error) {
	if limit <= 0 {
		limit = math.MaxInt32
	}
	r := newRunner(src, p)
	r.everything, r.keysOnly = true, true
	if n, ok, err := r.countIndex(ctx, limit); ok || err != nil {
		return n, n < limit, err
	}
	complete, err := r.each(ctx, func([]Hit) bool { return r.found >= limit })
	if err != nil {
		return 0, false, err
	}
	if complete {
		return r.found, true, nil
	}
	n, err = r.extrapolate(ctx)
	return n, false, err
}

// countIndex counts entries of the index, where they are the matches.
func (r *runner) countIndex(ctx context.Context, limit int) (n int, ok bool, err error) {
	switch {
	case r.never:
		return 0, true, nil
	case r.updated != Updated{} || len(r.where) > 1:
		return 0, false, nil
	case len(r.where) == 0:
		return r.countTypes(ctx, limit)
	}
	l, ok := r.where[0].(Leaf)
	if !ok || len(l.Exact) != 1 || !l.Indexed() || !r.searches(l.Exact[0].resource()) {
		return 0, false, nil
	}
	n, err = r.source.Estimate(ctx, l.Exact[0], l.Exact[0]+"\x00", limit)
	return n, true, err
}

func (r *runner) countTypes(ctx context.Context, limit int) (n int, ok bool, err error) {
	counter, ok := r.source.(Counter)
	if !ok || len(r.types) == 0 {
		return 0, false, nil
	}
	for _, typ := range r.types {
		some, err := counter.CountType(ctx, typ, limit-n)
		if err != nil {
			return 0, false, err
		}
		if n += some; n >= limit {
			break
		}
	}
	return n, true, nil
}

// mostEstimated bounds what an estimate counts.
const mostEstimated = 1_000_000

// extrapolate takes the share that matched so far for that of all heads that
// the driver leads to.
func (r *runner) extrapolate(ctx context.Context) (int, error) {
	heads := 0
	for _, s := range r.driver.scans {
		n, err := r.size(ctx, s)
		if err != nil {
			return 0, err
		}
		heads += n
	}
	if r.examined == 0 {
		return r.found, nil
	}
	share := float64(r.found) / float64(r.examined+r.filtered)
	return max(r.found, int(share*float64(heads))), nil
}

func (r *runner) size(ctx context.Context, s Scan) (int, error) {
	switch {
	case len(s.Keys) > 0:
		return len(s.Keys), nil
	case s.Term != "":
		return r.source.Estimate(ctx, s.Term, s.Term+"\x00", mostEstimated)
	case s.To != "":
		return r.source.Estimate(ctx, s.From, s.To, mostEstimated)
	}
	if counter, ok := r.source.(Counter); ok && s.Type != "" {
		return counter.CountType(ctx, s.Type, mostEstimated)
	}
	return 0, nil
}
