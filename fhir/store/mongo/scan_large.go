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
// nothing is counted of what is read in vain.
const largeBody = budget.Small

// scannedSmall are the elements of a hit, with its JSON unless that is large.
var scannedSmall = bson.D{
	{Key: fVersion, Value: 1},
	{Key: fLastUpdated, Value: 1},
	{Key: fTerms, Value: 1},
	{Key: fValues, Value: 1},
	{Key: fSize, Value: 1},
	{Key: fBody, Value: bson.D{{Key: "$cond", Value: bson.A{
		bson.D{{Key: "$lte", Value: bson.A{"$" + fSize, largeBody}}}, "$" + fBody, "$$REMOVE",
	}}}},
}

// fill reads the JSON of a hit that was left out since it is large, if there is room
// for it. Where nothing holds the instant the resource may have changed: a scan by keys
// takes it as it is now, or not at all; any other has its places, and leaves the JSON out.
func (s *Store) fill(ctx context.Context, h *search.Hit, raw bson.Raw, sc search.Scan) (there bool, err error) {
	size, _ := raw.Lookup(fSize).AsInt64OK()
	if h.JSON != nil || sc.KeysOnly || sc.Room == nil || size <= largeBody || !sc.Room.Take(int(size)) {
		return true, nil
	}
	filter := bson.D{{Key: fID, Value: h.Key.String()}, notDeleted}
	body, err := s.heads.FindOne(ctx, filter, options.FindOne().SetProjection(scanned)).Raw()
	if errors.Is(err, mongo.ErrNoDocuments) {
		return len(sc.Keys) == 0, nil
	}
	if err != nil {
		return false, err
	}
	now, err := decodeHit(body, nil)
	if err == nil && (now.VersionID == h.VersionID || len(sc.Keys) > 0) {
		*h = now
	}
	return true, err
}
