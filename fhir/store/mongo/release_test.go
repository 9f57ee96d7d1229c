package mongo_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"caseway/fhir/store/mongo/mongotest"
	"caseway/fhir/store/storetest"
)

var writeRelease = flag.String("release", "", "write the store of this release, such as 0.1.0, to testdata")

// dumped is a line of a dump: a document of a collection.
type dumped struct {
	Collection string   `bson:"collection"`
	Document   bson.Raw `bson:"document"`
}

// TestStoresOfReleases: the database that each release has written opens with
// this program and holds what it held. Once a release is out, its database is
// written,
//
//	go test ./fhir/store/mongo -run TestStoresOfReleases -release 0.1.0
//
// and kept for ever, as a document of extended JSON a line.
func TestStoresOfReleases(t *testing.T) {
	if *writeRelease != "" {
		t.Run("write", func(t *testing.T) { keepRelease(t, *writeRelease) })
	}
	files, err := filepath.Glob("testdata/release-*.jsonl.gz")
	if err != nil || len(files) == 0 {
		t.Fatalf("got no databases of releases, error %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".jsonl.gz"), func(t *testing.T) {
			in := mongotest.Server(t)
			restore(t, in, file)
			storetest.CheckRelease(t, opened(t, in.URI))
		})
	}
}

// restore puts a dump into an empty database.
func restore(t *testing.T, in *mongotest.Instance, file string) {
	t.Helper()
	packed, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = packed.Close() }()
	z, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var d dumped
		if err := bson.UnmarshalExtJSON(lines.Bytes(), true, &d); err != nil {
			t.Fatal(err)
		}
		if _, err := collection(t, in, d.Collection).InsertOne(t.Context(), d.Document); err != nil {
			t.Fatal(err)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
}

// keepRelease writes the database of a release to testdata.
func keepRelease(t *testing.T, release string) {
	t.Helper()
	in := mongotest.Server(t)
	storetest.WriteRelease(t, opened(t, in.URI))
	names, err := in.Client(t).Database(in.Database).ListCollectionNames(t.Context(), bson.D{})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	var packed bytes.Buffer
	z, _ := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	for _, name := range names {
		all, err := collection(t, in, name).Find(t.Context(), bson.D{})
		if err != nil {
			t.Fatal(err)
		}
		for all.Next(t.Context()) {
			line, err := bson.MarshalExtJSON(dumped{name, all.Current}, true, false)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := z.Write(append(line, '\n')); err != nil {
				t.Fatal(err)
			}
		}
		if err := all.Err(); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("testdata/release-"+release+".jsonl.gz", packed.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}
