package fhirpath_test

import (
	"bytes"
	"fmt"
	"testing"

	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/fhir/fhirpath"
)

// carePlan is a care plan of about 4 KB, as EHRs write them.
func carePlan(t testing.TB) *fhir.Tree {
	t.Helper()
	var b bytes.Buffer
	b.WriteString(`{"resourceType":"CarePlan","id":"example","meta":{"versionId":"3","lastUpdated":"2024-05-01T10:00:00.000Z",
	"profile":["http://hl7.org/fhir/us/core/StructureDefinition/us-core-careplan"],"tag":[{"system":"http://example.org/tags","code":"case-1"}]},
	"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>Diabetes care plan</p></div>"},
	"identifier":[{"system":"http://example.org/plans","value":"12345"},{"system":"http://example.org/cases","value":"77"}],
	"basedOn":[{"reference":"CarePlan/0"}],"replaces":[{"reference":"CarePlan/2"}],"partOf":[{"reference":"CarePlan/9"}],
	"status":"active","intent":"plan","category":[{"coding":[{"system":"http://hl7.org/fhir/us/core/CodeSystem/careplan-category","code":"assess-plan"},
	{"system":"http://snomed.info/sct","code":"734163000","display":"Care plan"}],"text":"Diabetes"}],"title":"Diabetes","description":"Manage blood glucose and weight",
	"subject":{"reference":"Patient/example","display":"Peter Chalmers"},"encounter":{"reference":"Encounter/home"},
	"period":{"start":"2024-01-01","end":"2024-12-31"},"created":"2024-01-01","author":{"reference":"Practitioner/f001"},
	"careTeam":[{"reference":"CareTeam/example"},{"reference":"CareTeam/other"}],
	"addresses":[{"reference":"Condition/diabetes","display":"diabetes"},{"reference":"Condition/obesity","display":"obesity"}],
	"goal":[{"reference":"Goal/a1c"},{"reference":"Goal/weight"}],"activity":[`)
	for i := range 7 {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"outcomeReference":[{"reference":"Observation/o%d"}],"detail":{"kind":"ServiceRequest","code":{"coding":[{"system":"http://snomed.info/sct","code":"3141%d",
		"display":"Regular therapy"}]},"status":"in-progress","doNotPerform":false,"scheduledTiming":{"event":["2024-02-0%dT10:00:00Z"],"repeat":{"frequency":1,"period":1,"periodUnit":"d"}},
		"performer":[{"reference":"Practitioner/p%d","display":"Dr. Who"}],"description":"Walk and check"}}`, i, i, i+1, i)
	}
	b.WriteString(`],"note":[{"authorString":"Nurse","time":"2024-01-02T10:00:00Z","text":"The patient agreed to walk daily."}]}`)
	tree, err := fhir.Decode(definition.R4(), b.Bytes(), fhir.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// BenchmarkCarePlanSearchParameters is what one write pays for indexing.
func BenchmarkCarePlanSearchParameters(b *testing.B) {
	tree := carePlan(b)
	var list []*fhirpath.Expr
	for _, p := range definition.R4().SearchParameters("CarePlan") {
		if p.Expression != "" {
			list = append(list, compile(b, p.Expression, fhirpath.Lenient()))
		}
	}
	ctx := &fhirpath.Context{Schema: definition.R4()}
	focus := fhirpath.OfNode(tree.Root())
	var items fhirpath.Collection
	b.ReportAllocs()
	for b.Loop() {
		items = items[:0]
		for _, e := range list {
			var err error
			if items, err = e.Append(items, ctx, focus); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(len(list)), "expressions")
	b.ReportMetric(float64(len(items)), "items")
	b.ReportMetric(float64(len(tree.JSON)), "bytes")
}

// BenchmarkExpressions has one of each kind.
func BenchmarkExpressions(b *testing.B) {
	tree := carePlan(b)
	ctx := &fhirpath.Context{Schema: definition.R4()}
	for _, text := range []string{
		"CarePlan.activity.detail.code.coding",
		"CarePlan.subject.where(resolve() is Patient)",
		"activity.detail.where(status = 'in-progress' and doNotPerform.not()).count() > 3",
		"descendants().where(reference.startsWith('Observation/')).count()",
		"period.start <= period.end",
		"contained.where((('#'+id in (%resource.descendants().reference))).not()).empty()",
	} {
		e := compile(b, text, fhirpath.Lenient())
		b.Run(text, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := e.Eval(ctx, fhirpath.OfNode(tree.Root())); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkCompile(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		_, _ = fhirpath.Compile("CarePlan.subject.where(resolve() is Patient) | activity.detail.code")
	}
}
