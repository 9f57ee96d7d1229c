package mongo

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"

	"caseway/fhir"
	"caseway/fhir/store"
)

func hasCriteria(c *store.Commit) bool {
	for _, p := range c.Preconditions {
		if p.Criteria != nil {
			return true
		}
	}
	return false
}

// checkPreconditions runs before the commit's own writes, which don't count.
func (s *Store) checkPreconditions(ctx context.Context, c *store.Commit) error {
	if err := s.checkTargets(ctx, c); err != nil {
		return err
	}
	for i, p := range c.Preconditions {
		if p.Criteria == nil {
			continue
		}
		holds, err := s.matchesExactly(ctx, p)
		if err != nil {
			return err
		}
		if !holds {
			return &store.Conflict{Kind: store.CriteriaChanged, Index: i, Key: fhir.Key{Type: p.Criteria.Type, ID: p.Matches}}
		}
	}
	return nil
}

// matchesExactly: two matches are enough to know that it isn't one.
func (s *Store) matchesExactly(ctx context.Context, p store.Precondition) (bool, error) {
	onlyID := bson.D{{Key: fID, Value: 1}}
	cursor, err := s.heads.Find(ctx, matches(*p.Criteria), searchOptions(2).SetProjection(onlyID))
	if err != nil {
		return false, err
	}
	var found []struct {
		ID string `bson:"_id"`
	}
	if err := cursor.All(ctx, &found); err != nil {
		return false, err
	}
	if p.Matches == "" {
		return len(found) == 0, nil
	}
	return len(found) == 1 && found[0].ID == p.Criteria.Type+"/"+p.Matches, nil
}

// checkTargets checks that the targets of the Exists form are there.
func (s *Store) checkTargets(ctx context.Context, c *store.Commit) error {
	var keys []fhir.Key
	var places []int
	for i, p := range c.Preconditions {
		if p.Criteria == nil {
			keys, places = append(keys, p.Exists), append(places, i)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	there, err := s.existing(ctx, keys)
	if err != nil {
		return err
	}
	for i, k := range keys {
		if !there[k] {
			return &store.Conflict{Kind: store.TargetMissing, Index: places[i], Key: k}
		}
	}
	return nil
}

// existing tells which resources exist and aren't deleted.
func (s *Store) existing(ctx context.Context, keys []fhir.Key) (map[fhir.Key]bool, error) {
	there := make(map[fhir.Key]bool, len(keys))
	err := s.findRefs(ctx, s.heads, idsOf(keys), func(r ref) { there[r.key] = r.method != store.Delete })
	return there, err
}
