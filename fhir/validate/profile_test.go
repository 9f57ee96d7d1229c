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
			t.Fatalf("%s: got %v, want no error", line, err)
		}
		list = append(list, c)
	}
	return list
}

// validatorOf makes a Validator with definitions.
func validatorOf(t testing.TB, definitions []json.RawMessage) *validate.Validator {
	t.Helper()
	return validate.New(definition.R4(), optionsOf(t, definitions))
}

func optionsOf(t testing.TB, definitions []json.RawMessage) validate.Options {
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
	return options
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

// What a setting requires holds for resources that claim nothing, contained ones
// and those in Bundles among them.
func TestProfilesAreRequiredByType(t *testing.T) {
	options := optionsOf(t, readProfileCases(t)[0].Definitions)
	options.Require = map[string][]string{"CarePlan": {"http://x/p"}}
	v := validate.New(definition.R4(), options)
	for resource, want := range map[string][]string{
		plan(""):            {"min at CarePlan.title"},
		plan(`"title":"x"`): nil,
		plan(`"meta":{"profile":["http://x/p"]}`):                                             {"min at CarePlan.title"},
		bundle("collection", "", `{"fullUrl":"http://x/CarePlan/1","resource":`+plan("")+`}`): {"min at Bundle.entry[0].resource.title"},
		`{"resourceType":"Patient"}`:                                                          nil,
	} {
		_, issues := v.Text(context.Background(), []byte(resource), fhir.Limits{}, validate.Request{})
		if diff := cmp.Diff(want, found(issues, fhir.SeverityError)); diff != "" {
			t.Errorf("%s: errors (-want +got):\n%s", resource, diff)
		}
	}
}

// As interaction.Validator it gives issues whose texts are understood alone.
func TestValidateGivesIssues(t *testing.T) {
	v := validate.New(definition.R4(), validate.Options{})
	tree, err := fhir.Decode(definition.R4(), []byte(plan(`"careTeam":[{"reference":"#t"}]`)), fhir.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	want := []fhir.Issue{{
		Severity: fhir.SeverityError, Code: fhir.IssueInvariant, Expression: "CarePlan.careTeam[0]",
		Text: "SHALL have a contained resource if a local reference is provided (ref-1)",
	}}
	if diff := cmp.Diff(want, v.Validate(context.Background(), tree)); diff != "" {
		t.Errorf("issues (-want +got):\n%s", diff)
	}
}

// Two versions of a guide stand side by side: what one version's profile names
// without a version is that version's too.
func TestVersionsOfAGuideKeepTogether(t *testing.T) {
	guide := func(version, required string) *packages.Package {
		return &packages.Package{Name: "guide", Version: version, Resources: []packages.Resource{
			{Type: "StructureDefinition", URL: "http://x/p", Version: version, JSON: []byte(`{"resourceType":"StructureDefinition","url":"http://x/p","version":"` + version + `","type":"Patient",
				"baseDefinition":"http://hl7.org/fhir/StructureDefinition/Patient","derivation":"constraint","differential":{"element":[{"id":"Patient.name","path":"Patient.name","type":[{"code":"HumanName","profile":["http://x/name"]}]}]}}`)},
			{Type: "StructureDefinition", URL: "http://x/name", Version: version, JSON: []byte(`{"resourceType":"StructureDefinition","url":"http://x/name","version":"` + version + `","type":"HumanName",
				"baseDefinition":"http://hl7.org/fhir/StructureDefinition/HumanName","derivation":"constraint","differential":{"element":[{"id":"HumanName.` + required + `","path":"HumanName.` + required + `","min":1}]}}`)},
		}}
	}
	options, err := validate.WithPackages(definition.R4(), packages.Collect([]*packages.Package{guide("3.1.1", "family"), guide("6.1.0", "given")}), validate.Options{})
	if err != nil {
		t.Fatal(err)
	}
	v := validate.New(definition.R4(), options)
	for _, c := range []struct{ profile, want string }{
		{"http://x/p|3.1.1", "min at Patient.name[0].family"},
		{"http://x/p|6.1.0", "min at Patient.name[0].given"},
		{"http://x/p", "min at Patient.name[0].given"},
	} {
		t.Run(c.profile, func(t *testing.T) {
			resource := `{"resourceType":"Patient","meta":{"profile":["` + c.profile + `"]},"name":[{"text":"x"}]}`
			_, issues := v.Text(context.Background(), []byte(resource), fhir.Limits{}, validate.Request{})
			if diff := cmp.Diff([]string{c.want}, found(issues, fhir.SeverityError)); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
		})
	}
}
