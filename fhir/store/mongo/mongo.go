// Package mongo keeps a FHIR store in MongoDB, 6.0 or later.
//
// Collections:
//
//   - resource: the head of each resource, which is its current version or its
//     tombstone. _id is "Type/id". A head holds its index: the terms, which one
//     multikey index leads to the heads from, and the values beside them, which
//     are only read.
//   - version: displaced versions. _id is "Type/id#" and the version number in
//     19 digits, so that the order of _id is the order of versions. until is
//     the lastUpdated of the version that displaced it.
//   - record: the small values beside the resources; MongoDB itself removes
//     expired ones. _id is "kind/key".
//   - lock: documents that commits write so that those collide which must not
//     both succeed. They say nothing else.
//   - meta: the schema version, and what Check writes.
//
// A body is a string with the exact bytes of the JSON. The order of searches and
// history is a document's place: its lastUpdated, then its _id, as one string.
//
// Reads go to the primary with read concern majority, writes are acknowledged
// by a majority with journal. On a replica set a commit is a transaction, but
// for the creation of one resource, which is one insert. A standalone server
// has no transactions: it takes single writes, each in two steps that are safe
// in their order.
//
// Time: a commit is stamped by the database server's clock, so that several
// processes agree, and never lower than what there was when its process began. A stamp that grew older than 5 s before its commit is
// abandoned and made anew; what is older than 10 s is settled: no version with
// an earlier lastUpdated can appear any more.
package mongo

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"caseway/fhir/store"
)

// Options are what a store may be told. The zero Options are good.
type Options struct {
	Log *slog.Logger // nil: discarded
	// Observe, when not nil, is called after each operation of the store with
	// its name, such as "read" or "commit". It must be quick.
	Observe func(op string, took time.Duration, err error)
}

// Store is a FHIR store in MongoDB.
type Store struct {
	client *mongo.Client
	db     *mongo.Database
	log    *slog.Logger
	pool   *poolCounts

	heads, versions, records, locks, meta *mongo.Collection

	observe func(op string, took time.Duration, err error)
	clock   *serverClock
	server  serverFacts
	stripes *stripes
	turns   *turns
	writers chan struct{} // one place for each commit under way

	closing context.CancelFunc // ends background work
	closed  chan struct{}      // closed when it has ended
}

var _ store.Store = (*Store)(nil)

// Open connects to the database that a mongodb:// URI names ("caseway" where
// it names none), and creates or migrates what the store needs. What is wrong
// with the URI, the server, the login or the schema is said in the error,
// which never shows the password.
func Open(ctx context.Context, uri string, o Options) (*Store, error) {
	target, err := parseURI(uri)
	if err != nil {
		return nil, err
	}
	return target.open(ctx, o)
}

func (target *target) open(ctx context.Context, o Options) (_ *Store, err error) {
	s := newStore(o)
	target.client.SetPoolMonitor(s.pool.monitor())
	if s.client, err = mongo.Connect(target.client); err != nil {
		return nil, target.redact("connect", err)
	}
	if err := s.prepare(ctx, target); err != nil {
		_ = s.client.Disconnect(context.WithoutCancel(ctx))
		return nil, target.redact("open the store", err)
	}
	background, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s.closing = cancel
	go s.keepTime(background)
	return s, nil
}

func newStore(o Options) *Store {
	s := &Store{
		log: o.Log, observe: o.Observe, pool: &poolCounts{},
		clock: &serverClock{}, stripes: newStripes(), turns: newTurns(), closed: make(chan struct{}),
		writers: make(chan struct{}, writersAtOnce),
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.observe == nil {
		s.observe = func(string, time.Duration, error) {}
	}
	return s
}

// prepare looks at the server and brings the database to this schema.
func (s *Store) prepare(ctx context.Context, target *target) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	s.db = s.client.Database(target.database)
	if err := s.inspect(ctx); err != nil {
		return err
	}
	concerns := s.server.concerns()
	collection := func(name string) *mongo.Collection { return s.db.Collection(name, concerns) }
	s.heads, s.versions, s.records = collection("resource"), collection("version"), collection("record")
	s.locks, s.meta = collection("lock"), collection("meta")
	if err := s.prepareSchema(ctx, migrations); err != nil {
		return err
	}
	return s.reachNewest(ctx)
}

// Close implements store.Store.
func (s *Store) Close() error {
	s.closing()
	<-s.closed
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	if err := s.client.Disconnect(ctx); err != nil && !errors.Is(err, mongo.ErrClientDisconnected) {
		return asError(ctx, "close", err)
	}
	return nil
}

// Check implements store.Store: it writes a document, as only a server that
// has its majority can.
func (s *Store) Check(ctx context.Context) (err error) {
	defer s.timed("check", time.Now(), &err)
	limited, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	_, err = s.meta.UpdateOne(limited, idIs("check"), increment, options.UpdateOne().SetUpsert(true))
	return asError(ctx, "check", err)
}

// timed reports an operation that began at a time, for defer.
func (s *Store) timed(op string, began time.Time, err *error) {
	s.observe(op, time.Since(began), *err)
}
