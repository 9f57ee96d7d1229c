package mongo

import (
	"context"
	"errors"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"caseway/fhir/budget"
	"caseway/fhir/search"
)

// largeBody is the JSON of which there must be room before it is read: the driver
// holds an answer of the server, of 16 MB at most, whatever there is room for, and
// of all that would be read in vain nothing is counted.
const largeBody = budget.Small

// scanKeys reads some heads by their keys, whose JSON is drawn from the scan's
// room: first those with little JSON together, then the others one by one, as long
// as there is room.
func (s *Store) scanKeys(ctx context.Context, sc search.Scan, hits []search.Hit) (_ []search.Hit, err error) {
	before, q := len(hits), queryOf(sc)
	cursor, err := s.heads.Find(ctx, append(q.filter, ofSize("$lte")), q.options(len(sc.Keys)))
	if err != nil {
		return nil, err
	}
	if hits, _, err = appendHits(ctx, cursor, hits, sc, noByteLimit); err != nil || len(hits)-before == len(sc.Keys) {
		return hits, err
	}
	q.keysOnly = true
	if cursor, err = s.heads.Find(ctx, append(q.filter, ofSize("$gt")), q.options(len(sc.Keys))); err != nil {
		return nil, err
	}
	defer func() { _ = cursor.Close(context.WithoutCancel(ctx)) }()
	for cursor.Next(ctx) {
		h, err := decodeHit(cursor.Current, nil)
		if err != nil {
			return nil, err
		}
		size, _ := cursor.Current.Lookup(fSize).AsInt64OK()
		if sc.Room.Take(int(size)) {
			if h, err = s.headNow(ctx, h); errors.Is(err, mongo.ErrNoDocuments) {
				continue // deleted meanwhile
			}
		}
		if err != nil {
			return nil, err
		}
		hits = append(hits, h)
	}
	return hits, cursor.Err()
}

// ofSize selects by how much JSON there is.
func ofSize(operator string) bson.E {
	return bson.E{Key: fSize, Value: bson.D{{Key: operator, Value: largeBody}}}
}

// headNow reads a head with its JSON: as it is now, where nothing holds the instant.
func (s *Store) headNow(ctx context.Context, h search.Hit) (search.Hit, error) {
	filter := bson.D{{Key: fID, Value: h.Key.String()}, notDeleted}
	raw, err := s.heads.FindOne(ctx, filter, options.FindOne().SetProjection(scanned)).Raw()
	if err != nil {
		return h, err
	}
	return decodeHit(raw, nil)
}
