package storetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/fhir/interaction"
	"caseway/fhir/search"
	"caseway/fhir/store"
)

// releaseBase is the base URL of the server that writes the stores of releases.
const releaseBase = "https://release.example/fhir"

// releaseResources are what the store of a release holds, in the order in which
// they are written; a resource that comes twice has two versions.
var releaseResources = []string{
	`{"resourceType":"SearchParameter","id":"nick","url":"http://example.org/nick","name":"nick","status":"active","description":"x","code":"nick","base":["Patient"],"type":"string","expression":"Patient.name.where(use='nickname').given"}`,
	`{"resourceType":"Organization","id":"o","name":"Harbour Clinic"}`,
	`{"resourceType":"Patient","id":"a","identifier":[{"system":"http://example.org","value":"1"}],"name":[{"family":"Ångström","given":["Ada"]},{"use":"nickname","given":["Addie"]}],"birthDate":"1980-04-01"}`,
	`{"resourceType":"Patient","id":"b","identifier":[{"system":"http://example.org","value":"2"}],"name":[{"family":"Bell"}],"managingOrganization":{"reference":"Organization/o"}}`,
	`{"resourceType":"CarePlan","id":"p","status":"draft","intent":"plan","subject":{"reference":"Patient/a"},"period":{"start":"2026-01-01"}}`,
	`{"resourceType":"CarePlan","id":"p","status":"active","intent":"plan","subject":{"reference":"Patient/a"},"period":{"start":"2026-01-01","end":"2026-06-30"}}`,
	`{"resourceType":"Task","id":"t","status":"requested","intent":"order","for":{"reference":"Patient/a"},"focus":{"reference":"CarePlan/p"}}`,
	`{"resourceType":"Observation","id":"w","status":"final","code":{"text":"weight"},"subject":{"reference":"Patient/b"},"valueQuantity":{"value":72.50,"unit":"kg","system":"http://unitsofmeasure.org","code":"kg"}}`,
	`{"resourceType":"Task","id":"gone","status":"requested","intent":"order","for":{"reference":"Patient/b"}}`,
}

// releaseRecord is a record of a store of a release.
var releaseRecord = store.RecordWrite{Kind: "release", Key: "k", Value: []byte("secret")}

// releaseSearches are searches with the ids that they find.
var releaseSearches = []struct{ typ, query, ids string }{
	{"Patient", "identifier=http://example.org|1", "a"},
	{"Patient", "family=angstrom", "a"},
	{"Patient", "nick=addie", "a"},
	{"Patient", "birthdate=1980-04", "a"},
	{"Patient", "organization=Organization/o", "b"},
	{"Patient", "organization.name=harbour", "b"},
	{"CarePlan", "status=active", "p"},
	{"CarePlan", "status=draft", ""},
	{"CarePlan", "date=ge2026-03-01&date=le2026-03-01", "p"},
	{"Task", "patient=a", "t"},
	{"Task", "focus:CarePlan.status=active", "t"},
	{"Task", "", "t"},
	{"Observation", "value-quantity=gt73|http://unitsofmeasure.org|kg", ""},
	{"Observation", "value-quantity=72.5|http://unitsofmeasure.org|kg", "w"},
	{"Patient", "_has:Observation:patient:status=final", "b"},
}

