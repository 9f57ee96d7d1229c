package mapping

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"testing"

	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/mapping/casemodel"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
)

// infusion is the story of the home infusion at its end: a patient with a bone
// infection goes home for three weeks of antibiotics that the policy doesn't
// cover, since everybody gives way a little.
func infusion() casemodel.Case {
	who := func(ref, name string) casemodel.Party {
		return casemodel.Party{Ref: casemodel.Ref(ref), Name: name}
	}
	manager, patient := who("Practitioner/manager", "Noor Case, RN, CCM"), who("Patient/paul", "Paul Bone")
	insurer, agency, pharmacy := who("Organization/insurer", "Insurer"), who("Organization/agency", "Agency"), who("Organization/pharmacy", "Pharmacy")
	days := casemodel.Quantity{Value: "21", Unit: "days", System: "http://unitsofmeasure.org", Code: "d"}
	price, paid := casemodel.USD(500000), casemodel.USD(250000)
	shares := []casemodel.Share{
		{Party: patient, Role: casemodel.RoleClient, Amount: casemodel.USD(100000)},
		{Party: agency, Role: casemodel.RoleProvider, Amount: casemodel.USD(50000), For: "the pump"},
		{Party: insurer, Role: casemodel.RolePayer, Amount: paid, Authorization: "Claim/exception"},
	}
	round := func(id string, kind casemodel.RoundKind, by casemodel.Party, at casemodel.Date) casemodel.Round {
		return casemodel.Round{
			ID: id, Kind: kind, By: by, At: at, ListPrice: price, Shares: shares,
			Reductions: []casemodel.Reduction{{By: pharmacy, Amount: casemodel.USD(100000), Reason: "three weeks at once"}},
		}
	}
	bill := func(id string, payer casemodel.Party, cents int64) casemodel.Bill {
		return casemodel.Bill{ID: casemodel.Ref("Invoice/" + id), Status: "issued", Payer: payer, Issuer: pharmacy, Account: "Account/a", Amount: casemodel.USD(cents), At: "2026-03-06"}
	}
	return casemodel.Case{
		ID: "infusion", Adopted: true, Phase: casemodel.PhaseActive, Model: casemodel.ModelClinical, Setting: casemodel.SettingAcuteHospital,
		Period: casemodel.Period{Start: "2026-03-01"}, Client: casemodel.Client{ID: patient.Ref, Name: patient.Name, BirthDate: "1960-05-17", Gender: "male"},
		Manager: manager, ManagingOrganization: who("Organization/hospital", "Hospital"), Accounts: []casemodel.Ref{"Account/a"},
		History: []casemodel.PhaseSpan{
			{Phase: casemodel.PhaseOpened, Start: "2026-03-01T08:00:00Z", End: "2026-03-01T12:00:00Z"},
			{Phase: casemodel.PhaseAwaitingApproval, Start: "2026-03-01T12:00:00Z", End: "2026-03-02T09:00:00Z"},
			{Phase: casemodel.PhaseActive, Start: "2026-03-02T09:00:00Z"},
		},
		Family: []casemodel.Relative{{ID: "RelatedPerson/wife", Name: "Pia Bone", Relationships: []casemodel.Concept{casemodel.Words("wife")}}},
		Teams: []casemodel.Team{{ID: "CareTeam/team", Status: casemodel.TeamActive, Name: "Going home", Members: []casemodel.Member{
			{Party: manager, Roles: []casemodel.Concept{casemodel.Words("case manager")}, Certifications: []casemodel.Certification{{Code: casemodel.Words("CCM"), Period: casemodel.Period{End: "2028-12-31"}}}},
			{Party: patient},
			{Party: agency},
			{Party: pharmacy},
		}}},
		Problems:  []casemodel.Problem{{ID: "Condition/bone", Code: casemodel.Concept{Codings: []casemodel.Coding{{System: "http://snomed.info/sct", Code: "60168000", Display: "Osteomyelitis"}}}, Clinical: "active", Verification: "confirmed", Categories: []casemodel.Concept{problemListItem}, RecordedAt: "2026-03-01"}},
		Diagnoses: []casemodel.Diagnosis{{Problem: "Condition/bone", Rank: 1}},
		Assessments: []casemodel.Assessment{{
			ID: "QuestionnaireResponse/first", Status: casemodel.AssessmentCompleted, At: "2026-03-01T10:00:00Z", By: manager,
			Needs: []casemodel.Need{{Text: "antibiotics by vein"}}, Necessity: []casemodel.Necessity{{Care: casemodel.Words("IV antibiotics"), Setting: casemodel.SettingHomeHealth, Reason: "stable, can go home"}},
			Problems: []casemodel.Ref{"Condition/bone"}, Summary: "Could go home with help.",
		}},
		Goals:    []casemodel.Goal{{ID: "Goal/home", Status: casemodel.GoalActive, Description: casemodel.Words("Infection cured at home"), ClientWords: "I want to sleep in my own bed.", Addresses: []casemodel.Ref{"Condition/bone"}, Targets: []casemodel.Target{{Measure: casemodel.Words("CRP"), Due: "2026-03-27"}}, Outcomes: []casemodel.Ref{"Observation/crp"}}},
		Outcomes: []casemodel.Outcome{{ID: "Observation/crp", Status: casemodel.FindingFinal, Goals: []casemodel.Ref{"Goal/home"}, Measure: casemodel.Words("CRP"), Value: casemodel.Value{Quantity: &casemodel.Quantity{Value: "4.0", Unit: "mg/L"}}, At: "2026-03-20"}},
		Plans: []casemodel.Plan{{
			ID: "CarePlan/1", Version: 1, Status: casemodel.PlanApproved, Intent: "plan", Title: "Home infusion", Goals: []casemodel.Ref{"Goal/home"}, Addresses: []casemodel.Ref{"Condition/bone"},
			Teams: []casemodel.Ref{"CareTeam/team"}, Supporting: []casemodel.Ref{"QuestionnaireResponse/first"}, DraftedBy: manager, DraftedAt: "2026-03-01T11:00:00Z", Why: "first plan",
			Activities: []casemodel.Activity{{Ref: "ServiceRequest/infusion"}, {Ref: "Appointment/visit", Outcomes: []casemodel.Ref{"Encounter/visit"}}},
			Approvals:  []casemodel.Approval{{ID: "Task/approve", Status: casemodel.ApprovalApproved, RequestedAt: "2026-03-01T12:00:00Z", RequestedBy: manager, Approver: who("Practitioner/physician", "Dr. Vein"), DecidedAt: "2026-03-02T09:00:00Z", DecidedBy: who("Practitioner/physician", "Dr. Vein")}},
		}},
		Services: []casemodel.Service{{
			ID: "ServiceRequest/infusion", Status: casemodel.ServiceInProgress, Intent: "order", Code: casemodel.Words("Home infusion"), Ordered: &days, RequestedAt: "2026-03-02", RequestedBy: manager,
			Plans: []casemodel.Ref{"CarePlan/1"}, Goals: []casemodel.Ref{"Goal/home"}, NeedsAuthorization: true, Provider: agency, StartedAt: "2026-03-06", Coverages: []casemodel.Ref{"Coverage/policy"},
			Offers: []casemodel.Offer{
				{ID: "Task/offer-agency", Status: casemodel.TaskInProgress, Provider: agency, Chosen: true, At: "2026-03-02", By: manager, AnsweredAt: "2026-03-03"},
				{ID: "Task/offer-other", Status: casemodel.TaskCancelled, Provider: who("Organization/other", "Other agency"), At: "2026-03-02", By: manager, Reason: "the client chose another"},
			},
		}},
		Contacts: []casemodel.Contact{{
			ID: "Appointment/visit", Kind: casemodel.ContactHomeVisit, Status: casemodel.ContactHeld, Due: "2026-03-10", Held: "Encounter/visit", Cadence: true,
			Period: casemodel.Period{Start: "2026-03-10T14:00:00Z", End: "2026-03-10T15:00:00Z"}, With: []casemodel.Party{patient}, By: manager, Learned: "The pump is handled well.", Plan: "CarePlan/1",
		}},
		Cadences: []casemodel.Cadence{{Kind: casemodel.ContactHomeVisit, Days: 7, LastAt: "2026-03-10", NextDue: "2026-03-17"}},
		Tasks:    []casemodel.Task{{ID: "Task/teach", Status: casemodel.TaskCompleted, Intent: "order", Text: "Teach the use of the pump", Owner: agency, Requester: manager, About: "ServiceRequest/infusion", CreatedAt: "2026-03-03", Due: "2026-03-06"}},
		Reviews: []casemodel.UtilizationReview{{ID: "Task/review", Status: casemodel.ReviewClosed, Insurer: insurer, Reviewer: who("Practitioner/reviewer", "Ina Payer, RN"), OpenedAt: "2026-03-01", ClosedAt: "2026-03-06", Exchanges: []casemodel.Exchange{
			{ID: "Communication/update", Kind: casemodel.ExchangeUpdate, At: "2026-03-01T15:00:00Z", By: manager, Text: "No fever since noon."},
			{ID: "Communication/days", Kind: casemodel.ExchangeAuthorized, At: "2026-03-01T16:00:00Z", By: insurer, Days: 4, NextReview: "2026-03-05"},
		}}},
		Coverages: []casemodel.Coverage{{ID: "Coverage/policy", Status: "active", Insurers: []casemodel.Party{insurer}, SubscriberID: "P-1", Network: "blue", Eligibility: []casemodel.Eligibility{{
			ID: "CoverageEligibilityResponse/e", Status: "active", Outcome: "complete", At: "2026-03-02", Insurer: insurer,
			Benefits: []casemodel.Benefit{{Category: casemodel.Words("Home infusion: drug and pump"), Excluded: true}},
		}}}},
		Authorizations: []casemodel.Authorization{{
			ID: "Claim/exception", Decision: "ClaimResponse/exception", Status: casemodel.AuthorizationException, Service: "ServiceRequest/infusion", Coverage: "Coverage/policy", Insurer: insurer, Provider: agency,
			Asked: &days, Price: &price, Necessity: "three weeks of IV antibiotics", RequestedAt: "2026-03-03T09:00:00Z", RequestedBy: manager, DecidedAt: "2026-03-05T09:00:00Z", DecidedBy: insurer,
			Number: "X-77", Granted: &days, Amount: &paid, Saves: "three weeks in hospital would cost more",
		}},
		Agreements: []casemodel.CostAgreement{{
			ID: "Contract/infusion", Status: casemodel.AgreementAgreed, Title: "Home infusion, three weeks", Service: "ServiceRequest/infusion", Provider: pharmacy,
			Rounds: []casemodel.Round{round("1", casemodel.RoundOffer, pharmacy, "2026-03-03T10:00:00Z"), round("2", casemodel.RoundCounterOffer, manager, "2026-03-04T10:00:00Z"), round("3", casemodel.RoundAgreement, insurer, "2026-03-05T10:00:00Z")},
			Bills:  []casemodel.Bill{bill("agency", agency, 50000), bill("insurer", insurer, 250000), bill("patient", patient, 100000)},
		}},
		Files:    []casemodel.File{{ID: "DocumentReference/letter", Status: "current", Title: "Discharge letter", At: "2026-03-06T09:00:00Z", Contents: []casemodel.Content{{ContentType: "application/pdf", URL: "Binary/letter"}}}},
		Notes:    []casemodel.Note{{ID: "Communication/note", Status: "completed", At: "2026-03-04T08:00:00Z", By: manager, Text: "The wife will help."}},
		Consents: []casemodel.Consent{{ID: "Consent/share", Status: "active", Scope: casemodel.Words("sharing"), Categories: []casemodel.Concept{casemodel.Words("disclosure")}, At: "2026-03-01", Policy: casemodel.Words("opt in"), Provision: &casemodel.Provision{Type: "permit", Actors: []casemodel.ConsentActor{{Role: casemodel.Words("recipient"), Party: insurer}}}}},
		NextDue:  &casemodel.Due{Date: "2026-03-17", Kind: "contact"},
	}
}

