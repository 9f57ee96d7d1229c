package mongo

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/event"
)

// OpenMonitored is Open with every command shown to a monitor.
func OpenMonitored(ctx context.Context, uri string, m *event.CommandMonitor) (*Store, error) {
	target, err := parseURI(uri)
	if err != nil {
		return nil, err
	}
	target.client.SetMonitor(m)
	return target.open(ctx, Options{})
}

// SetServerClock has the store believe that the server said a time.
func (s *Store) SetServerClock(at time.Time) { s.clock.set(&hello{LocalTime: at}, time.Now()) }

// RunMigrations brings a database to the schema of these steps.
func (s *Store) RunMigrations(ctx context.Context, steps ...func() error) error {
	list := make([]migration, len(steps))
	for i, step := range steps {
		list[i] = func(context.Context, *Store) error { return step() }
	}
	return s.prepareSchema(ctx, list)
}

// DisplaceOnly does the first of the two steps of a write on a standalone
// server, as a process does that dies between them.
func (s *Store) DisplaceOnly(ctx context.Context, id string) error {
	raw, err := s.heads.FindOne(ctx, idIs(id)).Raw()
	if err != nil {
		return err
	}
	displaced, doc, err := encodeDisplaced(raw, s.clock.now())
	if err != nil {
		return err
	}
	_, err = s.versions.ReplaceOne(ctx, idIs(displaced), doc, upsertOne)
	return err
}

// IndexNames are the indexes that the store wants, by collection.
func (s *Store) IndexNames() map[string][]string {
	names := map[string][]string{}
	for c, list := range s.indexes() {
		for _, i := range list {
			names[c.Name()] = append(names[c.Name()], i.name)
		}
	}
	return names
}

// Locks are the documents that collide.
var Locks = locksOf

// RefuseOld, Successor and SplitID are small rules with tests of their own.
var (
	RefuseOld   = refuseOld
	Successor   = successor
	SplitID     = splitID
	DisplacedID = displacedID
)

// TooOldToken is a resume token's bytes as Position holds them.
func TooOldToken(data string) bson.Raw {
	raw, _ := bson.Marshal(bson.D{{Key: "_data", Value: data}})
	return raw
}

// PositionAt makes a position of a time and a token.
var PositionAt = position

// EncodeHead and DecodeHit are what a head's bytes cost.
var (
	EncodeHead = encodeHead
	DecodeHit  = decodeHit
)
