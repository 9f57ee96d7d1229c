package mongotest_test

import (
	"context"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"caseway/fhir/store/mongo/mongotest"
)

func insert(t *testing.T, in *mongotest.Instance, id string) {
	t.Helper()
	c := in.Client(t)
	if _, err := c.Database(in.Database).Collection("thing").InsertOne(t.Context(), bson.D{{Key: "_id", Value: id}}); err != nil {
		t.Fatal(err)
	}
}

func TestServerGivesEachTestADatabaseOfItsOwn(t *testing.T) {
	a, b := mongotest.Server(t), mongotest.Server(t)
	insert(t, a, "1")
	insert(t, b, "1")
	if a.Database == b.Database || a.Addr() != b.Addr() {
		t.Errorf("want one server and two databases: %s %s, %s %s", a.Addr(), a.Database, b.Addr(), b.Database)
	}
}

func TestOwnKeepsItsDataWhenKilled(t *testing.T) {
	in := mongotest.Own(t, mongotest.Options{})
	insert(t, in, "1")
	in.Kill(t)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if err := in.Client(t).Ping(ctx, nil); err == nil {
		t.Fatal("the server still answers")
	}
	in.Start(t)
	n, err := in.Client(t).Database(in.Database).Collection("thing").CountDocuments(t.Context(), bson.D{})
	if err != nil || n != 1 {
		t.Errorf("documents after the kill: %d, %v; want 1", n, err)
	}
}

func TestOwnStandaloneHasNoReplicaSet(t *testing.T) {
	in := mongotest.Own(t, mongotest.Options{Standalone: true})
	hello, err := in.Client(t).Database("admin").RunCommand(t.Context(), bson.D{{Key: "hello", Value: 1}}).Raw()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := hello.LookupErr("setName"); err == nil {
		t.Error("a standalone server says that it is in a replica set")
	}
}

func TestOwnWithAuthWantsThePassword(t *testing.T) {
	in := mongotest.Own(t, mongotest.Options{Auth: true})
	insert(t, in, "1")
	in.Restart(t)
	insert(t, in, "2")
	c, err := mongo.Connect(options.Client().ApplyURI("mongodb://" + in.Addr() + "/"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Disconnect(context.Background()) }()
	if _, err := c.Database(in.Database).Collection("thing").InsertOne(t.Context(), bson.D{}); err == nil {
		t.Error("a write without a login went through")
	}
}
