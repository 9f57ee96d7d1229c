package server

import (
	"net/http"
	"sync"
	"time"
)

// maxUnread is how many bytes of a report wait for a client that sends its whole
// file before it reads anything. Beyond, the import waits for the client.
const maxUnread = 32 << 20

// report sends the report of an import, line by line, beside the import: a
// client that doesn't read yet holds nothing up.
type report struct {
	x       *exchange
	mu      sync.Mutex
	changed sync.Cond
	waiting []byte
	begun   bool
	ended   bool
	done    chan struct{}
}

func newReport(x *exchange) *report {
	r := &report{x: x, done: make(chan struct{})}
	r.changed.L = &r.mu
	return r
}

// line adds a line.
func (r *report) line(text []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.begun {
		r.begun = true
		go r.send()
	}
	for len(r.waiting) > maxUnread {
		r.changed.Wait()
	}
	r.waiting = append(append(r.waiting, text...), '\n')
	r.changed.Broadcast()
}

// end waits until everything is sent, or nobody takes it.
func (r *report) end() {
	r.mu.Lock()
	begun := r.begun
	r.ended = true
	r.changed.Broadcast()
	r.mu.Unlock()
	if begun {
		<-r.done
	}
}

// take gives what waits, nothing at the end.
func (r *report) take() []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.waiting) == 0 && !r.ended {
		r.changed.Wait()
	}
	text := r.waiting
	r.waiting = nil
	r.changed.Broadcast()
	return text
}

// send is the only one that writes the answer once it has begun.
func (r *report) send() {
	defer close(r.done)
	w := r.x.c.Writer
	w.Header().Set("Content-Type", "application/x-ndjson")
	w.Header().Set("X-Accel-Buffering", "no") // proxies pass each line on
	w.WriteHeader(http.StatusOK)
	control := http.NewResponseController(w)
	var err error
	for text := r.take(); len(text) > 0; text = r.take() {
		if err != nil {
			continue // nobody takes it any more; what waits is dropped
		}
		_ = control.SetWriteDeadline(time.Now().Add(pieceTime))
		if _, err = w.Write(text); err == nil {
			err = control.Flush()
		}
	}
	if err != nil {
		r.x.err = err
	}
}
