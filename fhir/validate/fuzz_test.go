package validate_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"caseway/fhir"
	"caseway/fhir/validate"
)

// FuzzText: whatever the text, a check ends within its bounds and says where
// things are.
func FuzzText(f *testing.F) {
	files, _ := filepath.Glob("testdata/seed/*.json")
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	for _, c := range baseRules {
		f.Add([]byte(c.resource))
	}
	cases := readProfileCases(f)
	v := validatorOf(f, cases[0].Definitions)
	f.Fuzz(func(t *testing.T, data []byte) {
		tree, issues := v.Text(context.Background(), data, fhir.Limits{Bytes: 1 << 16}, validate.Request{Profiles: []string{"http://x/p"}, Matching: true})
		if len(issues) > validate.DefaultIssues+fhir.DefaultLimits.Issues+3 {
			t.Errorf("%d issues", len(issues))
		}
		for i, p := range validate.Positions(data, tree, issues) {
			if tree != nil && tree.Root().Valid() && (p.Line < 1 || p.Column < 1) {
				t.Errorf("%s is at %v", issues[i].Expression, p)
			}
		}
	})
}

// FuzzProfile: whatever a definition says, a resource is checked against it
// without a panic and within bounds.
func FuzzProfile(f *testing.F) {
	for _, c := range readProfileCases(f) {
		for _, d := range c.Definitions {
			f.Add([]byte(d), []byte(c.Resource))
		}
	}
	f.Fuzz(func(t *testing.T, profile, resource []byte) {
		var head struct{ URL, ResourceType string }
		if json.Unmarshal(profile, &head) != nil || head.ResourceType != "StructureDefinition" || head.URL == "" {
			return
		}
		v := validatorOf(t, []json.RawMessage{profile})
		v.Text(context.Background(), resource, fhir.Limits{Bytes: 1 << 16}, validate.Request{Profiles: []string{head.URL}, Matching: true})
	})
}
