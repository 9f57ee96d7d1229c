package fhir_test

import (
	"strings"
	"testing"
	"time"

	"caseway/fhir"
)

func TestParseKey(t *testing.T) {
	for _, s := range []string{"Patient/1", "CarePlan/a-B.9", "X/" + strings.Repeat("x", 64)} {
		t.Run(s, func(t *testing.T) {
			if k, ok := fhir.ParseKey(s); !ok || k.String() != s {
				t.Errorf("%s is read as %v, %v", s, k, ok)
			}
		})
	}
	for _, s := range []string{"", "Patient", "Patient/", "/1", "patient/1", "Patient/1/_history/1", "Patient/a_b", "Pat1ent/1", "http://a/Patient/1", "X/" + strings.Repeat("x", 65), "Patient/é"} {
		t.Run(s, func(t *testing.T) {
			if k, ok := fhir.ParseKey(s); ok {
				t.Errorf("%q is read as %v", s, k)
			}
		})
	}
}

func TestNewID(t *testing.T) {
	now := time.Now()
	seen := map[string]bool{}
	before := ""
	for range 1000 {
		id := fhir.NewID(now)
		if id <= before {
			t.Fatalf("id %s doesn't follow %s", id, before)
		}
		before = id
		if !fhir.IsID(id) || seen[id] || !fhir.PrimitiveOf("uuid").Check([]byte("urn:uuid:"+id)) || id[14] != '7' {
			t.Fatalf("id %s", id)
		}
		seen[id] = true
		if later := fhir.NewID(now.Add(time.Millisecond)); later <= id {
			t.Fatalf("id %s of a later time doesn't follow %s", later, id)
		}
	}
}

func TestInstant(t *testing.T) {
	at := time.Date(2026, 5, 1, 14, 0, 0, 999_999, time.FixedZone("", 2*3600))
	if got := fhir.Instant(at); got != "2026-05-01T12:00:00.000Z" || string(fhir.AppendInstant(nil, at)) != got {
		t.Errorf("instant is %s", got)
	}
}
