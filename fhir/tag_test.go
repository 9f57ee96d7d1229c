package fhir_test

import (
	"slices"
	"testing"

	"caseway/fhir"
)

func TestTagsAreAddedOnceAndNothingElseChanges(t *testing.T) {
	tag := fhir.Tag{System: "s", Code: `q"`}
	const added = `{"system":"s","code":"q\""}`
	for before, after := range map[string]string{
		`{"resourceType":"Patient"}`:                          `{"resourceType":"Patient","meta":{"tag":[` + added + `]}}`,
		`{"meta":{"source":"x"},"resourceType":"Patient"}`:    `{"meta":{"source":"x","tag":[` + added + `]},"resourceType":"Patient"}`,
		`{"meta":{"tag":[{"code":"\u0061"},{"system":"s"}]}}`: `{"meta":{"tag":[{"code":"\u0061"},{"system":"s"},` + added + `]}}`,
		`{"meta":{"tag":[{"code":"q\u0022","system":"s"}]}}`:  `{"meta":{"tag":[{"code":"q\u0022","system":"s"}]}}`,
	} {
		got := fhir.WithTags([]byte(before), tag, tag)
		if string(got) != after {
			t.Errorf("%s, want %s", got, after)
		}
		if codes := fhir.Tags(got, "s"); !slices.Equal(codes, []string{`q"`}) {
			t.Errorf("%s has %q", got, codes)
		}
	}
}
