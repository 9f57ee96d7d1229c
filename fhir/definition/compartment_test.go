package definition

import (
	"slices"
	"testing"
)

func TestPatientCompartmentGoesBeyondR4(t *testing.T) {
	patient := R4().Compartment("Patient")
	for _, name := range []string{"Task", "Contract"} {
		t.Run(name, func(t *testing.T) {
			if got := patient.Params(name); !slices.Equal(got, []string{"patient"}) {
				t.Errorf("%s is in the Patient compartment by %v", name, got)
			}
		})
	}
	if n := len(patient.Types()); n != 68 {
		t.Errorf("%d types in the Patient compartment, want R4's 66 and 2", n)
	}
	if patient.Includes("Medication") || !patient.Includes("CarePlan") {
		t.Error("the Patient compartment has Medication or lacks CarePlan")
	}
}

func TestACompartmentHasItsOwnType(t *testing.T) {
	codes := R4().Compartments()
	if !slices.Equal(codes, []string{"Device", "Encounter", "Patient", "Practitioner", "RelatedPerson"}) {
		t.Errorf("compartments: %v", codes)
	}
	for _, code := range codes {
		c := R4().Compartment(code)
		if !c.Includes(code) || !slices.Contains(c.Types(), code) {
			t.Errorf("the %s compartment lacks its own type", code)
		}
		if !slices.IsSorted(c.Types()) || len(slices.Compact(c.Types())) != len(c.Types()) {
			t.Errorf("the %s compartment's types: %v", code, c.Types())
		}
	}
	if R4().Compartment("Group") != nil {
		t.Error("there is a Group compartment")
	}
}

// What a compartment names must be there to be searched by.
func TestCompartmentParametersAreReferences(t *testing.T) {
	for _, code := range R4().Compartments() {
		c := R4().Compartment(code)
		for _, name := range c.Types() {
			for _, param := range c.Params(name) {
				found := slices.ContainsFunc(R4().SearchParameters(name), func(p *SearchParameter) bool {
					return p.Code == param && p.Type == "reference"
				})
				if !found {
					t.Errorf("%s compartment: %s has no reference parameter %s", code, name, param)
				}
			}
		}
	}
}
