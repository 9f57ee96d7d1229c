package mongo

import (
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// increment makes an update that changes something whatever there was.
var increment = bson.D{{Key: "$inc", Value: bson.D{{Key: "n", Value: int64(1)}}}}

func idIs(id string) bson.D { return bson.D{{Key: fID, Value: id}} }

func idIn(ids []string) bson.D { return bson.D{{Key: fID, Value: bson.D{{Key: "$in", Value: ids}}}} }

// between is a half-open range; a zero bound is none. It adds nothing where
// there is neither.
func between(filter bson.D, name string, from, to time.Time) bson.D {
	var r bson.D
	if !from.IsZero() {
		r = append(r, bson.E{Key: "$gte", Value: from})
	}
	if !to.IsZero() {
		r = append(r, bson.E{Key: "$lt", Value: to})
	}
	if r == nil {
		return filter
	}
	return append(filter, bson.E{Key: name, Value: r})
}
