package storetest

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"time"

	"caseway/fhir/store"
)

var recordCases = []testCase{
	{"record/life of a record", lifeOfARecord},
	{"record/prefix, after, limit", recordListing},
	{"record/expiry", recordExpiry},
	{"record/with resources in one commit", recordsWithResources},
	{"record/one winner", recordRace},
	{"record/reopened", recordsReopened},
}

// record is a write that expects a version.
func record(key, value string, expect int64) store.RecordWrite {
	return store.RecordWrite{Kind: "job", Key: key, Value: []byte(value), Expect: expect}
}

// writeRecords applies record writes that must succeed.
func writeRecords(ctx context.Context, t *testing.T, s store.Store, writes ...store.RecordWrite) {
	t.Helper()
	if _, err := s.Commit(ctx, store.Commit{Records: writes}); err != nil {
		t.Fatalf("records: %v", err)
	}
}

// refuseRecord applies a record write that must be refused.
func refuseRecord(ctx context.Context, t *testing.T, s store.Store, w store.RecordWrite) {
	t.Helper()
	_, err := s.Commit(ctx, store.Commit{Records: []store.RecordWrite{w}})
	wantConflict(t, err, store.RecordMismatch, 0)
}

// wantRecords checks all records of a kind.
func wantRecords(ctx context.Context, t *testing.T, s store.Store, kind string, want ...store.Record) {
	t.Helper()
	got, err := s.Records(ctx, kind, "", "", 1000)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(want) {
		t.Fatalf("%d records of kind %s, want %d", len(got), kind, len(want))
	}
	for i, g := range got {
		w := want[i]
		if g.Kind != w.Kind || g.Key != w.Key || !bytes.Equal(g.Value, w.Value) || g.Version != w.Version || g.Expires != w.Expires {
			t.Errorf("record %d is %+v, want %+v", i, g, w)
		}
	}
}

func lifeOfARecord(t *testing.T, d *database) {
	s := d.store(t)
	refuseRecord(d.ctx, t, s, record("a", "x", 1))
	writeRecords(d.ctx, t, s, record("a", "one", 0))
	refuseRecord(d.ctx, t, s, record("a", "x", 0))
	refuseRecord(d.ctx, t, s, record("a", "x", 2))
	wantRecords(d.ctx, t, s, "job", store.Record{Kind: "job", Key: "a", Value: []byte("one"), Version: 1})
	writeRecords(d.ctx, t, s, record("a", "\x00\xff two", 1))
	wantRecords(d.ctx, t, s, "job", store.Record{Kind: "job", Key: "a", Value: []byte("\x00\xff two"), Version: 2})
	writeRecords(d.ctx, t, s, record("a", "", store.AnyVersion))
	wantRecords(d.ctx, t, s, "job", store.Record{Kind: "job", Key: "a", Version: 3})
	wantRecords(d.ctx, t, s, "jobs")

	del := store.RecordWrite{Kind: "job", Key: "a", Delete: true, Expect: 2}
	refuseRecord(d.ctx, t, s, del)
	del.Expect = 3
	writeRecords(d.ctx, t, s, del)
	wantRecords(d.ctx, t, s, "job")
	refuseRecord(d.ctx, t, s, del)
	del.Expect = store.AnyVersion
	writeRecords(d.ctx, t, s, del) // deleting what isn't there is nothing
	writeRecords(d.ctx, t, s, record("a", "again", 0))
	wantRecords(d.ctx, t, s, "job", store.Record{Kind: "job", Key: "a", Value: []byte("again"), Version: 1})
}

