package sqlite

import (
	"bytes"
	"path/filepath"
	"testing"

	"caseway/fhir"
	"caseway/fhir/search"
	"caseway/fhir/store"
	"caseway/fhir/store/storetest"
)

// backend opens real stores in files that go with the test.
func backend(opt Options) storetest.Backend {
	return storetest.Backend{Moment: true, New: func(t testing.TB) storetest.Open {
		path := filepath.Join(t.TempDir(), "store.db")
		return func(t testing.TB) store.Store { return open(t, path, opt) }
	}}
}

// open opens a store, which is closed at the latest when the test ends.
func open(t testing.TB, path string, opt Options) *Store {
	t.Helper()
	s, err := Open(t.Context(), path, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeStore(t, s) })
	return s
}

func TestContract(t *testing.T) {
	t.Parallel()
	storetest.Run(t, backend(Options{}))
}

// With one connection, whoever keeps it too long is found out.
func TestContractWithOneReader(t *testing.T) {
	t.Parallel()
	storetest.Run(t, backend(Options{Readers: 1}))
}

// Entries of the index are found wherever they are: in memory, in the table, or
// on their way.
func TestContractWithMerges(t *testing.T) {
	t.Parallel()
	storetest.Run(t, backend(Options{mergeAt: 40}))
}

func BenchmarkStore(b *testing.B) { storetest.Bench(b, backend(Options{})) }

// key names a patient.
func key(id string) fhir.Key { return fhir.Key{Type: "Patient", ID: id} }

// write is a version of about size bytes on top of whatever is current.
func write(id string, size int) store.Write {
	rest := append([]byte(`"language":"`), bytes.Repeat([]byte("x"), size)...)
	return store.Write{
		Key: key(id), Method: store.Put, Expect: store.AnyVersion,
		Content: &fhir.Content{Type: "Patient", Rest: append(rest, '"')},
		Index:   search.Index{Terms: []search.Term{"Patient.active=true", search.Term("Patient.identifier:|" + id)}},
	}
}

// commit applies writes that must succeed.
func commit(t testing.TB, s *Store, writes ...store.Write) []store.Version {
	t.Helper()
	v, err := s.Commit(t.Context(), store.Commit{Writes: writes})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// wantStored fails unless all versions are there as they were acknowledged.
func wantStored(t testing.TB, s *Store, acknowledged []store.Version) {
	t.Helper()
	for _, want := range acknowledged {
		got, err := s.ReadVersion(t.Context(), want.Key, want.VersionID)
		if err != nil || !got.LastUpdated.Equal(want.LastUpdated) || !bytes.Equal(got.JSON, want.JSON) {
			t.Fatalf("%s/%d was acknowledged and isn't there as it was, error %v", want.Key, want.VersionID, err)
		}
	}
}

func closeStore(t testing.TB, s *Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Errorf("closing: %v", err)
	}
}
