package mongo

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"

	"caseway/fhir"
	"caseway/fhir/store"
)

// errCollided says that another commit came between; trying again from fresh
// reads may succeed.
var errCollided = errors.New("mongo: collided with another commit")

// Commit implements store.Store.
func (s *Store) Commit(ctx context.Context, c store.Commit) (_ []store.Version, err error) {
	defer s.timed("commit", time.Now(), &err)
	if err := checkCommit(&c); err != nil {
		return nil, err
	}
	limited, cancel := context.WithTimeout(ctx, commitTimeout)
	defer cancel()
	release, err := s.turns.take(limited, &c)
	if err != nil {
		return nil, asError(ctx, "commit", err)
	}
	defer release()
	if err := s.admit(limited); err != nil {
		return nil, asError(ctx, "commit", err)
	}
	defer func() { <-s.writers }()
	var versions []store.Version
	switch {
	case isCreation(&c):
		versions, err = s.create(limited, &c.Writes[0])
	case isRecord(&c), !s.server.transactions:
		versions, err = s.commitSingle(limited, &c)
	default:
		versions, err = s.transact(limited, &c)
	}
	if err != nil {
		return nil, asError(ctx, "commit", err)
	}
	return versions, nil
}

// admit waits for a place among the writers, so that a stamp isn't made before
// its commit can have a connection.
func (s *Store) admit(ctx context.Context) error {
	select {
	case s.writers <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// checkCommit finds mistakes of the caller.
func checkCommit(c *store.Commit) error {
	seen := make(map[fhir.Key]struct{}, len(c.Writes))
	for i := range c.Writes {
		w := &c.Writes[i]
		if _, twice := seen[w.Key]; twice {
			return errors.New("mongo: two writes to one key in one commit")
		}
		if (w.Content == nil) != (w.Method == store.Delete) {
			return errors.New("mongo: a write has content unless it deletes")
		}
		seen[w.Key] = struct{}{}
	}
	return checkRecords(c.Records)
}

// isCreation: one new resource needs nothing but its insert.
func isCreation(c *store.Commit) bool {
	return len(c.Writes) == 1 && c.Writes[0].Expect == 0 && len(c.Records) == 0 && len(c.Preconditions) == 0
}

// isRecord: one record needs nothing but its conditional write.
func isRecord(c *store.Commit) bool {
	return len(c.Writes) == 0 && len(c.Records) == 1 && len(c.Preconditions) == 0
}

// create inserts a resource that must not have existed. An insert that the
// server gave up, busy as it was, is made again with a new stamp; one of them
// may have happened all the same.
func (s *Store) create(ctx context.Context, w *store.Write) ([]store.Version, error) {
	var tried []store.Version
	for {
		v, err := s.insert(ctx, w)
		switch {
		case mongo.IsDuplicateKeyError(err):
			return s.createdBefore(ctx, w.Key, tried)
		case err == nil || ctx.Err() != nil || !isOverdue(err):
			return []store.Version{v}, err
		}
		tried = append(tried, v)
	}
}

func (s *Store) insert(ctx context.Context, w *store.Write) (store.Version, error) {
	ctx, cancel := context.WithTimeout(ctx, stampLife)
	defer cancel()
	doc, v, err := encodeHead(w, 1, s.clock.stamp(), nil)
	if err == nil {
		_, err = s.heads.InsertOne(ctx, doc)
	}
	return v, err
}

// createdBefore tells an insert of our own that was given up from a resource
// that somebody else made.
func (s *Store) createdBefore(ctx context.Context, key fhir.Key, tried []store.Version) ([]store.Version, error) {
	if len(tried) > 0 {
		first, err := s.ReadVersion(ctx, key, 1)
		if err != nil {
			return nil, err
		}
		for _, v := range tried {
			if v.LastUpdated.Equal(first.LastUpdated) && bytes.Equal(v.JSON, first.JSON) {
				return []store.Version{first}, nil
			}
		}
	}
	return nil, s.mismatch(ctx, 0, key)
}

// mismatch reads what is current now.
func (s *Store) mismatch(ctx context.Context, index int, key fhir.Key) error {
	c := &store.Conflict{Kind: store.VersionMismatch, Index: index, Key: key, Current: -1}
	if v, err := s.readHead(ctx, key); err == nil && v.Exists() {
		c.Current = v.VersionID
	}
	return c
}

// commitSingle makes one write, without a transaction.
func (s *Store) commitSingle(ctx context.Context, c *store.Commit) ([]store.Version, error) {
	if len(c.Writes)+len(c.Records) > 1 || hasCriteria(c) {
		return nil, fhir.NewError(fhir.Invalid, fhir.IssueNotSupported,
			"the database is a standalone MongoDB server, which has no transactions: it takes single writes, "+
				"but no transaction bundles and no conditional writes; a replica set, even of one member, takes all")
	}
	for try := 0; ; try++ {
		versions, err := s.trySingle(ctx, c)
		if !errors.Is(err, errCollided) {
			return versions, err
		}
		if err := pause(ctx, try); err != nil {
			return nil, err
		}
	}
}

func (s *Store) trySingle(ctx context.Context, c *store.Commit) ([]store.Version, error) {
	if err := s.checkTargets(ctx, c); err != nil {
		return nil, err
	}
	if len(c.Records) == 1 {
		return []store.Version{}, s.commitRecords(ctx, c.Records)
	}
	changes, err := s.resolve(ctx, c.Writes)
	if err != nil || len(changes) == 0 {
		return nil, err
	}
	return s.writeStepwise(ctx, &changes[0])
}

// writeStepwise keeps the displaced version first, and then puts the new one
// in its place if it still holds: broken off between the two, the version is
// there twice, which readers know, and never lost.
func (s *Store) writeStepwise(ctx context.Context, c *change) ([]store.Version, error) {
	limited, cancel := context.WithTimeout(ctx, stampLife)
	defer cancel()
	if err := c.encode(stamp(s.clock.stamp(), c)); err != nil {
		return nil, err
	}
	if c.before == nil {
		_, err := s.heads.InsertOne(limited, c.doc)
		if mongo.IsDuplicateKeyError(err) {
			err = errCollided // resolving again tells whether it is a conflict
		}
		return []store.Version{c.after}, err
	}
	if _, err := s.versions.ReplaceOne(limited, idIs(c.displacedID), c.displaced, upsertOne); err != nil {
		return nil, err
	}
	r, err := s.heads.ReplaceOne(limited, c.holds(), c.doc)
	if err != nil {
		return nil, err
	}
	if r.MatchedCount == 0 {
		return nil, errors.Join(errCollided, s.mendUntil(ctx, c))
	}
	return []store.Version{c.after}, nil
}

// pause waits a little, longer from try to try, so that those that collided
// don't collide again.
func pause(ctx context.Context, try int) error {
	longest := time.Millisecond << min(try, 6)
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(rand.N(longest)):
		return nil
	}
}
