package definition

import (
	"slices"
	"testing"

	"caseway/fhir"
)

type concept struct {
	Code    string
	Concept []concept
}

func codesOf(concepts []concept) []string {
	var list []string
	for _, c := range concepts {
		list = append(append(list, c.Code), codesOf(c.Concept)...)
	}
	return list
}

func TestCodeSetsEqualTheirDefinitions(t *testing.T) {
	systems := map[string][]string{}
	for _, s := range packageLines[struct {
		URL     string
		Concept []concept
	}](t, "required-binding-codesystem") {
		systems[s.URL] = codesOf(s.Concept)
	}
	compared := 0
	for _, v := range packageLines[struct {
		URL     string
		Compose struct {
			Include []struct {
				System  string
				Concept []concept
			}
		}
	}](t, "required-binding-valueset") {
		if rules[v.URL] != nil || v.URL == "http://hl7.org/fhir/ValueSet/resource-status" {
			continue // the latter is bound by a logical model only
		}
		list, ok := R4().CodeSet(v.URL).(*codeList)
		if !ok {
			t.Errorf("%s isn't there", v.URL)
			continue
		}
		compared++
		embedded := 0
		list.Contains("", "")
		for _, of := range list.systems {
			embedded += len(of)
		}
		defined := 0
		for _, in := range v.Compose.Include {
			codes := codesOf(in.Concept)
			if len(codes) == 0 {
				codes = systems[in.System]
			}
			defined += len(codes)
			for _, code := range codes {
				if list.Contains(in.System, code) != fhir.Member {
					t.Errorf("%s lacks %s of %s", v.URL, code, in.System)
				}
			}
		}
		if embedded != defined {
			t.Errorf("%s has %d codes, %d are defined", v.URL, embedded, defined)
		}
	}
	if compared != 220 {
		t.Errorf("%d value sets compared, want 220", compared)
	}
}

// Every required binding has its value set: a list or a rule.
func TestRequiredBindingsHaveACodeSet(t *testing.T) {
	used := map[string]bool{}
	for _, s := range packageTypes(t) {
		for path, e := range describeType(s.Type).Elements {
			if e.ValueSet == "" {
				continue
			}
			used[e.ValueSet] = true
			if R4().CodeSet(e.ValueSet) == nil {
				t.Errorf("%s: %s isn't there", path, e.ValueSet)
			}
		}
	}
	if len(used) != 224 {
		t.Errorf("%d value sets are bound, want 224", len(used))
	}
}

func TestCodeSystemsEqualTheirDefinitions(t *testing.T) {
	hierarchies := 0
	for _, s := range packageLines[struct {
		URL     string
		Concept []concept
	}](t, "required-binding-codesystem") {
		c := R4().CodeSystem(s.URL)
		if c == nil {
			if s.URL != "http://hl7.org/fhir/resource-status" { // bound by a logical model only
				t.Errorf("%s isn't there", s.URL)
			}
			continue
		}
		if !slices.Equal(c.Codes(), codesOf(s.Concept)) {
			t.Errorf("%s has other codes", s.URL)
		}
		hierarchies += checkParents(t, c, s.Concept, "")
	}
	if hierarchies < 50 {
		t.Errorf("only %d codes have a parent", hierarchies)
	}
}

func checkParents(t *testing.T, c *CodeSystem, concepts []concept, above string) (children int) {
	for _, in := range concepts {
		parent, ok := c.Parent(in.Code)
		if parent != above || ok != (above != "") {
			t.Errorf("%s: the parent of %s is %q", c.URL, in.Code, parent)
		}
		if ok {
			children++
		}
		children += checkParents(t, c, in.Concept, in.Code)
	}
	return children
}
