package fhir_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"caseway/fhir"
)

var noon = time.Date(2026, 5, 1, 14, 0, 0, 0, time.FixedZone("", 2*3600))

func TestBundleWriter(t *testing.T) {
	total := int64(0)
	cases := []struct {
		name    string
		bundle  fhir.Bundle
		entries []fhir.Entry
		want    string
	}{
		{"nothing", fhir.Bundle{Type: "searchset"}, nil, `{"resourceType":"Bundle","type":"searchset"}`},
		{
			"head",
			fhir.Bundle{
				Type: "history", ID: "b", LastUpdated: noon, Extension: []byte(`[{"url":"http://a","valueInstant":"2026-01-01T00:00:00Z"}]`), Timestamp: noon, Total: &total,
				Links: []fhir.Link{{Relation: "self", URL: `http://a?b="c"`}, {Relation: "next", URL: "http://a?d"}},
			},
			nil,
			`{"resourceType":"Bundle","id":"b","meta":{"lastUpdated":"2026-05-01T12:00:00.000Z","extension":[{"url":"http://a","valueInstant":"2026-01-01T00:00:00Z"}]},"type":"history",` +
				`"timestamp":"2026-05-01T12:00:00.000Z","total":0,"link":[{"relation":"self","url":"http://a?b=\"c\""},{"relation":"next","url":"http://a?d"}]}`,
		},
		{
			"extension alone",
			fhir.Bundle{Type: "history", Extension: []byte(`[{"url":"http://a","valueBoolean":true}]`)},
			nil,
			`{"resourceType":"Bundle","meta":{"extension":[{"url":"http://a","valueBoolean":true}]},"type":"history"}`,
		},
		{
			"matches",
			fhir.Bundle{Type: "searchset"},
			[]fhir.Entry{{FullURL: "http://a/Patient/1", Resource: []byte(`{"resourceType":"Patient","id":"1"}`), Mode: "match"}, {Resource: []byte(`{"resourceType":"Patient"}`), Mode: "include"}},
			`{"resourceType":"Bundle","type":"searchset","entry":[{"fullUrl":"http://a/Patient/1","resource":{"resourceType":"Patient","id":"1"},"search":{"mode":"match"}},` +
				`{"resource":{"resourceType":"Patient"},"search":{"mode":"include"}}]}`,
		},
		{
			"versions",
			fhir.Bundle{Type: "history"},
			[]fhir.Entry{{
				FullURL: "http://a/Patient/1", Request: &fhir.EntryRequest{Method: "DELETE", URL: "Patient/1"},
				Response: &fhir.EntryResponse{Status: "204 No Content", VersionID: 2, LastModified: noon},
			}},
			`{"resourceType":"Bundle","type":"history","entry":[{"fullUrl":"http://a/Patient/1","request":{"method":"DELETE","url":"Patient/1"},` +
				`"response":{"status":"204 No Content","etag":"W/\"2\"","lastModified":"2026-05-01T12:00:00.000Z"}}]}`,
		},
		{
			"answers",
			fhir.Bundle{Type: "batch-response"},
			[]fhir.Entry{
				{Response: &fhir.EntryResponse{Status: "201 Created", Location: "Patient/1/_history/1", VersionID: 1, LastModified: noon}},
				{Response: &fhir.EntryResponse{Status: "404 Not Found", Outcome: fhir.Outcome()}},
			},
			`{"resourceType":"Bundle","type":"batch-response","entry":[{"response":{"status":"201 Created","location":"Patient/1/_history/1","etag":"W/\"1\"","lastModified":"2026-05-01T12:00:00.000Z"}},` +
				`{"response":{"status":"404 Not Found","outcome":` + string(fhir.Outcome()) + `}}]}`,
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := fhir.NewBundleWriter(c.bundle, 0)
			for _, e := range c.entries {
				w.Entry(e)
			}
			got := string(w.Bytes())
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%s: got what differs (-want +got):\n%s", c.name, diff)
			}
			mustDecode(t, got)
		})
	}
}

// TestLargeBundlesInPieces: the text is the same, and large resources aren't
// copied.
func TestLargeBundlesInPieces(t *testing.T) {
	large := []byte(`{"resourceType":"Patient","id":"` + strings.Repeat("a", 4096) + `"}`)
	entries := []fhir.Entry{
		{Resource: large},
		{FullURL: "urn:uuid:1", Resource: large, Mode: "match"},
		{Resource: []byte(`{"resourceType":"Patient"}`)},
		{},
		{FullURL: "urn:uuid:2", Resource: large, Response: &fhir.EntryResponse{Status: "200 OK"}},
	}
	write := func(size int) fhir.Text {
		w := fhir.NewBundleWriter(fhir.Bundle{Type: "searchset"}, size)
		for _, e := range entries {
			w.Entry(e)
		}
		return w.Text()
	}
	small, text := write(0), write(1<<20)
	if got, want := string(text.Bytes()), string(small.Bytes()); got != want || text.Len() != len(want) {
		t.Fatalf("in pieces: %s\nwhole: %s", got, want)
	}
	shared := 0
	for piece := range text.Drain() {
		if len(piece) == len(large) && &piece[0] == &large[0] {
			shared++
		}
	}
	if shared != 3 || text.Len() != 0 {
		t.Errorf("%d resources stand as they are, and %d bytes are left after all were given; want 3 and 0", shared, text.Len())
	}
}

func TestCountItems(t *testing.T) {
	for _, row := range []struct {
		name, text string
		want       int
	}{
		{"none", `{"resourceType":"Bundle"}`, 0},
		{"behind others", `{"type":"batch","link":[{"entry":[1,2]}],"entry":[{"entry":[1]},{}, 3]}`, 3},
		{"no list", `{"entry":{"a":1}}`, 0},
		{"twice", `{"entry":[1],"entry":[2,3]}`, 3},
		{"broken off", `{"entry":[1,2,{"a`, 2},
		{"no object", `[1,2,3]`, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := fhir.CountItems([]byte(row.text), "entry"); got != row.want {
				t.Errorf("got %d, want %d", got, row.want)
			}
		})
	}
}

func TestEmptyEntry(t *testing.T) {
	w := fhir.NewBundleWriter(fhir.Bundle{Type: "collection"}, 0)
	w.Entry(fhir.Entry{})
	if got := string(w.Bytes()); got != `{"resourceType":"Bundle","type":"collection","entry":[{}]}` {
		t.Errorf("an entry without anything makes %s", got)
	}
}
