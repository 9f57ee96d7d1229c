package sqlite

import (
	"path/filepath"
	"testing"

	"caseway/fhir/store"
	"caseway/fhir/store/storetest"
)

// backend opens real stores in files that go with the test.
func backend(opt Options) storetest.Backend {
	return storetest.Backend{New: func(t testing.TB) storetest.Open {
		path := filepath.Join(t.TempDir(), "store.db")
		return func(t testing.TB) store.Store { return open(t, path, opt) }
	}}
}

// open opens a store, which the caller closes.
func open(t testing.TB, path string, opt Options) *Store {
	t.Helper()
	s, err := Open(t.Context(), path, opt)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestContract(t *testing.T) { storetest.Run(t, backend(Options{})) }

// With one connection, whoever keeps it too long is found out.
func TestContractWithOneReader(t *testing.T) { storetest.Run(t, backend(Options{Readers: 1})) }

func BenchmarkStore(b *testing.B) { storetest.Bench(b, backend(Options{})) }
