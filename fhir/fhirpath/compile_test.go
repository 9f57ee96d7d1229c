package fhirpath_test

import (
	"errors"
	"strings"
	"testing"

	"caseway/fhir/definition"
	"caseway/fhir/fhirpath"
)

func TestCompileFails(t *testing.T) {
	for _, c := range []struct{ expression, want string }{
		{"", "1:1: expected an expression, found the end"},
		{"a.", "1:3: expected the name of an element or function, found the end"},
		{"a b", `1:3: expected an operator or the end, found "b"`},
		{"name.where(use = 'x'", "1:21: expected ), found the end"},
		{"a[1", "expected ]"},
		{"a\n + 'b", "2:4: the text has no end: expected '"},
		{"'a\\qb'", "unknown escape"},
		{"1 /* a", "1:3: the comment has no end"},
		{"a # b", "unexpected character '#'"},
		{"$that", "expected $this, $index or $total"},
		{"a.$this", "expected the name"},
		{"% a", "expected a name after %"},
		{"@2024-13-01", "1:1: expected a date such as"},
		{"@2024-02-30", "expected a date such as"},
		{"@T10:00Z", "no time zone"},
		{"9999999999", "at most 2147483647"},
		{"name.wehre(true)", "1:6: unknown function wehre: did you mean where?"},
		{"name.frobnicate()", "unknown function frobnicate"},
		{"a.where()", "where takes 1 argument, not 0"},
		{"a.count(1)", "count takes no arguments, not 1"},
		{"a.substring(1, 2, 3)", "substring takes 1 to 2 arguments"},
		{"a.ofType(1)", "takes a type as argument"},
		{"a is 1", "expected a type name"},
		{"a.matches('(?=x)')", "no look-around"},
		{"{1}", "expected }"},
		{strings.Repeat("(", 500) + "1" + strings.Repeat(")", 500), "nested too deep"},
		{strings.Repeat("-", 500) + "1", "nested too deep"},
		{"a" + strings.Repeat(".a", 30_000), "too long"},
		{"1" + strings.Repeat("+1", 30_000), "too long"},
	} {
		t.Run(c.expression, func(t *testing.T) {
			_, err := fhirpath.Compile(c.expression)
			var syntax *fhirpath.SyntaxError
			if !errors.As(err, &syntax) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%.80s: %v, want an error with %q", c.expression, err, c.want)
			}
		})
	}
}

func TestForRefusesWhatCannotBe(t *testing.T) {
	for _, c := range []struct{ focus, expression, want string }{
		{"CarePlan", "CarePlan.subjet", "1:10: CarePlan has no element subjet: did you mean subject?"},
		{"CarePlan", "Patient.name", "starts at Patient, but the focus is CarePlan"},
		{"CarePlan", "Careplan.subject", "unknown type Careplan"},
		{"Observation", "valueQuantity > 3", "write value.ofType(Quantity)"},
		{"Patient", "name.where(us = 'x')", "HumanName has no element us"},
		{"Patient", "name.given.foo", "string has no element foo"},
		{"Patient", "name.startsWith('a')", "takes a String, and this is HumanName"},
		{"Patient", "children()[0]", "needs an order"},
		{"Patient", "iif(name.given, 1, 2)", "is a Boolean, and this is string"},
		{"Patient", "name.ofType(HumanNames)", "unknown type HumanNames"},
		{"Patientt", "name", "isn't known"},
		{"Patient", "name.count().x", "System.Integer has no element x"},
	} {
		t.Run(c.focus, func(t *testing.T) {
			_, err := fhirpath.Compile(c.expression, fhirpath.For(definition.R4(), c.focus))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v, want an error with %q", c.expression, err, c.want)
			}
		})
	}
}

func TestForAccepts(t *testing.T) {
	for _, c := range []struct{ focus, expression string }{
		{"CarePlan", "activity.detail.code.coding.code | contained.descendants().anything"},
		{"Bundle", "entry.resource.id | entry.resource.subject.reference | entry[0].resource.name"},
		{"Questionnaire", "repeat(item).linkId | item.item.item.linkId"},
		{"Resource", "Patient.name | id"},
		{"Observation", "(value as Quantity).value + value.ofType(Quantity).code.length()"},
		{"Patient", "extension('a').value.code | name.select(given.first() + family)"},
		{"Patient", "children().where($this.first().exists())"},
		{"CarePlan", "%resource.subject | %context.subject | %sct.length() | type().name"},
	} {
		t.Run(c.focus, func(t *testing.T) {
			if _, err := fhirpath.Compile(c.expression, fhirpath.For(definition.R4(), c.focus)); err != nil {
				t.Errorf("%s: got %v, want no error", c.expression, err)
			}
		})
	}
}

// TestLongExpressions: the bound on terms is within what the stack holds.
func TestLongExpressions(t *testing.T) {
	focus := fhirpath.OfNode(tree(t, observation).Root())
	for _, c := range []struct{ expression, want string }{
		{"1" + strings.Repeat(" + 1", 19_000), "19001"},
		{"id" + strings.Repeat(".first()", 19_000), "o1"},
		{"id" + strings.Repeat(" | id", 19_000), "o1"},
	} {
		t.Run(c.expression, func(t *testing.T) {
			got, err := compile(t, c.expression).Eval(nil, focus)
			if err != nil || texts(got) != c.want {
				t.Errorf("%.20s… gives %s, %v", c.expression, texts(got), err)
			}
		})
	}
}
