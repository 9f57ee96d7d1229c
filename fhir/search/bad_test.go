package search

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"caseway/fhir"
)

// TestBadInput: what is wrong or too much gets a clear refusal, with no more
// work than an answer would take.
func TestBadInput(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	digits := strings.Repeat("9", 400)
	for _, c := range []struct {
		what, url string
		kind      fhir.Kind // Internal: it is answered
	}{
		{"10,000 values", "Observation?code=" + numbered("c", 10_000, ","), fhir.Internal},
		{"more values", "Observation?code=" + numbered("c", 20_000, ","), fhir.TooCostly},
		{"more values in several", "Observation?code=" + numbered("c", 6_000, ",") + "&status=" + numbered("c", 6_000, ","), fhir.TooCostly},
		{"values for all types", "?_id=" + numbered("c", 10_000, ","), fhir.TooCostly},
		{"values for any target", "Provenance?target=" + numbered("c", 9_000, ","), fhir.TooCostly},
		{"500 parameters", "Observation?" + numbered("code=c", 500, "&"), fhir.Internal},
		{"501 parameters", "Observation?" + numbered("code=c", 501, "&"), fhir.Invalid},
		{"unknown parameters", "Observation?" + numbered("c", 400, "=1&") + "=1", fhir.Invalid},
		{"1 MB", "Observation?code=" + strings.Repeat("x", 1_000_000), fhir.Internal},
		{"more than 1 MB", "Observation?code=" + strings.Repeat("x", 1<<20), fhir.TooLarge},
		{"a name of 1 MB", "Observation?" + strings.Repeat("x", 1_000_000) + "=1", fhir.Invalid},
		{"ampersands", "Observation?" + strings.Repeat("&", 1_000_000), fhir.Internal},
		{"dots", "Observation?subject" + strings.Repeat(".subject", 100_000) + "=1", fhir.Invalid},
		{"typed dots", "Patient?link:Patient" + strings.Repeat(".link:Patient", 50_000) + "=1", fhir.TooCostly},
		{"_has ten deep", "Observation?" + strings.Repeat("_has:Observation:derived-from:", 10) + "code=1", fhir.Internal},
		{"_has 10,000 deep", "Observation?" + strings.Repeat("_has:Observation:derived-from:", 10_000) + "code=1", fhir.TooCostly},
		{"_has without a type", "Observation?" + strings.Repeat("_has:", 1000) + "=1", fhir.Invalid},
		{"a chain through no type", "Observation?subject:Nobody.name=1", fhir.Invalid},
		{"a chain with many dead ends", "List?item" + strings.Repeat(".item", 8) + ".nothing=1", fhir.TooCostly},
		{"a chain with many ways", "List?item" + strings.Repeat(".item", 8) + ".code=1", fhir.TooCostly},
		{"include cycles", "Observation?_include:iterate=Observation:derived-from&_revinclude:iterate=Observation:derived-from", fhir.Internal},
		{"regular expressions", "Patient?name=a.*%5B(%3F%2B%5E%24%7B2%7D&identifier=.%2B", fhir.Internal},
		{"combining marks and right to left", "Patient?name=" + strings.Repeat("e%CC%81%D7%90", 1000), fhir.Internal},
		{"February 30", "Patient?birthdate=2024-02-30", fhir.Invalid},
		{"year 0", "Patient?birthdate=0000", fhir.Invalid},
		{"year 9999", "Patient?birthdate=9999", fhir.Internal},
		{"400 digits", "RiskAssessment?probability=" + digits, fhir.Internal},
		{"1,001 digits", "RiskAssessment?probability=" + strings.Repeat("9", 1001), fhir.Invalid},
		{"an exponent", "RiskAssessment?probability=1e" + digits, fhir.Invalid},
		{"_count=-1", "Patient?_count=-1", fhir.Invalid},
		{"_count=1000000", "Patient?_count=1000000", fhir.Internal},
		{"_count of 400 digits", "Patient?_count=" + digits, fhir.Internal},
		{"elements", "Patient?_elements=" + numbered("e", 9_000, ","), fhir.Invalid},
		{"sorts", "Patient?_sort=" + numbered("birthdate,_id,", 10, ""), fhir.Invalid},
		{"parentheses", "Patient?_filter=" + strings.Repeat("(", 100_000), fhir.TooCostly},
		{"brackets", "Patient?_filter=" + strings.Repeat("link[", 100_000), fhir.TooCostly},
		{"comparisons", "Patient?_filter=" + strings.Repeat("active eq true or ", 50_000) + "active eq true", fhir.TooCostly},
		{"a long path", "Patient?_filter=" + strings.Repeat("link:Patient.", 70_000) + "active eq true", fhir.TooCostly},
		{"types", "?_type=" + numbered("Patient,Group,", 4_000, "") + "Patient&active=true", fhir.Invalid},
	} {
		t.Run(c.what, func(t *testing.T) {
			_, err := parseURL(t, r, c.url, false)
			fe := &fhir.Error{}
			if errors.As(err, &fe); fe.Kind != c.kind || err != nil && c.kind == fhir.Internal {
				t.Errorf("%s: got the error %.300v, want one of kind %v", c.what, err, c.kind)
			}
			for _, is := range fe.Issues {
				if len(is.Text)+len(is.Expression) > 4_000 {
					t.Errorf("%s: a text of %d bytes", c.what, len(is.Text))
				}
			}
		})
	}
}

