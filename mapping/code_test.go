package mapping

import (
	"path"
	"slices"
	"strings"
	"testing"

	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/mapping/casemodel"
)

// elementsOf says to which element of FHIR a table's codes belong, where its
// value set is required.
var elementsOf = map[string]string{
	"phase": "EpisodeOfCare.status", "team-status": "CareTeam.status", "goal-status": "Goal.lifecycleStatus",
	"plan-status": "CarePlan.status", "task-status": "Task.status", "approval-status": "Task.status",
	"appeal-status": "Task.status", "review-status": "Task.status", "service-status": "ServiceRequest.status",
	"finding-status": "Observation.status", "assessment-status": "QuestionnaireResponse.status",
	"appointment-status": "Appointment.status", "contact-appointment": "Appointment.status",
	"contact-request": "CommunicationRequest.status", "contact-encounter": "Encounter.status",
	"contact-communication": "Communication.status", "authorization-claim": "Claim.status",
	"authorization-outcome": "ClaimResponse.outcome", "agreement-status": "Contract.status",
}

// caseCodes are the codes of the case model that a table must have.
var caseCodes = map[string][]string{
	"phase": codesOf(casemodel.Phases()), "model": codesOf(casemodel.Models()), "setting": codesOf(casemodel.Settings()),
	"role": codesOf(casemodel.Roles()), "strength-source": codesOf(casemodel.StrengthSources()),
	"requirement": codesOf(casemodel.Requirements()), "contact-class": codesOf(casemodel.ContactKinds()),
	"contact-medium": codesOf(casemodel.ContactKinds()),
}

func codesOf[S ~string](all []S) []string {
	words := make([]string, len(all))
	for i, c := range all {
		words[i] = string(c)
	}
	return words
}

func tableNames(t *testing.T) []string {
	t.Helper()
	files, err := tableFiles.ReadDir("tables")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range files {
		name := strings.TrimSuffix(f.Name(), path.Ext(f.Name()))
		if name != "lost" && name != "codesystem" && name != "extension" && name != "task-code" {
			names = append(names, name)
		}
	}
	return names
}

func TestEveryCodeOfFHIRIsInItsTable(t *testing.T) {
	for name, element := range elementsOf {
		table := tableOf(name)
		for _, code := range requiredCodes(t, element) {
			if table.toCase[code] == "" {
				t.Errorf("table %s has nothing for %s %s", name, element, code)
			}
		}
	}
}

// requiredCodes lists the codes of the value set that an element requires.
func requiredCodes(t *testing.T, element string) []string {
	t.Helper()
	typ, name, _ := strings.Cut(element, ".")
	for _, e := range definition.R4().Type(typ).Elements {
		if e.Name != name {
			continue
		}
		lister, ok := e.Required.(fhir.CodeLister)
		if !ok {
			t.Fatalf("%s has no list of codes", element)
		}
		return lister.Codes()
	}
	t.Fatalf("no element %s", element)
	return nil
}

func TestEveryCodeOfTheCaseIsInItsTable(t *testing.T) {
	for name, codes := range caseCodes {
		table := tableOf(name)
		for _, code := range codes {
			if table.toFHIR[code] == "" {
				t.Errorf("table %s has nothing for %s", name, code)
			}
		}
	}
}

// There and back is the identity where a table says "both", and every code
// that can be written can be read.
func TestTablesAgreeWithThemselves(t *testing.T) {
	names := tableNames(t)
	for _, name := range names {
		table := tableOf(name)
		for _, row := range table.rows {
			ours, theirs, direction := row[0], row[1], row[2]
			if direction == "both" && (table.toCase[theirs] != ours || table.toFHIR[ours] != theirs) {
				t.Errorf("table %s: %s and %s aren't each other's", name, ours, theirs)
			}
			if table.toFHIR[ours] == "" {
				t.Errorf("table %s: %s can be read and not written", name, ours)
			}
			if table.toCase[theirs] == "" {
				t.Errorf("table %s: %s can be written and not read", name, theirs)
			}
		}
	}
	for name := range elementsOf {
		if !slices.Contains(names, name) {
			t.Errorf("there is no table %s", name)
		}
	}
}

// A status survives the way there and back through each of its resources.
func TestEveryPhaseComesBack(t *testing.T) {
	for _, phase := range casemodel.Phases() {
		for _, queued := range []bool{false, phase == casemodel.PhaseReferred} {
			c := casemodel.Case{ID: "e", Adopted: true, Phase: phase, Queued: queued}
			e, lost := EpisodeFromCase(&c, nil)
			back, _ := CaseFromEpisode(e)
			if back.Phase != phase || back.Queued != queued || !back.Adopted || len(lost) > 0 {
				t.Errorf("%s (queued %v) comes back as %s (queued %v), lost %v", phase, queued, back.Phase, back.Queued, lost)
			}
		}
	}
}

func TestAnEpisodeOfOthersIsNotAdopted(t *testing.T) {
	for _, status := range requiredCodes(t, "EpisodeOfCare.status") {
		e, _ := EpisodeFromCase(&casemodel.Case{ID: "e"}, nil)
		setStatus(e.ProtoReflect(), status)
		c, _ := CaseFromEpisode(e)
		if c.Adopted || c.Phase == "" {
			t.Errorf("%s gives phase %q, adopted %v", status, c.Phase, c.Adopted)
		}
		if again, _ := EpisodeFromCase(&c, e); findExtension(again.ProtoReflect(), phaseURL) != nil {
			t.Errorf("%s: writing an inferred phase adopts the case", status)
		}
	}
}
