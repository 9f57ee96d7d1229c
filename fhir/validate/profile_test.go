package validate_test

import (
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/fhir/packages"
	"caseway/fhir/validate"
)

// profileCase is a line of testdata/profiles.ndjson: definitions of a package of
// its own, a resource, and what is found in it.
type profileCase struct {
	Name        string
	Definitions []json.RawMessage
	Profiles    []string // that the request names
	Resource    json.RawMessage
	Errors      []string // "rule at expression"
	Warnings    []string
}

func readProfileCases(t testing.TB) []profileCase {
	t.Helper()
	text, err := os.ReadFile("testdata/profiles.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	var list []profileCase
	for line := range strings.Lines(string(text)) {
		var c profileCase
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		list = append(list, c)
	}
	return list
}

// validatorOf makes a Validator with definitions.
func validatorOf(t testing.TB, definitions []json.RawMessage) *validate.Validator {
	t.Helper()
	p := &packages.Package{Name: "test"}
	for _, d := range definitions {
		var head struct{ ResourceType, URL, Version string }
		if err := json.Unmarshal(d, &head); err != nil {
			t.Fatal(err)
		}
		p.Resources = append(p.Resources, packages.Resource{Type: head.ResourceType, URL: head.URL, Version: head.Version, JSON: d})
	}
	options, err := validate.WithPackages(definition.R4(), packages.Collect([]*packages.Package{p}), validate.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return validate.New(definition.R4(), options)
}

func TestProfiles(t *testing.T) {
	cases := readProfileCases(t)
	if len(cases) < 30 {
		t.Errorf("only %d cases", len(cases))
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			_, issues := validatorOf(t, c.Definitions).Text(context.Background(), c.Resource, fhir.Limits{}, validate.Request{Profiles: c.Profiles})
			if diff := cmp.Diff(c.Errors, found(issues, fhir.SeverityError)); diff != "" {
				t.Errorf("errors (-want +got):\n%s%+v", diff, issues)
			}
			if diff := cmp.Diff(c.Warnings, found(issues, fhir.SeverityWarning)); diff != "" {
				t.Errorf("warnings (-want +got):\n%s%+v", diff, issues)
			}
		})
	}
}

// An issue names the profile that its rule comes from.
func TestIssuesNameTheirProfile(t *testing.T) {
	c := readProfileCases(t)[0]
	_, issues := validatorOf(t, c.Definitions).Text(context.Background(), c.Resource, fhir.Limits{}, validate.Request{Profiles: c.Profiles})
	if len(issues) != 1 || issues[0].Profile != "http://x/p" {
		t.Errorf("the issues are %+v, want one of http://x/p", issues)
	}
}
