package server

import (
	"io"
	"net"
	"sync/atomic"
	"time"
)

// Bounds of reading what a client still sends after its answer.
const (
	lingerBytes = 16 << 20 // what a body may have, and more
	lingerTime  = 5 * time.Second
)

// lingering is a connection whose end the client sees after the last answer:
// closed with bytes unread, it would be reset, and a client that was refused in
// the middle of its body would see a broken pipe instead of why. So it is shut for
// writing, then read for a while (https://www.rfc-editor.org/rfc/rfc9112#section-9.6).
type lingering struct {
	*net.TCPConn
	ended  atomic.Bool // the client sends nothing any more
	closed atomic.Bool
}

// Read implements net.Conn.
func (c *lingering) Read(into []byte) (int, error) {
	if c.closed.Load() {
		return 0, net.ErrClosed
	}
	n, err := c.TCPConn.Read(into)
	if err == io.EOF { //nolint:errorlint // io.Reader's own sentinel
		c.ended.Store(true)
	}
	return n, err
}

// Close implements net.Conn. It waits for nobody.
func (c *lingering) Close() error {
	if c.closed.Swap(true) {
		return net.ErrClosed
	}
	if c.ended.Load() || c.CloseWrite() != nil {
		return c.TCPConn.Close()
	}
	_ = c.SetReadDeadline(time.Now()) // wakes who reads
	go func() {
		_ = c.SetReadDeadline(time.Now().Add(lingerTime))
		_, _ = io.CopyN(io.Discard, c.TCPConn, lingerBytes) // what it is doesn't matter any more
		_ = c.TCPConn.Close()
	}()
	return nil
}
