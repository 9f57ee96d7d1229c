package kit_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"caseway/conformance/kit"
)

// steady is a client that writes one resource again and again over connections
// that it keeps for as long as the server does.
type steady struct {
	id     string
	host   string
	base   string
	pause  time.Duration // between an answer and the next request
	acked  int64         // the version that the last answer told
	asked  *atomic.Int64
	failed error // a request without an answer
}

// run writes until nobody takes connections any more.
func (s *steady) run() {
	for {
		conn, err := net.Dial("tcp", s.host)
		if err != nil {
			return
		}
		open := s.talk(conn)
		conn.Close()
		if !open {
			return
		}
	}
}

// talk writes over a connection until an answer ends it, and reports whether
// there is more to be said.
func (s *steady) talk(conn net.Conn) bool {
	reader := bufio.NewReader(conn)
	for first := true; ; first = false {
		time.Sleep(s.pause)
		s.asked.Add(1)
		_, err := conn.Write(requestOf(http.MethodPut, s.base+"/Patient/"+s.id, patient(s.id, "steady")))
		var answer *http.Response
		if err == nil {
			answer, err = http.ReadResponse(reader, nil)
		}
		if err == nil {
			_, err = io.Copy(io.Discard, answer.Body)
		}
		if err != nil {
			// A connection that the system took and the server never saw is refused.
			if !first || !errors.Is(err, syscall.ECONNRESET) {
				s.failed = fmt.Errorf("a request got no answer (first of its connection: %v): %w", first, err)
			}
			return false
		}
		if answer.StatusCode != http.StatusOK && answer.StatusCode != http.StatusCreated {
			s.failed = fmt.Errorf("status %d", answer.StatusCode)
			return false
		}
		s.acked = kit.VersionOf(answer.Header.Get("ETag"))
		if answer.Close {
			return true
		}
	}
}

// TestStopAmongManyRequests stops a server while clients send one request after
// the other over connections that they keep: each request is answered, and what
// was answered is stored.
func TestStopAmongManyRequests(t *testing.T) {
	onBothStores(t, func(t *testing.T, store string) {
		launch := kit.Launch{Store: store, Log: t.TempDir() + "/server.log"}
		p := start(t, launch)
		var asked atomic.Int64
		clients := make([]*steady, 16)
		var wg sync.WaitGroup
		for i := range clients {
			clients[i] = &steady{
				id: fmt.Sprintf("steady-%d", i), host: hostOf(p), base: p.Base,
				pause: time.Duration(i%4) * 7 * time.Millisecond, asked: &asked,
			}
			wg.Go(clients[i].run)
		}
		for asked.Load() < 500 {
			time.Sleep(time.Millisecond)
		}
		if err := p.Stop(); err != nil {
			t.Errorf("exit: %v\n%s", err, p.Output())
		}
		wg.Wait()
		c := kit.NewClient(start(t, launch).Base)
		for _, s := range clients {
			if s.failed != nil {
				t.Errorf("%s: got %v, want no failure", s.id, s.failed)
			}
			answer, err := c.Do(t.Context(), http.MethodGet, "Patient/"+s.id, nil)
			if got := kit.VersionOf(answer.Header.Get("ETag")); err != nil || got < s.acked {
				t.Errorf("%s: version %d is stored, %d was acknowledged, %v", s.id, got, s.acked, err)
			}
		}
		t.Logf("%d requests", asked.Load())
	})
}
