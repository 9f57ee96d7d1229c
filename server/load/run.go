package load

import (
	"context"
	"io"
	"runtime"
	"slices"
	"sync"
	"time"

	"caseway/fhir"
)

// Options say how to load.
type Options struct {
	AsIs     bool      // store bundles as Bundle resources, don't carry them out
	Whole    bool      // refuse a transaction whole where an entry's resource isn't valid
	Parallel int       // items under way at once; 0: the number of processors
	Progress io.Writer // where the progress goes; nil: nowhere
	Terminal bool      // Progress is a terminal: one line is rewritten
}

// Run loads what paths name: files, and folders with all that is below them.
// The report is true also where an error is returned: of what was done until
// then; it is nil where there is nothing to load. An error is about a file that
// can't be found or a target that is away, never about a refused item.
func Run(ctx context.Context, target Target, paths []string, o Options) (*Report, error) {
	files, err := find(paths)
	if err != nil {
		return nil, err
	}
	if o.Parallel <= 0 {
		o.Parallel = runtime.GOMAXPROCS(0)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r := &run{target: target, options: o, report: newReport(files), cancel: cancel}
	stop := r.report.show(o)
	defer stop()

	r.first(ctx, files)
	r.rest(ctx)
	if ctx.Err() != nil {
		return r.report, context.Cause(ctx)
	}
	return r.report, nil
}

type run struct {
	target  Target
	options Options
	report  *Report
	cancel  context.CancelCauseFunc

	mu    sync.Mutex
	later []deferred // items whose conditional references found nothing yet
	sent  int        // items that stored something, so that it may be worth trying again
}

// deferred is an item to try again: its text is read anew from its file, so
// that what waits costs no memory.
type deferred struct {
	file   file
	place  int
	tries  int
	due    int // try when so many items have been sent
	answer Answer
}

// first sends every item once.
func (r *run) first(ctx context.Context, files []file) {
	items := make(chan work)
	go func() {
		defer close(items)
		for _, f := range files {
			err := f.read(r.options.AsIs, func(item Item) bool {
				select {
				case items <- work{item, f, 0}:
					return true
				case <-ctx.Done():
					return false
				}
			})
			if err != nil {
				r.report.unreadable(f, err)
			}
		}
	}()
	r.workers(ctx, items)
}

// rest tries the deferred items again, as long as a round stores anything.
func (r *run) rest(ctx context.Context) {
	for ctx.Err() == nil && len(r.later) > 0 {
		waiting := r.later
		r.later = nil
		for _, d := range waiting {
			r.retry(ctx, d)
		}
		if len(r.later) >= len(waiting) {
			break // nothing helped: what is left is refused
		}
	}
	for _, d := range r.later {
		r.report.refuse(Item{File: d.file.path, Place: d.place}, d.answer.Refusals)
	}
}

// retry reads a deferred item again and sends it.
func (r *run) retry(ctx context.Context, d deferred) {
	r.report.again()
	err := d.file.read(r.options.AsIs, func(item Item) bool {
		if item.Place != d.place {
			return true
		}
		item.Bytes = 0 // counted when it was first read
		r.send(ctx, work{item, d.file, d.tries})
		return false
	})
	if err != nil {
		r.report.unreadable(d.file, err)
	}
}

// due takes out a deferred item that is worth another try by now. Each item
// waits for twice as many others as the last time, so that one that needs the
// last file is not tried after each.
func (r *run) due() (deferred, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, d := range r.later {
		if d.due <= r.sent {
			r.later = slices.Delete(r.later, i, i+1)
			return d, true
		}
	}
	return deferred{}, false
}

type work struct {
	item  Item
	file  file
	tries int // before this one
}

func (r *run) workers(ctx context.Context, items <-chan work) {
	var wg sync.WaitGroup
	for range r.options.Parallel {
		wg.Go(func() {
			for w := range items {
				if ctx.Err() != nil {
					continue // drain, so that the reader ends
				}
				r.send(ctx, w)
				if d, found := r.due(); found {
					r.retry(ctx, d)
				}
			}
		})
	}
	wg.Wait()
}

func (r *run) send(ctx context.Context, w work) {
	answer, err := r.answer(ctx, w.item)
	switch {
	case err != nil:
		r.cancel(err)
		return
	case answer.Unmet:
		r.postpone(w, answer)
		r.report.wait(w.item)
		return
	}
	r.mu.Lock()
	r.sent++
	r.mu.Unlock()
	r.report.done(w.item, answer)
}

func (r *run) postpone(w work, a Answer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	due := r.sent + 1<<min(w.tries, 20)
	r.later = append(r.later, deferred{w.file, w.item.Place, w.tries + 1, due, a})
}

func (r *run) answer(ctx context.Context, item Item) (Answer, error) {
	if item.Problem != "" {
		return Answer{Refusals: []Refusal{{Entry: -1, Issues: []fhir.Issue{{Code: fhir.IssueStructure, Text: item.Problem}}}}}, nil
	}
	answer, err := r.target.Send(ctx, item)
	if err != nil || r.options.Whole || item.Batch || !item.bundle() {
		return answer, err
	}
	return salvage(ctx, r.target, item, answer)
}

// now is when a run started or a line was shown; a run has no other clock.
func now() time.Time { return time.Now() }
