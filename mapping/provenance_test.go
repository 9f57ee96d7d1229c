package mapping

import (
	"testing"

	"caseway/fhir"
	"caseway/fhir/definition"

	"github.com/google/go-cmp/cmp"
)

func TestAnApprovalIsRecorded(t *testing.T) {
	c := infusion()
	r, ok := ApprovalRecord("Provenance/p", c.Plans[0])
	if !ok || r.By.Ref != "Practitioner/physician" || r.At != "2026-03-02T09:00:00Z" || r.Targets[0] != "CarePlan/1" {
		t.Fatalf("%v %+v", ok, r)
	}
	m, lost := ProvenanceFromRecord(r)
	back, unsaid := RecordFromProvenance(m)
	if d := cmp.Diff(r, back); d != "" || len(lost)+len(unsaid) > 0 {
		t.Errorf("lost %v %v\n%s", lost, unsaid, d)
	}
	if _, err := fhir.Decode(definition.R4(), r.JSON(), fhir.Limits{}); err != nil {
		t.Errorf("%v in %s", err, r.JSON())
	}
	c.Plans[0].Approvals[0].Status = "requested"
	if _, ok := ApprovalRecord("Provenance/p", c.Plans[0]); ok {
		t.Error("a plan that isn't approved has a record of its approval")
	}
}
