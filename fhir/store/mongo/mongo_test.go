package mongo_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"caseway/fhir"
	"caseway/fhir/store"
	"caseway/fhir/store/mongo"
	"caseway/fhir/store/mongo/mongotest"
	"caseway/fhir/store/storetest"
)

// backend is the store on the shared server.
var backend = storetest.Backend{
	Shared: true,
	New: func(t testing.TB) storetest.Open {
		in := mongotest.Server(t)
		return func(t testing.TB) store.Store { return open(t, in.URI) }
	},
}

func TestContract(t *testing.T) { storetest.Run(t, backend) }

// open opens a store that its caller closes.
func open(t testing.TB, uri string) *mongo.Store {
	t.Helper()
	s, err := mongo.Open(context.Background(), uri, mongo.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// opened opens a store that is closed when the test ends.
func opened(t testing.TB, uri string) *mongo.Store {
	t.Helper()
	s := open(t, uri)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func patient(id string) fhir.Key { return fhir.Key{Type: "Patient", ID: id} }

// put is a write of a small resource with a number in it.
func put(key fhir.Key, expect int64, n int) store.Write {
	rest := fmt.Appendf(nil, `"multipleBirthInteger":%d`, n)
	return store.Write{Key: key, Method: store.Put, Expect: expect, Content: &fhir.Content{Type: key.Type, Rest: rest}}
}

func commit(t testing.TB, s store.Store, writes ...store.Write) []store.Version {
	t.Helper()
	versions, err := s.Commit(t.Context(), store.Commit{Writes: writes})
	if err != nil {
		t.Fatal(err)
	}
	return versions
}

// isKind reports whether err is a *fhir.Error of a kind.
func isKind(err error, kind fhir.Kind) bool {
	var fe *fhir.Error
	return errors.As(err, &fe) && fe.Kind == kind
}

// eventually tries until f succeeds.
func eventually(t testing.TB, f func() error) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		err := f()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("it never came to pass: %v", err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}
