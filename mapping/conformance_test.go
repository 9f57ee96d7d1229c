package mapping

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"caseway/fhir"
	"caseway/fhir/definition"
)

func TestConformanceResourcesAreR4(t *testing.T) {
	seen := map[string]bool{}
	types := map[string]int{}
	for _, d := range Conformance() {
		if seen[d.URL] {
			t.Errorf("%s is there twice", d.URL)
		}
		seen[d.URL] = true
		types[d.Key.Type]++
		_, err := fhir.Decode(definition.R4(), d.JSON, fhir.Limits{})
		if fe := (*fhir.Error)(nil); errors.As(err, &fe) {
			t.Errorf("%s: got %v, want no issues", d.Key, fe.Issues)
		}
	}
	if types["CodeSystem"] < 20 || types["ValueSet"] < 19 || types["StructureDefinition"] < 60 ||
		types["PlanDefinition"] != 5 {
		t.Errorf("got %v", types)
	}
}

// Every extension and system that the code names is defined, and nothing is
// defined that it doesn't name.
func TestWhatIsWrittenIsDefined(t *testing.T) {
	defined := map[string]bool{}
	for _, d := range Conformance() {
		defined[d.URL] = true
	}
	written := map[string]bool{}
	url := regexp.MustCompile(`"` + regexp.QuoteMeta(fhir.CanonicalBase) + `/(StructureDefinition|CodeSystem)/[^"]*"`)
	for seed := range uint64(80) {
		c := makeCase(seed)
		writes, _ := Resources(&c, nil)
		for _, w := range writes {
			for _, found := range url.FindAllString(string(w.JSON()), -1) {
				written[strings.Trim(found, `"`)] = true
			}
		}
	}
	for u := range written {
		if !defined[u] {
			t.Errorf("%s is written and not defined", u)
		}
	}
	for u := range defined {
		if strings.Contains(u, "/StructureDefinition/") && !written[u] {
			t.Errorf("%s is defined and never written", u)
		}
	}
}

// The words for codes that the code itself uses are there.
func TestEveryCodeOfOursHasWords(t *testing.T) {
	for _, s := range ourSystems() {
		t.Run(s.name, func(t *testing.T) {
			for _, c := range s.codes {
				if c.display == "" {
					t.Errorf("%s %s has no display", s.name, c.code)
				}
			}
		})
	}
	systems := map[string]string{"phase": "case-phase", "model": "case-model", "setting": "case-setting", "role": "case-role", "strength-source": "strength-source", "requirement": "case-requirement", "contact-medium": "contact-kind", "exchange-kind": "exchange-kind", "round-kind": "round-kind", "contact-appointment": "contact-status", "authorization-claim": "authorization-status", "agreement-status": "agreement-status"}
	for table, system := range systems {
		for _, row := range tableOf(table).rows {
			if displayOf(system, row[0]) == "" {
				t.Errorf("%s %s has no words", system, row[0])
			}
		}
	}
}
