package server

import (
	"errors"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"time"
)

// connections counts those that are open.
type connections struct{ n atomic.Int64 }

// note is an http.Server's ConnState.
func (c *connections) note(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		c.n.Add(1)
	case http.StateClosed, http.StateHijacked:
		c.n.Add(-1)
	}
}

// awaitNone waits until none is open, for as long as limit at most.
func (c *connections) awaitNone(limit time.Duration) {
	const step = 10 * time.Millisecond
	for deadline := time.Now().Add(limit); c.n.Load() > 0 && time.Now().Before(deadline); {
		time.Sleep(step)
	}
}

// connectionGate is a listener that can be shut without turning away who has already
// come: the system takes connections before the server does.
type connectionGate struct {
	net.Listener
	shutting atomic.Bool
}

// Bounds of taking those who have come.
const (
	nobodyCame = 500 * time.Microsecond
	lastWaited = time.Second
)

// shut lets Accept take who is waiting, and then end.
func (d *connectionGate) shut() {
	d.shutting.Store(true)
	l, ok := d.Listener.(*net.TCPListener)
	if !ok {
		_ = d.Listener.Close()
		return
	}
	_ = l.SetDeadline(time.Now()) // wakes Accept
	time.AfterFunc(lastWaited, func() { _ = l.Close() })
}

// Accept implements net.Listener.
func (d *connectionGate) Accept() (net.Conn, error) {
	for {
		shutting := d.shutting.Load()
		if l, ok := d.Listener.(*net.TCPListener); ok && shutting {
			_ = l.SetDeadline(time.Now().Add(nobodyCame))
		}
		conn, err := d.Listener.Accept()
		switch {
		case err == nil:
			if tcp, ok := conn.(*net.TCPConn); ok {
				conn = &lingering{TCPConn: tcp}
			}
			return conn, nil
		case !errors.Is(err, os.ErrDeadlineExceeded):
			return nil, err
		case shutting: // nobody is waiting
			return nil, errors.Join(net.ErrClosed, d.Listener.Close())
		}
	}
}
