package cases

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

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

// complete gives a case what a line may leave out: ids of parts, the history of
// its phase, and what is due next.
func complete(c, stored *casemodel.Case, now time.Time) error {
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
	if c.Adopted {
		fill(c, stored, now)
		*c = casemodel.KeepNextDue(*c)
	}
	return nil
}

// fill gives a case that rules bind its history and the cadence of its model,
// where the line has none: those of the stored case, else new ones.
func fill(c, stored *casemodel.Case, now time.Time) {
	if stored != nil {
		if len(c.History) == 0 {
			c.History = stored.History
		}
		if len(c.Cadences) == 0 {
			c.Cadences = stored.Cadences
		}
		return
	}
	if len(c.History) == 0 && c.Phase.Valid() {
		start := casemodel.At(now)
		if c.Period.Start.Valid() {
			start = c.Period.Start
		}
		c.History = []casemodel.PhaseSpan{{Phase: c.Phase, Queued: c.Queued, Start: start}}
	}
	if t, ok := casemodel.TemplateOf(c.Model); ok && len(c.Cadences) == 0 && casemodel.Check(*c).Has("cadence-needed") {
		for _, k := range t.Cadences {
			k.NextDue = casemodel.Day(now.AddDate(0, 0, k.Days))
			c.Cadences = append(c.Cadences, k)
		}
	}
}
