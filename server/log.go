package server

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// record says in the log and the metrics what came of a request. The log line
// has no ids, no queries and nothing of a body.
func (x *exchange) record(took time.Duration) {
	w := x.c.Writer
	status := w.Status()
	x.server.metrics.count(x.route.slot, x.typ, status, took)
	level := slog.LevelInfo
	if status >= http.StatusInternalServerError {
		level = slog.LevelError
	}
	ctx := x.c.Request.Context()
	if !x.server.log.Enabled(ctx, level) {
		return
	}
	typ := ""
	if x.typ != nil {
		typ = x.typ.name
	}
	attrs := [...]slog.Attr{
		slog.String("method", x.c.Request.Method),
		slog.String("route", x.route.path),
		slog.String("type", typ),
		slog.Int("status", status),
		slog.Int("bytes", max(w.Size(), 0)),
		slog.Duration("took", took),
		slog.String("request", x.requestID),
		slog.String("client", x.client.address),
		slog.Any("cause", x.err),
	}
	n := len(attrs)
	if x.err == nil || level < slog.LevelError {
		n-- // a refusal's text is for the client
	}
	x.server.log.LogAttrs(ctx, level, "request", attrs[:n]...)
}

// maxRequestID is the longest request id that is taken over.
const maxRequestID = 128

// requestID takes the client's X-Request-Id where it is short and plain, or
// makes one.
func requestID(r *http.Request) string {
	if values := r.Header["X-Request-Id"]; len(values) == 1 && isRequestID(values[0]) {
		return values[0]
	}
	var b [32]byte
	id := strconv.AppendUint(b[:0], rand.Uint64()|1<<63, 16)
	id = strconv.AppendUint(id, rand.Uint64()|1<<63, 16)
	return string(id)
}

func isRequestID(s string) bool {
	if s == "" || len(s) > maxRequestID {
		return false
	}
	for i := range len(s) {
		c := s[i]
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && (c < '0' || c > '9') && c != '-' && c != '.' && c != '_' {
			return false
		}
	}
	return true
}

// LogWriter buffers log lines, so that a request doesn't wait for a system
// call: lines go out every quarter of a second, at once for warnings and
// errors (see Handler), and at Close. Safe for concurrent use.
type LogWriter struct {
	mu     sync.Mutex
	buffer *bufio.Writer
	stop   chan struct{}
	done   chan struct{}
}

// logDelay is how long a line may wait.
const logDelay = 250 * time.Millisecond

// NewLogWriter makes a LogWriter in front of w.
func NewLogWriter(w io.Writer) *LogWriter {
	l := &LogWriter{buffer: bufio.NewWriterSize(w, 64<<10), stop: make(chan struct{}), done: make(chan struct{})}
	go l.run()
	return l
}

func (l *LogWriter) run() {
	defer close(l.done)
	tick := time.NewTicker(logDelay)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			l.Flush()
		case <-l.stop:
			return
		}
	}
}

// Write implements io.Writer.
func (l *LogWriter) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buffer.Write(line)
}

// Flush writes what is buffered. A log that can't be written has nowhere to
// say so.
func (l *LogWriter) Flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	_ = l.buffer.Flush()
}

// Close writes the rest. Nothing may be written afterwards.
func (l *LogWriter) Close() {
	close(l.stop)
	<-l.done
	l.Flush()
}

// Handler makes h, which must write to l, flush behind each warning and error.
func (l *LogWriter) Handler(h slog.Handler) slog.Handler { return flushing{h, l} }

type flushing struct {
	slog.Handler
	writer *LogWriter
}

// Handle implements slog.Handler.
func (f flushing) Handle(ctx context.Context, r slog.Record) error {
	err := f.Handler.Handle(ctx, r)
	if r.Level >= slog.LevelWarn {
		f.writer.Flush()
	}
	return err
}

// WithAttrs implements slog.Handler.
func (f flushing) WithAttrs(attrs []slog.Attr) slog.Handler {
	return flushing{f.Handler.WithAttrs(attrs), f.writer}
}

// WithGroup implements slog.Handler.
func (f flushing) WithGroup(name string) slog.Handler {
	return flushing{f.Handler.WithGroup(name), f.writer}
}
