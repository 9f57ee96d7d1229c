package mongo

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// Names of indexes.
const (
	indexTerms        = "terms_place"
	indexCompartments = "compartments_place"
	indexType         = "type_place"
	indexLive         = "live_place"
	indexAll          = "place"
	indexGeneration   = "generation_place"
	indexExpires      = "expires"
)

// index is an index that the store needs.
type index struct {
	name   string
	keys   bson.D
	expire bool // documents go when the date in the key has come
}

func ascending(names ...string) bson.D {
	keys := make(bson.D, len(names))
	for i, n := range names {
		keys[i] = bson.E{Key: n, Value: 1}
	}
	return keys
}

// indexes of each collection. No two of those over heads begin with elements
// that one query asks for: a planner has one index to choose from then, and no
// hint is needed. Hence live, which all that are current have in common. Those
// over displaced versions hold until as well, so that what was current at an
// instant is found without documents.
func (s *Store) indexes() map[*mongo.Collection][]index {
	return map[*mongo.Collection][]index{
		s.heads: {
			{name: indexTerms, keys: ascending(fTerms, fPlace)},
			{name: indexCompartments, keys: ascending(fCompartments, fPlace)},
			{name: indexType, keys: ascending(fType, fPlace)},
			{name: indexLive, keys: ascending(fLive, fPlace)},
			{name: indexGeneration, keys: ascending(fGeneration, fPlace)},
		},
		s.versions: {
			{name: indexCompartments, keys: ascending(fCompartments, fPlace, fUntil)},
			{name: indexType, keys: ascending(fType, fPlace, fUntil)},
			{name: indexAll, keys: ascending(fPlace, fUntil)},
		},
		s.records: {{name: indexExpires, keys: ascending(fExpires), expire: true}},
		s.locks:   nil,
		s.meta:    nil,
	}
}

// prepareSchema makes collections and indexes, and migrates an older schema.
// A newer one is refused before anything is changed.
func (s *Store) prepareSchema(ctx context.Context, steps []migration) error {
	version, err := s.schemaVersion(ctx)
	if err != nil {
		return err
	}
	switch newest := firstSchema + len(steps); {
	case version > newest:
		return fmt.Errorf("the database %s was written by a newer Caseway: it has schema %d, this program knows up to %d",
			s.db.Name(), version, newest)
	case version > 0 && version < firstSchema:
		return fmt.Errorf("the database %s has schema %d, which is older than the first release; this program reads schemas from %d on",
			s.db.Name(), version, firstSchema)
	}
	for c, wanted := range s.indexes() {
		if err := s.createCollection(ctx, c); err != nil {
			return err
		}
		if err := s.createIndexes(ctx, c, wanted); err != nil {
			return err
		}
	}
	return s.migrate(ctx, version, steps)
}

// createCollection: a transaction should find its collections there.
func (s *Store) createCollection(ctx context.Context, c *mongo.Collection) error {
	err := s.db.CreateCollection(ctx, c.Name())
	if slices.Contains(mongo.ErrorCodes(err), codeNamespaceExists) {
		return nil
	}
	return err
}

// createIndexes makes the indexes that aren't there. One that is there under
// the same name or over the same keys, but differs, is an error.
func (s *Store) createIndexes(ctx context.Context, c *mongo.Collection, wanted []index) error {
	present, err := c.Indexes().ListSpecifications(ctx)
	if err != nil {
		return err
	}
	for _, w := range wanted {
		there, err := w.among(present)
		if err != nil {
			return fmt.Errorf("collection %s: %w", c.Name(), err)
		}
		if there {
			continue
		}
		if _, err := c.Indexes().CreateOne(ctx, w.model()); err != nil {
			return fmt.Errorf("collection %s: create index %s: %w", c.Name(), w.name, err)
		}
		s.log.Info("created an index", "collection", c.Name(), "index", w.name)
	}
	return nil
}

// model is the index for the driver.
func (w index) model() mongo.IndexModel {
	o := options.Index().SetName(w.name)
	if w.expire {
		o.SetExpireAfterSeconds(0)
	}
	return mongo.IndexModel{Keys: w.keys, Options: o}
}

// among reports whether the index is there, or why it can't be made.
func (w index) among(present []mongo.IndexSpecification) (bool, error) {
	for i := range present {
		p := &present[i]
		sameKeys := sameIndexKeys(p.KeysDocument, w.keys)
		plain := (p.Unique == nil || !*p.Unique) && (p.Sparse == nil || !*p.Sparse) && w.sameExpiry(p)
		switch {
		case p.Name == w.name && sameKeys && plain:
			return true, nil
		case p.Name == w.name:
			return false, fmt.Errorf("the index %s is there with other keys or options than this program needs (%s): "+
				"drop or rename it and start again", w.name, w.describe())
		case sameKeys:
			return false, fmt.Errorf("the index %s has the keys that this program needs for its index %s (%s): "+
				"drop it and start again", p.Name, w.name, w.describe())
		}
	}
	return false, nil
}

func (w index) sameExpiry(p *mongo.IndexSpecification) bool {
	if !w.expire {
		return p.ExpireAfterSeconds == nil
	}
	return p.ExpireAfterSeconds != nil && *p.ExpireAfterSeconds == 0
}

func (w index) describe() string {
	text := ""
	for i, k := range w.keys {
		if i > 0 {
			text += ", "
		}
		text += k.Key + " ascending"
	}
	if w.expire {
		text += ", expireAfterSeconds 0"
	}
	return text
}

func sameIndexKeys(raw bson.Raw, keys bson.D) bool {
	elements, err := raw.Elements()
	if err != nil || len(elements) != len(keys) {
		return false
	}
	for i, e := range elements {
		direction, ok := e.Value().AsInt64OK()
		if e.Key() != keys[i].Key || !ok || direction != 1 {
			return false
		}
	}
	return true
}

// schemaVersion is what the database says; 0 for a new one.
func (s *Store) schemaVersion(ctx context.Context) (int, error) {
	var doc struct {
		Version int `bson:"version"`
	}
	err := s.meta.FindOne(ctx, idIs(schemaID)).Decode(&doc)
	if errors.Is(err, mongo.ErrNoDocuments) {
		return 0, nil
	}
	return doc.Version, err
}
