package load

import (
	"fmt"
	"time"
)

// show prints the progress until the returned function is called: on a
// terminal one line that is rewritten, elsewhere a line now and then.
func (r *Report) show(o Options) (stop func()) {
	if o.Progress == nil {
		return func() {}
	}
	every := 5 * time.Second
	if o.Terminal {
		every = 250 * time.Millisecond
	}
	done, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				if o.Terminal {
					fmt.Fprintf(o.Progress, "\r\x1b[K%s", r.line())
				} else {
					fmt.Fprintln(o.Progress, r.line())
				}
			case <-done:
				if o.Terminal {
					fmt.Fprint(o.Progress, "\r\x1b[K")
				}
				return
			}
		}
	}()
	return func() {
		close(done)
		<-gone
	}
}

// line is the progress in one line: share, resources, rate, time left.
func (r *Report) line() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	took := now().Sub(r.started)
	s := fmt.Sprintf("%3d%%  %d stored, %d refused, %.0f/s",
		100*r.read/max(r.total, 1), r.stored, r.refused, float64(r.stored)/max(took.Seconds(), 0.001))
	if r.already > 0 {
		s += fmt.Sprintf(", %d there already", r.already)
	}
	if r.waiting > 0 {
		s += fmt.Sprintf(", %d to try again", r.waiting)
	}
	if left := r.left(took); left > 0 {
		s += fmt.Sprintf(", %s left", left.Round(time.Second))
	}
	return s
}

// left estimates the time that the rest of the bytes takes.
func (r *Report) left(took time.Duration) time.Duration {
	if r.read <= 0 || r.read >= r.total {
		return 0
	}
	return time.Duration(float64(took) * float64(r.total-r.read) / float64(r.read))
}
