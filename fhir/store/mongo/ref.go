package mongo

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"caseway/fhir"
	"caseway/fhir/store"
)

// ref is a version without its JSON: history is put in order by refs, and only
// what is shown is read whole.
type ref struct {
	key       fhir.Key
	version   int64
	at        time.Time
	method    store.Method
	size      int  // of the JSON
	displaced bool // in collection version
}

// refDocument is what is read of a document.
type refDocument struct {
	ID          string       `bson:"_id"`
	Version     int64        `bson:"version"`
	LastUpdated time.Time    `bson:"lastUpdated"`
	Method      store.Method `bson:"method"`
	Size        int          `bson:"size"`
}

var refFields = bson.D{
	{Key: fID, Value: 1}, {Key: fVersion, Value: 1}, {Key: fLastUpdated, Value: 1}, {Key: fMethod, Value: 1}, {Key: fSize, Value: 1},
}

func (d *refDocument) ref() ref {
	return ref{
		key: splitID(d.ID), version: d.Version, at: d.LastUpdated.UTC(), method: d.Method, size: d.Size,
		displaced: strings.Contains(d.ID, idMark),
	}
}

// byAge is the order of history, oldest first.
func byAge(a, b ref) int {
	return cmp.Or(a.at.Compare(b.at), byKey(a.key, b.key), cmp.Compare(a.version, b.version))
}

func byKey(a, b fhir.Key) int {
	return cmp.Or(strings.Compare(a.Type, b.Type), strings.Compare(a.ID, b.ID))
}

func newestFirst(a, b ref) int { return byAge(b, a) }

// sameVersion: a version is in both collections for a moment on a standalone
// server, and for longer where a write was broken off.
func sameVersion(a, b ref) bool { return a.key == b.key && a.version == b.version }

// findRefs reads refs by _id, in no order.
func (s *Store) findRefs(ctx context.Context, c *mongo.Collection, ids []string, found func(ref)) error {
	for chunk := range slices.Chunk(ids, keysAtOnce) {
		refs, err := queryRefs(ctx, c, idIn(chunk), options.Find())
		if err != nil {
			return err
		}
		for _, r := range refs {
			found(r)
		}
	}
	return nil
}

func queryRefs(ctx context.Context, c *mongo.Collection, filter bson.D, o *options.FindOptionsBuilder) ([]ref, error) {
	cursor, err := c.Find(ctx, filter, o.SetProjection(refFields))
	if err != nil {
		return nil, err
	}
	var docs []refDocument
	if err := cursor.All(ctx, &docs); err != nil {
		return nil, err
	}
	refs := make([]ref, len(docs))
	for i := range docs {
		refs[i] = docs[i].ref()
	}
	return refs, nil
}

// load reads the versions that refs name, for which room has been taken. A head that was displaced since its
// ref was read is found among the displaced ones.
func (s *Store) load(ctx context.Context, refs []ref) ([]store.Version, error) {
	versions := make([]store.Version, len(refs))
	type place struct {
		key     fhir.Key
		version int64
	}
	places := make(map[place]int, len(refs))
	var heads, displaced []string
	for i, r := range refs {
		places[place{r.key, r.version}] = i
		if !r.displaced {
			heads = append(heads, r.key.String())
		}
	}
	fill := func(v store.Version) {
		if i, ok := places[place{v.Key, v.VersionID}]; ok {
			versions[i] = v
		}
	}
	if err := s.findIDs(ctx, s.heads, heads, nil, fill); err != nil {
		return nil, err
	}
	for i, r := range refs {
		if !versions[i].Exists() {
			displaced = append(displaced, displacedID(r.key.String(), r.version))
		}
	}
	if err := s.findIDs(ctx, s.versions, displaced, nil, fill); err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(versions, func(v store.Version) bool { return !v.Exists() }); i >= 0 {
		return nil, fmt.Errorf("version %d of a resource of type %s isn't there", refs[i].version, refs[i].key.Type)
	}
	return versions, nil
}