func numbered(text string, n int, separator string) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteString(separator)
		}
		b.WriteString(text)
		if !strings.HasSuffix(text, ",") {
			fmt.Fprint(&b, i)
		}
	}
	return b.String()
}

// TestRefusalsSayNothingOfValues: values are patients' data.
func TestRefusalsSayNothingOfValues(t *testing.T) {
	r := newRegistry(t)
	for _, url := range []string{
		"Patient?birthdate=Miller", "Patient?_count=Miller", "Patient?_sort=name,Mil%26ler", "Patient?_filter=name Miller x",
		"Patient?_filter=Miller", `Patient?_filter=birthdate eq "Miller"`, "Patient?_include=Patient:Miller:Miller", "?_type=Miller",
		"Patient?_list=a_Miller", "Patient?_summary=Miller", "Patient?_elements=Miller", "Patient?identifier=a|b|Miller",
		"Patient?_id=Mil/ler", "Patient?_total=Miller", "Patient?_contained=Miller", "Patient?name:exact=Miller%zz",
		"Patient?general-practitioner:Practitioner.birthdate=Miller", "Patient?_has:Observation:patient:date=Miller",
	} {
		t.Run(url, func(t *testing.T) {
			_, err := parseURL(t, r, url, false)
			if err == nil {
				t.Errorf("%s was taken", url)
				return
			}
			named := strings.Contains(url, "_include=") || strings.Contains(url, "_filter=Miller") || strings.Contains(url, "_sort")
			if strings.Contains(err.Error(), "Miller") && !named {
				t.Errorf("%s: got the error %v, want one without the value", url, err)
			}
		})
	}
}

// TestSplitKeepsWhatIsSent: parameters in their order, decoded once.
func TestSplitKeepsWhatIsSent(t *testing.T) {
	pairs, err := Split("b=2&a=1&b=2%2526&c&d=x=y&e+f=g+h&%C3%A9=%CC%81")
	want := []Pair{{"b", "2"}, {"a", "1"}, {"b", "2%26"}, {"c", ""}, {"d", "x=y"}, {"e f", "g h"}, {"é", "\u0301"}}
	if err != nil || fmt.Sprint(pairs) != fmt.Sprint(want) {
		t.Errorf("got %v, error %v, want %v", pairs, err, want)
	}
	if pairs, err := Split(""); len(pairs) > 0 || err != nil {
		t.Errorf("an empty query: got %v, error %v, want no pairs", pairs, err)
	}
	_, err = Split("a=%zz&ok=1&b=%z&%=1")
	if fe := (*fhir.Error)(nil); !errors.As(err, &fe) || len(fe.Issues) != 3 || fe.Issues[1].Expression != "b" {
		t.Errorf("got the error %v, want three issues, the second of b", err)
	}
}

// FuzzParse: whatever is sent, there is an answer or a refusal with something
// in it, and a request that was understood is understood again as it was used.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"name=a&_sort=-birthdate", "general-practitioner:Practitioner.name:exact=a,b", "_has:Observation:patient:code=1",
		"_filter=name eq \"a\" and not (birthdate gt 2000 or link[active eq true].name co b)", "_include=Patient:*&_count=5",
		"identifier=a%5C%7Cb|c&_elements=name&_summary=count", "_id=1,2&_lastUpdated=ap2020&_tag:not=a|b", "_list=42&_total=none",
	} {
		f.Add(seed, false)
		f.Add(seed, true)
	}
	r := newRegistry(f)
	f.Fuzz(func(t *testing.T, text string, lenient bool) {
		pairs, err := Split(text)
		if err == nil {
			var request *Request
			o := ParseOptions{Lenient: lenient, List: testList}
			request, err = r.Parse(t.Context(), []string{"Patient"}, pairs, o)
			if err == nil {
				again, err := r.Parse(t.Context(), []string{"Patient"}, request.Used, o)
				if err != nil || len(again.Ignored) > 0 {
					t.Fatalf("what was used isn't understood: %v", err)
				}
				again.Ignored = request.Ignored
				if one, two := describeRequest(request), describeRequest(again); one != two {
					t.Fatalf("%s became %s", one, two)
				}
				return
			}
		}
		fe := (*fhir.Error)(nil)
		if !errors.As(err, &fe) || len(fe.Issues) == 0 || fe.Kind == fhir.Internal {
			t.Fatalf("got the error %v, want a *fhir.Error with issues that isn't internal", err)
		}
		for _, is := range fe.Issues {
			if is.Text == "" || !utf8.ValidString(is.Text) || !utf8.ValidString(is.Expression) {
				t.Fatalf("got the issue %+v, want a text, in valid UTF-8", is)
			}
		}
	})
}
