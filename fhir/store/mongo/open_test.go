package mongo_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"slices"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"caseway/fhir/store/mongo"
	"caseway/fhir/store/mongo/mongotest"
)

// refused opens a store, which must fail, and returns the error's text.
func refused(t *testing.T, uri string) string {
	t.Helper()
	s, err := mongo.Open(t.Context(), uri, mongo.Options{})
	if err == nil {
		_ = s.Close()
		t.Fatal("the store opened")
	}
	return err.Error()
}

func wantText(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Errorf("the error says %q, without %q", text, p)
		}
	}
}

func TestWeakSettingsAreRefused(t *testing.T) {
	for setting, part := range map[string]string{
		"readPreference=secondary":        "readPreference",
		"readPreference=primaryPreferred": "readPreference",
		"readPreference=nearest":          "readPreference",
		"readConcernLevel=local":          "readConcernLevel",
		"w=1":                             "w=majority",
		"w=0":                             "w=majority",
		"journal=false":                   "journal=true",
		"compressors=zlib":                "zlib",
		"nonsense":                        "read the URI",
	} {
		t.Run(setting, func(t *testing.T) {
			wantText(t, refused(t, "mongodb://127.0.0.1:1/x?"+setting), part)
		})
	}
}

func TestAskingForWhatHoldsAnywayIsFine(t *testing.T) {
	in := mongotest.Server(t)
	opened(t, in.URI+"?readPreference=primary&readConcernLevel=majority&w=majority&journal=true")
}

func TestWrongPassword(t *testing.T) {
	in := mongotest.Own(t, mongotest.Options{Auth: true})
	opened(t, in.URI)
	wrong := strings.Replace(in.URI, mongotest.Password, "not-the-password", 1)
	text := refused(t, wrong)
	wantText(t, text, "refused the login", mongotest.User, in.Addr())
	if strings.Contains(text, "not-the-password") {
		t.Errorf("the error shows the password: %s", text)
	}
	without := "mongodb://" + in.Addr() + "/" + in.Database
	wantText(t, refused(t, without), "requires authentication")
}

func TestNoURIErrorShowsThePassword(t *testing.T) {
	for _, uri := range []string{
		"mongodb://me:hush-hush@:/x", "mongodb://me:hush-hush@127.0.0.1:0/x", "mongodb://me:hush/hush@127.0.0.1/x",
		"mongodb://me:hush%zzhush@127.0.0.1/x", "mongodb://me:hush@hush@127.0.0.1/x", "mongodb://me:hush:hush@127.0.0.1:99999/x",
		"mongodb+srv://me:hush-hush@nowhere.invalid/x", "mongodb://me:hush-hush@127.0.0.1:1/x?w=nonsense&journal=maybe",
		"mongodb://me:hush-hush@127.0.0.1:1/x?serverSelectionTimeoutMS=100",
	} {
		t.Run(uri, func(t *testing.T) {
			if text := refused(t, uri); strings.Contains(text, "hush") {
				t.Errorf("%s: the error shows the password: %s", uri, text)
			}
		})
	}
}

func TestNobodyThere(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	_ = l.Close()
	wantText(t, refused(t, "mongodb://"+addr+"/x?serverSelectionTimeoutMS=300"), addr)
}

func TestOldServersAreRefused(t *testing.T) {
	for version, works := range map[string]bool{"5.0.31": false, "4.4.0": false, "6.0.0": true, "8.2.11": true} {
		t.Run(version, func(t *testing.T) {
			parts := []int{int(version[0] - '0'), 0, 0, 0}
			if err := mongo.RefuseOld(version, parts); (err == nil) != works {
				t.Errorf("%s: got %v, want it taken or refused as the row says", version, err)
			} else if err != nil {
				wantText(t, err.Error(), version, "6.0")
			}
		})
	}
	if mongo.RefuseOld("", nil) == nil {
		t.Error("a server that doesn't tell its version works")
	}
}

// collection is a collection of the test's database by the bare driver.
func collection(t *testing.T, in *mongotest.Instance, name string) *driver.Collection {
	t.Helper()
	return in.Client(t).Database(in.Database).Collection(name)
}

