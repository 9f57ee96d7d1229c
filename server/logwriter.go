package server

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"sync"
	"time"
)

// LogWriter buffers log lines, so that a request doesn't wait for a system
// call: lines go out every quarter of a second, at once for warnings and
// errors (see Logger), and at Close. Safe for concurrent use.
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

// Logger makes a logger that writes to l, as slog's TextHandler or JSONHandler
// does, and flushes behind each warning and error.
func (l *LogWriter) Logger(level slog.Level, json bool) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	if json {
		return slog.New(flushing{slog.NewJSONHandler(l, options), l})
	}
	return slog.New(flushing{slog.NewTextHandler(l, options), l})
}

// flushing is a handler that flushes behind each warning and error.
type flushing struct {
	slog.Handler
	writer *LogWriter
}

// Handle implements slog.Handler.
func (h flushing) Handle(ctx context.Context, r slog.Record) error {
	err := h.Handler.Handle(ctx, r)
	if r.Level >= slog.LevelWarn {
		h.writer.Flush()
	}
	return err
}

// WithAttrs implements slog.Handler.
func (h flushing) WithAttrs(attrs []slog.Attr) slog.Handler {
	return flushing{h.Handler.WithAttrs(attrs), h.writer}
}

// WithGroup implements slog.Handler.
func (h flushing) WithGroup(name string) slog.Handler {
	return flushing{h.Handler.WithGroup(name), h.writer}
}
