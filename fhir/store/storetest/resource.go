package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"caseway/fhir"
	"caseway/fhir/search"
	"caseway/fhir/store"
)

// patient is the key of a made-up patient.
func patient(id string) fhir.Key { return fhir.Key{Type: "Patient", ID: id} }

// body is content that carries a number, and meta of its own.
func body(key fhir.Key, n int) *fhir.Content {
	return &fhir.Content{
		Type: key.Type,
		Meta: []byte(`"tag":[{"code":"test"}]`),
		Rest: fmt.Appendf(nil, `"multipleBirthInteger":%d,"text":{"div":"<div>äöü 𝄞 \u0041</div>"}`, n),
	}
}

// numberIn is the number that body was given.
func numberIn(t testing.TB, v store.Version) int {
	t.Helper()
	_, rest, found := bytes.Cut(v.JSON, []byte(`"multipleBirthInteger":`))
	n := 0
	if _, err := fmt.Sscanf(string(rest), "%d", &n); !found || err != nil {
		t.Fatalf("%s/%d has no number", v.Key, v.VersionID)
	}
	return n
}

// identifier is the index term of an identifier.
func identifier(key fhir.Key, value string) search.Term {
	return search.Term(key.Type + ".identifier:http://example.org|" + value)
}

// create writes a resource that must not have existed.
func create(key fhir.Key, n int) store.Write {
	w := change(key, 0, n)
	w.Method = store.Post
	return w
}

// change writes a version on top of the expected one.
func change(key fhir.Key, expect int64, n int) store.Write {
	return store.Write{
		Key: key, Method: store.Put, Content: body(key, n), Expect: expect,
		Index:        search.Index{Terms: []search.Term{identifier(key, key.ID)}},
		Compartments: []string{"Patient/" + key.ID},
	}
}

// remove writes a tombstone on top of the expected version.
func remove(key fhir.Key, expect int64) store.Write {
	return store.Write{Key: key, Method: store.Delete, Expect: expect}
}

// commit applies writes that must succeed, and checks what it returns.
func commit(ctx context.Context, t testing.TB, s store.Store, writes ...store.Write) []store.Version {
	t.Helper()
	versions, err := s.Commit(ctx, store.Commit{Writes: writes})
	if err != nil {
		t.Fatalf("commit: %v", err)
	}
	if len(versions) != len(writes) {
		t.Fatalf("commit returned %d versions for %d writes", len(versions), len(writes))
	}
	for i, v := range versions {
		wantWritten(t, v, writes[i])
	}
	return versions
}

// wantWritten checks a version against the write that made it.
func wantWritten(t testing.TB, v store.Version, w store.Write) {
	t.Helper()
	if v.Key != w.Key || v.Method != w.Method {
		t.Errorf("wrote %s by %s, got %s by %s", w.Key, w.Method, v.Key, v.Method)
	}
	if w.Expect != store.AnyVersion && v.VersionID != w.Expect+1 {
		t.Errorf("%s: version %d after %d", v.Key, v.VersionID, w.Expect)
	}
	if v.LastUpdated.Location() != time.UTC || v.LastUpdated != v.LastUpdated.Truncate(time.Millisecond) {
		t.Errorf("%s: lastUpdated %v isn't UTC with milliseconds", v.Key, v.LastUpdated)
	}
	var want []byte
	if w.Method != store.Delete {
		want = w.Content.Append(nil, w.Key.ID, v.VersionID, v.LastUpdated)
	}
	if !bytes.Equal(v.JSON, want) {
		t.Errorf("%s/%d: JSON isn't the content with id and meta:\n%.300s\n%.300s", v.Key, v.VersionID, v.JSON, want)
	}
}

// read returns the current version.
func read(ctx context.Context, t testing.TB, s store.Store, key fhir.Key) store.Version {
	t.Helper()
	versions, err := s.Read(ctx, key)
	if err != nil {
		t.Fatalf("read %s: %v", key, err)
	}
	if len(versions) != 1 {
		t.Fatalf("read of one key returned %d versions", len(versions))
	}
	return versions[0]
}

// wantSame fails unless two versions are the same in every field.
func wantSame(t testing.TB, got, want store.Version) {
	t.Helper()
	if !same(got, want) {
		t.Errorf("got %s, want %s", show(got), show(want))
	}
}

// wantSameAll is wantSame for lists.
func wantSameAll(t testing.TB, got, want []store.Version) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("got %d versions, want %d:\n%v\n%v", len(got), len(want), showAll(got), showAll(want))
	}
	for i := range got {
		if !same(got[i], want[i]) {
			t.Fatalf("version %d of %d: got %s, want %s", i, len(got), show(got[i]), show(want[i]))
		}
	}
}

func same(a, b store.Version) bool {
	return a.Key == b.Key && a.VersionID == b.VersionID && a.LastUpdated == b.LastUpdated &&
		a.Method == b.Method && bytes.Equal(a.JSON, b.JSON) && (a.JSON == nil) == (b.JSON == nil)
}

func show(v store.Version) string {
	return fmt.Sprintf("%s/%d %s %s (%d bytes)", v.Key, v.VersionID, v.Method, fhir.Instant(v.LastUpdated), len(v.JSON))
}

func showAll(versions []store.Version) (all []string) {
	for _, v := range versions[:min(len(versions), 40)] {
		all = append(all, show(v))
	}
	return all
}

// wantConflict fails unless err is a conflict of this kind in this member.
func wantConflict(t testing.TB, err error, kind store.ConflictKind, index int) {
	t.Helper()
	var c *store.Conflict
	if !errors.As(err, &c) || c.Kind != kind || c.Index != index {
		t.Errorf("got error %v, want %v", err, &store.Conflict{Kind: kind, Index: index})
	}
}

// isConflict reports whether err is a conflict of this kind.
func isConflict(err error, kind store.ConflictKind) bool {
	var c *store.Conflict
	return errors.As(err, &c) && c.Kind == kind
}
