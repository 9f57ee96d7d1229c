package fhir_test

import (
	"slices"
	"strings"
	"testing"

	"caseway/fhir"
)

// TestDecodeBig feeds what is big or deep. All of it ends soon and without
// trouble for the stack; the test itself would hang on anything quadratic.
func TestDecodeBig(t *testing.T) {
	const many = 1_000_000
	nested := func(open, inner, end string, n int) string {
		return strings.Repeat(open, n) + inner + strings.Repeat(end, n)
	}
	cases := []struct {
		name, text string
		kind       fhir.Kind // -1: taken
		first      string    // issue
	}{
		{"a million names", patient + `,"name":[{"given":[` + strings.Repeat(`"a",`, many) + `"a"]}]}`, -1, ""},
		{"half a million objects", patient + `,"identifier":[` + strings.Repeat(`{"value":"a"},`, many/2) + `{"value":"a"}]}`, -1, ""},
		{"a million nulls", patient + `,"name":[{"given":[` + strings.Repeat(`null,`, many) + `"a"]}]}`, fhir.Structure, "structure Patient.name[0].given[0]"},
		{"a million wrong ones", patient + `,"name":[{"given":[` + strings.Repeat(`1,`, many) + `"a"]}]}`, fhir.Structure, "structure Patient.name[0].given[0]"},
		{"a million unknown names", patient + strings.Repeat(`,"x":1`, many) + `}`, fhir.Structure, "structure Patient.x"},
		{"the same name often", patient + strings.Repeat(`,"active":true`, many/2) + `}`, fhir.Structure, "structure Patient.active"},
		{
			"long twins",
			patient + `,"name":[{"given":[` + strings.Repeat(`null,`, many/4) + `"a"],"_given":[` + strings.Repeat(`{"extension":[{"url":"a"}]},`, many/4) + `null]}]}`, -1, "",
		},
		{
			"resourceType last, on many levels",
			nested(`{"contained":[`, strings.Repeat(`{"id":"a","resourceType":"Patient"},`, many/10)+patient+`}`, `],"resourceType":"Patient"}`, 40), -1, "",
		},
		{"a long text of backslashes", patient + `,"name":[{"text":"` + strings.Repeat(`\\`, many) + `"}]}`, -1, ""},
		{"a long text of quotes", patient + `,"name":[{"text":"` + strings.Repeat(`\"`, many) + `"}]}`, -1, ""},
		{"10 MB of base64", `{"resourceType":"Binary","contentType":"a/b","data":"` + strings.Repeat("AAAA", many*5/2) + `"}`, -1, ""},
		{"markup a million deep", patient + `,"text":{"status":"generated","div":"<div xmlns='http://www.w3.org/1999/xhtml'>` + nested("<a>", "", "</a>", many) + `</div>"}}`, -1, ""},
		{"a million attributes", patient + `,"text":{"status":"generated","div":"<div xmlns='http://www.w3.org/1999/xhtml'><a ` + strings.Repeat("a='1' ", many) + `/></div>"}}`, fhir.Unprocessable, "value Patient.text.div"},
		{"a million brackets", strings.Repeat("[", many), fhir.Structure, "structure"},
		{"10,000 objects deep", nested(`{"a":`, "1", "}", 10_000), fhir.Structure, "structure"},
		{"9,000 deep in an unknown element", patient + `,"foo":` + nested("[", "", "]", 9000) + `}`, fhir.Structure, "structure Patient.foo"},
		{"3,000 extensions deep", patient + `,"extension":` + nested(`[{"url":"a","extension":`, "1", "}]", 3000) + `}`, fhir.Structure, "structure Patient" + strings.Repeat(".extension[0]", 50)},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := decode(c.text)
			kind, issues := problems(err)
			if kind != c.kind || (err != nil && issues[0] != c.first) {
				t.Errorf("%s: kind %d, issues %.200q; expected kind %d, first %q", c.name, kind, issues, c.kind, c.first)
			}
			if len(issues) > fhir.DefaultLimits.Issues+1 {
				t.Errorf("%s: %d issues", c.name, len(issues))
			}
		})
	}
}

// TestListed: where more is wrong than an error lists, the elements behind
// aren't known to be right.
func TestListed(t *testing.T) {
	text := `{"resourceType":"Bundle","type":"batch","entry":[{"resource":` + patient + `,"a":1}},{"resource":` + patient + `,"b":1,"c":1}},{"resource":` + patient + `}}]}`
	for limit, want := range map[int][]bool{1: {true, false, false}, 2: {true, false, false}, 3: {true, true, true}} {
		tree, err := fhir.Decode(decodeSchema, []byte(text), fhir.Limits{Issues: limit})
		if err == nil {
			t.Fatal("the text is taken")
		}
		var got []bool
		for entry := range tree.Root().All("entry") {
			got = append(got, tree.Listed(entry))
		}
		if !slices.Equal(got, want) {
			t.Errorf("with %d issues at most, entries are listed: %v; expected %v", limit, got, want)
		}
	}
}
