package server

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"strconv"
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

// Logger makes a logger that writes to l, in the form of slog's TextHandler or
// JSONHandler, and flushes behind each warning and error.
func (l *LogWriter) Logger(level slog.Level, json bool) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	if json {
		return slog.New(logLines{Handler: slog.NewJSONHandler(l, options), writer: l, plain: true, json: true})
	}
	return slog.New(logLines{Handler: slog.NewTextHandler(l, options), writer: l, plain: true})
}

// logLines writes plain records itself, in a quarter of the time, and leaves
// the others to slog's handler, whose form it keeps.
type logLines struct {
	slog.Handler
	writer      *LogWriter
	plain, json bool // plain: without attributes or groups of its own
}

var lineBuffers = sync.Pool{New: func() any { return new([512]byte) }}

// Handle implements slog.Handler.
func (h logLines) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= slog.LevelWarn {
		defer h.writer.Flush()
	}
	if h.plain {
		space := lineBuffers.Get().(*[512]byte)
		defer lineBuffers.Put(space)
		if line, ok := h.line(space[:0], r); ok {
			_, err := h.writer.Write(line)
			return err
		}
	}
	return h.Handler.Handle(ctx, r)
}

// line renders a record whose texts need no quoting; ok is false for others.
func (h logLines) line(b []byte, r slog.Record) (line []byte, ok bool) {
	open, colon, next := "time=", "=", " "
	if h.json {
		open, colon, next = `{"time":"`, `":`, `,"`
	}
	b = append(b, open...)
	b = r.Time.AppendFormat(b, "2006-01-02T15:04:05.000Z07:00")
	if h.json {
		b = append(b, '"')
	}
	field := func(a slog.Attr) bool {
		b = append(b, next...)
		b = append(b, a.Key...)
		b = append(b, colon...)
		b, ok = h.value(b, a.Value)
		ok = ok && isPlainText(a.Key)
		return ok
	}
	if !field(slog.String("level", r.Level.String())) || !field(slog.String("msg", r.Message)) {
		return nil, false
	}
	r.Attrs(field)
	if h.json {
		b = append(b, '}')
	}
	return append(b, '\n'), ok
}

func (h logLines) value(b []byte, v slog.Value) ([]byte, bool) {
	switch v.Kind() {
	case slog.KindInt64:
		return strconv.AppendInt(b, v.Int64(), 10), true
	case slog.KindString:
		text := v.String()
		if !h.json && text != "" {
			return append(b, text...), isPlainText(text)
		}
		b = append(b, '"')
		b = append(b, text...)
		return append(b, '"'), isPlainText(text)
	}
	return b, false
}

// isPlainText reports whether s stands in a line as it is.
func isPlainText(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c > '~' || c == '"' || c == '=' || c == '\\' || c == '<' || c == '>' || c == '&' {
			return false
		}
	}
	return true
}

// WithAttrs implements slog.Handler.
func (h logLines) WithAttrs(attrs []slog.Attr) slog.Handler {
	return logLines{Handler: h.Handler.WithAttrs(attrs), writer: h.writer}
}

// WithGroup implements slog.Handler.
func (h logLines) WithGroup(name string) slog.Handler {
	return logLines{Handler: h.Handler.WithGroup(name), writer: h.writer}
}
