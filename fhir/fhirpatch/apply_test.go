package fhirpatch_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/fhir/fhirpatch"
)

// patch makes a FHIRPath Patch of operations, each the JSON of its parts
// without brackets.
func patch(operations ...string) string {
	for i, o := range operations {
		operations[i] = `{"name":"operation","part":[` + o + `]}`
	}
	return `{"resourceType":"Parameters","parameter":[` + strings.Join(operations, ",") + `]}`
}

// op is an operation of a kind on a path, with more parts.
func op(kind, path string, more ...string) string {
	parts := []string{fmt.Sprintf(`{"name":"type","valueCode":%q}`, kind), fmt.Sprintf(`{"name":"path","valueString":%q}`, path)}
	return strings.Join(append(parts, more...), ",")
}

func value(typ, text string) string { return `{"name":"value","value` + typ + `":` + text + `}` }

func named(name string) string { return `{"name":"name","valueString":"` + name + `"}` }

func number(name string, n int) string { return fmt.Sprintf(`{"name":%q,"valueInteger":%d}`, name, n) }

func TestApply(t *testing.T) {
	const hour = `{"extension":[{"url":"http://example.org/hour","valueInteger":1}]}`
	for _, row := range []struct{ name, doc, patch, want string }{
		{
			"a choice of another type", `{"resourceType":"Observation","valueQuantity":{"value":1.10}}`,
			patch(op("replace", "Observation.value", value("String", `"high"`))), `{"resourceType":"Observation","valueString":"high"}`,
		}, {
			"a choice that is new", `{"resourceType":"Observation"}`,
			patch(op("add", "Observation", named("value"), value("Boolean", "true"))), `{"resourceType":"Observation","valueBoolean":true}`,
		}, {
			"a choice by its name in JSON", `{"resourceType":"Observation"}`,
			patch(op("add", "Observation", named("valueBoolean"), value("Boolean", "true"))), `{"resourceType":"Observation","valueBoolean":true}`,
		}, {
			"digits kept", `{"resourceType":"Observation","valueQuantity":{"value":1.10}}`,
			patch(op("add", "Observation.value", named("unit"), value("String", `"mg"`))), `{"resourceType":"Observation","valueQuantity":{"value":1.10,"unit":"mg"}}`,
		}, {
			"a primitive with an extension", `{"resourceType":"Patient"}`,
			patch(op("add", "Patient", named("birthDate"), `{"name":"value","valueDate":"2000-01-01","_valueDate":`+hour+`}`)),
			`{"resourceType":"Patient","birthDate":"2000-01-01","_birthDate":` + hour + `}`,
		}, {
			"an extension of a primitive", `{"resourceType":"Patient","birthDate":"2000-01-01"}`,
			patch(op("add", "Patient.birthDate", named("extension"), `{"name":"value","part":[{"name":"url","valueUri":"http://example.org/hour"},{"name":"value","valueInteger":1}]}`)),
			`{"resourceType":"Patient","birthDate":"2000-01-01","_birthDate":` + hour + `}`,
		}, {
			"an extension of a primitive gone", `{"resourceType":"Patient","birthDate":"2000-01-01","_birthDate":` + hour + `}`,
			patch(op("delete", "Patient.birthDate.extension")), `{"resourceType":"Patient","birthDate":"2000-01-01"}`,
		}, {
			"a primitive that was its extension", `{"resourceType":"Patient","_birthDate":` + hour + `}`,
			patch(op("delete", "Patient.birthDate.extension")), `{"resourceType":"Patient"}`,
		}, {
			"a primitive replaced with its extension", `{"resourceType":"Patient","birthDate":"2000-01-01","_birthDate":` + hour + `}`,
			patch(op("replace", "Patient.birthDate", value("Date", `"2001"`))), `{"resourceType":"Patient","birthDate":"2001"}`,
		}, {
			"into a list of primitives with extensions", `{"resourceType":"Patient","name":[{"given":["A",null],"_given":[null,` + hour + `]}]}`,
			patch(op("insert", "Patient.name.given", number("index", 1), value("String", `"B"`))),
			`{"resourceType":"Patient","name":[{"given":["A","B",null],"_given":[null,null,` + hour + `]}]}`,
		}, {
			"from a list of primitives with extensions", `{"resourceType":"Patient","name":[{"given":["A",null],"_given":[null,` + hour + `]}]}`,
			patch(op("delete", "Patient.name.given[1]")), `{"resourceType":"Patient","name":[{"given":["A"]}]}`,
		}, {
			"moved with extensions", `{"resourceType":"Patient","name":[{"given":["A",null],"_given":[null,` + hour + `]}]}`,
			patch(op("move", "Patient.name.given", number("source", 1), number("destination", 0))),
			`{"resourceType":"Patient","name":[{"given":[null,"A"],"_given":[` + hour + `,null]}]}`,
		}, {
			"into an empty list", `{"resourceType":"Patient"}`,
			patch(op("insert", "Patient.name", number("index", 0), value("HumanName", `{"family":"A"}`))),
			`{"resourceType":"Patient","name":[{"family":"A"}]}`,
		}, {
			"what isn't there isn't deleted", `{"resourceType":"Patient"}`, patch(op("delete", "Patient.name")), `{"resourceType":"Patient"}`,
		}, {
			"by a condition", `{"resourceType":"Patient","telecom":[{"system":"phone","value":"1"},{"system":"email","value":"2"}]}`,
			patch(op("replace", "Patient.telecom.where(system = 'email').value", value("String", `"3"`))),
			`{"resourceType":"Patient","telecom":[{"system":"phone","value":"1"},{"system":"email","value":"3"}]}`,
		}, {
			"in a contained resource", `{"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"o","name":"A"}],"managingOrganization":{"reference":"#o"}}`,
			patch(op("replace", "Patient.managingOrganization.resolve().name", value("String", `"B"`))),
			`{"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"o","name":"B"}],"managingOrganization":{"reference":"#o"}}`,
		}, {
			"a contained resource", `{"resourceType":"Patient"}`,
			patch(op("add", "Patient", named("contained"), `{"name":"value","resource":{"resourceType":"Organization","id":"o","name":"A"}}`)),
			`{"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"o","name":"A"}]}`,
		}, {
			"parts within parts", `{"resourceType":"CarePlan"}`,
			patch(op("add", "CarePlan", named("activity"), `{"name":"value","part":[{"name":"detail","part":[{"name":"status","valueCode":"scheduled"},`+
				`{"name":"goal","valueReference":{"reference":"Goal/1"}},{"name":"goal","valueReference":{"reference":"Goal/2"}},{"name":"scheduled","valueString":"daily"}]}]}`)),
			`{"resourceType":"CarePlan","activity":[{"detail":{"status":"scheduled","goal":[{"reference":"Goal/1"},{"reference":"Goal/2"}],"scheduledString":"daily"}}]}`,
		}, {
			"what the next operation completes", `{"resourceType":"Observation","status":"final"}`,
			patch(op("delete", "Observation.status"), op("add", "Observation", named("status"), value("Code", `"amended"`))),
			`{"resourceType":"Observation","status":"amended"}`,
		}, {
			"a path without the type", `{"resourceType":"Patient","gender":"male"}`,
			patch(op("replace", "gender", value("Code", `"female"`))), `{"resourceType":"Patient","gender":"female"}`,
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := fhirpatch.Apply(t.Context(), definition.R4(), tree(t, row.doc), tree(t, row.patch))
			if err != nil || !same(t, string(got), row.want) || strings.Contains(row.want, "1.10") && !strings.Contains(string(got), "1.10") {
				t.Errorf("got %s, %v, want %s", got, err, row.want)
			}
		})
	}
}

