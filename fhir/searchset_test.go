package fhir_test

import (
	"testing"

	"caseway/fhir"
)

func TestMatches(t *testing.T) {
	found, err := fhir.Matches([]byte(`{"resourceType":"Bundle","entry":[
		{"resource":{"id":"b"},"search":{"mode":"match"}},
		{"resource":{"id":"i"},"search":{"mode":"include"}},
		{"resource":{"id":"a"},"search":{"mode":"match"}},
		{"resource":{"id":"o"},"search":{"mode":"outcome"}}]}`))
	if err != nil || len(found) != 2 || string(found[0]) != `{"id":"b"}` || string(found[1]) != `{"id":"a"}` {
		t.Errorf("found %s, %v", found, err)
	}
	if none, err := fhir.Matches([]byte(`{"resourceType":"Bundle"}`)); err != nil || len(none) != 0 {
		t.Errorf("found %s, %v in an empty page", none, err)
	}
	if _, err := fhir.Matches([]byte(`[`)); err == nil {
		t.Error("what isn't JSON is read")
	}
}
