package server_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"caseway/server"
)

// patience is how long a test waits for what must happen.
const patience = 20 * time.Second

// serve runs a server on loopback; stop ends it and ended says how it went.
func serve(t *testing.T, timeouts server.Timeouts) (address string, stop func(), ended chan error) {
	t.Helper()
	return serveTLS(t, timeouts, nil)
}

func serveTLS(t *testing.T, timeouts server.Timeouts, certs *tls.Config) (address string, stop func(), ended chan error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := newServer(t, openSQLite(t), server.Config{})
	ctx, cancel := context.WithCancel(t.Context())
	ended = make(chan error, 1)
	go func() { ended <- s.Serve(ctx, l, timeouts, certs) }()
	return l.Addr().String(), cancel, ended
}

func TestTLSIsHTTP2AndNotOld(t *testing.T) {
	lender := httptest.NewUnstartedServer(nil)
	lender.StartTLS()
	lender.Close()
	address, stop, ended := serveTLS(t, server.Timeouts{}, &tls.Config{Certificates: lender.TLS.Certificates})
	get := func(newest uint16) (*http.Response, error) {
		config := &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: newest}
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true}}
		defer client.CloseIdleConnections()
		return client.Get("https://" + address + "/livez")
	}
	answer, err := get(tls.VersionTLS13)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.ProtoMajor != 2 || answer.StatusCode != http.StatusOK {
		t.Errorf("%s %d", answer.Proto, answer.StatusCode)
	}
	if answer, err := get(tls.VersionTLS11); err == nil {
		answer.Body.Close()
		t.Error("TLS 1.1 is spoken")
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return conn
}

// exchangeRaw sends text as it is and reads until the server ends the connection.
func exchangeRaw(t *testing.T, address, text string) string {
	t.Helper()
	conn := dial(t, address)
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	return string(answer)
}

const post = "POST /fhir/Patient HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/fhir+json\r\nContent-Length: 26\r\n\r\n"

func TestSlowClientsAreDropped(t *testing.T) {
	address, stop, ended := serve(t, server.Timeouts{Header: 100 * time.Millisecond, Read: 200 * time.Millisecond})
	if answer := exchangeRaw(t, address, "GET /fhir/metadata HTTP/1.1\r\nHost: loc"); strings.Contains(answer, "200 OK") {
		t.Errorf("half a header: %.200s", answer)
	}
	answer := exchangeRaw(t, address, post+`{"resourceType":`)
	if !strings.HasPrefix(answer, "HTTP/1.1 408 ") || !strings.Contains(answer, "in time") {
		t.Errorf("half a body: %.300s", answer)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestStopFinishesWhatIsUnderWay stops a server while a body is half sent.
func TestStopFinishesWhatIsUnderWay(t *testing.T) {
	address, stop, ended := serve(t, server.Timeouts{})
	conn := underWay(t, address)
	stop()
	untilRefused(t, address)
	if _, err := io.WriteString(conn, `"Patient"}`); err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusCreated {
		t.Errorf("the request under way got %d", answer.StatusCode)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// underWay sends a request of which half the body is missing, and returns when
// its handler reads the body: a request whose header the server hasn't read
// isn't under way yet, and net/http drops it on stopping.
func underWay(t *testing.T, address string) net.Conn {
	t.Helper()
	conn := dial(t, address)
	header, _ := strings.CutSuffix(post, "\r\n")
	if _, err := io.WriteString(conn, header+"Expect: 100-continue\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	const interim = "HTTP/1.1 100 Continue\r\n\r\n"
	got := make([]byte, len(interim))
	if _, err := io.ReadFull(conn, got); err != nil || string(got) != interim {
		t.Fatalf("%q instead of a wish for the body: %v", got, err)
	}
	if _, err := io.WriteString(conn, `{"resourceType":`); err != nil {
		t.Fatal(err)
	}
	return conn
}

func untilRefused(t *testing.T, address string) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			return
		}
		conn.Close()
	}
	t.Fatal("connections are still taken")
}

func TestStopGivesUpOnWhatTakesTooLong(t *testing.T) {
	address, stop, ended := serve(t, server.Timeouts{Shutdown: 50 * time.Millisecond})
	underWay(t, address)
	stop()
	if err := <-ended; err == nil || !strings.Contains(err.Error(), "still under way") {
		t.Errorf("got %v, want an error that says what is still under way", err)
	}
}

// TestLongURLs: a URL that is too long is told so as everything is told, and
// one that is merely long is answered.
func TestLongURLs(t *testing.T) {
	s := newServer(t, openSQLite(t), server.Config{})
	for n, want := range map[int]int{100 << 10: http.StatusOK, 400 << 10: http.StatusOK, 600 << 10: http.StatusRequestURITooLong} {
		answer := httptest.NewRecorder()
		s.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "http://127.0.0.1/fhir/Patient?_count=1&family="+strings.Repeat("x", n), nil))
		if answer.Code != want || !strings.Contains(answer.Body.String(), `"resourceType":"`) {
			t.Errorf("%d bytes: status %d, want %d: %.200s", n, answer.Code, want, answer.Body)
		}
	}
}
