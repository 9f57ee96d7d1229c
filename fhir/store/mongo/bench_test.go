package mongo_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"

	"caseway/fhir"
	"caseway/fhir/search"
	"caseway/fhir/store"
	"caseway/fhir/store/mongo/mongotest"
	"caseway/fhir/store/storetest"
)

func BenchmarkStore(b *testing.B) { storetest.Bench(b, backend) }

// typical is a resource of 2.5 KB with 12 terms.
func typical(id string) store.Write {
	w := put(patient(id), 0, 1)
	w.Content.Rest = fmt.Appendf(nil, `"language":"%s"`, strings.Repeat("0123456789", 240))
	for i := range 12 {
		w.Index.Terms = append(w.Index.Terms, search.Term(fmt.Sprintf("Patient.parameter-%02d:http://example.org|%s-%d", i, id, i)))
	}
	w.Compartments = []string{"Patient/" + id}
	return w
}

// bare is the same document as it is written by hand for the driver.
func bare(w store.Write) bson.D {
	at := time.Now()
	return bson.D{
		{Key: "_id", Value: w.Key.String()},
		{Key: "type", Value: w.Key.Type},
		{Key: "version", Value: int64(1)},
		{Key: "lastUpdated", Value: at},
		{Key: "live", Value: true},
		{Key: "place", Value: fmt.Sprintf("%013d %s", at.UnixMilli(), w.Key)},
		{Key: "method", Value: w.Method},
		{Key: "generation", Value: w.Generation},
		{Key: "size", Value: w.Content.Size()},
		{Key: "body", Value: string(w.Content.Append(nil, w.Key.ID, 1, at))},
		{Key: "compartments", Value: w.Compartments},
		{Key: "terms", Value: w.Index.Terms},
	}
}

// BenchmarkRatio does the same through the store and through the bare driver,
// by turns, with 8 clients, and reports the store's rate as a part of the
// driver's: 1 means that the store costs nothing.
func BenchmarkRatio(b *testing.B) {
	in := mongotest.Server(b)
	s := opened(b, in.URI)
	journal := true
	concerns := options.Collection().SetReadConcern(readconcern.Majority()).
		SetWriteConcern(&writeconcern.WriteConcern{W: "majority", Journal: &journal})
	c := in.Client(b).Database(in.Database).Collection("resource", concerns) // with the store's indexes
	var n atomic.Int64
	fresh := func() store.Write { return typical(fmt.Sprintf("%012d", n.Add(1))) }
	known := make([]fhir.Key, 1000)
	for i := range known {
		w := fresh()
		known[i] = w.Key
		if _, err := s.Commit(b.Context(), store.Commit{Writes: []store.Write{w}}); err != nil {
			b.Fatal(err)
		}
	}
	some := func() fhir.Key { return known[n.Add(1)%int64(len(known))] }
	b.Run("Read", func(b *testing.B) {
		compare(b, 400, func(ctx context.Context) error { _, err := s.Read(ctx, some()); return err },
			func(ctx context.Context) error { return readBare(ctx, c, some()) })
	})
	term := func() search.Term { return search.Term("Patient.parameter-07:http://example.org|" + some().ID + "-7") }
	b.Run("Search", func(b *testing.B) {
		compare(b, 400, func(ctx context.Context) error {
			return oneOf(search.Run(ctx, s, search.Plan{Types: []string{"Patient"}, Where: search.Leaf{Exact: []search.Term{term()}}, Count: 50}))
		}, func(ctx context.Context) error { return findBare(ctx, c, term()) })
	})
	b.Run("Create", func(b *testing.B) {
		compare(b, 100, func(ctx context.Context) error {
			_, err := s.Commit(ctx, store.Commit{Writes: []store.Write{fresh()}})
			return err
		}, func(ctx context.Context) error { _, err := c.InsertOne(ctx, bare(fresh())); return err })
	})
}

func readBare(ctx context.Context, c *driver.Collection, key fhir.Key) error {
	var doc bson.D
	return c.FindOne(ctx, bson.D{{Key: "_id", Value: key.String()}}).Decode(&doc)
}

func findBare(ctx context.Context, c *driver.Collection, t search.Term) error {
	cursor, err := c.Find(ctx, bson.D{{Key: "terms", Value: t}}, options.Find().SetSort(bson.D{{Key: "place", Value: 1}}).SetLimit(51))
	if err != nil {
		return err
	}
	var docs []bson.D
	return cursor.All(ctx, &docs)
}

// oneOf is the error of a search that should find one resource.
func oneOf(m search.Matches, err error) error {
	if err == nil && len(m.Hits) != 1 {
		err = fmt.Errorf("%d hits", len(m.Hits))
	}
	return err
}

// compare runs both by turns, n operations of each for an iteration.
func compare(b *testing.B, n int, ours, theirs func(context.Context) error) {
	var our, their time.Duration
	for range b.N {
		our += clients(b, n, ours)
		their += clients(b, n, theirs)
	}
	ops := float64(b.N * n)
	b.ReportMetric(their.Seconds()/our.Seconds(), "of-bare-driver")
	b.ReportMetric(ops/our.Seconds(), "ops/s")
	b.ReportMetric(ops/their.Seconds(), "bare-ops/s")
	b.ReportMetric(0, "ns/op")
}

// clients is how long 8 clients take for n operations together.
func clients(b *testing.B, n int, op func(context.Context) error) time.Duration {
	began := time.Now()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range n / 8 {
				if err := op(b.Context()); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
	return time.Since(began)
}

// BenchmarkConditional creates resources that have an identifier and refer to a
// patient of their own and to an organization that all have in common, by
// criteria of each kind, with 8 clients over 2 connections pools.
func BenchmarkConditional(b *testing.B) {
	in := mongotest.Server(b)
	stores := []store.Store{opened(b, in.URI), opened(b, in.URI)}
	var n atomic.Int64
	for _, row := range []struct {
		name     string
		criteria func(id string) search.Expr
	}{
		{"plain", nil},
		{"identifier", func(id string) search.Expr {
			return search.Leaf{Exact: []search.Term{search.Term("Patient.identifier:a|" + id)}}
		}},
		{"reference", func(id string) search.Expr {
			return search.Leaf{Exact: []search.Term{search.Term("Patient.link=Patient/" + id)}}
		}},
		{"code", func(id string) search.Expr {
			return search.Leaf{Exact: []search.Term{search.Term("Patient.language=" + id)}}
		}},
	} {
		b.Run(row.name, func(b *testing.B) {
			took := time.Duration(0)
			for range b.N {
				took += clients(b, 160, func(ctx context.Context) error {
					i := n.Add(1)
					id := fmt.Sprintf("%012d", i)
					w := typical(id)
					for _, t := range []string{"identifier:a|" + id, "identifier=" + id, "link=Patient/" + id, "organization=Organization/1", "language=" + id} {
						w.Index.Terms = append(w.Index.Terms, search.Term("Patient."+t))
					}
					c := store.Commit{Writes: []store.Write{w}}
					if row.criteria != nil {
						c.Preconditions = []store.Precondition{{Criteria: &search.Query{Type: "Patient", Where: row.criteria(id), Limit: 2}}}
					}
					_, err := stores[i%2].Commit(ctx, c)
					return err
				})
			}
			b.ReportMetric(float64(b.N*160)/took.Seconds(), "ops/s")
			b.ReportMetric(0, "ns/op")
		})
	}
}
