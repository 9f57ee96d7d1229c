package mongo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"go.mongodb.org/mongo-driver/v2/mongo/readpref"

	"caseway/fhir/store"
)

// errStale says that a commit took longer than its stamp may live.
var errStale = errors.New("mongo: the stamp of the commit grew too old")

// unknownOutcome is the error of a commit that may have happened.
type unknownOutcome struct{ cause error }

func (e *unknownOutcome) Error() string {
	return fmt.Sprintf("mongo: whether the commit happened isn't known: %v", e.cause)
}
func (e *unknownOutcome) Unwrap() error { return e.cause }

// transact makes a commit in a transaction, and again while it collides with
// others, each time with a stamp of its own.
func (s *Store) transact(ctx context.Context, c *store.Commit) ([]store.Version, error) {
	stripe, release, err := s.stripes.take(ctx, c)
	if err != nil {
		return nil, err
	}
	defer release()
	locks := locksOf(c, stripe)
	began := time.Now()
	for try := 0; ; try++ {
		versions, err := s.attempt(ctx, c, locks)
		if err == nil || !again(err, began) {
			return versions, err
		}
		if err := pause(ctx, try); err != nil {
			return nil, err
		}
	}
}

// again reports whether a commit surely didn't happen, and may if it is tried
// again. A server that is away gets little time.
func again(err error, began time.Time) bool {
	var unknown *unknownOutcome
	switch {
	case errors.As(err, &unknown):
		return false
	case errors.Is(err, errStale), errors.Is(err, errCollided):
		return true
	case !hasLabel(err, labelTransient):
		return false
	}
	return !isAway(err) || time.Since(began) < awayTimeout
}

// begun gives what a transaction goes on under when its client leaves, which
// ends ctx: a command that is cut off may reach the server behind the abort, and
// leave a transaction there that holds its documents for a minute.
func begun(ctx context.Context) (context.Context, context.CancelFunc) {
	within, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookTimeout+stampLife)
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(leaveTimeout, cancel) })
	return within, func() { stop(); cancel() }
}

// attempt is one transaction. It is aborted between two commands where the
// client leaves before anything is written, and otherwise brought to its end.
func (s *Store) attempt(client context.Context, c *store.Commit, locks []string) ([]store.Version, error) {
	if err := client.Err(); err != nil {
		return nil, err
	}
	ctx, cancel := begun(client)
	defer cancel()
	session, err := s.client.StartSession(options.Session().SetDefaultTransactionOptions(s.transactionOptions()))
	if err != nil {
		return nil, err
	}
	defer session.EndSession(context.WithoutCancel(ctx))
	if err := session.StartTransaction(); err != nil {
		return nil, err
	}
	versions, stamped, err := s.apply(mongo.NewSessionContext(ctx, session), c, locks, client.Err)
	if err == nil && time.Since(stamped) > stampLife {
		err = errStale
	}
	if err != nil {
		limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), awayTimeout)
		defer cancel()
		_ = session.AbortTransaction(limited) // the server aborts it otherwise
		return nil, err
	}
	return versions, finish(ctx, session, stamped)
}

// apply does everything but the end of the transaction, unless left says that
// the client has left before the writes. stamped is when the stamp was made, by
// the monotonic clock.
func (s *Store) apply(ctx context.Context, c *store.Commit, locks []string, left func() error) (_ []store.Version, stamped time.Time, err error) {
	changes, err := s.look(ctx, c, locks)
	if err == nil {
		err = left()
	}
	if err != nil {
		return nil, stamped, err
	}
	stamped = time.Now()
	limited, cancel := context.WithTimeout(ctx, stampLife)
	defer cancel()
	versions, err := s.writeAll(limited, changes)
	if err != nil && limited.Err() != nil && ctx.Err() == nil {
		err = errStale
	}
	return versions, stamped, err
}

// look does what needs no stamp: it locks, checks and reads, and writes
// records.
func (s *Store) look(ctx context.Context, c *store.Commit, locks []string) ([]change, error) {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	if err := s.lock(ctx, locks); err != nil {
		return nil, err
	}
	if err := s.checkPreconditions(ctx, c); err != nil {
		return nil, err
	}
	changes, err := s.resolve(ctx, c.Writes)
	if err != nil {
		return nil, err
	}
	return changes, s.commitRecords(ctx, c.Records)
}

// writeAll stamps and writes.
func (s *Store) writeAll(ctx context.Context, changes []change) ([]store.Version, error) {
	at := s.clock.stamp()
	for i := range changes {
		at = stamp(at, &changes[i])
	}
	versions := make([]store.Version, len(changes))
	for i := range changes {
		if err := changes[i].encode(at); err != nil {
			return nil, err
		}
		versions[i] = changes[i].after
	}
	return versions, s.writeChanges(ctx, changes)
}

// finish commits, and asks again while the answer is lost, until the stamp is
// too old.
func finish(ctx context.Context, session *mongo.Session, stamped time.Time) error {
	limited, cancel := context.WithDeadline(ctx, stamped.Add(stampLife))
	defer cancel()
	for try := 0; ; try++ {
		err := session.CommitTransaction(limited)
		switch {
		case err == nil:
			return nil
		case hasLabel(err, labelTransient) && !hasLabel(err, labelUnknown):
			return err // it didn't happen
		case !hasLabel(err, labelUnknown) || pause(limited, try) != nil:
			return &unknownOutcome{err}
		}
	}
}

// transactionOptions: reads see one snapshot, and the commit is acknowledged as
// single writes are.
func (s *Store) transactionOptions() *options.TransactionOptionsBuilder {
	return options.Transaction().SetReadConcern(readconcern.Snapshot()).SetWriteConcern(durable()).SetReadPreference(readpref.Primary())
}
