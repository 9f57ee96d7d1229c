package mapping

import (
	"errors"
	"strings"
	"testing"

	"caseway/fhir"
	"caseway/mapping/casemodel"

	"github.com/google/go-cmp/cmp"
)

func TestTemplatesComeBackFromTheirPlanDefinitions(t *testing.T) {
	for _, want := range casemodel.Templates() {
		d := PlanDefinitionFromTemplate(want, string(want.Model))
		got, err := TemplateFromPlanDefinition(d.JSON)
		if err != nil {
			t.Fatal(err)
		}
		want.URL = fhir.CanonicalBase + "/PlanDefinition/" + string(want.Model)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: got what differs (-want +got):\n%s", want.Model, diff)
		}
	}
}

func TestWhatACaseCannotBeginWithIsNamed(t *testing.T) {
	whole := string(PlanDefinitionFromTemplate(casemodel.Templates()[1], "clinical").JSON)
	for _, c := range []struct{ old, with, at string }{
		{"/CodeSystem/case-model", "/CodeSystem/other", "PlanDefinition.useContext"},
		{casemodel.ActivitySystem, "http://example.org", "PlanDefinition.action[0].code"},
		{`"code":"d"`, `"code":"mo"`, "PlanDefinition.action[0].timing"},
		{`"value":3`, `"value":2.5`, "PlanDefinition.action[0].timing"},
		{`"timingDuration"`, `"condition":[{}],"timingDuration"`, "PlanDefinition.action[0]"},
	} {
		t.Run(c.old, func(t *testing.T) {
			if !strings.Contains(whole, c.old) {
				t.Fatalf("no %s in %s", c.old, whole)
			}
			_, err := TemplateFromPlanDefinition([]byte(strings.ReplaceAll(whole, c.old, c.with)))
			fe := (*fhir.Error)(nil)
			if !errors.As(err, &fe) || fe.Kind != fhir.Unprocessable || fe.Issues[0].Expression != c.at {
				t.Errorf("%s: got %v, want it refused at the element of the row", c.with, err)
			}
		})
	}
}
