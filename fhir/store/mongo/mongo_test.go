package mongo_test

import (
	"log/slog"
	"testing"

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
		return func(t testing.TB) store.Store { return open(t, in.URI, mongo.Options{}) }
	},
}

func TestContract(t *testing.T) { storetest.Run(t, backend) }

// open opens a store that its caller closes.
func open(t testing.TB, uri string, o mongo.Options) *mongo.Store {
	t.Helper()
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s, err := mongo.Open(t.Context(), uri, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
