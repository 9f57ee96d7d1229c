package mongo

import (
	"context"
	"errors"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"caseway/fhir/search"
	"caseway/fhir/store"
)

// Stale implements store.Store. There are few generations at a time, so the
// first heads of each are taken and the first of those.
func (s *Store) Stale(ctx context.Context, before int64, after search.Place, limit int) (page search.Page, err error) {
	defer s.timed("stale", time.Now(), &err)
	limited, cancel := context.WithTimeout(ctx, scanTimeout)
	defer cancel()
	err = s.snapshot(limited, func(ctx context.Context) error {
		page.Hits, err = s.stale(ctx, before, after, limit+1)
		return err
	})
	if err != nil {
		return search.Page{}, asError(ctx, "find stale indexes", err)
	}
	slices.SortFunc(page.Hits, func(a, b search.Hit) int { return a.Place.Compare(b.Place) })
	if len(page.Hits) > limit {
		page.Hits, page.More = page.Hits[:limit], true
	}
	return page, nil
}

// stale are the first heads of each older generation.
func (s *Store) stale(ctx context.Context, before int64, after search.Place, limit int) (hits []search.Hit, err error) {
	oldest := bson.D{{Key: "$lt", Value: before}}
	for {
		generation, err := s.generation(ctx, oldest)
		if err != nil || generation == nil {
			return hits, err
		}
		filter := span{}.behind(after).addTo(bson.D{{Key: fGeneration, Value: *generation}})
		o := scanQuery{ordered: true}.options(limit)
		cursor, err := s.heads.Find(ctx, filter, o)
		if err != nil {
			return nil, err
		}
		some, _, err := s.appendHits(ctx, cursor, nil, search.Scan{Limit: limit}, noByteLimit)
		if err != nil {
			return nil, err
		}
		hits = append(hits, some...)
		oldest = bson.D{{Key: "$gt", Value: *generation}, {Key: "$lt", Value: before}}
	}
}

// generation is the lowest in a range; nil where there is none.
func (s *Store) generation(ctx context.Context, within bson.D) (*int64, error) {
	o := options.FindOne().SetSort(ascending(fGeneration)).
		SetProjection(bson.D{{Key: fID, Value: 0}, {Key: fGeneration, Value: 1}})
	var doc struct {
		Generation int64 `bson:"generation"`
	}
	err := s.heads.FindOne(ctx, bson.D{{Key: fGeneration, Value: within}}, o).Decode(&doc)
	if errors.Is(err, mongo.ErrNoDocuments) {
		return nil, nil
	}
	return &doc.Generation, err
}

// Reindex implements store.Store. Each head is changed on its own: what a
// broken off call leaves out is still stale.
func (s *Store) Reindex(ctx context.Context, generation int64, changes []store.Reindexed) (err error) {
	defer s.timed("reindex", time.Now(), &err)
	if len(changes) == 0 {
		return nil
	}
	limited, cancel := context.WithTimeout(ctx, scanTimeout)
	defer cancel()
	models := make([]mongo.WriteModel, len(changes))
	for i := range changes {
		c := &changes[i]
		filter := bson.D{
			{Key: fID, Value: c.Key.String()},
			{Key: fVersion, Value: c.VersionID},
			{Key: fGeneration, Value: bson.D{{Key: "$lte", Value: generation}}},
		}
		models[i] = mongo.NewUpdateOneModel().SetFilter(filter).SetUpdate(setIndex(generation, c))
	}
	_, err = s.heads.BulkWrite(limited, models, unordered)
	return asError(ctx, "reindex", err)
}

// setIndex makes an update. A list without terms is absent, as encodeHead
// leaves it out.
func setIndex(generation int64, c *store.Reindexed) bson.D {
	set, unset := bson.D{{Key: fGeneration, Value: generation}}, bson.D{}
	if len(c.Compartments) > 0 {
		set = append(set, bson.E{Key: fCompartments, Value: c.Compartments})
	} else {
		unset = append(unset, bson.E{Key: fCompartments, Value: ""})
	}
	for _, list := range []struct {
		name  string
		terms []search.Term
	}{{fTerms, c.Index.Terms}, {fValues, c.Index.Values}} {
		if len(list.terms) == 0 {
			unset = append(unset, bson.E{Key: list.name, Value: ""})
			continue
		}
		set = append(set, bson.E{Key: list.name, Value: ordered(list.terms)})
	}
	update := bson.D{{Key: "$set", Value: set}}
	if len(unset) > 0 {
		update = append(update, bson.E{Key: "$unset", Value: unset})
	}
	return update
}

// ordered puts terms in order, each once, as they are as a rule.
func ordered(terms []search.Term) []search.Term {
	for i := 1; i < len(terms); i++ {
		if terms[i-1] >= terms[i] {
			terms = slices.Clone(terms)
			slices.Sort(terms)
			return slices.Compact(terms)
		}
	}
	return terms
}
