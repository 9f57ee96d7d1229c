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
		t.Run(before, func(t *testing.T) {
			got := fhir.WithTags([]byte(before), tag, tag)
			if string(got) != after {
				t.Errorf("%s, want %s", got, after)
			}
			if codes := fhir.Tags(got, "s"); !slices.Equal(codes, []string{`q"`}) {
				t.Errorf("%s has %q", got, codes)
			}
		})
	}
}

func TestTagsAreTakenOutAndNothingElseChanges(t *testing.T) {
	for _, row := range []struct{ name, before, after string }{
		{"the only member of meta", `{"id":"1","meta":{"tag":[{"system":"s","code":"x"}]},"a":1}`, `{"id":"1","a":1}`},
		{"meta is last", `{"id":"1","meta":{"tag":[{"system":"s","code":"x"}]}}`, `{"id":"1"}`},
		{"meta is alone", `{"meta":{"tag":[{"system":"s","code":"x"}]}}`, `{}`},
		{"first in meta", `{"meta":{"tag":[{"code":"x","system":"s"}],"source":"y"}}`, `{"meta":{"source":"y"}}`},
		{"last in meta", `{"meta":{"source":"y","tag":[{"system":"s","code":"x"}]}}`, `{"meta":{"source":"y"}}`},
		{"beside others", `{"meta":{"tag":[{"system":"s","code":"x"},{"code":"x"},{"system":"s","code":"keep"},{"system":"s","code":"z"}]}}`, `{"meta":{"tag":[{"code":"x"},{"system":"s","code":"keep"}]}}`},
		{"of none", `{"meta":{"tag":[{"code":"x"},{"system":"s","code":"keep"}]}}`, `{"meta":{"tag":[{"code":"x"},{"system":"s","code":"keep"}]}}`},
		{"without meta", `{"id":"1"}`, `{"id":"1"}`},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := fhir.WithoutTags([]byte(row.before), "s", []string{"keep"})
			if string(got) != row.after {
				t.Errorf("got %s, want %s", got, row.after)
			}
		})
	}
}