// TestApplyRefuses: an operation that can't be carried out is named, with the
// reason, and no value of the resource or the patch.
func TestApplyRefuses(t *testing.T) {
	const doc = `{"resourceType":"Patient","birthDate":"2000-01-01","managingOrganization":{"reference":"Organization/1"},` +
		`"name":[{"family":"Secret","given":["A","B"]},{"family":"Other"}]}`
	text := value("String", `"Secret"`)
	second := "Parameters.parameter[1]"
	for _, row := range []struct {
		name, operation string
		kind            fhir.Kind
		at, text        string
	}{
		{"nothing to replace", op("replace", "Patient.gender", value("Code", `"male"`)), fhir.Unprocessable, second, "operation 1 of the patch (replace): the path leads to nothing"},
		{"several to replace", op("replace", "Patient.name.family", text), fhir.Unprocessable, second, "2 elements"},
		{"several to delete", op("delete", "Patient.name"), fhir.Unprocessable, second, "2 elements"},
		{"no parent", op("add", "Patient.maritalStatus", named("text"), text), fhir.Unprocessable, second, "leads to nothing"},
		{"there already", op("add", "Patient", named("birthDate"), value("Date", `"2000"`)), fhir.Unprocessable, second, "Patient.birthDate is there already"},
		{"no such element", op("add", "Patient", named("birthdate"), value("Date", `"2000"`)), fhir.Unprocessable, second, "Patient has no element"},
		{"of another type", op("replace", "Patient.birthDate", value("Quantity", `{"value":1}`)), fhir.Unprocessable, second + ".part[2]", "is date, and not Quantity"},
		{"a string for a date", op("replace", "Patient.birthDate", value("String", `"2000"`)), fhir.Unprocessable, second + ".part[2]", "is date, and not string"},
		{"a value for a backbone element", op("add", "Patient", named("contact"), text), fhir.Unprocessable, second + ".part[3]", "given as parts"},
		{"the resource itself", op("delete", "Patient"), fhir.Unprocessable, second, "the resource itself"},
		{"a value that is computed", op("replace", "Patient.name.count()", value("Integer", "1")), fhir.Unprocessable, second, "no element of the resource"},
		{"another resource", op("replace", "Patient.managingOrganization.resolve().name", text), fhir.Unprocessable, second, "leads to nothing"},
		{"beyond the end", op("insert", "Patient.name", number("index", 3), value("HumanName", `{"family":"A"}`)), fhir.Unprocessable, second, "above 2"},
		{"moved beyond the end", op("move", "Patient.name", number("source", 0), number("destination", 2)), fhir.Unprocessable, second, "below 2"},
		{"a part of a list", op("move", "Patient.name[0]", number("source", 0), number("destination", 0)), fhir.Unprocessable, second, "all elements of a list"},
		{"no list", op("insert", "Patient.birthDate", number("index", 0), value("Date", `"2000"`)), fhir.Unprocessable, second, "doesn't repeat"},
		{"a misspelt path", op("delete", "Patient.nmae"), fhir.Invalid, second + ".part[1]", "name"},
		{"no path that can be read", op("delete", "Patient.name["), fhir.Invalid, second + ".part[1]", "FHIRPath"},
		{"an unheard-of type", op("test", "Patient.name"), fhir.Invalid, second, "add, insert, delete, replace or move"},
		{"without a value", op("replace", "Patient.birthDate"), fhir.Invalid, second, "needs a part with the name value"},
		{"without a path", `{"name":"type","valueCode":"delete"}`, fhir.Invalid, second, "needs a part with the name path"},
		{"a part too many", op("delete", "Patient.name[0]", named("x")), fhir.Invalid, second + ".part[2]", "no meaning with delete"},
		{"a part twice", op("delete", "Patient.name[0]", `{"name":"path","valueString":"Patient"}`), fhir.Invalid, second + ".part[2]", "twice"},
		{"an index below 0", op("insert", "Patient.name", number("index", -1), value("HumanName", `{"family":"A"}`)), fhir.Invalid, second + ".part[2]", "valueInteger"},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := fhirpatch.Apply(t.Context(), definition.R4(), tree(t, doc), tree(t, patch(op("delete", "Patient.photo"), row.operation)))
			fe := (*fhir.Error)(nil)
			if !errors.As(err, &fe) {
				t.Fatalf("got %s, %v, want an error", got, err)
			}
			if is := fe.Issues[0]; fe.Kind != row.kind || is.Expression != row.at || !strings.Contains(is.Text, row.text) || strings.Contains(is.Text, "Secret") {
				t.Errorf("got kind %d at %s: %s; want kind %d at %s: %s", fe.Kind, is.Expression, is.Text, row.kind, row.at, row.text)
			}
		})
	}
}

