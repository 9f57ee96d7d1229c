package server_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"caseway/server"
)

// sink takes an answer without keeping it, so that only the server's own
// allocations are counted.
type sink struct {
	header http.Header
	status int
	bytes  int
}

func (s *sink) Header() http.Header  { return s.header }
func (s *sink) WriteHeader(code int) { s.status = code }
func (s *sink) Write(b []byte) (int, error) {
	s.bytes += len(b)
	return len(b), nil
}

func (s *sink) reset() {
	clear(s.header)
	s.status, s.bytes = 0, 0
}

func reading(t testing.TB) (*server.Server, *http.Request) {
	s := newServer(t, openSQLite(t), server.Config{})
	body := strings.Replace(string(pad(4000)), `"Basic",`, `"Basic","id":"a",`, 1)
	put := httptest.NewRequest("PUT", "http://localhost/fhir/Basic/a", strings.NewReader(body))
	put.Header.Set("Content-Type", "application/fhir+json")
	answer := httptest.NewRecorder()
	s.ServeHTTP(answer, put)
	if answer.Code != http.StatusCreated {
		t.Fatalf("got %d %s, want 201", answer.Code, answer.Body)
	}
	get := httptest.NewRequest("GET", "http://localhost/fhir/Basic/a", nil)
	get.Header.Set("Accept", "application/fhir+json")
	return s, get
}

func BenchmarkRead(b *testing.B) {
	s, get := reading(b)
	w := &sink{header: make(http.Header)}
	b.ReportAllocs()
	for b.Loop() {
		w.reset()
		s.ServeHTTP(w, get)
	}
}
