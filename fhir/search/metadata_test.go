package search

import (
	"slices"
	"strings"
	"testing"

	"caseway/fhir/definition"
)

// TestMetadataIsWhatWorks: each parameter, modifier and include that is listed
// can be used, and none that is refused is listed.
func TestMetadataIsWhatWorks(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	parameters, includes := 0, 0
	for _, typ := range definition.R4().ResourceTypes() {
		m := r.MetadataFor(typ)
		for _, p := range m.Parameters {
			parameters++
			checkModifiers(t, r, typ, p)
		}
		for name, values := range map[string][]string{"_include": m.Includes, "_revinclude": m.RevIncludes} {
			t.Run(name, func(t *testing.T) {
				for _, value := range values {
					includes++
					if _, err := r.Parse(t.Context(), []string{typ}, []Pair{{name, value}}, ParseOptions{}); err != nil {
						t.Errorf("%s %s=%s: got the error %v, want none", typ, name, value, err)
					}
				}
			})
		}
		for _, d := range definition.R4().SearchParameters(typ) {
			listed := slices.ContainsFunc(m.Parameters, func(p ParameterMetadata) bool { return p.Definition == d.URL })
			if refused := refused()[d.URL] != ""; listed == refused {
				t.Errorf("%s.%s: listed %v, refused %v", typ, d.Code, listed, refused)
			}
		}
	}
	if parameters < 2000 || includes < 5000 {
		t.Errorf("%d parameters and %d includes", parameters, includes)
	}
}

func checkModifiers(t *testing.T, r *Registry, typ string, p ParameterMetadata) {
	t.Helper()
	_, list, found := strings.Cut(p.Documentation, "Modifiers: :")
	if !found {
		return
	}
	list, _, _ = strings.Cut(list, ".")
	param := r.Parameter(typ, p.Code)
	for _, m := range strings.Split(list, ", :") {
		if m == "[type]" {
			m = "Patient"
		}
		if err := (&conditioner{p: param, modifier: m}).usable(); err != nil {
			t.Errorf("%s.%s:%s: got the error %v, want none", typ, p.Code, m, err)
		}
	}
}

func TestPatientMetadata(t *testing.T) {
	m := newRegistry(t).MetadataFor("Patient")
	for _, want := range []ParameterMetadata{
		{"_id", "token", "http://hl7.org/fhir/SearchParameter/Resource-id", "Modifiers: :missing, :not."},
		{"birthdate", "date", "http://hl7.org/fhir/SearchParameter/individual-birthdate", "Modifiers: :missing. Prefixes: eq, ne, gt, lt, ge, le, sa, eb, ap."},
		{"name", "string", "http://hl7.org/fhir/SearchParameter/Patient-name", "Modifiers: :missing, :exact, :contains."},
		{"identifier", "token", "http://hl7.org/fhir/SearchParameter/Patient-identifier", "Modifiers: :missing, :text, :not, :in, :not-in, :above, :below, :of-type."},
		{"gender", "token", "http://hl7.org/fhir/SearchParameter/individual-gender", "Modifiers: :missing, :text, :not, :in, :not-in, :above, :below."},
		{"organization", "reference", "http://hl7.org/fhir/SearchParameter/Patient-organization", "Modifiers: :missing, :identifier, :above, :below, :Organization."},
	} {
		t.Run(want.Code, func(t *testing.T) {
			if !slices.Contains(m.Parameters, want) {
				i := slices.IndexFunc(m.Parameters, func(p ParameterMetadata) bool { return p.Code == want.Code })
				t.Errorf("want %+v, have %+v", want, m.Parameters[max(i, 0)])
			}
		})
	}
	for _, want := range []string{"*", "Patient:*", "Patient:organization", "Patient:general-practitioner"} {
		t.Run(want, func(t *testing.T) {
			if !slices.Contains(m.Includes, want) {
				t.Errorf("no _include=%s", want)
			}
		})
	}
	for _, want := range []string{"*", "Provenance:target", "Task:patient", "CarePlan:subject", "Patient:link"} {
		t.Run(want, func(t *testing.T) {
			if !slices.Contains(m.RevIncludes, want) {
				t.Errorf("no _revinclude=%s", want)
			}
		})
	}
	if slices.Contains(m.RevIncludes, "Patient:organization") {
		t.Error("Patient:organization leads to no patient")
	}
}

func TestSystemMetadata(t *testing.T) {
	var codes []string
	for _, p := range newRegistry(t).SystemMetadata() {
		codes = append(codes, p.Code)
	}
	const want = "_filter _has _id _lastUpdated _list _profile _security _source _tag _type"
	if got := strings.Join(codes, " "); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestPendingParametersAreRefused: their answers would be incomplete.
func TestPendingParametersAreRefused(t *testing.T) {
	r, problems := NewRegistry(definition.R4(), []CustomParameter{{Pending: true, Definition: &definition.SearchParameter{
		URL: "http://a.org/nickname", Code: "nickname", Type: "string", Base: []string{"Patient"}, Expression: "Patient.name.where(use = 'nickname').given",
	}}})
	if len(problems) > 0 {
		t.Fatalf("got the problems %v, want none", problems)
	}
	for _, url := range []string{"Patient?nickname=a", "Patient?_sort=nickname", "Observation?subject.nickname=a", "Patient?_filter=nickname eq a"} {
		t.Run(url, func(t *testing.T) {
			for _, lenient := range []bool{false, true} {
				if _, err := parseURL(t, r, url, lenient); err == nil || !strings.Contains(err.Error(), "aren't indexed by it yet") {
					t.Errorf("%s: got the error %v, want that they aren't indexed by it yet", url, err)
				}
			}
		})
	}
	if m := r.MetadataFor("Patient"); slices.ContainsFunc(m.Parameters, func(p ParameterMetadata) bool { return p.Code == "nickname" }) {
		t.Error("a pending parameter is listed")
	}
}

// TestIncludesTellWhatIsPending: an include of all references says what it
// leaves out.
func TestIncludesTellWhatIsPending(t *testing.T) {
	r, _ := NewRegistry(definition.R4(), []CustomParameter{{Pending: true, Definition: &definition.SearchParameter{
		URL: "http://example.org/SearchParameter/surety", Code: "surety", Base: []string{"Patient"}, Type: "reference",
		Expression: "Patient.extension.where(url='http://example.org/surety').value.ofType(Reference)", Target: []string{"Organization"},
	}}})
	for _, c := range []struct {
		typ, name, value string
		told             bool
	}{
		{"Patient", "_include", "*", true},
		{"Patient", "_include", "Patient:*", true},
		{"Patient", "_include", "Patient:organization", false},
		{"Task", "_include", "*", false},
		{"Task", "_include:iterate", "*", true},
		{"Organization", "_revinclude", "*", true},
		{"Organization", "_revinclude", "Task:*", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			request, err := r.Parse(t.Context(), []string{c.typ}, []Pair{{c.name, c.value}}, ParseOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if told := len(request.Ignored) == 1 && strings.Contains(request.Ignored[0], "surety of Patient"); told != c.told || len(request.Ignored) > 1 {
				t.Errorf("%s?%s=%s says %q", c.typ, c.name, c.value, request.Ignored)
			}
		})
	}
}