func recordListing(t *testing.T, d *database) {
	s := d.store(t)
	for _, k := range []string{"b", "a/2", "a/10", "a", "a/", "A/1", "a0", "ä", "a/é", "a%", "a_", "a/\uffff", "a/\U0010ffff", "a/\U0010ffffz"} {
		writeRecords(d.ctx, t, s, record(k, k, 0))
	}
	writeRecords(d.ctx, t, s, store.RecordWrite{Kind: "other", Key: "a/3", Value: []byte("x")})
	for _, c := range []struct {
		prefix, after string
		limit         int
		want          string
	}{
		{"", "", 100, "A/1 a a% a/ a/10 a/2 a/é a/\uffff a/\U0010ffff a/\U0010ffffz a0 a_ b ä"},
		{"a/", "", 100, "a/ a/10 a/2 a/é a/\uffff a/\U0010ffff a/\U0010ffffz"},
		{"a/", "a/", 2, "a/10 a/2"},
		{"a/", "a/2", 1, "a/é"},
		{"a/", "A", 1, "a/"},
		{"a/", "b", 10, ""},
		{"a%", "", 10, "a%"},
		{"a_", "", 10, "a_"},
		{"a/\U0010ffff", "", 10, "a/\U0010ffff a/\U0010ffffz"},
		{"", "b", 10, "ä"},
		{"c", "", 10, ""},
	} {
		got, err := s.Records(d.ctx, "job", c.prefix, c.after, c.limit)
		if err != nil {
			t.Fatal(err)
		}
		var keys []string
		for _, r := range got {
			keys = append(keys, r.Key)
		}
		if fmt.Sprint(keys) != "["+c.want+"]" {
			t.Errorf("prefix %q after %q limit %d: %q, want %q", c.prefix, c.after, c.limit, keys, c.want)
		}
	}
}

func recordExpiry(t *testing.T, d *database) {
	s := d.store(t)
	now := time.Now().UTC().Truncate(time.Millisecond)
	past, future := record("past", "x", 0), record("future", "y", 0)
	past.Expires, future.Expires = now.Add(-time.Second), now.Add(time.Hour)
	writeRecords(d.ctx, t, s, past, future)
	live := store.Record{Kind: "job", Key: "future", Value: []byte("y"), Version: 1, Expires: future.Expires}
	wantRecords(d.ctx, t, s, "job", live)

	// An expired record counts as none, to whoever expects something too.
	past.Expect = 1
	refuseRecord(d.ctx, t, s, past)
	writeRecords(d.ctx, t, s, record("past", "new", 0))
	wantRecords(d.ctx, t, s, "job", live, store.Record{Kind: "job", Key: "past", Value: []byte("new"), Version: 1})

	// A write without an expiry takes it away.
	writeRecords(d.ctx, t, s, record("future", "z", 1))
	wantRecords(d.ctx, t, s, "job", store.Record{Kind: "job", Key: "future", Value: []byte("z"), Version: 2},
		store.Record{Kind: "job", Key: "past", Value: []byte("new"), Version: 1})
}

func recordsWithResources(t *testing.T, d *database) {
	s, key := d.store(t), patient("1")
	both := store.Commit{
		Writes:  []store.Write{create(key, 1)},
		Records: []store.RecordWrite{record("idempotency", "1", 0)},
	}
	if _, err := s.Commit(d.ctx, both); err != nil {
		t.Fatal(err)
	}
	both.Writes[0] = change(key, 1, 2)
	_, err := s.Commit(d.ctx, both)
	wantConflict(t, err, store.RecordMismatch, 0)
	if v := read(d.ctx, t, s, key); v.VersionID != 1 {
		t.Errorf("a commit refused for its record wrote %s", show(v))
	}
	if all := allHistory(d.ctx, t, s, store.HistoryQuery{Limit: 10}); len(all) != 1 {
		t.Errorf("history shows %v", showAll(all))
	}
}

func recordRace(t *testing.T, d *database) {
	s := d.store(t)
	for round := range int64(scaled(10, 3)) {
		winners := 0
		for _, err := range together(50, func(i int) error {
			_, err := s.Commit(d.ctx, store.Commit{Records: []store.RecordWrite{record("lease", fmt.Sprint(i), round)}})
			return err
		}) {
			if err == nil {
				winners++
			} else {
				wantConflict(t, err, store.RecordMismatch, 0)
			}
		}
		if winners != 1 {
			t.Fatalf("%d commits won version %d", winners, round+1)
		}
	}
}

func recordsReopened(t *testing.T, d *database) {
	s, shut := d.closable(t)
	writeRecords(d.ctx, t, s, record("a", "1", 0), record("b", "2", 0))
	shut()
	wantRecords(d.ctx, t, d.store(t), "job",
		store.Record{Kind: "job", Key: "a", Value: []byte("1"), Version: 1},
		store.Record{Kind: "job", Key: "b", Value: []byte("2"), Version: 1})
}
