package mongo

import (
	"go.mongodb.org/mongo-driver/v2/bson"

	"caseway/fhir"
)

// increment makes an update that changes something whatever there was.
var increment = bson.D{{Key: "$inc", Value: bson.D{{Key: "n", Value: int64(1)}}}}

func idIs(id string) bson.D { return bson.D{{Key: fID, Value: id}} }

func idIn(ids []string) bson.D { return bson.D{{Key: fID, Value: bson.D{{Key: "$in", Value: ids}}}} }

// idsOf are the _ids of heads.
func idsOf(keys []fhir.Key) []string {
	ids := make([]string, len(keys))
	for i, k := range keys {
		ids[i] = k.String()
	}
	return ids
}
