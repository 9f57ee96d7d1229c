package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Timeouts bound what a client may cost. A zero field takes DefaultTimeouts' value.
type Timeouts struct {
	Header   time.Duration // to send the header
	Read     time.Duration // to send the whole request
	Write    time.Duration // to take the answer
	Idle     time.Duration // between requests
	Shutdown time.Duration // for requests under way when the server stops
}

// DefaultTimeouts are for clients on ordinary lines.
var DefaultTimeouts = Timeouts{
	Header: 10 * time.Second, Read: time.Minute, Write: 2 * time.Minute, Idle: 2 * time.Minute, Shutdown: 20 * time.Second,
}

func (t Timeouts) orDefault() Timeouts {
	for _, field := range []struct{ value, fallback *time.Duration }{
		{&t.Header, &DefaultTimeouts.Header},
		{&t.Read, &DefaultTimeouts.Read},
		{&t.Write, &DefaultTimeouts.Write},
		{&t.Idle, &DefaultTimeouts.Idle},
		{&t.Shutdown, &DefaultTimeouts.Shutdown},
	} {
		if *field.value == 0 {
			*field.value = *field.fallback
		}
	}
	return t
}

// maxURL is how long a request's URL may be: a search by thousands of ids has
// room. One that is longer gets a clear answer, as long as it fits, with all
// other headers, into maxHeader; what is larger gets net/http's plain 431.
const (
	maxURL    = 512 << 10
	maxHeader = 1536 << 10
)

// Serve answers on l until ctx ends, then drains: /readyz turns to 503, every
// answer ends its connection, after a moment no connection is taken any more, and
// requests under way are finished. With certs it speaks TLS 1.2 or later, and
// HTTP/2. It returns nil after a drain in which every request was finished.
func (s *Server) Serve(ctx context.Context, l net.Listener, t Timeouts, certs *tls.Config) error {
	t = t.orDefault()
	if certs != nil {
		certs = certs.Clone()
		certs.MinVersion = max(certs.MinVersion, tls.VersionTLS12)
	}
	h := &http.Server{
		Handler: s, MaxHeaderBytes: maxHeader, TLSConfig: certs,
		ReadHeaderTimeout: t.Header, ReadTimeout: t.Read, WriteTimeout: t.Write, IdleTimeout: t.Idle,
		ErrorLog:  slog.NewLogLogger(s.log.Handler(), slog.LevelDebug), // what clients do wrong on the line
		ConnState: s.open.note,
	}
	door := &connectionGate{Listener: l}
	ended := make(chan error, 1)
	go func() {
		if certs != nil {
			ended <- h.ServeTLS(door, "", "")
			return
		}
		ended <- h.Serve(door)
	}()
	select {
	case err := <-ended:
		return fmt.Errorf("serving %s: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	return s.drain(h, door, ended, t.Shutdown)
}

// farewell is for how long clients are told by their answers that the server
// stops, before it takes no connections any more, and again before it ends those
// that are open: net/http drops a request of which it has read no more than the
// header by then, and ends connections under requests that are on their way.
const farewell = 750 * time.Millisecond

func (s *Server) drain(h *http.Server, door *connectionGate, ended <-chan error, limit time.Duration) error {
	s.draining.Store(true)
	s.log.Info("stopping: finishing requests under way", "limit", limit)
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	s.open.awaitNone(min(farewell, limit/4))
	door.shut()
	<-ended
	s.open.awaitNone(min(farewell, limit/4))
	err := h.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("requests were still under way %v after the signal to stop", limit)
		return errors.Join(err, h.Close())
	}
	return err
}
