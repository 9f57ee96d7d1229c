package mongo

import (
	"context"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"
)

// oldestServer is the oldest major version that works.
const oldestServer = 6

// serverFacts are what the server said when the store was opened.
type serverFacts struct {
	version      string
	transactions bool // a replica set or a sharded cluster
}

// Exclusive implements store.Store: several processes may use one database.
func (s *Store) Exclusive() bool { return false }

// Transactional implements store.Store.
func (s *Store) Transactional() bool { return s.server.transactions }

// concerns are how collections are read and written. A standalone server has
// no majority to read from.
func (f serverFacts) concerns() *options.CollectionOptionsBuilder {
	o := options.Collection().SetWriteConcern(durable())
	if f.transactions {
		o.SetReadConcern(readconcern.Majority())
	}
	return o
}

// durable has a majority hold a write in its journal.
func durable() *writeconcern.WriteConcern {
	journal := true
	return &writeconcern.WriteConcern{W: "majority", Journal: &journal}
}

// hello is what is used of the command's answer.
type hello struct {
	SetName   string    `bson:"setName"`
	Msg       string    `bson:"msg"`
	LocalTime time.Time `bson:"localTime"`
	LastWrite *struct {
		OpTime            bson.RawValue `bson:"opTime"`
		MajorityOpTime    bson.RawValue `bson:"majorityOpTime"`
		MajorityWriteDate time.Time     `bson:"majorityWriteDate"`
	} `bson:"lastWrite"`
}

// inspect asks the server what it is, refuses one that is too old, and sets
// the clock by it.
func (s *Store) inspect(ctx context.Context) error {
	h, err := s.measure(ctx)
	if err != nil {
		return err
	}
	var build struct {
		Version string `bson:"version"`
		Array   []int  `bson:"versionArray"`
	}
	if err := s.db.RunCommand(ctx, bson.D{{Key: "buildInfo", Value: 1}}).Decode(&build); err != nil {
		return err
	}
	if err := refuseOld(build.Version, build.Array); err != nil {
		return err
	}
	s.server = serverFacts{version: build.Version, transactions: h.SetName != "" || h.Msg == "isdbgrid"}
	s.log.Info("connected to MongoDB", "version", build.Version, "database", s.db.Name(), "transactions", s.server.transactions)
	if !s.server.transactions {
		s.log.Warn("the MongoDB server is a standalone one: " +
			"transaction bundles and conditional writes are refused; a replica set, even of one member, takes them")
	}
	return nil
}

func refuseOld(version string, parts []int) error {
	if len(parts) == 0 || parts[0] < oldestServer {
		return fmt.Errorf("the server is MongoDB %s: %d.0 or later is needed", version, oldestServer)
	}
	return nil
}
