package search

import (
	"testing"

	"caseway/fhir"
	"caseway/fhir/definition"
)

// carePlan is of about the size that EHRs send.
const carePlan = `{"resourceType":"CarePlan","id":"plan-1","meta":{"profile":["http://hl7.org/fhir/us/core/StructureDefinition/us-core-careplan"],
"tag":[{"system":"https://caseway.dev/fhir/CodeSystem/case","code":"episode-1"}]},
"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">Rehabilitation after an accident, with three therapies and calls.</div>"},
"identifier":[{"system":"http://example.org/plans","value":"P-4711"}],
"status":"active","intent":"plan",
"category":[{"coding":[{"system":"http://hl7.org/fhir/us/core/CodeSystem/careplan-category","code":"assess-plan"}],"text":"Assessment and plan"}],
"title":"Rehabilitation","description":"Recovery of strength, memory and daily skills",
"subject":{"reference":"Patient/patient-1","display":"Amy Shaw"},"encounter":{"reference":"Encounter/encounter-1"},
"period":{"start":"2024-05-01","end":"2024-08-31"},"created":"2024-05-01T10:00:00Z","author":{"reference":"Practitioner/manager-1"},
"careTeam":[{"reference":"CareTeam/team-1"}],
"addresses":[{"reference":"Condition/fracture-1"},{"reference":"Condition/injury-1"}],
"goal":[{"reference":"Goal/walk-1"},{"reference":"Goal/memory-1"}],
"activity":[
{"reference":{"reference":"ServiceRequest/therapy-1"}},
{"detail":{"kind":"ServiceRequest","code":{"coding":[{"system":"http://snomed.info/sct","code":"229065009","display":"Exercise therapy"}]},
"status":"scheduled","scheduledPeriod":{"start":"2024-05-06","end":"2024-07-26"},"performer":[{"reference":"Organization/therapy-1"}],"description":"Three times a week"}},
{"detail":{"kind":"Appointment","code":{"coding":[{"system":"http://snomed.info/sct","code":"311555007","display":"Speech and language therapy"}]},
"status":"not-started","scheduledString":"after the first review","performer":[{"reference":"Practitioner/speech-1"}]}}]}`

func decoded(t testing.TB, text string) *fhir.Tree {
	t.Helper()
	tree, err := fhir.Decode(definition.R4(), []byte(text), fhir.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func BenchmarkIndexOfACarePlan(b *testing.B) {
	r, tree := newRegistry(b), decoded(b, carePlan)
	x := r.Index(tree)
	size := func(terms []Term) (n float64) {
		for _, t := range terms {
			n += float64(len(t))
		}
		return n
	}
	for b.Loop() {
		r.Index(tree)
	}
	b.ReportMetric(float64(len(x.Terms)), "terms")
	b.ReportMetric(size(x.Terms), "termbytes")
	b.ReportMetric(float64(len(x.Values)), "values")
	b.ReportMetric(size(x.Values), "valuebytes")
}

func BenchmarkFirstIndexOfACarePlan(b *testing.B) {
	tree := decoded(b, carePlan)
	newRegistry(b).Index(tree) // the definitions are read once
	for b.Loop() {
		newRegistry(b).Index(tree)
	}
}
