package server_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"caseway/fhir/budget"
	"caseway/server"
)

// TestWhoIsRefusedWhileSendingSeesWhy: a client that sends all of its body before
// it reads gets the answer that refused it after the first bytes, and not a
// connection that breaks (RFC 9112 section 9.6).
func TestWhoIsRefusedWhileSendingSeesWhy(t *testing.T) {
	const large = 8 << 20
	lender := httptest.NewUnstartedServer(nil)
	lender.StartTLS()
	lender.Close()
	full := budget.NewMemory(1 << 20)
	if err := budget.NewAnswer(1<<30, full).Take(1<<19 + 1<<18); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name   string
		config server.Config
		header string
		status int
	}{
		{"no memory", server.Config{Memory: full}, "Content-Length: %d\r\n\r\n", http.StatusServiceUnavailable},
		{"no memory for an unknown length", server.Config{Memory: full}, "Transfer-Encoding: chunked\r\n\r\n%x\r\n", http.StatusServiceUnavailable},
		{"too large", server.Config{MaxBody: limit}, "Content-Length: %d\r\n\r\n", http.StatusRequestEntityTooLarge},
		{"not JSON", server.Config{}, "Content-Encoding: br\r\nContent-Length: %d\r\n\r\n", http.StatusUnsupportedMediaType},
	} {
		for _, certs := range []*tls.Config{nil, {Certificates: lender.TLS.Certificates}} {
			t.Run(fmt.Sprintf("%s, TLS %v", row.name, certs != nil), func(t *testing.T) {
				conn := dial(t, serveConfig(t, row.config, certs))
				if certs != nil {
					conn = tls.Client(conn, &tls.Config{InsecureSkipVerify: true})
				}
				header := "POST /fhir/Basic HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/fhir+json\r\n" + fmt.Sprintf(row.header, large)
				if _, err := io.WriteString(conn, header+strings.Repeat(" ", large)); err != nil {
					t.Fatalf("sending: %v", err)
				}
				answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
				if err != nil {
					t.Fatalf("reading: %v", err)
				}
				defer answer.Body.Close()
				if _, err := io.Copy(io.Discard, answer.Body); err != nil || answer.StatusCode != row.status {
					t.Errorf("got %d, %v; want %d", answer.StatusCode, err, row.status)
				}
				if row.status == http.StatusServiceUnavailable && answer.Header.Get("Retry-After") == "" {
					t.Error("no Retry-After")
				}
			})
		}
	}
}

// TestNothingIsSentForWhatThereIsNoRoomFor: a client that asks before it sends
// (Expect: 100-continue) is refused before it does.
func TestNothingIsSentForWhatThereIsNoRoomFor(t *testing.T) {
	full := budget.NewMemory(1 << 20)
	if err := budget.NewAnswer(1<<30, full).Take(1<<19 + 1<<18); err != nil {
		t.Fatal(err)
	}
	for _, length := range []int{10, 1 << 20} {
		conn := dial(t, serveConfig(t, server.Config{Memory: full}, nil))
		fmt.Fprintf(conn, "POST /fhir/Basic HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/fhir+json\r\n"+
			"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n", length)
		line, err := bufio.NewReader(conn).ReadString('\n')
		if want := map[bool]string{true: " 100 ", false: " 503 "}[length == 10]; err != nil || !strings.Contains(line, want) {
			t.Errorf("%d bytes: got %q, %v; want%s", length, line, err, want)
		}
	}
}

// serveConfig runs a server on loopback until the test ends.
func serveConfig(t *testing.T, c server.Config, certs *tls.Config) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := newServer(t, openSQLite(t), c)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, l, server.Timeouts{}, certs) }()
	t.Cleanup(func() {
		stop()
		<-ended
	})
	return l.Addr().String()
}
