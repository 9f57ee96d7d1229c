package mongo

import (
	"context"
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"caseway/fhir/store"
)

// schemaID is the _id of the document in meta that holds the schema version.
const schemaID = "schema"

// migration brings a database from the schema version that is its place in
// the list to the next one. It can be run again after it was broken off, and
// beside itself: several processes may start at once.
type migration func(context.Context, *Store) error

// migrations are all that there are; their number is the schema version that
// this program writes. Version 0 is an empty database.
var migrations = []migration{
	func(context.Context, *Store) error { return nil }, // to 1: collections and indexes are all
	givePlaces, // to 2
}

// givePlaces gives documents their place and heads a generation that is older
// than any, tells tombstones among them apart, and drops the indexes that did
// without.
func givePlaces(ctx context.Context, s *Store) error {
	without := bson.D{{Key: fPlace, Value: bson.D{{Key: "$exists", Value: false}}}}
	millis := bson.D{{Key: "$toString", Value: bson.D{{Key: "$toLong", Value: "$" + fLastUpdated}}}}
	place := bson.E{Key: fPlace, Value: bson.D{{Key: "$concat", Value: bson.A{millis, " ", "$" + fID}}}}
	ifDeleted := func(then, otherwise any) bson.D {
		return bson.D{{Key: "$cond", Value: bson.A{bson.D{{Key: "$eq", Value: bson.A{"$" + fMethod, store.Delete}}}, then, otherwise}}}
	}
	heads := bson.D{
		place,
		{Key: fType, Value: ifDeleted(bson.D{{Key: "$concat", Value: bson.A{"$" + fType, deletedMark}}}, "$"+fType)},
		{Key: fLive, Value: ifDeleted(false, true)},
		{Key: fGeneration, Value: ifDeleted("$$REMOVE", int64(0))},
	}
	for c, set := range map[*mongo.Collection]bson.D{s.heads: heads, s.versions: {place}} {
		if _, err := c.UpdateMany(ctx, without, mongo.Pipeline{{{Key: "$set", Value: set}}}); err != nil {
			return err
		}
		for _, name := range []string{"terms_lastUpdated", "compartments_lastUpdated", "type_lastUpdated", "lastUpdated"} {
			err := c.Indexes().DropOne(ctx, name)
			if err != nil && !slices.Contains(mongo.ErrorCodes(err), codeIndexNotFound) {
				return err
			}
		}
	}
	return nil
}

// migrate runs the steps that are still to come, and notes each.
func (s *Store) migrate(ctx context.Context, from int, steps []migration) error {
	for v := from; v < len(steps); v++ {
		if err := steps[v](ctx, s); err != nil {
			return fmt.Errorf("migrate the database %s from schema %d to %d: %w", s.db.Name(), v, v+1, err)
		}
		if err := s.noteSchema(ctx, v+1); err != nil {
			return fmt.Errorf("note schema %d of the database %s: %w", v+1, s.db.Name(), err)
		}
		s.log.Info("the database has a new schema", "database", s.db.Name(), "from", v, "to", v+1)
	}
	return nil
}

// noteSchema never lowers the version: another process may be further.
func (s *Store) noteSchema(ctx context.Context, version int) error {
	raise := bson.D{{Key: "$max", Value: bson.D{{Key: "version", Value: version}}}}
	_, err := s.meta.UpdateOne(ctx, idIs(schemaID), raise, options.UpdateOne().SetUpsert(true))
	if mongo.IsDuplicateKeyError(err) { // two processes made it at once
		_, err = s.meta.UpdateOne(ctx, idIs(schemaID), raise)
	}
	return err
}
