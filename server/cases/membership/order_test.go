package membership_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"caseway/fhir"
	"caseway/fhir/interaction"
	"caseway/server/cases/membership"

	"github.com/google/go-cmp/cmp"
)

// linkedResources are of one patient and refer to one another: by what each type
// has for it, also in a circle. % stands for what tells one world from another.
var linkedResources = []string{
	`{"resourceType":"EpisodeOfCare","id":"e%","status":"active","patient":{"reference":"Patient/p"},"team":[{"reference":"CareTeam/team%"}],"account":[{"reference":"Account/account%"}],"referralRequest":[{"reference":"ServiceRequest/referral%"}],"diagnosis":[{"condition":{"reference":"Condition/diagnosis%"}}]}`,
	`{"resourceType":"EpisodeOfCare","id":"f%","status":"active","patient":{"reference":"Patient/p"},"team":[{"reference":"CareTeam/team%"}]}`,
	`{"resourceType":"CareTeam","id":"team%","subject":{"reference":"Patient/p"}}`,
	`{"resourceType":"CareTeam","id":"planned%","subject":{"reference":"Patient/p"}}`,
	`{"resourceType":"Account","id":"account%","status":"active","subject":[{"reference":"Patient/p"},{"reference":"Patient/child"}]}`,
	`{"resourceType":"Invoice","id":"invoice%","status":"issued","account":{"reference":"Account/account%"}}`,
	`{"resourceType":"ServiceRequest","id":"referral%","status":"active","intent":"order","subject":{"reference":"Patient/p"}}`,
	`{"resourceType":"Contract","id":"contract%","topicReference":{"reference":"ServiceRequest/referral%"},"subject":[{"reference":"Patient/p"}]}`,
	`{"resourceType":"Claim","id":"claim%","status":"active","type":{"text":"x"},"use":"preauthorization","patient":{"reference":"Patient/p"},"created":"2026-01-01","provider":{"reference":"Organization/o"},"priority":{"text":"x"},"insurance":[{"sequence":1,"focal":true,"coverage":{"display":"x"}}],"referral":{"reference":"ServiceRequest/referral%"}}`,
	`{"resourceType":"ClaimResponse","id":"answer%","status":"active","type":{"text":"x"},"use":"preauthorization","patient":{"reference":"Patient/p"},"created":"2026-01-01","insurer":{"reference":"Organization/o"},"outcome":"complete","request":{"reference":"Claim/claim%"}}`,
	`{"resourceType":"Condition","id":"diagnosis%","subject":{"reference":"Patient/p"}}`,
	`{"resourceType":"Condition","id":"addressed%","subject":{"reference":"Patient/p"}}`,
	`{"resourceType":"CarePlan","id":"plan%","extension":[{"url":"http://hl7.org/fhir/StructureDefinition/workflow-episodeOfCare","valueReference":{"reference":"EpisodeOfCare/e%"}}],"status":"active","intent":"plan","subject":{"reference":"Patient/p"},"encounter":{"reference":"Encounter/held%"},"careTeam":[{"reference":"CareTeam/planned%"}],"addresses":[{"reference":"Condition/addressed%"}],"supportingInfo":[{"reference":"QuestionnaireResponse/assessment%"},{"reference":"Practitioner/who"}],"goal":[{"reference":"Goal/goal%"}],"activity":[{"reference":{"reference":"MedicationRequest/drug%"},"outcomeReference":[{"reference":"Encounter/held%"}]},{"reference":{"reference":"Appointment/visit%"}}]}`,
	`{"resourceType":"CarePlan","id":"part%","status":"active","intent":"plan","subject":{"reference":"Patient/p"},"partOf":[{"reference":"CarePlan/plan%"}]}`,
	`{"resourceType":"Goal","id":"goal%","lifecycleStatus":"active","description":{"text":"x"},"subject":{"reference":"Patient/p"},"outcomeReference":[{"reference":"Observation/outcome%"}]}`,
	`{"resourceType":"Observation","id":"outcome%","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/p"}}`,
	`{"resourceType":"QuestionnaireResponse","id":"assessment%","status":"completed","subject":{"reference":"Patient/p"}}`,
	`{"resourceType":"MedicationRequest","id":"drug%","status":"active","intent":"order","medicationCodeableConcept":{"text":"x"},"subject":{"reference":"Patient/p"}}`,
	`{"resourceType":"MedicationRequest","id":"repeat%","status":"active","intent":"order","medicationCodeableConcept":{"text":"x"},"subject":{"reference":"Patient/p"},"basedOn":[{"reference":"MedicationRequest/drug%"}]}`,
	`{"resourceType":"Appointment","id":"visit%","status":"booked","participant":[{"actor":{"reference":"Patient/p"},"status":"accepted"}]}`,
	`{"resourceType":"Encounter","id":"held%","status":"finished","class":{"code":"HH"},"subject":{"reference":"Patient/p"},"appointment":[{"reference":"Appointment/visit%"}]}`,
	`{"resourceType":"Observation","id":"seen%","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/p"},"encounter":{"reference":"Encounter/held%"}}`,
	`{"resourceType":"Communication","id":"told%","status":"completed","subject":{"reference":"Patient/p"},"encounter":{"reference":"Encounter/held%"}}`,
	`{"resourceType":"Procedure","id":"done%","status":"completed","subject":{"reference":"Patient/p"},"basedOn":[{"reference":"ServiceRequest/referral%"}]}`,
	`{"resourceType":"Task","id":"asked%","status":"requested","intent":"order","focus":{"reference":"ServiceRequest/referral%"},"for":{"reference":"Patient/p"}}`,
	`{"resourceType":"Task","id":"step%","status":"requested","intent":"order","partOf":[{"reference":"Task/asked%"},{"reference":"Task/step%"}]}`,
	`{"resourceType":"Observation","id":"child%","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/child"},"encounter":{"reference":"Encounter/held%"}}`,
	`{"resourceType":"Observation","id":"apart%","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/p"}}`,
	`{"resourceType":"Practitioner","id":"who"}`,
	`{"resourceType":"Patient","id":"p"}`,
}

