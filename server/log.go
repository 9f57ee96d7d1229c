package server

import (
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strconv"
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
	ctx, handler := x.c.Request.Context(), x.server.log.Handler()
	if !handler.Enabled(ctx, level) {
		return
	}
	typ := ""
	if x.typ != nil {
		typ = x.typ.name
	}
	// Straight to the handler: a Logger would look up its caller for each line.
	line := slog.NewRecord(x.started.Add(took), level, "request", 0)
	line.AddAttrs(
		slog.String("method", x.c.Request.Method),
		slog.String("route", x.route.path),
		slog.String("type", typ),
		slog.Int("status", status),
		slog.Int("bytes", max(w.Size(), 0)),
		slog.Int64("micros", took.Microseconds()),
		slog.String("request", x.requestID),
		slog.String("client", x.client.address),
	)
	if x.err != nil && level == slog.LevelError { // a refusal's text is for the client
		line.AddAttrs(slog.Any("cause", x.err))
	}
	_ = handler.Handle(ctx, line) // a log that can't be written has nowhere to say so
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
