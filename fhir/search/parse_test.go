package search

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"caseway/fhir"
)

// parseURL parses a search as it stands in a URL below the base: Type?…,
// Patient/1/Type?…, Patient/1/*?… or ?…
func parseURL(t testing.TB, r *Registry, text string, lenient bool) (*Request, error) {
	t.Helper()
	path, query, _ := strings.Cut(text, "?")
	o := ParseOptions{Lenient: lenient, Env: Env{Now: time.Date(2024, 6, 1, 0, 0, 0, 0, time.UTC)}, List: testList}
	var types []string
	switch parts := strings.Split(path, "/"); {
	case len(parts) == 3:
		o.Compartment = fhir.Key{Type: parts[0], ID: parts[1]}
		if parts[2] != "*" {
			types = parts[2:]
		}
	case path != "":
		types = parts
	}
	pairs, err := Split(query)
	if err != nil {
		return nil, err
	}
	return r.Parse(t.Context(), types, pairs, o)
}

// testList is the List 42 of a patient and a care plan.
func testList(_ context.Context, id string) ([]fhir.Key, error) {
	if id != "42" {
		return nil, nil
	}
	return []fhir.Key{{Type: "Patient", ID: "1"}, {Type: "CarePlan", ID: "2"}}, nil
}

// TestSyntax holds the parser to a table of requests.
func TestSyntax(t *testing.T) {
	r := newRegistry(t)
	text, err := os.ReadFile("testdata/syntax.txt")
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for i, line := range strings.Split(string(text), "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		rows++
		url, want, found := strings.Cut(line, " =>")
		want = strings.TrimSpace(want)
		url, lenient := strings.CutPrefix(url, "lenient ")
		if !found {
			t.Fatalf("line %d has no =>", i+1)
		}
		if got := parseOutcome(t, r, url, lenient); !fits(got, want) {
			t.Errorf("line %d: %s\n got %.500s\nwant %s", i+1, url, got, want)
		}
	}
	if rows < 150 {
		t.Errorf("only %d rows", rows)
	}
}

func parseOutcome(t testing.TB, r *Registry, url string, lenient bool) string {
	t.Helper()
	request, err := parseURL(t, r, url, lenient)
	fe := (*fhir.Error)(nil)
	if errors.As(err, &fe) {
		word := map[fhir.Kind]string{fhir.Invalid: "refused", fhir.TooCostly: "costly", fhir.NotFound: "not found", fhir.TooLarge: "too large"}[fe.Kind]
		var issues []string
		for _, is := range fe.Issues {
			text := is.Text
			if is.Expression != "" {
				text = is.Expression + ": " + text
			}
			issues = append(issues, text)
		}
		return word + " " + strings.Join(issues, "; ")
	}
	if err != nil {
		t.Fatal(err)
	}
	text := describeRequest(request)
	if used := usedQuery(request.Used); used != strings.SplitN(url, "?", 2)[1] {
		text += " used: " + used
	}
	return strings.TrimSpace(text)
}

// fits compares; of a refusal some words are enough, "…" standing for any.
func fits(got, want string) bool {
	if got == want {
		return true
	}
	kind, words, _ := strings.Cut(want, " ")
	rest, ok := strings.CutPrefix(got, kind+" ")
	if !ok || kind != "refused" && kind != "costly" && kind != "not" {
		return false
	}
	for _, part := range strings.Split(words, "…") {
		i := strings.Index(rest, strings.TrimSpace(part))
		if i < 0 {
			return false
		}
		rest = rest[i:]
	}
	return true
}

func usedQuery(pairs []Pair) string {
	texts := make([]string, len(pairs))
	for i, p := range pairs {
		texts[i] = p.Name + "=" + p.Value
	}
	return strings.Join(texts, "&")
}

func BenchmarkParse(b *testing.B) {
	r := newRegistry(b)
	for _, query := range []string{
		"patient=1&status=active&category=assess-plan&_count=20",
		"patient:Patient.identifier=http://a.org|1&_include=CarePlan:care-team&_revinclude=Task:based-on&_sort=-date",
		"_filter=status eq active and patient:Patient.name co \"pet\"",
	} {
		b.Run(query[:7], func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				pairs, _ := Split(query)
				if _, err := r.Parse(b.Context(), []string{"CarePlan"}, pairs, ParseOptions{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkMetadata(b *testing.B) {
	r := newRegistry(b)
	for b.Loop() {
		for _, typ := range r.set.ResourceTypes() {
			r.MetadataFor(typ)
		}
	}
}
