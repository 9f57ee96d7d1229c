package cases

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"caseway/fhir"
	"caseway/mapping/casemodel"
)

// keptAs are the resource types that parts are kept as. A part without an id is
// given one of the first.
var keptAs = map[casemodel.Kind][]string{
	casemodel.KindRelative: {"RelatedPerson"}, casemodel.KindTeam: {"CareTeam"}, casemodel.KindNetwork: {"OrganizationAffiliation"},
	casemodel.KindReferral: {"ServiceRequest"}, casemodel.KindProblem: {"Condition"}, casemodel.KindStrength: {"Observation"},
	casemodel.KindBarrier: {"Flag"}, casemodel.KindRisk: {"RiskAssessment"}, casemodel.KindAssessment: {"QuestionnaireResponse"},
	casemodel.KindGoal: {"Goal"}, casemodel.KindOutcome: {"Observation"}, casemodel.KindPlan: {"CarePlan"}, casemodel.KindApproval: {"Task"},
	casemodel.KindService: {"ServiceRequest"}, casemodel.KindOffer: {"Task"}, casemodel.KindAppointment: {"Appointment"},
	casemodel.KindContact: {"Encounter", "Appointment", "CommunicationRequest", "Communication"}, casemodel.KindTask: {"Task"},
	casemodel.KindReview: {"Task"}, casemodel.KindExchange: {"Communication"}, casemodel.KindCoverage: {"Coverage"},
	casemodel.KindEligibility: {"CoverageEligibilityResponse"}, casemodel.KindAuthorization: {"Claim"}, casemodel.KindAppeal: {"Task"},
	casemodel.KindAgreement: {"Contract"}, casemodel.KindBill: {"Invoice"}, casemodel.KindFile: {"DocumentReference"},
	casemodel.KindNote: {"Communication"}, casemodel.KindConsent: {"Consent"},
}

// nameParts gives parts that have no id one, and refuses ids that no resource of
// theirs could have.
func nameParts(c *casemodel.Case) error {
	newID := idsFor(c.ID)
	var faults []Fault
	for p := range c.Parts() {
		types := keptAs[p.Kind]
		if p.ID == "" {
			typ := types[0]
			if p.Kind == casemodel.KindContact && p.Status == string(casemodel.ContactPlanned) {
				typ = types[1]
			}
			reflect.ValueOf(p.Value).Elem().FieldByName("ID").SetString(string(newID(typ)))
			continue
		}
		if key, ok := fhir.ParseKey(string(p.ID)); !ok || !slices.Contains(types, key.Type) {
			faults = append(faults, Fault{
				Pointer: pointerOf(p.Path) + "/id", Detail: fmt.Sprintf("must be %s/id", strings.Join(types, "/id or ")),
			})
		}
	}
	if len(faults) > 0 {
		return badRequest("", faults...)
	}
	return nil
}

// keep leaves a case that is there what a line may leave out and a new case is
// given: history and cadence. What is due next follows from the others.
func keep(c, stored *casemodel.Case) {
	if !c.Adopted {
		return
	}
	if len(c.History) == 0 {
		c.History = stored.History
	}
	if len(c.Cadences) == 0 {
		c.Cadences = stored.Cadences
	}
	*c = casemodel.KeepNextDue(*c)
}
