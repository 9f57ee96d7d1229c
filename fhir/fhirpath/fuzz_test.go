package fhirpath_test

import (
	"errors"
	"testing"

	"caseway/fhir/definition"
	"caseway/fhir/fhirpath"
)

// FuzzExpression: whatever the text, Compile and Eval come back without a
// panic, and errors are of their kinds.
func FuzzExpression(f *testing.F) {
	for _, s := range []string{
		"Observation.code.coding.where(system = %loinc).code", "(1 | 2).aggregate($total + $this, 0)", "@2024-01-31T10:00:00.5+01:00 + 1 month",
		"component.value.ofType(Quantity) > 1 'mg'", "repeat(contained).descendants().select(iif($this is Reference, resolve(), {}))",
		"'a\\u0041'.replaceMatches('(.)', '$1$1').toChars().join('-')", "1.587.lowBoundary(2) / 3 mod 2 div 1", "-1.abs() & {} ~ 'x' implies true",
		"descendants().where(as(canonical) = '#').exists().not()", "(3 | 1).sort(-$this).first().power(30)", "issued.toTime() < @T10:00",
	} {
		f.Add(s)
	}
	focus := fhirpath.OfNode(tree(f, observation).Root())
	ctx := &fhirpath.Context{Schema: definition.R4(), Now: suiteTime, Steps: 20_000}
	f.Fuzz(func(t *testing.T, text string) {
		_, _ = fhirpath.Compile(text, fhirpath.For(definition.R4(), "Observation"))
		e, err := fhirpath.Compile(text, fhirpath.Lenient())
		if err != nil {
			var syntax *fhirpath.SyntaxError
			if !errors.As(err, &syntax) {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		got, err := e.Eval(ctx, focus)
		var failure *fhirpath.EvalError
		if err != nil && !errors.As(err, &failure) {
			t.Fatalf("%T: %v", err, err)
		}
		for _, v := range got {
			_ = v.String()
		}
	})
}
