package search

import (
	"container/heap"
	"context"
	"slices"

	"caseway/fhir"
)

// Batch sizes, in heads. Those with JSON are smaller: 12 MB is possible each.
const (
	leastBatch   = 4
	firstOfAll   = 256
	mostKeys     = 2000
	mostJSON     = 500
	fewStreams   = 4
	acceptedHalf = 2
)

// stream gives the hits of one scan in the order of places.
type stream struct {
	scan  Scan
	batch int
	hits  []Hit // read and not yet given
	done  bool  // there are no more to be read
}

// fill reads the next batch. What comes in no order is read as a whole.
func (s *stream) fill(ctx context.Context, r *runner) error {
	switch {
	case len(s.scan.Keys) > 0:
		return s.gather(ctx, r, slices.Collect(slices.Chunk(s.scan.Keys, keysAtOnce)))
	case s.scan.To != "":
		return s.gather(ctx, r, [][]fhir.Key{nil})
	}
	s.scan.KeysOnly = s.scan.KeysOnly || r.wasteful() || r.tight
	s.scan.Limit = s.batch
	page, err := r.scan(ctx, s.scan)
	if err != nil {
		return err
	}
	s.hits, s.done = page.Hits, !page.More
	if n := len(s.hits); n > 0 {
		s.scan.After = s.hits[n-1].Place
	}
	s.batch *= 2
	if most := mostJSON; s.scan.KeysOnly {
		s.batch = min(s.batch, mostKeys)
	} else if s.batch > most {
		s.batch = max(most, r.want+1)
	}
	return nil
}

// wasteful reports whether most of what is read doesn't match, so that its
// JSON had better be read afterwards.
func (r *runner) wasteful() bool {
	return r.examined > r.found*acceptedHalf
}

func (s *stream) gather(ctx context.Context, r *runner, keys [][]fhir.Key) error {
	for _, some := range keys {
		scan := s.scan
		scan.Keys = some
		scan.Limit = max(1, len(some))
		if some == nil {
			scan.Limit = max(1, r.budget.left)
		}
		page, err := r.scan(ctx, scan)
		if err != nil {
			return err
		}
		if page.More {
			return r.costly()
		}
		s.hits = append(s.hits, page.Hits...)
	}
	slices.SortFunc(s.hits, func(a, b Hit) int { return r.compare(a.Place, b.Place) })
	s.done = true
	return nil
}

func (r *runner) compare(a, b Place) int {
	if r.descending {
		return b.Compare(a)
	}
	return a.Compare(b)
}

// drive merges streams into one.
type drive struct {
	streams []stream
	of      int  // the conjunct that it was made from, or everyHead
	sure    bool // that one holds for all hits
	started bool
	race    race
	last    fhir.Key // what several streams have comes from them one after the other
}

// next gives the hits that can be given without a further scan, at least one
// but at the end; more is false where there are no others.
func (d *drive) next(ctx context.Context, r *runner) (hits []Hit, more bool, err error) {
	if len(d.streams) == 1 {
		s := &d.streams[0]
		if err := s.fill(ctx, r); err != nil {
			return nil, false, err
		}
		hits, s.hits = s.hits, nil
		return hits, !s.done, nil
	}
	if err := d.start(ctx, r); err != nil {
		return nil, false, err
	}
	for len(d.race.streams) > 0 {
		s := d.race.streams[0]
		if len(s.hits) == 0 && !s.done {
			if len(hits) > 0 {
				return hits, true, nil
			}
			if err := s.fill(ctx, r); err != nil {
				return nil, false, err
			}
			heap.Fix(&d.race, 0)
			continue
		}
		if len(s.hits) == 0 {
			heap.Pop(&d.race)
			continue
		}
		if h := s.hits[0]; h.Key != d.last {
			hits = append(hits, h)
			d.last = h.Key
		}
		s.hits = s.hits[1:]
		if len(s.hits) > 0 || s.done {
			heap.Fix(&d.race, 0)
		}
	}
	return hits, false, nil
}

func (d *drive) start(ctx context.Context, r *runner) error {
	if d.started {
		return nil
	}
	d.started = true
	d.race.runner = r
	for i := range d.streams {
		s := &d.streams[i]
		if err := s.fill(ctx, r); err != nil {
			return err
		}
		if len(s.hits) > 0 {
			d.race.streams = append(d.race.streams, s)
		}
	}
	heap.Init(&d.race)
	return nil
}

// race orders streams by their next hit. One that has none goes first, so that
// it is filled or dropped.
type race struct {
	runner  *runner
	streams []*stream
}

func (q *race) Len() int { return len(q.streams) }

func (q *race) Less(i, j int) bool {
	a, b := q.streams[i].hits, q.streams[j].hits
	if len(a) == 0 || len(b) == 0 {
		return len(a) < len(b)
	}
	return q.runner.compare(a[0].Place, b[0].Place) < 0
}

func (q *race) Swap(i, j int) { q.streams[i], q.streams[j] = q.streams[j], q.streams[i] }
func (q *race) Push(x any)    { q.streams = append(q.streams, x.(*stream)) }

func (q *race) Pop() any {
	n := len(q.streams) - 1
	s := q.streams[n]
	q.streams = q.streams[:n]
	return s
}