// The story in FHIR, resource by resource.
func TestTheInfusionInFHIR(t *testing.T) {
	c := infusion()
	writes, lost := Resources(&c, nil)
	for _, l := range lost {
		t.Errorf("%s (%s) is lost: %s", l.Path, l.Kind, l.Reason)
	}
	var got bytes.Buffer
	for _, w := range writes {
		if _, err := fhir.Decode(definition.R4(), w.JSON(), fhir.Limits{}); err != nil {
			t.Errorf("%s: got %v, want no error", w.Key, err)
		}
		if err := json.Indent(&got, w.JSON(), "", " "); err != nil {
			t.Fatal(err)
		}
		got.WriteByte('\n')
	}
	const name = "testdata/infusion.json.golden"
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got.String()); d != "" {
		t.Errorf("run with -update if this is meant:\n%s", d)
	}
	back, lost := Assemble(stored(t, writes))
	for _, l := range missing("case", reflect.ValueOf(c), reflect.ValueOf(back)) {
		t.Errorf("%s doesn't come back", l.Path)
	}
	for _, l := range lost {
		t.Errorf("%s isn't carried: %s", l.Path, l.Reason)
	}
}

// BenchmarkInfusion measures the story in memory: case to FHIR to case.
func BenchmarkInfusion(b *testing.B) {
	c := infusion()
	writes, _ := Resources(&c, nil)
	all := resourcesOf(writes)
	b.Logf("%d resources", len(all))
	b.Run("there and back with reports", func(b *testing.B) {
		for b.Loop() {
			w, _ := Resources(&c, nil)
			Assemble(resourcesOf(w))
		}
	})
	b.Run("there and back alone", func(b *testing.B) {
		for b.Loop() {
			w := newWriting(&c, nil)
			w.finish()
			out := make([]proto.Message, 0, len(w.order))
			for _, id := range w.order {
				out = append(out, w.out[id])
			}
			AssembleOnly(out)
		}
	})
	b.Run("from FHIR alone", func(b *testing.B) {
		for b.Loop() {
			AssembleOnly(all)
		}
	})
	b.Run("from JSON", func(b *testing.B) {
		texts := make([][]byte, len(writes))
		for i, w := range writes {
			texts[i] = w.JSON()
		}
		for b.Loop() {
			out := make([]proto.Message, len(texts))
			for i, text := range texts {
				tree, _ := fhir.Decode(definition.R4(), text, fhir.Limits{})
				out[i], _ = Decode(tree)
			}
			AssembleOnly(out)
		}
	})
}
