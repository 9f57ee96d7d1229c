package search

import (
	"container/heap"
	"context"
	"slices"

	"caseway/fhir"
)

// Batch sizes, in heads. Those with JSON are smaller: 12 MB is possible each.
const (
	leastBatch       = 4
	firstBatchOfAll  = 256
	mostKeys         = 2000
	mostJSON         = 500
	fewStreams       = 4
	examinedPerMatch = 2
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
		return s.readAll(ctx, r, slices.Collect(slices.Chunk(s.scan.Keys, keysAtOnce)))
	case s.scan.To != "":
		return s.readAll(ctx, r, [][]fhir.Key{nil})
	}
	s.scan.KeysOnly = s.scan.KeysOnly || r.mostRejected() || r.roomExhausted
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

// mostRejected reports whether most of what is read doesn't match, so that its
// JSON had better be read afterwards.
func (r *runner) mostRejected() bool {
	return r.examined > r.found*examinedPerMatch
}

// readAll reads a scan that gives no page order, and sorts its hits.
func (s *stream) readAll(ctx context.Context, r *runner, keys [][]fhir.Key) error {
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
			return r.tooCostly()
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

// mergedScan merges the streams of an access path into one.
type mergedScan struct {
	streams  []stream
	conjunct int  // the one that drives it, or noConjunct
	exact    bool // that one holds for all hits, which needn't be tested
	started  bool
	queue    streamQueue
	last     fhir.Key // what several streams have comes from them one after the other
}

// next gives the hits that can be given without a further scan, at least one
// but at the end; more is false where there are no others.
func (d *mergedScan) next(ctx context.Context, r *runner) (hits []Hit, more bool, err error) {
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
	for len(d.queue.streams) > 0 {
		s := d.queue.streams[0]
		if len(s.hits) == 0 && !s.done {
			if len(hits) > 0 {
				return hits, true, nil
			}
			if err := s.fill(ctx, r); err != nil {
				return nil, false, err
			}
			heap.Fix(&d.queue, 0)
			continue
		}
		if len(s.hits) == 0 {
			heap.Pop(&d.queue)
			continue
		}
		if h := s.hits[0]; h.Key != d.last {
			hits = append(hits, h)
			d.last = h.Key
		}
		s.hits = s.hits[1:]
		if len(s.hits) > 0 || s.done {
			heap.Fix(&d.queue, 0)
		}
	}
	return hits, false, nil
}

func (d *mergedScan) start(ctx context.Context, r *runner) error {
	if d.started {
		return nil
	}
	d.started = true
	d.queue.runner = r
	for i := range d.streams {
		s := &d.streams[i]
		if err := s.fill(ctx, r); err != nil {
			return err
		}
		if len(s.hits) > 0 {
			d.queue.streams = append(d.queue.streams, s)
		}
	}
	heap.Init(&d.queue)
	return nil
}

// streamQueue is a priority queue of streams by their next hit. One that has none
// goes first, so that it is filled or dropped.
type streamQueue struct {
	runner  *runner
	streams []*stream
}

func (q *streamQueue) Len() int { return len(q.streams) }

func (q *streamQueue) Less(i, j int) bool {
	a, b := q.streams[i].hits, q.streams[j].hits
	if len(a) == 0 || len(b) == 0 {
		return len(a) < len(b)
	}
	return q.runner.compare(a[0].Place, b[0].Place) < 0
}

func (q *streamQueue) Swap(i, j int) { q.streams[i], q.streams[j] = q.streams[j], q.streams[i] }
func (q *streamQueue) Push(x any)    { q.streams = append(q.streams, x.(*stream)) }

func (q *streamQueue) Pop() any {
	n := len(q.streams) - 1
	s := q.streams[n]
	q.streams = q.streams[:n]
	return s
}
