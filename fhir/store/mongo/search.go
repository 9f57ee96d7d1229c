package mongo

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"caseway/fhir/search"
	"caseway/fhir/store"
)

// Search implements store.Store.
func (s *Store) Search(ctx context.Context, q search.Query) (_ store.SearchPage, err error) {
	defer s.timed("search", time.Now(), &err)
	limited, cancel := context.WithTimeout(ctx, scanTimeout)
	defer cancel()
	cursor, err := s.heads.Find(limited, matches(q), searchOptions(q.Limit+1).SetProjection(readable))
	if err != nil {
		return store.SearchPage{}, asError(ctx, "search", err)
	}
	var page store.SearchPage
	err = eachVersion(limited, cursor, func(v store.Version) { page.Versions = append(page.Versions, v) })
	if err != nil {
		return store.SearchPage{}, asError(ctx, "search", err)
	}
	if len(page.Versions) > q.Limit {
		page.Versions, page.More = page.Versions[:q.Limit], true
	}
	return page, nil
}

// matches is the filter of a query. A tombstone has no terms.
func matches(q search.Query) bson.D {
	and := make(bson.A, len(q.All))
	for i, c := range q.All {
		and[i] = bson.D{{Key: fTerms, Value: bson.D{{Key: "$in", Value: c.Any}}}}
	}
	return bson.D{{Key: "$and", Value: and}, {Key: fType, Value: q.Type}}
}

// searchOptions order by id, by way of the index over terms: a planner that
// doesn't know how rare terms are might take the one over types.
func searchOptions(limit int) *options.FindOptionsBuilder {
	return options.Find().SetSort(bson.D{{Key: fID, Value: 1}}).SetLimit(int64(limit)).SetHint(indexTerms)
}
