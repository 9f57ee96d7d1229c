package interaction_test

import (
	"errors"
	"testing"

	"caseway/fhir"
	"caseway/fhir/interaction"
	"caseway/fhir/store/mongo"
	"caseway/fhir/store/mongo/mongotest"
)

// TestTransactionWithoutADatabase: a transaction that only reads fails as a whole
// when the database goes away, whatever its reads are.
func TestTransactionWithoutADatabase(t *testing.T) {
	in := mongotest.Own(t, mongotest.Options{})
	s, err := mongo.Open(t.Context(), in.URI, mongo.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	e := newEngine(t, interaction.Config{Store: s})
	for _, there := range []bool{true, false} {
		if !there {
			in.Kill(t)
		}
		for _, url := range []string{"Patient?_id=a", "Patient/_history"} {
			t.Run(url, func(t *testing.T) {
				_, err := e.Bundle(t.Context(), interaction.BundleRequest{Base: base, Body: []byte(
					`{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"GET","url":"` + url + `"}}]}`,
				)})
				fe := (*fhir.Error)(nil)
				if there && err != nil || !there && (!errors.As(err, &fe) || fe.Kind != fhir.Transient) {
					t.Errorf("with the database there %v: got error %v", there, err)
				}
			})
		}
	}
}
