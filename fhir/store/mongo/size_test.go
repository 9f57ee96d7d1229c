package mongo_test

import (
	"bytes"
	"fmt"
	"testing"

	"caseway/fhir"
	"caseway/fhir/search"
	"caseway/fhir/store"
	"caseway/fhir/store/mongo/mongotest"
)

// sized is a resource whose JSON has about n bytes.
func sized(id string, expect int64, n int) store.Write {
	w := put(patient(id), expect, 1)
	w.Content = &fhir.Content{Type: "Patient", Rest: fmt.Appendf(nil, `"language":"%s"`, bytes.Repeat([]byte("0123456789abcdef"), n/16))}
	return w
}

func TestDocumentsOverTheLimit(t *testing.T) {
	s := opened(t, mongotest.Server(t).URI)
	refuse := func(w ...store.Write) {
		t.Helper()
		if _, err := s.Commit(t.Context(), store.Commit{Writes: w}); !isKind(err, fhir.TooLarge) {
			t.Errorf("error %v, want too large", err)
		}
	}
	const limit = 16<<20 - 64<<10
	refuse(sized("big", 0, 16<<20))
	refuse(sized("big", 0, limit))
	refuse(put(patient("small"), 0, 1), sized("big", 0, 40<<20))
	manyTerms := put(patient("big"), 0, 1)
	for i := range 60_000 {
		manyTerms.Index.Terms = append(manyTerms.Index.Terms, search.Term(fmt.Sprintf("Patient.identifier=%0260d", i)))
	}
	refuse(manyTerms)
	got, err := s.Read(t.Context(), patient("big"), patient("small"))
	if err != nil || got[0].Exists() || got[1].Exists() {
		t.Errorf("something was written, error %v", err)
	}

	v := commit(t, s, sized("big", 0, limit-1024))[0]
	refuse(sized("big", 1, limit))
	commit(t, s, put(patient("big"), 1, 2))
	old, err := s.ReadVersion(t.Context(), patient("big"), 1)
	if err != nil || !bytes.Equal(old.JSON, v.JSON) {
		t.Errorf("the largest document isn't what it was, error %v", err)
	}
}
