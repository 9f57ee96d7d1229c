package definition

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// absent are the package's search parameters that the artifact leaves out.
var absent = map[string]string{
	"codesystem-extensions-CodeSystem-author":                             "has no base and no expression",
	"codesystem-extensions-CodeSystem-effective":                          "has no base and no expression",
	"codesystem-extensions-CodeSystem-end":                                "has no base and no expression",
	"codesystem-extensions-CodeSystem-keyword":                            "has no base and no expression",
	"codesystem-extensions-CodeSystem-workflow":                           "has no base and no expression",
	"valueset-extensions-ValueSet-author":                                 "has no base and no expression",
	"valueset-extensions-ValueSet-effective":                              "has no base and no expression",
	"valueset-extensions-ValueSet-end":                                    "has no base and no expression",
	"valueset-extensions-ValueSet-keyword":                                "has no base and no expression",
	"valueset-extensions-ValueSet-workflow":                               "has no base and no expression",
	"device-extensions-Device-din":                                        "searches an extension",
	"diagnosticreport-genetic-DiagnosticReport-assessed-condition":        "searches an extension",
	"observation-genetic-Observation-amino-acid-change":                   "searches an extension",
	"observation-genetic-Observation-dna-variant":                         "searches an extension",
	"observation-genetic-Observation-gene-amino-acid-change":              "searches an extension",
	"observation-genetic-Observation-gene-dnavariant":                     "searches an extension",
	"observation-genetic-Observation-gene-identifier":                     "searches an extension",
	"patient-extensions-Patient-age":                                      "has no expression",
	"patient-extensions-Patient-birthOrderBoolean":                        "has no expression",
	"patient-extensions-Patient-mothersMaidenName":                        "searches an extension",
	"questionnaireresponse-extensions-QuestionnaireResponse-item-subject": "searches an extension",
	"filter":            "_filter has no expression",
	"example":           "an example",
	"example-extension": "an example",
	"example-reference": "an example",
}

func TestSearchParametersEqualTheirDefinitions(t *testing.T) {
	type resource struct {
		ID string
		SearchParameter
	}
	compared := 0
	for _, p := range packageLines[resource](t, "searchparameter") {
		got := R4().SearchParameter(p.URL)
		if absent[p.ID] != "" {
			if got != nil {
				t.Errorf("%s is listed as absent and isn't", p.ID)
			}
			continue
		}
		compared++
		if diff := cmp.Diff(&p.SearchParameter, got); diff != "" {
			t.Errorf("%s: - defined, + embedded:\n%s", p.ID, diff)
		}
		for _, base := range p.Base {
			if !slices.Contains(R4().SearchParameters(base), got) {
				t.Errorf("%s isn't among the parameters of %s", p.ID, base)
			}
		}
	}
	if have := len(R4().searchParameters().byURL); compared != 1375 || have != compared {
		t.Errorf("%d parameters compared, %d embedded; want 1375 of both", compared, have)
	}
}

func TestCompartmentsEqualTheirDefinitions(t *testing.T) {
	type resource struct {
		ID, Code string
		Resource []struct {
			Code  string
			Param []string
		}
	}
	for _, d := range packageLines[resource](t, "compartmentdefinition") {
		if d.ID == "example" {
			continue
		}
		c := R4().Compartment(d.Code)
		for _, r := range d.Resource {
			want := append(r.Param, extension[d.Code][r.Code]...)
			if slices.Equal(want, []string{itself}) && r.Code == d.Code {
				want = nil
			}
			if !slices.Equal(c.Params(r.Code), want) {
				t.Errorf("%s is in the %s compartment by %v, want %v", r.Code, d.Code, c.Params(r.Code), want)
			}
		}
		if len(d.Resource) != 145 {
			t.Errorf("%s: %d types compared", d.Code, len(d.Resource))
		}
	}
}

func TestSearchParametersOfATypeIncludeTheInherited(t *testing.T) {
	for name, want := range map[string][]string{
		"Patient": {"_id", "_lastUpdated", "_text", "birthdate", "death-date", "general-practitioner"},
		"Bundle":  {"_id", "_lastUpdated", "composition"},
	} {
		t.Run(name, func(t *testing.T) {
			var codes []string
			for _, p := range R4().SearchParameters(name) {
				codes = append(codes, p.Code)
			}
			if !slices.IsSorted(codes) {
				t.Errorf("%s: parameters aren't in order", name)
			}
			if len(slices.Compact(slices.Clone(codes))) != len(codes) {
				t.Errorf("%s: a code stands twice", name)
			}
			for _, code := range want {
				if !slices.Contains(codes, code) {
					t.Errorf("%s has no parameter %s", name, code)
				}
			}
		})
	}
	if slices.ContainsFunc(R4().SearchParameters("Bundle"), func(p *SearchParameter) bool { return p.Code == "_text" }) {
		t.Error("Bundle, which is no DomainResource, has _text")
	}
	if R4().SearchParameters("Nothing") != nil || R4().SearchParameter("http://example.org") != nil {
		t.Error("parameters of nothing")
	}
}