// TestApplyIsBounded: what many operations on a large resource cost together
// has an end, and so has a patch whose client has left.
func TestApplyIsBounded(t *testing.T) {
	large := `{"resourceType":"Patient","active":true,"name":[{"text":"` + strings.Repeat("x", 900_000) + `"}]}`
	all := make([]string, 100)
	for i := range all {
		all[i] = op("replace", "Patient.active", value("Boolean", "true"))
	}
	fe := (*fhir.Error)(nil)
	if _, err := fhirpatch.Apply(t.Context(), definition.R4(), tree(t, large), tree(t, patch(all...))); !errors.As(err, &fe) || fe.Kind != fhir.TooCostly {
		t.Errorf("got %v, want an error of kind TooCostly", err)
	}
	gone, leave := context.WithCancel(t.Context())
	leave()
	if _, err := fhirpatch.Apply(gone, definition.R4(), tree(t, large), tree(t, patch(op("delete", "active")))); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	many := make([]string, fhirpatch.MaxOperations+1)
	for i := range many {
		many[i] = op("delete", "active")
	}
	if _, err := fhirpatch.Apply(t.Context(), definition.R4(), tree(t, `{"resourceType":"Patient"}`), tree(t, patch(many...))); !errors.As(err, &fe) || fe.Kind != fhir.Invalid {
		t.Errorf("got %v, want an error of kind Invalid", err)
	}
}
