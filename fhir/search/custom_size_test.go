package search

import (
	"strings"
	"testing"

	"caseway/fhir/definition"
)

func TestEnormousExpressionsAreRefused(t *testing.T) {
	for _, row := range []struct{ name, expression, want string }{
		{"brackets", strings.Repeat("(", 40_000) + "Patient.id" + strings.Repeat(")", 40_000), "longer than"},
		{"nested brackets", strings.Repeat("(", 51) + "Patient.id" + strings.Repeat(")", 51), "brackets inside one another"},
		{"indexers", "Patient.name" + strings.Repeat("[name", 51) + strings.Repeat("]", 51), "brackets inside one another"},
		{"a long union", "Patient.id" + strings.Repeat(" | Patient.id", 2000), "longer than"},
		{"as deep as allowed", strings.Repeat("(", 50) + "Patient.id" + strings.Repeat(")", 50), ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			d := &definition.SearchParameter{
				URL: "http://example.org/SearchParameter/large", Code: "large", Type: "token", Base: []string{"Patient"}, Expression: row.expression,
			}
			_, problems := NewRegistry(definition.R4(), []CustomParameter{{Definition: d}})
			got := ""
			if len(problems) > 0 {
				got = problems[0].Text
			}
			if row.want == "" && got != "" || !strings.Contains(got, row.want) {
				t.Errorf("got %q, want one with %q", got, row.want)
			}
		})
	}
}