// casesOfLinked are the cases to which linkedResources belong: f only has the team.
func casesOfLinked(typ, id string) []string {
	switch {
	case typ == "Practitioner" || typ == "Patient" || strings.HasPrefix(id, "apart") || strings.HasPrefix(id, "child"):
		return nil
	case typ == "EpisodeOfCare" && id[0] == 'f':
		return []string{"f"}
	case strings.HasPrefix(id, "team"):
		return []string{"e", "f"}
	}
	return []string{"e"}
}

// TestWhatBelongsToACaseDoesInAnyOrder: the same resources, written in any order,
// one by one or several at once, belong to the same cases.
func TestWhatBelongsToACaseDoesInAnyOrder(t *testing.T) {
	onEach(t, func(t *testing.T, e *engine) {
		for seed := range uint64(12) {
			t.Run(fmt.Sprint("order ", seed), func(t *testing.T) {
				world := fmt.Sprint("-", seed)
				r := rand.New(rand.NewPCG(seed, 11))
				writeInAnyOrder(t, e, r, world)
				got, want := map[string][]string{}, map[string][]string{}
				for _, text := range linkedResources {
					tree := parsed(strings.ReplaceAll(text, "%", world))
					key := fhir.Key{Type: tree.Type().Name, ID: tree.ID()}
					v, err := e.Read(t.Context(), key)
					if err != nil {
						t.Fatal(err)
					}
					got[key.String()] = slices.Sorted(slices.Values(fhir.Tags(v.JSON, membership.CaseSystem)))
					for _, id := range casesOfLinked(key.Type, key.ID) {
						want[key.String()] = append(want[key.String()], id+world)
					}
				}
				maps.DeleteFunc(got, func(_ string, tags []string) bool { return len(tags) == 0 })
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("cases, -want +got:\n%s", diff)
				}
			})
		}
	})
}

func writeInAnyOrder(t *testing.T, e *engine, r *rand.Rand, world string) {
	texts := slices.Clone(linkedResources)
	r.Shuffle(len(texts), func(i, j int) { texts[i], texts[j] = texts[j], texts[i] })
	for len(texts) > 0 {
		n := min(1+r.IntN(3), len(texts))
		entries := make([]string, n)
		for i, text := range texts[:n] {
			tree := parsed(strings.ReplaceAll(text, "%", world))
			entries[i] = fmt.Sprintf(`{"resource":%s,"request":{"method":"PUT","url":"%s/%s"}}`, tree.JSON, tree.Type().Name, tree.ID())
		}
		_, err := e.Bundle(t.Context(), interaction.BundleRequest{
			Base: base, Body: []byte(`{"resourceType":"Bundle","type":"transaction","entry":[` + strings.Join(entries, ",") + `]}`),
		})
		if err != nil {
			t.Fatalf("%v: %v", entries, err)
		}
		texts = texts[n:]
	}
}