func TestIndexesAreMadeAndSaid(t *testing.T) {
	in := mongotest.Server(t)
	var said bytes.Buffer
	s, err := mongo.Open(t.Context(), in.URI, mongo.Options{Log: slog.New(slog.NewTextHandler(&said, nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	for name, want := range s.IndexNames() {
		present, err := collection(t, in, name).Indexes().ListSpecifications(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range want {
			if !slices.ContainsFunc(present, func(p driver.IndexSpecification) bool { return p.Name == w }) {
				t.Errorf("collection %s has no index %s", name, w)
			}
			wantText(t, said.String(), `msg="created an index" collection=`+name+" index="+w)
		}
	}
	said.Reset()
	again, err := mongo.Open(t.Context(), in.URI, mongo.Options{Log: slog.New(slog.NewTextHandler(&said, nil))})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = again.Close() }()
	if strings.Contains(said.String(), "created an index") {
		t.Errorf("indexes are made twice: %s", said.String())
	}
}

func TestConflictingIndexes(t *testing.T) {
	keys := bson.D{{Key: "live", Value: 1}, {Key: "place", Value: 1}}
	for name, model := range map[string]driver.IndexModel{
		"same name, other keys":    {Keys: bson.D{{Key: "place", Value: -1}}, Options: options.Index().SetName("live_place")},
		"same name, other options": {Keys: keys, Options: options.Index().SetName("live_place").SetUnique(true)},
		"same keys, other name":    {Keys: keys, Options: options.Index().SetName("mine")},
	} {
		t.Run(name, func(t *testing.T) {
			in := mongotest.Server(t)
			index, err := collection(t, in, "resource").Indexes().CreateOne(t.Context(), model)
			if err != nil {
				t.Fatal(err)
			}
			wantText(t, refused(t, in.URI), "collection resource", index, "live ascending, place ascending", "start again")
			if err := collection(t, in, "resource").Indexes().DropOne(t.Context(), index); err != nil {
				t.Fatal(err)
			}
			opened(t, in.URI)
		})
	}
}

// schema is what the database says.
func schema(t *testing.T, in *mongotest.Instance) (version int) {
	t.Helper()
	var doc struct{ Version int }
	if err := collection(t, in, "meta").FindOne(t.Context(), bson.D{{Key: "_id", Value: "schema"}}).Decode(&doc); err != nil {
		t.Fatal(err)
	}
	return doc.Version
}

func TestNewerSchemaIsRefusedUntouched(t *testing.T) {
	in := mongotest.Server(t)
	if _, err := collection(t, in, "meta").InsertOne(t.Context(), bson.D{{Key: "_id", Value: "schema"}, {Key: "version", Value: 99}}); err != nil {
		t.Fatal(err)
	}
	wantText(t, refused(t, in.URI), in.Database, "newer Caseway", "99")
	names, err := in.Client(t).Database(in.Database).ListCollectionNames(t.Context(), bson.D{})
	if err != nil || len(names) != 1 {
		t.Errorf("collections after the refusal: %v, %v", names, err)
	}
}

func TestOlderSchemaMigratesResumably(t *testing.T) {
	in := mongotest.Server(t)
	s := opened(t, in.URI)
	commit(t, s, put(patient("1"), 0, 1))
	from := schema(t, in)
	var ran []int
	step := func(n int, err error) func() error {
		return func() error { ran = append(ran, n); return err }
	}
	broken := errors.New("broken off")
	steps := []func() error{step(3, nil), step(4, broken)}
	if err := s.RunMigrations(t.Context(), steps...); !errors.Is(err, broken) {
		t.Fatalf("error %v, want that of the step", err)
	}
	if v := schema(t, in); from != 2 || v != 3 {
		t.Errorf("schema went from %d to %d, want 2 to 3", from, v)
	}
	steps[1] = step(4, nil)
	if err := s.RunMigrations(t.Context(), steps...); err != nil || schema(t, in) != 4 {
		t.Errorf("schema %d after going on, error %v", schema(t, in), err)
	}
	if !slices.Equal(ran, []int{3, 4, 4}) {
		t.Errorf("steps ran: %v, want 3, 4 and 4 again", ran)
	}
	wantText(t, refused(t, in.URI), "newer Caseway")
}

func TestSeveralOpenAtOnce(t *testing.T) {
	in := mongotest.Server(t)
	errs := make(chan error)
	for range 4 {
		go func() {
			s, err := mongo.Open(context.Background(), in.URI, mongo.Options{})
			if err == nil {
				err = s.Close()
			}
			errs <- err
		}()
	}
	for range 4 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}