// WriteRelease fills an empty store with what the store of a release holds.
func WriteRelease(t testing.TB, s store.Store) {
	t.Helper()
	e := releaseServer(t, s)
	for _, text := range releaseResources {
		tree, err := fhir.Decode(definition.R4(), []byte(text), fhir.DefaultLimits)
		if err != nil {
			t.Fatal(err)
		}
		key := fhir.Key{Type: tree.Type().Name, ID: tree.ID()}
		if _, err := e.Update(t.Context(), interaction.UpdateRequest{Key: key, Body: []byte(text)}); err != nil {
			t.Fatalf("writing %s: %v", key, err)
		}
	}
	if _, err := e.Delete(t.Context(), interaction.DeleteRequest{Key: fhir.Key{Type: "Task", ID: "gone"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Commit(t.Context(), store.Commit{Records: []store.RecordWrite{releaseRecord}}); err != nil {
		t.Fatal(err)
	}
	awaitIndex(t, e)
}

// CheckRelease holds a store that some release has written to what it must hold,
// as a server of this program has it once the index is what this program wants.
func CheckRelease(t testing.TB, s store.Store) {
	t.Helper()
	e := releaseServer(t, s)
	awaitIndex(t, e)
	for _, row := range releaseSearches {
		pairs, err := search.Split(row.query)
		if err != nil {
			t.Fatal(err)
		}
		page, err := e.Find(t.Context(), interaction.SearchRequest{Type: row.typ, Parameters: pairs})
		var ids []string
		for _, h := range page.Matches {
			ids = append(ids, h.Key.ID)
		}
		if got := strings.Join(ids, " "); err != nil || got != row.ids {
			t.Errorf("%s?%s: got %q, error %v; want %q", row.typ, row.query, got, err, row.ids)
		}
	}
	checkReleaseVersions(t, s, e)
	records, err := s.Records(t.Context(), releaseRecord.Kind, "", "", 10)
	if err != nil || len(records) != 1 || !slices.Equal(records[0].Value, releaseRecord.Value) {
		t.Errorf("got %d records, error %v; want the one that was written", len(records), err)
	}
	if _, err := e.Update(t.Context(), interaction.UpdateRequest{
		Key: fhir.Key{Type: "Patient", ID: "new"}, Body: []byte(`{"resourceType":"Patient","id":"new"}`),
	}); err != nil {
		t.Errorf("got %v, want a store that can be written", err)
	}
}

func checkReleaseVersions(t testing.TB, s store.Store, e *interaction.Session) {
	t.Helper()
	key := fhir.Key{Type: "CarePlan", ID: "p"}
	for version, want := range map[int64]string{1: "draft", 2: "active"} {
		v, err := e.VRead(t.Context(), key, fmt.Sprint(version))
		if err != nil || !strings.Contains(string(v.JSON), `"status":"`+want+`"`) {
			t.Errorf("version %d of %s: got %s, error %v; want status %s", version, key, v.JSON, err, want)
		}
	}
	v, err := e.Read(t.Context(), fhir.Key{Type: "Observation", ID: "w"})
	if err != nil || !strings.Contains(string(v.JSON), `"value":72.50`) {
		t.Errorf("got %s, error %v; want the decimal as it was written", v.JSON, err)
	}
	gone, err := s.Read(t.Context(), fhir.Key{Type: "Task", ID: "gone"})
	if err != nil || !gone[0].Deleted() || gone[0].VersionID != 2 {
		t.Errorf("got %+v, error %v; want the tombstone of Task/gone as version 2", gone, err)
	}
	history, err := s.History(t.Context(), store.HistoryQuery{Limit: 1, Count: true})
	if want := len(releaseResources) + 1; err != nil || history.Total != int64(want) {
		t.Errorf("got a history of %d versions, error %v; want %d", history.Total, err, want)
	}
}

// releaseServer is an engine that keeps the store's index.
func releaseServer(t testing.TB, s store.Store) *interaction.Session {
	t.Helper()
	r4 := definition.R4()
	e, err := interaction.New(interaction.Config{Store: s, Schema: r4, ResourceTypes: r4.ResourceTypes(), Base: releaseBase})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.JoinIndexing(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		e.KeepIndexed(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	return e.As(nil)
}

// awaitIndex waits until the index has everything.
func awaitIndex(t testing.TB, e *interaction.Session) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		if p := e.IndexProgress(); p.Opened == p.Generation && p.Generation > 1 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the index isn't made: %+v", e.IndexProgress())
		}
	}
}
