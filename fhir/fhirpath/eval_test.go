package fhirpath_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/fhir/fhirpath"
)

const observation = `{"resourceType":"Observation","id":"o1","status":"final",
	"contained":[{"resourceType":"Patient","id":"p1","birthDate":"1980-05"},
		{"resourceType":"Practitioner","id":"p2","name":[{"family":"O\u0027Neil"}]}],
	"extension":[{"url":"http://example.org/a","valueCode":"x"},{"url":"http://example.org/b","valueBoolean":true}],
	"code":{"coding":[{"system":"http://loinc.org","code":"8480-6"},{"system":"http://loinc.org","code":"8462-4"}],"text":"Blood  Pressure"},
	"subject":{"reference":"#p1"},"performer":[{"reference":"#p2"},{"reference":"Organization/7"},
		{"reference":"http://example.org/fhir/Practitioner/8/_history/2"},{"reference":"urn:uuid:1","type":"Patient"},{"display":"unknown"}],
	"effectivePeriod":{"start":"2024-03-01","end":"2024-03-02T10:00:00+01:00"},
	"issued":"2024-03-02T10:00:00.500Z","valueQuantity":{"value":1.50,"unit":"kg","system":"http://unitsofmeasure.org","code":"kg"},
	"component":[{"code":{"text":"a"},"valueInteger":3},{"code":{"text":"b"},"valueString":"three"},
		{"code":{"text":"c"},"valueQuantity":{"value":5,"comparator":"<","system":"http://unitsofmeasure.org","code":"mg"}},
		{"code":{"text":"d"},"valueQuantity":{"value":2,"system":"http://unitsofmeasure.org","code":"a"}}],
	"_status":{"extension":[{"url":"http://example.org/why","valueString":"because"}]}}`

