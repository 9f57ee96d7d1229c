package kit_test

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"caseway/conformance/kit"
)

// lean is a connection that sends requests prepared beforehand and reads no
// more of an answer than its status and length, so that on a machine shared
// with the server the client costs as little as it can.
type lean struct {
	conn   net.Conn
	reader *bufio.Reader
}

func dial(host string) (*lean, error) {
	conn, err := net.Dial("tcp", host)
	if err != nil {
		return nil, err
	}
	return &lean{conn: conn, reader: bufio.NewReaderSize(conn, 64<<10)}, nil
}

// do sends a whole request and returns the answer's status.
func (l *lean) do(request []byte) (status int, err error) {
	if _, err := l.conn.Write(request); err != nil {
		return 0, err
	}
	line, err := l.reader.ReadSlice('\n')
	if err != nil || len(line) < 12 {
		return 0, fmt.Errorf("status line %q: %w", line, err)
	}
	status = int(line[9]-'0')*100 + int(line[10]-'0')*10 + int(line[11]-'0')
	length := -1
	for {
		line, err := l.reader.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		if len(line) <= 2 {
			break
		}
		if value, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			length, err = strconv.Atoi(string(bytes.TrimSpace(value)))
			if err != nil {
				return 0, err
			}
		}
	}
	if length < 0 {
		return 0, fmt.Errorf("an answer without a length")
	}
	_, err = l.reader.Discard(length)
	return status, err
}

// requestOf writes a request as it goes over the wire.
func requestOf(method, url string, body []byte) []byte {
	host, path, _ := strings.Cut(strings.TrimPrefix(url, "http://"), "/")
	head := fmt.Sprintf("%s /%s HTTP/1.1\r\nHost: %s\r\nAccept: application/fhir+json\r\n", method, path, host)
	if body != nil {
		head += fmt.Sprintf("Content-Type: application/fhir+json\r\nContent-Length: %d\r\n", len(body))
	}
	return append([]byte(head+"\r\n"), body...)
}

// rate is how often something was done, and at what cost to the server.
type rate struct {
	operations int64
	elapsed    time.Duration
	cpu        time.Duration // of the server, where it is one
}

func (r rate) perSecond() float64 { return float64(r.operations) / r.elapsed.Seconds() }

// cpuMicros is the server's CPU time for one operation, in microseconds.
func (r rate) cpuMicros() float64 {
	return float64(r.cpu.Microseconds()) / float64(r.operations)
}

func (r rate) plus(s rate) rate {
	return rate{r.operations + s.operations, r.elapsed + s.elapsed, r.cpu + s.cpu}
}

// hammer does an operation from 8 workers for a while. do gets the number of
// its worker and of the operation.
func hammer(b *testing.B, length time.Duration, pid int, do func(worker int, n int64) error) rate {
	b.Helper()
	var next atomic.Int64
	var wg sync.WaitGroup
	from := time.Now()
	cpu := cpuOf(b, pid)
	for worker := range clients {
		wg.Go(func() {
			for time.Since(from) < length {
				if err := do(worker, next.Add(1)); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	elapsed := time.Since(from)
	if b.Failed() {
		b.FailNow()
	}
	return rate{next.Load(), elapsed, cpuOf(b, pid) - cpu}
}

func cpuOf(b *testing.B, pid int) time.Duration {
	b.Helper()
	if pid == 0 {
		return 0
	}
	used, err := kit.CPU(pid)
	if err != nil {
		b.Fatal(err)
	}
	return used
}

// hammerHTTP sends requests over 8 connections; each must get the status.
func hammerHTTP(b *testing.B, length time.Duration, host string, pid, status int, request func(n int64) []byte) rate {
	b.Helper()
	connections := make([]*lean, clients)
	for i := range connections {
		l, err := dial(host)
		if err != nil {
			b.Fatal(err)
		}
		defer l.conn.Close()
		connections[i] = l
	}
	return hammer(b, length, pid, func(worker int, n int64) error {
		got, err := connections[worker].do(request(n))
		if err == nil && got != status {
			err = fmt.Errorf("status %d, want %d", got, status)
		}
		return err
	})
}
