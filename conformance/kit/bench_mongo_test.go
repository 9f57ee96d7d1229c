package kit_test

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"

	"caseway/conformance/kit"
	"caseway/fhir/store/mongo/mongotest"
)

// heads is the collection of current versions, as the package documentation
// of the MongoDB store names it.
const heads = "resource"

// bareMongo is the database that a server uses, through the bare driver with
// the concerns that the server's promises need.
func bareMongo(b *testing.B, in *mongotest.Instance) *mongo.Database {
	b.Helper()
	return in.Client(b).Database(in.Database, options.Database().
		SetReadConcern(readconcern.Majority()).
		SetWriteConcern(&writeconcern.WriteConcern{W: "majority", Journal: ptr(true)}))
}

func ptr[T any](v T) *T { return &v }

// BenchmarkReadOnMongoDB compares reads by id with the driver's point reads of
// the same documents.
func BenchmarkReadOnMongoDB(b *testing.B) {
	in := mongotest.Own(b, mongotest.Options{})
	p := start(b, kit.Launch{Store: in.URI})
	urls := fill(b, kit.NewClient(p.Base), 2000)
	collection := bareMongo(b, in).Collection(heads)
	ids := make([]string, len(urls))
	for i, url := range urls {
		ids[i], _ = keyOf(url)
	}
	read := prepared(urls)
	for b.Loop() {
		var ours, bare rate
		for range turns {
			ours = ours.plus(hammerHTTP(b, phase, hostOf(p), p.PID, 200, read))
			bare = bare.plus(hammer(b, phase, 0, func(_ int, n int64) error {
				id := ids[n*7919%int64(len(ids))]
				_, err := collection.FindOne(b.Context(), bson.D{{Key: "_id", Value: id}}).Raw()
				return err
			}))
		}
		report(b, ours, bare)
	}
}

// BenchmarkCreateOnMongoDB compares creates with the driver's inserts of the
// documents that they made, into a collection with the same indexes.
func BenchmarkCreateOnMongoDB(b *testing.B) {
	in := mongotest.Own(b, mongotest.Options{})
	p := start(b, kit.Launch{Store: in.URI})
	fill(b, kit.NewClient(p.Base), 2000)
	database := bareMongo(b, in)
	documents := documentsOf(b, database)
	collection := withIndexesOf(b, database, database.Collection("bare"))
	create := creates(p.Base)
	var named atomic.Int64
	for b.Loop() {
		var ours, bare rate
		for range turns {
			ours = ours.plus(hammerHTTP(b, phase, hostOf(p), p.PID, http.StatusCreated, create))
			bare = bare.plus(hammer(b, phase, 0, func(_ int, n int64) error {
				document := renamed(documents[n%int64(len(documents))], named.Add(1))
				_, err := collection.InsertOne(b.Context(), document)
				return err
			}))
		}
		report(b, ours, bare)
	}
}

func documentsOf(b *testing.B, database *mongo.Database) []bson.D {
	b.Helper()
	cursor, err := database.Collection(heads).Find(b.Context(), bson.D{}, options.Find().SetLimit(2000))
	if err != nil {
		b.Fatal(err)
	}
	var documents []bson.D
	if err := cursor.All(b.Context(), &documents); err != nil {
		b.Fatal(err)
	}
	if len(documents) == 0 {
		b.Fatalf("collection %s is empty", heads)
	}
	return documents
}

// renamed gives a document an _id of its own and leaves the rest.
func renamed(document bson.D, n int64) bson.D {
	named := append(bson.D{}, document...)
	for i := range named {
		if named[i].Key == "_id" {
			named[i].Value = fmt.Sprintf("CarePlan/bare-%d", n)
		}
	}
	return named
}

// withIndexesOf makes the indexes of the heads on another collection.
func withIndexesOf(b *testing.B, database *mongo.Database, target *mongo.Collection) *mongo.Collection {
	b.Helper()
	cursor, err := database.Collection(heads).Indexes().List(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	var indexes []struct {
		Name   string
		Key    bson.D
		Unique bool
	}
	if err := cursor.All(b.Context(), &indexes); err != nil {
		b.Fatal(err)
	}
	for _, index := range indexes {
		if index.Name == "_id_" {
			continue
		}
		model := mongo.IndexModel{Keys: index.Key, Options: options.Index().SetUnique(index.Unique)}
		if _, err := target.Indexes().CreateOne(b.Context(), model); err != nil {
			b.Fatal(err)
		}
	}
	return target
}
