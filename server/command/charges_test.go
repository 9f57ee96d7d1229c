package command

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"caseway/fhir"
	"caseway/fhir/store"
	"caseway/fhir/store/sqlite"
)

// TestARelationHasItsTime: whom a caregiver of an issuer elsewhere sees follows
// from the RelatedPerson as it is, its period too.
func TestARelationHasItsTime(t *testing.T) {
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "a.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	year := time.Now().UTC().Year()
	for id, c := range map[string]struct {
		rest string
		want []string
	}{
		"plain":    {`"patient":{"reference":"Patient/a"}`, []string{"a"}},
		"active":   {`"active":true,"patient":{"reference":"Patient/a"},"period":{"start":"2001","end":"2999-01"}`, []string{"a"}},
		"inactive": {`"active":false,"patient":{"reference":"Patient/a"}`, nil},
		"over":     {`"patient":{"reference":"Patient/a"},"period":{"end":"2001-02-03"}`, nil},
		"to-be":    {`"patient":{"reference":"Patient/a"},"period":{"start":"` + time.Date(year+1, 1, 2, 0, 0, 0, 0, time.UTC).Format(time.RFC3339) + `"}`, nil},
		"nobody":   {`"patient":{"display":"a"}`, nil},
	} {
		t.Run(id, func(t *testing.T) {
			_, err := s.Commit(t.Context(), store.Commit{Writes: []store.Write{{
				Key: fhir.Key{Type: "RelatedPerson", ID: id}, Method: store.Put,
				Content: &fhir.Content{Type: "RelatedPerson", Rest: []byte(c.rest)},
			}}})
			if err != nil {
				t.Fatal(err)
			}
			got, err := charges{s}.of(t.Context(), "RelatedPerson/"+id)
			if err != nil || !slices.Equal(got, c.want) {
				t.Errorf("%s: %v, %v, want %v", id, got, err, c.want)
			}
		})
	}
	if got, err := (charges{s}).of(t.Context(), "RelatedPerson/unknown"); err != nil || got != nil {
		t.Errorf("unknown: %v, %v", got, err)
	}
}
