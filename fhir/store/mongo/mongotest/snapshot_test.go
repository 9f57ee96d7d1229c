package mongotest_test

import (
	"context"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"

	"caseway/fhir/store/mongo/mongotest"
)

// accounts are two documents whose sum every commit keeps.
type accounts struct {
	client *mongo.Client
	of     *mongo.Collection
}

func newAccounts(t *testing.T, in *mongotest.Instance) accounts {
	t.Helper()
	c := in.Client(t)
	a := accounts{c, c.Database(in.Database).Collection("account", options.Collection().SetWriteConcern(writeconcern.Majority()).SetReadConcern(readconcern.Majority()))}
	if _, err := a.of.InsertMany(t.Context(), []any{bson.D{{Key: "_id", Value: "a"}, {Key: "n", Value: 0}}, bson.D{{Key: "_id", Value: "b"}, {Key: "n", Value: 0}}}); err != nil {
		t.Fatal(err)
	}
	return a
}

// move takes one from a and gives it to b, in a transaction.
func (a accounts) move(t *testing.T) {
	t.Helper()
	session, err := a.client.StartSession()
	if err != nil {
		t.Fatal(err)
	}
	defer session.EndSession(context.Background())
	_, err = session.WithTransaction(t.Context(), func(ctx context.Context) (any, error) {
		for id, by := range map[string]int{"a": -1, "b": 1} {
			if _, err := a.of.UpdateOne(ctx, bson.D{{Key: "_id", Value: id}}, bson.D{{Key: "$inc", Value: bson.D{{Key: "n", Value: by}}}}); err != nil {
				return nil, err
			}
		}
		return nil, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (a accounts) read(ctx context.Context, id string) (int, error) {
	var account struct {
		N int `bson:"n"`
	}
	err := a.of.FindOne(ctx, bson.D{{Key: "_id", Value: id}}).Decode(&account)
	return account.N, err
}

// TestSnapshotAcrossARestart reads one document of a snapshot before a kill, and
// the other one after it and a commit. MongoDB says that the snapshot is gone, or
// shows what it was. The stand-in is known to show the newer document instead:
// what is read within one snapshot is then of two moments, which no client can
// see. So searches that run while it is killed prove nothing about moments.
func TestSnapshotAcrossARestart(t *testing.T) {
	for _, row := range []struct {
		name  string
		begin func(t *testing.T, s *mongo.Session)
		opt   *options.SessionOptionsBuilder
		known bool // that the stand-in mixes moments
	}{
		{"snapshot session", func(*testing.T, *mongo.Session) {}, options.Session().SetSnapshot(true), true},
		{"transaction", func(t *testing.T, s *mongo.Session) {
			if err := s.StartTransaction(options.Transaction().SetReadConcern(readconcern.Snapshot())); err != nil {
				t.Fatal(err)
			}
		}, options.Session(), false},
	} {
		t.Run(row.name, func(t *testing.T) {
			in := mongotest.Own(t, mongotest.Options{})
			a := newAccounts(t, in)
			session, err := a.client.StartSession(row.opt)
			if err != nil {
				t.Fatal(err)
			}
			defer session.EndSession(context.Background())
			row.begin(t, session)
			within := mongo.NewSessionContext(t.Context(), session)
			if n, err := a.read(within, "a"); n != 0 || err != nil {
				t.Fatalf("before the kill: %d, %v", n, err)
			}
			in.Kill(t)
			in.Start(t)
			a.move(t)
			n, err := a.read(within, "b")
			t.Logf("%d, %v", n, err)
			switch mixed := err == nil && n != 0; {
			case mixed && !(row.known && in.StandIn()):
				t.Errorf("after the kill the snapshot has a commit that came later: %d, want 0 or an error", n)
			case !mixed && row.known && in.StandIn():
				t.Errorf("the stand-in holds its snapshots (%d, %v): it isn't known any more to mix moments", n, err)
			}
		})
	}
}