func tree(t testing.TB, text string) *fhir.Tree {
	t.Helper()
	tree, err := fhir.Decode(definition.R4(), []byte(text), fhir.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// texts writes a collection as its items' texts, elements without one as types.
func texts(c fhirpath.Collection) string {
	var parts []string
	for _, v := range c {
		n, ok := v.Node()
		if ok && v.System() == nil {
			parts = append(parts, n.Type().Name)
		} else {
			parts = append(parts, v.String())
		}
	}
	return strings.Join(parts, ", ")
}

func TestEval(t *testing.T) {
	focus := fhirpath.OfNode(tree(t, observation).Root())
	ctx := &fhirpath.Context{
		Schema:    definition.R4(),
		Now:       suiteTime,
		Variables: map[string]fhirpath.Collection{"limit": {fhirpath.Of(fhirpath.Integer(2))}},
	}
	for _, c := range []struct{ expression, want string }{
		// Elements
		{"Observation.code.coding.code", "8480-6, 8462-4"},
		{"Resource.id | DomainResource.status", "o1, final"},
		{"Patient.id", ""},
		{"`status`", "final"},
		{"status.extension('http://example.org/why').value", "because"},
		{"extension.where(url = %`limit`.toString()).empty()", "true"},
		{"value.unit", "kg"},
		{"contained.ofType(Practitioner).name.family", "O'Neil"},
		{"contained.name.family = 'O\\'Neil'", "true"},
		{"component[1].value", "three"},
		{"component[9]", ""},
		{"component.value.ofType(integer)", "3"},
		{"component.value.ofType(Quantity).count()", "2"},
		{"children().count() = Observation.children().count()", "true"},
		{"descendants().where($this is Reference).count()", "6"},
		{"repeat(contained).id", "p1, p2"},
		{"code.coding.select(code & '!')", "8480-6!, 8462-4!"},
		{"code.coding.select($index)", "0, 1"},
		{"code.coding.where($index = 1).code", "8462-4"},
		{"(1 | 2 | 3).aggregate($total + $this, %limit)", "8"},
		{"%resource.id & %context.id & %rootResource.id", "o1o1o1"},
		{"contained.first().select(%rootResource.id)", "o1"},
		{"type().name", "Observation"},
		{"value.type().namespace", "FHIR"},

		// Types
		{"value is Quantity and value is FHIR.Quantity and (value is System.Quantity).not()", "true"},
		{"status is string and (status as string).empty() and (status as code).exists()", "true"},
		{"$this is DomainResource and $this is Resource and ($this is Patient).not()", "true"},
		{"component.first().value.is(integer)", "true"},

		// Quantities
		{"value = 1500 'g'", "true"},
		{"value > 1 'kg' and value <= 1.5 'kg'", "true"},
		{"value = 1.5 's'", ""},
		{"value > 3 'wk'", ""},
		{"component[2].value > 1 'mg'", ""},
		{"component[3].value = 2 years", "true"},
		{"component[3].value = 24 months", "true"},
		{"1 year = 1 'a'", ""},
		{"1 year ~ 1 'a'", "true"},
		{"1 year > 11 months", "true"},
		{"1 week = 7 days and 1 day = 24 'h'", "true"},
		{"value * 2", "3.00 'kg'"},
		{"value + 500 'g'", "2.00 'kg'"},
		{"(value + 3 's').empty()", "true"},
		{"2 'm' / 4 's'", "0.5 'm/s'"},
		{"1 'kg'.toQuantity('g')", "1000 'g'"},
		{"37 'Cel' = 98.6 '[degF]'", "true"},
		{"5 = 5 '1'", "true"},

		// Numbers
		{"0.1 + 0.2 = 0.3", "true"},
		{"12345678901234567890.12345678901234567890 + 0", "12345678901234567890.12345678901234567890"},
		{"1 / 3", "0.33333333333333333333"},
		{"2147483647 + 1", ""},
		{"-2147483648 + 1", "-2147483647"},
		{"7 div 2 + 7 mod 2", "4"},
		{"-7 div 2", "-3"},
		{"2.5.round()", "3"},
		{"(-2.5).round()", "-3"},
		{"3.14159.round(3)", "3.142"},
		{"10.power(2)", "100"},
		{"2.power(-1)", "0.5"},
		{"2.sqrt()", "1.4142135623731"},
		{"1.10.toString()", "1.10"},
		{"1.0 ~ 1 and 1.01 ~ 1.0199999", "false"},

		// Dates
		{"effective.start < effective.end", ""}, // the first of March may last until the second somewhere,
		{"effective.start <= @2024-03", ""},
		{"issued > @2024-03-02T09:00:00Z", "true"},
		{"issued = @2024-03-02T11:00:00.500+01:00", "true"},
		{"contained.birthDate < @1980-06", "true"},
		{"contained.birthDate < @1980-05-15", ""},
		{"contained.birthDate + 8 months", "1981-01"},
		{"@2024-01-31 + 1 month", "2024-02-29"},
		{"@2024-02-29 + 1 year", "2025-02-28"},
		{"@2024 + 23 months", "2025"},
		{"@2024-01 + 40 days", "2024-02"},
		{"@T23:30 + 45 minutes", "00:15"},
		{"@T00:10 - 20 minutes", "23:50"},
		{"@9999-12-31 + 1 day", ""},
		{"@2024-03-01 - 1 day", "2024-02-29"},
		{"today() = @2026-03-04", "true"},
		{"now() = @2026-03-04T05:06:07.008+01:00", "true"},
		{"timeOfDay()", "05:06:07.008"},
		{"@2024-05-31T10:00:00Z.toDate()", "2024-05-31"},
		{"'2024-05-31T10:00'.toDateTime() < @2024-05-31T10:01", "true"},
		{"@2024-01-01T12:00:00 = @2024-01-01T12:00:00Z", ""},
		{"@2024-01-01T12:00:00 < @2024-01-03T12:00:00Z", "true"},

		// Strings
		{"'äöü'.length() + 'äöü'.indexOf('ü')", "5"},
		{"'äöüß'.substring(1, 2).upper()", "ÖÜ"},
		{"'a,b,,c'.split(',').count()", "4"},
		{"('a' | 'b').join('-')", "a-b"},
		{"'2024-01-02'.replaceMatches('(\\\\d+)-(\\\\d+)-(\\\\d+)', '$3.$2.$1')", "02.01.2024"},
		{"'x'.replaceMatches('x', '$1a')", "a"},
		{"code.text ~ 'blood pressure'", "true"},
		{"'abc'.matches('^b') or 'abc'.matches('b')", "true"},
		{"'\\u00e4\\uD83D\\uDE00'.toChars().count()", "2"},

		// Collections and logic
		{"(1 | 2 | 2.0 | '1').count()", "3"},
		{"(1 | 2).combine(2).isDistinct()", "false"},
		{"2.0 in (1 | 2)", "true"},
		{"code.coding.code contains '8462-4'", "true"},
		{"{} and false", "false"},
		{"({} or false).empty()", "true"},
		{"true xor true", "false"},
		{"false implies (1 | 2)", "true"},
		{"iif(status = 'final', 'yes', 1 / 'a')", "yes"},
		{"code.coding.exists(code = '8480-6' and system = %loinc)", "true"},
		{"code.coding.all(system = %loinc)", "true"},
		{"(3 | 1 | 2).sort(-$this)", "3, 2, 1"},
		{"code.coding = code.coding.first() | code.coding.last()", "true"},
		{"code.coding = code.coding.last() | code.coding.first()", "false"},
		{"code.coding ~ code.coding.last() | code.coding.first()", "true"},

		// References
		{"subject.resolve().birthDate", "1980-05"},
		{"performer.resolve().id", "p2"},
		{"performer.where(resolve() is Practitioner).reference", "#p2, http://example.org/fhir/Practitioner/8/_history/2"},
		{"performer.where(resolve() is Organization).reference", "Organization/7"},
		{"performer.where(resolve().is(DomainResource)).count()", "4"},
		{"performer.where(resolve() is Patient).type", "Patient"},

		// FHIR
		{"extension('http://example.org/b').value and hasExtension('http://example.org/a')", "true"},
		{"status.hasValue() and extension.first().hasValue().not()", "true"},
		{"issued.getValue().type().name", "DateTime"},
		{"%`vs-x`", "http://hl7.org/fhir/ValueSet/x"},
		{"conformsTo('http://hl7.org/fhir/StructureDefinition/Observation')", "true"},
	} {
		t.Run(c.expression, func(t *testing.T) {
			got, err := compile(t, c.expression).Eval(ctx, focus)
			if err != nil {
				t.Errorf("%s: got %v, want no error", c.expression, err)
			} else if texts(got) != c.want {
				t.Errorf("%s gives %s, want %s", c.expression, texts(got), c.want)
			}
		})
	}
}

func TestEvalFails(t *testing.T) {
	focus := fhirpath.OfNode(tree(t, observation).Root())
	for _, c := range []struct{ expression, want string }{
		{"performer > 1", "several"},
		{"code > 1", "can't order CodeableConcept and Integer"},
		{"1 + 'a'", "+ has no meaning for Integer and String"},
		{"component.value as integer", "use ofType"},
		{"value is Quantitty", "unknown type Quantitty"},
		{"value is Some.Quantity", "namespace"},
		{"%nobody", "no value for %nobody"},
		{"now()", "evaluation's time"},
		{"status.memberOf('http://example.org')", "terminology"},
		{"conformsTo('http://example.org')", "profiles"},
		{"code.startsWith('a')", "startsWith can't take CodeableConcept"},
		{"status.substring('a')", "takes an Integer as argument, not String"},
		{"code.coding.not()", "several"},
		{"'x'.matches('(' & status)", "regular expression"},
		{"@2024 + 1 'mo'", "no meaning"},
		{"-status", "before a number"},
		{"component['a']", "index is an Integer"},
		{"1.5.round(-1)", "places"},
	} {
		t.Run(c.expression, func(t *testing.T) {
			_, err := compile(t, c.expression).Eval(&fhirpath.Context{Schema: definition.R4()}, focus)
			var failure *fhirpath.EvalError
			if !errors.As(err, &failure) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v, want an error with %q", c.expression, err, c.want)
			}
			if err != nil && (strings.Contains(err.Error(), "final") || strings.Contains(err.Error(), "1.50")) {
				t.Errorf("%s: the error %q has a value in it", c.expression, err)
			}
		})
	}
}

// TestStepLimit: whatever an expression does, it ends.
func TestStepLimit(t *testing.T) {
	focus := fhirpath.OfNode(tree(t, observation).Root())
	ctx := &fhirpath.Context{Schema: definition.R4(), Steps: 100_000, Now: suiteTime}
	tens := "(0|1|2|3|4|5|6|7|8|9)"
	for _, expression := range []string{
		"(1).repeat($this + 1)",
		"('a').repeat($this & 'a')",
		"('a').repeat($this & $this)",
		tens + ".select(" + tens + ".select(" + tens + ".select(" + tens + ".select(" + tens + "))))",
		tens + ".aggregate($total & $total & $total & $total & $total, 'abcdefghijklmnop')",
		tens + ".aggregate($total * $total, 1.000000000001)",
		tens + ".aggregate($total.replace('', $total), 'aaaa')",
		tens + ".aggregate($total.combine($total).combine($total).combine($total), 1)",
		"10.power(1000000)",
		"'" + strings.Repeat("a", 10_000) + "'.matches('(a|aa|aaa){1,500}b')",
		"descendants().select(%resource.descendants().select(%resource.descendants().select(%resource.descendants())))",
		"descendants().where(%resource.descendants().where(%resource ~ %resource).exists()).exists()",
	} {
		t.Run(expression, func(t *testing.T) {
			e, err := fhirpath.Compile(expression)
			if err != nil {
				t.Fatalf("%s: got %v, want no error", expression, err)
			}
			began := time.Now()
			_, err = e.Eval(ctx, focus)
			if !errors.Is(err, fhirpath.ErrTooCostly) {
				t.Errorf("%.80s: %v, want ErrTooCostly", expression, err)
			}
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("%.80s took %v", expression, took)
			}
		})
	}
}

func TestLenient(t *testing.T) {
	focus := fhirpath.OfNode(tree(t, observation).Root())
	for expression, want := range map[string]string{
		"component.value as integer":                         "3",
		"component.value.as(string)":                         "three",
		"component.first().value is Integer":                 "true",
		"extension('http://example.org/b').value is Boolean": "true",
	} {
		t.Run(expression, func(t *testing.T) {
			got, err := compile(t, expression, fhirpath.Lenient()).Eval(nil, focus)
			if err != nil || texts(got) != want {
				t.Errorf("%s: %s, %v", expression, texts(got), err)
			}
		})
	}
}
