package membership

import (
	"slices"
	"strings"
	"testing"

	"caseway/fhir/definition"
	"caseway/fhir/search"
)

// TestTheTableOfWhatBelongsIsR4s: each row's parameter leads back along its path,
// and each type can be part of a case.
func TestTheTableOfWhatBelongsIsR4s(t *testing.T) {
	r, g := registryOf(t), NewGuard(definition.R4())
	for _, row := range ties {
		t.Run(row.typ+"."+row.path, func(t *testing.T) {
			p := r.Parameter(row.typ, row.parameter)
			if p == nil || p.Type != "reference" || p.Refused != "" {
				t.Fatalf("got no reference parameter %q", row.parameter)
			}
			if want := row.typ + "." + row.path; !strings.Contains(p.Definition.Expression, want) {
				t.Errorf("got the expression %q, want %q in it", p.Definition.Expression, want)
			}
			if !mayBelong()[row.typ] {
				t.Errorf("got a type that can't be part of a case")
			}
			for _, target := range p.Targets() {
				if !slices.Contains(g.tiedTo(r, target).by(row.brings), p) {
					t.Errorf("got an inverse for %s that lacks %s", target, row.parameter)
				}
			}
		})
	}
}

// TestPeoplePlacesAndDefinitionsBelongToNoCase, and the patient doesn't either.
func TestPeoplePlacesAndDefinitionsBelongToNoCase(t *testing.T) {
	outside := []string{
		"ActivityDefinition", "AuditEvent", "Device", "Group", "HealthcareService", "Library", "Location", "Medication", "Organization",
		"OrganizationAffiliation", "Patient", "Person", "PlanDefinition", "Practitioner", "PractitionerRole", "Questionnaire", "RelatedPerson", "ValueSet",
	}
	for _, typ := range outside {
		if mayBelong()[typ] {
			t.Errorf("got %s as part of a case, want it outside", typ)
		}
	}
	for _, typ := range []string{"Account", "CarePlan", "CareTeam", "Contract", "Encounter", "EpisodeOfCare", "Observation", "Task"} {
		t.Run(typ, func(t *testing.T) {
			if !mayBelong()[typ] {
				t.Errorf("got %s outside, want it as part of a case", typ)
			}
		})
	}
	if n := len(definition.R4().ResourceTypes()); len(mayBelong()) != n {
		t.Errorf("got %d types, want %d", len(mayBelong()), n)
	}
}

// TestOwnPatientIsThatOfTheParameter: whose a resource is, is what its parameter
// patient finds.
func TestOwnPatientIsThatOfTheParameter(t *testing.T) {
	r := registryOf(t)
	for _, typ := range definition.R4().ResourceTypes() {
		p := r.Parameter(typ, "patient")
		if p == nil || !mayBelong()[typ] || typ == "Provenance" {
			continue
		}
		paths := ownPatient[typ]
		if paths == nil {
			paths = []string{"patient", "subject"}
		}
		if !slices.ContainsFunc(paths, func(path string) bool { return strings.Contains(p.Definition.Expression, typ+"."+path) }) {
			t.Errorf("%s: got the elements %v, want one of %q", typ, paths, p.Definition.Expression)
		}
	}
}

func registryOf(t *testing.T) *search.Registry {
	t.Helper()
	r, problems := search.NewRegistry(definition.R4(), nil)
	if len(problems) > 0 {
		t.Fatalf("got %v, want a registry without problems", problems)
	}
	return r
}
