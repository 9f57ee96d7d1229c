package fhir_test

import (
	"bytes"
	"strings"
	"testing"

	"caseway/fhir"
	"caseway/fhir/definition"
)

// carePlan is a CarePlan of 4 KB with what such resources usually hold:
// narrative, codings, references, dates, extensions, several activities.
func carePlan() []byte {
	const activity = `{
      "extension": [{"url": "http://example.org/effort", "valueQuantity": {"value": 1.50, "unit": "h", "system": "http://unitsofmeasure.org", "code": "h"}}],
      "detail": {
        "kind": "ServiceRequest",
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": "229065009", "display": "Exercise therapy"}], "text": "Walk for half an hour"},
        "status": "in-progress", "doNotPerform": false,
        "scheduledPeriod": {"start": "2026-01-05", "end": "2026-06-30T18:00:00+02:00"},
        "performer": [{"reference": "Practitioner/17", "display": "Therapist"}],
        "description": "A walk on even ground, with a rest whenever it is needed"
      }
    }`
	return []byte(`{
  "resourceType": "CarePlan", "id": "bench",
  "meta": {"profile": ["http://example.org/StructureDefinition/plan"], "tag": [{"system": "http://example.org/tag", "code": "a"}]},
  "text": {"status": "generated", "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>Plan for <b>walking</b> &amp; rest, in words that people read.</p></div>"},
  "identifier": [{"use": "official", "system": "http://example.org/plans", "value": "4711"}],
  "status": "active", "intent": "plan", "_created": {"extension": [{"url": "http://example.org/by", "valueCode": "x"}]}, "created": "2026-01-01",
  "category": [{"coding": [{"system": "http://snomed.info/sct", "code": "38717003"}], "text": "Longitudinal care"}],
  "title": "Walking", "subject": {"reference": "Patient/1", "type": "Patient"}, "encounter": {"reference": "Encounter/2"},
  "period": {"start": "2026-01-01"}, "careTeam": [{"reference": "CareTeam/3"}], "addresses": [{"reference": "Condition/4"}, {"reference": "Condition/5"}],
  "activity": [` + strings.Join([]string{activity, activity, activity, activity}, ",") + `]
}`)
}

func BenchmarkDecodeCarePlan(b *testing.B) {
	text := carePlan()
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := fhir.Decode(definition.R4(), text, fhir.DefaultLimits); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeMillionNames(b *testing.B) {
	text := []byte(`{"resourceType":"Patient","name":[{"given":[` + strings.Repeat(`"a",`, 1_000_000) + `"a"]}]}`)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := fhir.Decode(definition.R4(), text, fhir.DefaultLimits); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkContent(b *testing.B) {
	t, err := fhir.Decode(definition.R4(), carePlan(), fhir.DefaultLimits)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if c := t.Content(); len(c.Rest) == 0 {
			b.Fatal("nothing is left")
		}
	}
}

func BenchmarkBundle(b *testing.B) {
	resource := bytes.Repeat([]byte(" "), 2500)
	b.ReportAllocs()
	for b.Loop() {
		w := fhir.NewBundleWriter(fhir.Bundle{Type: "searchset"}, 20*2800)
		for range 20 {
			w.Entry(fhir.Entry{FullURL: "http://example.org/fhir/CarePlan/1", Resource: resource, Mode: "match"})
		}
		if len(w.Bytes()) < 50000 {
			b.Fatal("the bundle is too short")
		}
	}
}
