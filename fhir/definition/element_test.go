package definition

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestElementsNameTheTargetsOfReferences(t *testing.T) {
	byPath := map[string]Element{}
	for _, e := range R4().Elements("CarePlan") {
		byPath[e.Path] = e
	}
	for path, want := range map[string][]ElementType{
		"CarePlan.subject":                      {{Code: "Reference", Targets: []string{"Patient", "Group"}}},
		"CarePlan.supportingInfo":               {{Code: "Reference", Targets: nil}},
		"CarePlan.activity.detail.product[x]":   {{Code: "CodeableConcept", Targets: nil}, {Code: "Reference", Targets: []string{"Medication", "Substance"}}},
		"CarePlan.activity.detail.dailyAmount":  {{Code: "Quantity", Profile: "SimpleQuantity"}},
		"CarePlan.activity.detail.scheduled[x]": {{Code: "Timing", Targets: nil}, {Code: "Period", Targets: nil}, {Code: "string", Targets: nil}},
	} {
		if diff := cmp.Diff(want, byPath[path].Types); diff != "" {
			t.Errorf("types of %s (-want +got):\n%s", path, diff)
		}
	}
	status := byPath["CarePlan.status"]
	if status.Min != 1 || status.Max != "1" || status.Required != "http://hl7.org/fhir/ValueSet/request-status" {
		t.Errorf("CarePlan.status is %+v", status)
	}
	if c := byPath["CarePlan.activity"].Constraints; len(c) != 2 || c[0].Key != "cpl-3" || c[0].Path != "CarePlan.activity" {
		t.Errorf("the constraints of CarePlan.activity are %+v, want cpl-3 and ele-1", c)
	}
	if R4().Elements("CarePlan.activity") != nil || R4().Elements("Nothing") != nil {
		t.Error("Elements gives something for what is no type")
	}
}
