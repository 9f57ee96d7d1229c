package storetest

import (
	"bytes"
	"testing"
	"time"

	"caseway/fhir"
	"caseway/fhir/store"
)

var versionCases = []testCase{
	{"version/life of a resource", lifeOfAResource},
	{"version/unknown keys", unknownKeys},
	{"version/several keys keep their order", severalKeys},
	{"version/ids differ by case and type", distinctKeys},
	{"version/one lastUpdated for a commit", oneInstant},
	{"version/any version is taken", anyVersion},
	{"version/lastUpdated never falls", neverBackwards},
	{"version/10 MB", tenMegabytes},
	{"version/many writes in one commit", manyWrites},
	{"version/two writes to one key", twoWritesToOneKey},
	{"version/reopened", reopened},
}

func lifeOfAResource(t *testing.T, d *database) {
	s, key := d.store(t), patient("1")
	var all []store.Version
	for i, w := range []store.Write{
		create(key, 1), change(key, 1, 2), remove(key, 2), remove(key, 3), change(key, 4, 5), remove(key, 5),
	} {
		v := commit(d.ctx, t, s, w)[0]
		if v.VersionID != int64(i+1) {
			t.Fatalf("version %d is the %d. write", v.VersionID, i+1)
		}
		if v.Deleted() != (w.Method == store.Delete) {
			t.Errorf("version %d: deleted is %v", v.VersionID, v.Deleted())
		}
		wantSame(t, read(d.ctx, t, s, key), v)
		all = append(all, v)
	}
	for _, want := range all {
		got, err := s.ReadVersion(d.ctx, key, want.VersionID)
		if err != nil {
			t.Fatal(err)
		}
		wantSame(t, got, want)
	}
}

func unknownKeys(t *testing.T, d *database) {
	s, key := d.store(t), patient("1")
	commit(d.ctx, t, s, create(key, 1))
	if v := read(d.ctx, t, s, patient("2")); v.Exists() || v.Deleted() {
		t.Errorf("an unknown key was read as %s", show(v))
	}
	for _, no := range []int64{0, -1, 2, 1 << 62} {
		v, err := s.ReadVersion(d.ctx, key, no)
		if err != nil || v.Exists() {
			t.Errorf("version %d was read as %s, error %v", no, show(v), err)
		}
	}
	if v, err := s.ReadVersion(d.ctx, patient("2"), 1); err != nil || v.Exists() {
		t.Errorf("version 1 of an unknown key was read as %s, error %v", show(v), err)
	}
	if versions, err := s.Read(d.ctx); err != nil || len(versions) != 0 {
		t.Errorf("no keys gave %d versions, error %v", len(versions), err)
	}
}

func severalKeys(t *testing.T, d *database) {
	s := d.store(t)
	a := commit(d.ctx, t, s, create(patient("a"), 1))[0]
	b := commit(d.ctx, t, s, create(patient("b"), 2))[0]
	gone := commit(d.ctx, t, s, create(patient("c"), 3), create(patient("d"), 3))
	b2 := commit(d.ctx, t, s, change(b.Key, 1, 4), remove(patient("c"), 1))
	got, err := s.Read(d.ctx, b.Key, patient("none"), a.Key, patient("c"), b.Key, patient("d"))
	if err != nil {
		t.Fatal(err)
	}
	wantSameAll(t, got, []store.Version{b2[0], {}, a, b2[1], b2[0], gone[1]})
}

func distinctKeys(t *testing.T, d *database) {
	s := d.store(t)
	var all []store.Version
	for i, k := range []fhir.Key{
		{Type: "Patient", ID: "a"},
		{Type: "Patient", ID: "A"},
		{Type: "Patient", ID: "a-"},
		{Type: "Patient", ID: "a."},
		{Type: "Person", ID: "a"},
		{Type: "Medication", ID: "1"},
		{Type: "MedicationRequest", ID: "1"},
		{Type: "Patient", ID: "01"},
		{Type: "Patient", ID: "1"},
	} {
		all = append(all, commit(d.ctx, t, s, create(k, i))[0])
	}
	for _, v := range all {
		wantSame(t, read(d.ctx, t, s, v.Key), v)
	}
}

