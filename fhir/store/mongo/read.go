package mongo

import (
	"context"
	"errors"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"caseway/fhir"
	"caseway/fhir/budget"
	"caseway/fhir/store"
)

// readable leaves out what readers don't need.
var readable = bson.D{{Key: fTerms, Value: 0}, {Key: fValues, Value: 0}, {Key: fCompartments, Value: 0}}

// Read implements store.Store.
func (s *Store) Read(ctx context.Context, keys ...fhir.Key) ([]store.Version, error) {
	return s.ReadWithin(ctx, nil, keys...)
}

// ReadWithin implements store.Store.
func (s *Store) ReadWithin(ctx context.Context, room *budget.Share, keys ...fhir.Key) (_ []store.Version, err error) {
	defer s.timed("read", time.Now(), &err)
	limited, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	versions := make([]store.Version, len(keys))
	if len(keys) == 1 {
		if versions[0], err = s.readHead(limited, keys[0]); err == nil && !room.Take(len(versions[0].JSON)) {
			return nil, room.Refusal()
		}
	} else if len(keys) > 1 {
		err = s.snapshot(limited, func(ctx context.Context) error { return s.readHeads(ctx, room, keys, versions) })
	}
	if err != nil {
		return nil, asError(ctx, "read", err)
	}
	return versions, nil
}

// ReadVersion implements store.Store. The head is read first: a version that
// it displaced meanwhile has its own document by then.
func (s *Store) ReadVersion(ctx context.Context, key fhir.Key, versionID int64) (_ store.Version, err error) {
	defer s.timed("read-version", time.Now(), &err)
	limited, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	v, err := s.readHead(limited, key)
	switch {
	case err != nil:
		return store.Version{}, asError(ctx, "read a version", err)
	case versionID == v.VersionID:
		return v, nil
	case versionID < 1 || versionID > v.VersionID:
		return store.Version{}, nil
	}
	v, err = findOne(limited, s.versions, displacedID(key.String(), versionID))
	return v, asError(ctx, "read a version", err)
}

func (s *Store) readHead(ctx context.Context, key fhir.Key) (store.Version, error) {
	return findOne(ctx, s.heads, key.String())
}

var findReadable = options.FindOne().SetProjection(readable)

// findOne returns the zero Version where there is no document.
func findOne(ctx context.Context, c *mongo.Collection, id string) (store.Version, error) {
	raw, err := c.FindOne(ctx, idIs(id), findReadable).Raw()
	if errors.Is(err, mongo.ErrNoDocuments) {
		return store.Version{}, nil
	}
	if err != nil {
		return store.Version{}, err
	}
	return decode(raw)
}

// readHeads fills in the heads of keys.
func (s *Store) readHeads(ctx context.Context, room *budget.Share, keys []fhir.Key, into []store.Version) error {
	ids := make([]string, len(keys))
	places := make(map[fhir.Key][]int, len(keys))
	for i, k := range keys {
		ids[i] = k.String()
		places[k] = append(places[k], i)
	}
	return s.findIDs(ctx, s.heads, ids, room, func(v store.Version) {
		for _, i := range places[v.Key] {
			into[i] = v
		}
	})
}

// findIDs reads documents by _id, in no order, as long as there is room.
func (s *Store) findIDs(ctx context.Context, c *mongo.Collection, ids []string, room *budget.Share, found func(store.Version)) error {
	for chunk := range slices.Chunk(ids, keysAtOnce) {
		cursor, err := c.Find(ctx, idIn(chunk), options.Find().SetProjection(readable))
		if err != nil {
			return err
		}
		if err := eachVersion(ctx, cursor, room, found); err != nil {
			return wrongDocument(c.Name(), err)
		}
	}
	return nil
}

// eachVersion reads a cursor to its end and closes it. It fails as room says where
// JSON doesn't fit.
func eachVersion(ctx context.Context, cursor *mongo.Cursor, room *budget.Share, found func(store.Version)) error {
	defer func() { _ = cursor.Close(context.WithoutCancel(ctx)) }()
	for cursor.Next(ctx) {
		v, err := decode(cursor.Current)
		if err != nil {
			return err
		}
		if !room.Take(len(v.JSON)) {
			return room.Refusal()
		}
		v.JSON = slices.Clone(v.JSON) // the cursor's document is good only until the next one
		found(v)
	}
	return cursor.Err()
}

// snapshot has all reads of f see the store at one instant: that of ctx where
// it has a session. A standalone server can't do that. It is a transaction that
// only reads, not a snapshot session: while others commit, the server that
// stands in for MongoDB in tests answers a read of a snapshot session from more
// than one instant.
func (s *Store) snapshot(ctx context.Context, f func(context.Context) error) error {
	if !s.server.transactions || mongo.SessionFromContext(ctx) != nil {
		return f(ctx)
	}
	session, err := s.client.StartSession()
	if err != nil {
		return err
	}
	defer session.EndSession(context.WithoutCancel(ctx))
	if err := session.StartTransaction(s.transactionOptions()); err != nil {
		return err
	}
	if err := f(mongo.NewSessionContext(ctx, session)); err != nil {
		return err // EndSession aborts
	}
	return session.CommitTransaction(ctx)
}
