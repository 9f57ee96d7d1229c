package fhir_test

import (
	"strings"
	"testing"

	"caseway/fhir"
)

// TestDecodeStored: what was stored once is read, however long it is and whatever
// rules it breaks today, and what is no resource is an error that isn't told to
// clients as theirs.
func TestDecodeStored(t *testing.T) {
	for _, row := range []struct{ name, text, id string }{
		{"a resource", patient + `,"id":"a"}`, "a"},
		{"a rule broken", patient + `,"id":"a","gender":"x"}`, "a"},
		{"an element that isn't known", patient + `,"id":"a","pets":1}`, "a"},
		{"longer than clients may send", patient + strings.Repeat(" ", fhir.DefaultLimits.Bytes) + `,"id":"a"}`, "a"},
		{"an unknown type", `{"resourceType":"Pet","id":"a"}`, ""},
		{"no type", `{"id":"a"}`, ""},
		{"no object", `[]`, ""},
		{"no JSON", `{"resourceType":"Patient`, ""},
		{"nothing", ``, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			tree, err := fhir.DecodeStored(decodeSchema, []byte(row.text))
			if row.id == "" {
				if tree != nil || err == nil || fhir.Is(err, fhir.Kinds()...) {
					t.Errorf("got a tree: %v, error %v, want no tree and an error of no kind", tree != nil, err)
				}
				return
			}
			if err != nil || tree.ID() != row.id {
				t.Errorf("got error %v, want %s", err, row.id)
			}
		})
	}
}