func oneInstant(t *testing.T, d *database) {
	s := d.store(t)
	versions := commit(d.ctx, t, s, create(patient("1"), 1), create(patient("2"), 2), create(patient("3"), 3))
	for _, v := range versions[1:] {
		if v.LastUpdated != versions[0].LastUpdated {
			t.Errorf("%s and %s in one commit", show(v), show(versions[0]))
		}
	}
}

func anyVersion(t *testing.T, d *database) {
	s, key := d.store(t), patient("1")
	for want := int64(1); want <= 3; want++ {
		v := commit(d.ctx, t, s, change(key, store.AnyVersion, 1))[0]
		if v.VersionID != want {
			t.Errorf("got version %d, want %d", v.VersionID, want)
		}
	}
}

func neverBackwards(t *testing.T, d *database) {
	s, key := d.store(t), patient("1")
	before := time.Now().Add(-time.Minute)
	for i := range int64(scaled(50, 10)) {
		v := commit(d.ctx, t, s, change(key, i, 1))[0]
		if v.LastUpdated.Before(before) {
			t.Fatalf("version %d is older than the one before it", v.VersionID)
		}
		before = v.LastUpdated
	}
	if before.After(time.Now().Add(time.Minute)) {
		t.Errorf("lastUpdated %v lies in the future", before)
	}
}

func tenMegabytes(t *testing.T, d *database) {
	s, key := d.store(t), patient("big")
	w := create(key, 1)
	w.Content = &fhir.Content{Type: key.Type, Rest: bigText(10 << 20)}
	v := commit(d.ctx, t, s, w)[0]
	wantSame(t, read(d.ctx, t, s, key), v)
	v2 := commit(d.ctx, t, s, change(key, 1, 2))[0]
	old, err := s.ReadVersion(d.ctx, key, 1)
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, old, v)
	page, err := s.History(d.ctx, store.HistoryQuery{Type: key.Type, ID: key.ID, Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	wantSameAll(t, page.Versions, []store.Version{v2, v})
}

// bigText is a member whose value has n characters that don't repeat soon.
func bigText(n int) []byte {
	b := make([]byte, 0, n+20)
	b = append(b, `"language":"`...)
	x := uint32(1)
	for range n {
		x = x*1664525 + 1013904223
		b = append(b, 'a'+byte(x>>24)%26)
	}
	return append(b, '"')
}

func manyWrites(t *testing.T, d *database) {
	s := d.store(t)
	writes := make([]store.Write, scaled(2000, 200))
	keys := make([]fhir.Key, len(writes))
	for i := range writes {
		keys[i] = patient("p" + string(bytes.Repeat([]byte{'x'}, i%7)) + time.UnixMilli(int64(i)).UTC().Format("150405.000"))
		writes[i] = create(keys[i], i)
	}
	versions := commit(d.ctx, t, s, writes...)
	got, err := s.Read(d.ctx, keys...)
	if err != nil {
		t.Fatal(err)
	}
	wantSameAll(t, got, versions)
}

func twoWritesToOneKey(t *testing.T, d *database) {
	s, key := d.store(t), patient("1")
	_, err := s.Commit(d.ctx, store.Commit{Writes: []store.Write{
		create(patient("2"), 1), change(key, store.AnyVersion, 1), change(key, store.AnyVersion, 2),
	}})
	if err == nil {
		t.Error("two writes to one key were taken")
	}
	for _, k := range []fhir.Key{key, patient("2")} {
		if v := read(d.ctx, t, s, k); v.Exists() {
			t.Errorf("the refused commit wrote %s", show(v))
		}
	}
}

func reopened(t *testing.T, d *database) {
	s, shut := d.closable(t)
	v1 := commit(d.ctx, t, s, create(patient("1"), 1))[0]
	gone := commit(d.ctx, t, s, change(v1.Key, 1, 2), create(patient("2"), 1))
	gone = append(gone, commit(d.ctx, t, s, remove(patient("2"), 1))...)
	shut()
	s = d.store(t)
	got, err := s.Read(d.ctx, v1.Key, patient("2"))
	if err != nil {
		t.Fatal(err)
	}
	wantSameAll(t, got, []store.Version{gone[0], gone[2]})
	next := commit(d.ctx, t, s, change(v1.Key, 2, 3))[0]
	if next.LastUpdated.Before(gone[2].LastUpdated) {
		t.Errorf("%s after %s", show(next), show(gone[2]))
	}
}
