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
	"caseway/fhir/store"
)

// change is a write together with what it displaces.
type change struct {
	write   *store.Write
	index   int           // in the commit
	before  bson.Raw      // the head; nil where there is none
	current store.Version // the head's

	// Made by encode:
	doc         bson.Raw
	after       store.Version
	displacedID string
	displaced   bson.Raw
}

var upsertOne = options.Replace().SetUpsert(true)

// resolve reads the heads that writes displace and checks what they expect.
// The head of a resource that must not exist isn't read: its insert tells.
func (s *Store) resolve(ctx context.Context, writes []store.Write) ([]change, error) {
	changes := make([]change, len(writes))
	places := make(map[fhir.Key]int, len(writes))
	var ids []string
	for i := range writes {
		w := &writes[i]
		changes[i] = change{write: w, index: i}
		if w.Expect != 0 || !s.server.transactions {
			ids = append(ids, w.Key.String())
			places[w.Key] = i
		}
	}
	for chunk := range slices.Chunk(ids, keysAtOnce) {
		cursor, err := s.heads.Find(ctx, idIn(chunk))
		if err != nil {
			return nil, err
		}
		if err := takeHeads(ctx, cursor, changes, places); err != nil {
			return nil, err
		}
	}
	for i := range changes {
		if err := changes[i].check(); err != nil {
			return nil, err
		}
	}
	return changes, nil
}

func takeHeads(ctx context.Context, cursor *mongo.Cursor, changes []change, places map[fhir.Key]int) error {
	defer func() { _ = cursor.Close(context.WithoutCancel(ctx)) }()
	for cursor.Next(ctx) {
		raw := slices.Clone(cursor.Current) // it is good only until the next one
		v, err := decode(raw)
		if err != nil {
			return wrongDocument("resource", err)
		}
		c := &changes[places[v.Key]]
		c.before, c.current = raw, v
	}
	return cursor.Err()
}

// check compares what the write expects. The zero Version has the number 0.
func (c *change) check() error {
	if e := c.write.Expect; e == store.AnyVersion || e == c.current.VersionID {
		return nil
	}
	return &store.Conflict{Kind: store.VersionMismatch, Index: c.index, Key: c.write.Key, Current: c.current.VersionID}
}

// stamp is the lastUpdated of a commit: now, but never before a version that
// it displaces.
func stamp(now time.Time, changes ...*change) time.Time {
	for _, c := range changes {
		if c.current.LastUpdated.After(now) {
			now = c.current.LastUpdated
		}
	}
	return now
}

// encode makes the documents.
func (c *change) encode(at time.Time) (err error) {
	c.doc, c.after, err = encodeHead(c.write, c.current.VersionID+1, at, c.before)
	if err == nil && c.before != nil {
		c.displacedID, c.displaced, err = encodeDisplaced(c.before, at)
	}
	return err
}

// holds matches the head while it is the one that was read.
func (c *change) holds() bson.D {
	return bson.D{{Key: fID, Value: c.write.Key.String()}, {Key: fVersion, Value: c.current.VersionID}}
}

// writeChanges writes displaced versions, and then heads in the order of the
// commit, so that the change feed has that order too. It runs in a transaction.
func (s *Store) writeChanges(ctx context.Context, changes []change) error {
	if len(changes) == 0 {
		return nil
	}
	heads := make([]mongo.WriteModel, len(changes))
	var displaced []mongo.WriteModel
	for i := range changes {
		c := &changes[i]
		if c.before == nil {
			heads[i] = mongo.NewInsertOneModel().SetDocument(c.doc)
			continue
		}
		heads[i] = mongo.NewReplaceOneModel().SetFilter(c.holds()).SetReplacement(c.doc)
		displaced = append(displaced, mongo.NewReplaceOneModel().SetFilter(idIs(c.displacedID)).SetReplacement(c.displaced).SetUpsert(true))
	}
	if len(displaced) > 0 {
		if _, err := s.versions.BulkWrite(ctx, displaced, unordered); err != nil {
			return err
		}
	}
	r, err := s.heads.BulkWrite(ctx, heads)
	switch {
	case mongo.IsDuplicateKeyError(err):
		return duplicate(err, changes)
	case err == nil && r.MatchedCount != int64(len(displaced)):
		return errCollided
	}
	return err
}

var unordered = options.BulkWrite().SetOrdered(false)

// duplicate: a resource that is there already is a conflict, unless its write
// takes what is there, for then the resource came after the heads were read.
func duplicate(err error, changes []change) error {
	var be mongo.BulkWriteException
	if !errors.As(err, &be) || len(be.WriteErrors) == 0 {
		return errCollided
	}
	c := &changes[be.WriteErrors[0].Index]
	if c.write.Expect == store.AnyVersion {
		return errCollided
	}
	return &store.Conflict{Kind: store.VersionMismatch, Index: c.index, Key: c.write.Key, Current: -1}
}

// mendUntil sets right what a displaced version says after another commit won:
// that commit's version is the one that displaced it.
func (s *Store) mendUntil(ctx context.Context, c *change) error {
	next, err := s.ReadVersion(ctx, c.write.Key, c.current.VersionID+1)
	if err != nil || !next.Exists() {
		return err
	}
	until := bson.D{{Key: "$set", Value: bson.D{{Key: fUntil, Value: next.LastUpdated}}}}
	_, err = s.versions.UpdateOne(ctx, idIs(c.displacedID), until)
	return err
}
