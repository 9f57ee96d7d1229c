//go:build !race

// Under the race detector a sync.Pool drops some of what it is given, at random.

package server_test

import (
	"net/http"
	"testing"
)

// maxReadAllocs is what a read may allocate from handler to store, the copy of
// the resource included. Think before you raise it.
const maxReadAllocs = 10

func TestAReadAllocatesLittle(t *testing.T) {
	s, get := reading(t)
	w := &sink{header: make(http.Header)}
	allocs := testing.AllocsPerRun(500, func() {
		w.reset()
		s.ServeHTTP(w, get)
	})
	if w.status != http.StatusOK || w.bytes < 4000 {
		t.Fatalf("%d, %d bytes", w.status, w.bytes)
	}
	t.Logf("%.1f allocations a read", allocs)
	if allocs > maxReadAllocs {
		t.Errorf("%.1f allocations a read, want %d at most", allocs, maxReadAllocs)
	}
}
