package mongo_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"caseway/fhir/search"
	"caseway/fhir/store"
	"caseway/fhir/store/mongo"
)

// head is the document of a resource of 2.5 KB with 24 terms and 12 values.
func head(t testing.TB) (store.Write, bson.Raw) {
	w := typical("p1")
	var x search.Index
	for i := range 12 {
		param := fmt.Sprintf("Patient.parameter-%02d", i)
		x.Terms = append(x.Terms, search.Term(param+":http://example.org/system|code"), search.Term(param+"=code"))
		x.Values = append(x.Values, search.Term(param+";tThe code's display, folded"))
	}
	slices.Sort(x.Terms)
	w.Index = x
	raw, _, err := mongo.EncodeHead(&w, 3, time.UnixMilli(1_700_000_000_000).UTC(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return w, raw
}

func TestHitsAreWhatWasWritten(t *testing.T) {
	w, raw := head(t)
	h, err := mongo.DecodeHit(raw, nil)
	if err != nil {
		t.Fatal(err)
	}
	clear(raw) // the driver uses it again
	if h.Key != w.Key || h.VersionID != 3 || h.Place != (search.Place{Updated: 1_700_000_000_000, Tie: "Patient/p1"}) {
		t.Errorf("%v, version %d, at %v", h.Key, h.VersionID, h.Place)
	}
	if want := w.Index.Merge(); !slices.Equal(h.Terms, want) {
		t.Errorf("terms are\n%q, want\n%q", h.Terms, want)
	}
	if want := w.Content.Append(nil, w.Key.ID, 3, h.LastUpdated); string(h.JSON) != string(want) {
		t.Errorf("JSON is %s, want %s", h.JSON, want)
	}
}

// TestDamagedHeads: a document that another program changed is an error.
func TestDamagedHeads(t *testing.T) {
	for name, terms := range map[string]any{
		"a string": "Patient.a=1", "a number among them": bson.A{"Patient.a=1", 1}, "an object": bson.D{{Key: "0", Value: "x"}}, "null": nil,
	} {
		t.Run(name, func(t *testing.T) {
			raw, err := bson.Marshal(bson.D{
				{Key: "_id", Value: "Patient/1"},
				{Key: "version", Value: int64(1)},
				{Key: "lastUpdated", Value: time.Now()},
				{Key: "terms", Value: terms},
			})
			if err != nil {
				t.Fatal(err)
			}
			if h, err := mongo.DecodeHit(raw, nil); err == nil {
				t.Errorf("terms that are %s: %v", name, h)
			}
		})
	}
}

func BenchmarkDecodeHit(b *testing.B) {
	_, raw := head(b)
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		if _, err := mongo.DecodeHit(raw, nil); err != nil {
			b.Fatal(err)
		}
	}
}
