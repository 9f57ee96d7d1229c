package mongo

import (
	"context"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// schemaID is the _id of the document in meta that holds the schema version.
const schemaID = "schema"

// firstSchema is the schema version of the first release, 0.1.0.
const firstSchema = 2

// migration brings a database from the schema version that is its place in
// the list, counted from firstSchema, to the next one. It can be run again after
// it was broken off, and beside itself: several processes may start at once.
type migration func(context.Context, *Store) error

// migrations are all that there are. Version 0 is an empty database, which is
// made as the newest has it.
var migrations []migration

// migrate runs the steps that are still to come, and notes each.
func (s *Store) migrate(ctx context.Context, from int, steps []migration) error {
	newest := firstSchema + len(steps)
	if from == 0 {
		return s.noteSchema(ctx, newest)
	}
	for v := from; v < newest; v++ {
		if err := steps[v-firstSchema](ctx, s); err != nil {
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
