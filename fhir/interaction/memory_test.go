package interaction_test

import (
	"context"
	"fmt"
	"sync"

	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/fhir/search"
	"caseway/fhir/search/searchtest"
	"caseway/fhir/store"
)

// searchable stands in front of a store that can't be searched yet.
type searchable struct {
	store.Store
	*searchtest.Memory
	mu  *sync.Mutex
	at  map[fhir.Key]int64
	seq *int
}

var testRegistry, _ = search.NewRegistry(definition.R4(), nil, search.WithBase(base))

func withSearch(s store.Store) store.Store {
	if _, ok := s.(search.Source); ok {
		return s
	}
	return searchable{s, searchtest.NewMemory(), &sync.Mutex{}, map[fhir.Key]int64{}, new(int)}
}

func (s searchable) Commit(ctx context.Context, c store.Commit) ([]store.Version, error) {
	versions, err := s.Store.Commit(ctx, c)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range versions {
		if s.at[v.Key] > v.VersionID {
			continue
		}
		s.at[v.Key] = v.VersionID
		*s.seq++
		if v.Deleted() {
			s.Delete(v.Key)
			continue
		}
		t, _ := fhir.Decode(definition.R4(), v.JSON, fhir.Limits{})
		s.Put(search.Hit{Key: v.Key, VersionID: v.VersionID, LastUpdated: v.LastUpdated, JSON: v.JSON, Place: search.Place{Updated: v.LastUpdated.UnixMilli(), Tie: fmt.Sprintf("%09d", *s.seq)}}, testRegistry.Index(t))
	}
	return versions, nil
}
