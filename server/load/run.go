package load

import (
	"context"
	"io"
	"runtime"
	"sync"
	"time"
)

// Options say how to load.
type Options struct {
	AsIs     bool      // store bundles as Bundle resources, don't carry them out
	Parallel int       // items under way at once; 0: the number of processors
	Progress io.Writer // where the progress goes; nil: nowhere
	Terminal bool      // Progress is a terminal: one line is rewritten
}

// Run loads what paths name: files, and folders with all that is below them.
// The report is true also where an error is returned: of what was done until
// then. An error is about a file that can't be read or a target that is away,
// never about a refused item.
func Run(ctx context.Context, target Target, paths []string, o Options) (*Report, error) {
	files, err := find(paths)
	if err != nil {
		return &Report{}, err
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
}

// deferred is an item to try again: its text is read anew from its file, so
// that what waits costs no memory.
type deferred struct {
	file   file
	place  int
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
				case items <- work{item, f}:
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
	for ctx.Err() == nil {
		waiting := r.later
		r.later = nil
		if len(waiting) == 0 {
			return
		}
		r.report.again(len(waiting))
		items := make(chan work)
		go func() {
			defer close(items)
			r.reread(ctx, waiting, items)
		}()
		r.workers(ctx, items)
		if len(r.later) >= len(waiting) {
			break // nothing helped: what is left is refused
		}
	}
	for _, d := range r.later {
		r.report.refuse(Item{File: d.file.path, Place: d.place}, d.answer.Refusals)
	}
}

// reread gives the waiting items again, file by file.
func (r *run) reread(ctx context.Context, waiting []deferred, items chan<- work) {
	wanted := map[file]map[int]bool{}
	var order []file
	for _, d := range waiting {
		if wanted[d.file] == nil {
			wanted[d.file] = map[int]bool{}
			order = append(order, d.file)
		}
		wanted[d.file][d.place] = true
	}
	for _, f := range order {
		err := f.read(r.options.AsIs, func(item Item) bool {
			if !wanted[f][item.Place] {
				return true
			}
			item.Bytes = 0 // counted when it was first read
			select {
			case items <- work{item, f}:
				return true
			case <-ctx.Done():
				return false
			}
		})
		if err != nil {
			r.report.unreadable(f, err)
		}
	}
}

type work struct {
	item Item
	file file
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
			}
		})
	}
	wg.Wait()
}

func (r *run) send(ctx context.Context, w work) {
	answer, err := r.target.Send(ctx, w.item)
	switch {
	case err != nil:
		r.cancel(err)
		return
	case answer.Unmet:
		r.mu.Lock()
		r.later = append(r.later, deferred{w.file, w.item.Place, answer})
		r.mu.Unlock()
		r.report.wait(w.item)
		return
	}
	r.report.done(w.item, answer)
}

// now is when a run started or a line was shown; a run has no other clock.
func now() time.Time { return time.Now() }
