package interaction_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/fhir/fhirtest"
	"caseway/fhir/interaction"
	"caseway/fhir/store"
)

// TestSearchParametersAreCheckedWhenTheyAreWritten: one that asks to be used
// and can't be is refused, one that will have no effect is stored with a
// warning that says why.
func TestSearchParametersAreCheckedWhenTheyAreWritten(t *testing.T) {
	e := join(t, interaction.Config{})
	e.put("SearchParameter", "taken", nickname("taken", byNickname))
	for _, c := range []struct{ name, body, severity, at, text string }{
		{"works", parameterJSON("x", "nick", "string", "Patient", byNickname), "", "", ""},
		{"works for heirs", parameterJSON("x", "lang", "token", "DomainResource", "DomainResource.language"), "", "", ""},
		{"syntax", parameterJSON("x", "nick", "string", "Patient", "Patient.name.where("), "error", "SearchParameter.expression", "can't be used"},
		{"unknown element", parameterJSON("x", "nick", "string", "Patient", "Patient.nickname"), "error", "SearchParameter.expression", "nickname"},
		{"unknown function", parameterJSON("x", "nick", "string", "Patient", "Patient.name.frob()"), "error", "SearchParameter.expression", "frob"},
		{"an extension itself", parameterJSON("x", "nick", "reference", "Patient", "Patient.extension('http://example.org/x')"), "error", "SearchParameter.expression", "write .value behind it"},
		{"another type", parameterJSON("x", "nick", "date", "Patient", "Patient.name"), "error", "SearchParameter.expression", "leads to HumanName"},
		{"another resource", parameterJSON("x", "nick", "token", "Patient", "Patient.generalPractitioner.resolve().gender"), "error", "SearchParameter.expression", "resolve()"},
		{"variable", parameterJSON("x", "nick", "string", "Patient", "%foo"), "error", "SearchParameter.expression", "no variable %foo"},
		{"other types", parameterJSON("x", "nick", "string", "Patient", "Person.name.family"), "error", "SearchParameter.expression", "says nothing of this type"},
		{"a useless part", parameterJSON("x", "nick", "string", "Patient", "Patient.name.family | Patient.birthDate"), "warning", "SearchParameter.expression", "a part of the expression finds nothing"},
		{"no expression", strings.Replace(parameterJSON("x", "nick", "string", "Patient", "E"), `,"expression":"E"`, "", 1), "error", "SearchParameter.expression", "no expression"},
		{"special", parameterJSON("x", "nick", "special", "Patient", byNickname), "error", "SearchParameter.type", "isn't one of"},
		{"code", parameterJSON("x", "nick:name", "string", "Patient", byNickname), "error", "SearchParameter.code", "letters"},
		{"composite", parameterJSON("x", "nick", "composite", "Patient", "Patient"), "error", "SearchParameter.component", "two components"},
		{"draft", strings.Replace(parameterJSON("x", "nick", "string", "Patient", "("), "active", "draft", 1), "warning", "SearchParameter.status", "status is active"},
		{"retired", strings.Replace(parameterJSON("x", "nick", "string", "Patient", byNickname), "active", "retired", 1), "warning", "SearchParameter.status", "status is active"},
		{"R4 has it", parameterJSON("x", "family", "string", "Patient", "Patient.name.family"), "warning", "SearchParameter.code", "FHIR R4 has"},
		{"R4's own", parameterJSON("x", "_id", "token", "Resource", "Resource.id"), "warning", "SearchParameter.code", "begin with _"},
		{"another has it", nickname("x", "Patient.name.family"), "warning", "SearchParameter.code", "another parameter"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := e.Update(context.Background(), interaction.UpdateRequest{Key: fhir.Key{Type: "SearchParameter", ID: "x"}, Body: []byte(c.body)})
			got := fmt.Sprint(err)
			switch c.severity {
			case "error":
				wantError(t, err, fhir.Unprocessable, fhir.IssueInvalid, c.at)
			case "warning":
				got = fmt.Sprint(r.Issues)
				if err != nil || len(r.Issues) != 1 || r.Issues[0].Severity != fhir.SeverityWarning || r.Issues[0].Expression != c.at {
					t.Errorf("issues %v, %v; want a warning at %s", r.Issues, err, c.at)
				}
			default:
				if got = ""; err != nil || len(r.Issues) > 0 {
					t.Errorf("issues %v, %v; want none", r.Issues, err)
				}
			}
			if !strings.Contains(got, c.text) {
				t.Errorf("%s; want something about %q", got, c.text)
			}
		})
	}
}

func TestStoredParameterCanBePreferred(t *testing.T) {
	s := openSQLite(t)
	p := join(t, interaction.Config{Store: s, PreferStoredParameters: true})
	p.keep()
	p.put("Patient", "a", `{"resourceType":"Patient","id":"a","name":[{"family":"Oak","given":["Ted"]}]}`)
	p.wantIDs("Patient", "family", "oak", "a")
	if r := p.put("SearchParameter", "f", parameterJSON("f", "family", "string", "Patient", "Patient.name.given")); len(r.Issues) > 0 {
		t.Errorf("issues %v, want none", r.Issues)
	}
	p.opens()
	p.wantIDs("Patient", "family", "ted", "a")
	p.wantIDs("Patient", "family", "oak")
	// The built-in one that comes back must not miss what it hasn't indexed.
	p.halt()
	if _, err := p.Delete(context.Background(), interaction.DeleteRequest{Key: fhir.Key{Type: "SearchParameter", ID: "f"}}); err != nil {
		t.Fatal(err)
	}
	_, err := p.ids("Patient", "family", "oak")
	wantError(t, err, fhir.Transient, fhir.IssueTransient, "")
	p.keep()
	p.opens()
	p.wantIDs("Patient", "family", "oak", "a")
}

// TestParametersWrittenByOthersAreFound: whoever writes a SearchParameter, and
// though nobody could say so.
func TestParametersWrittenByOthersAreFound(t *testing.T) {
	onEachStore(t, func(t *testing.T, open func() store.Store) {
		s := open()
		defer func() { _ = s.Close() }()
		p, alone := join(t, interaction.Config{Store: s}), newEngineOn(t, s)
		p.put("Patient", "a", patientNamed("a", "Ted"))
		alone.put("SearchParameter", "n", nickname("n", byNickname))
		p.keep()
		p.until(func() bool { return p.IndexProgress().Generation == 2 })
		p.opens()
		p.wantIDs("Patient", "nickname", "ted", "a")
		if _, err := alone.Delete(context.Background(), interaction.DeleteRequest{Key: fhir.Key{Type: "SearchParameter", ID: "n"}}); err != nil {
			t.Fatal(err)
		}
		p.until(func() bool {
			_, err := p.ids("Patient", "nickname", "ted")
			return err != nil && strings.Contains(err.Error(), "no search parameter")
		})
	})
}

// TestParametersAsGuidesWriteThem: choices named as in JSON, extensions, unions
// of types and type tests of references work as they stand.
func TestParametersAsGuidesWriteThem(t *testing.T) {
	const stay = "http://example.org/stay"
	resources := map[string]string{
		"Condition":   `{"resourceType":"Condition","id":"a","subject":{"reference":"Patient/a"},"onsetDateTime":"2020-05-01","extension":[{"url":"` + stay + `","valueReference":{"reference":"EpisodeOfCare/e"}}]}`,
		"Patient":     `{"resourceType":"Patient","id":"a","deceasedBoolean":true}`,
		"Task":        `{"resourceType":"Task","id":"a","status":"requested","intent":"order","input":[{"type":{"text":"x"},"valueReference":{"reference":"Patient/a"}}]}`,
		"Observation": `{"resourceType":"Observation","id":"a","status":"final","code":{"text":"x"},"component":[{"code":{"text":"y"},"valueQuantity":{"value":7}}],"performer":[{"reference":"Practitioner/p"}]}`,
	}
	rows := []struct{ name, typ, kind, expression, value, other string }{
		{"date of a choice", "Condition", "date", "Condition.onsetDateTime", "2020", "2021"},
		{"end of a union", "Condition", "date", "Condition.onsetPeriod.start | Condition.onsetDateTime", "2020", "2021"},
		{"boolean of a choice", "Patient", "token", "Patient.deceasedBoolean", "true", "false"},
		{"reference of a choice", "Task", "reference", "Task.input.valueReference", "Patient/a", "Patient/b"},
		{"quantity of a choice", "Observation", "quantity", "Observation.component.valueQuantity", "7", "8"},
		{"element of a choice", "Observation", "number", "Observation.component.valueQuantity.value", "7", "8"},
		{"value of an extension", "Condition", "reference", "Condition.extension('" + stay + "').value", "EpisodeOfCare/e", "EpisodeOfCare/f"},
		{"choice in an extension", "Condition", "reference", "Condition.extension.where(url = '" + stay + "').valueReference", "EpisodeOfCare/e", "EpisodeOfCare/f"},
		{"union of types", "Condition", "reference", "(Condition|Observation|Procedure).extension('" + stay + "').value", "EpisodeOfCare/e", "EpisodeOfCare/f"},
		{"type test", "Observation", "reference", "Observation.performer.where(resolve() is Practitioner)", "Practitioner/p", "Practitioner/q"},
	}
	onEachStore(t, func(t *testing.T, open func() store.Store) {
		s := open()
		defer func() { _ = s.Close() }()
		p := join(t, interaction.Config{Store: s})
		for typ, body := range resources {
			p.put(typ, "a", body)
		}
		for i, row := range rows {
			t.Run(row.name, func(t *testing.T) {
				id := fmt.Sprint("p", i)
				if r := p.put("SearchParameter", id, parameterJSON(id, id, row.kind, row.typ, row.expression)); len(r.Issues) > 0 {
					t.Errorf("%s: issues %v, want none", row.name, r.Issues)
				}
			})
		}
		p.keep()
		p.opens()
		for i, row := range rows {
			t.Run(row.name, func(t *testing.T) {
				p.wantIDs(row.typ, fmt.Sprint("p", i), row.value, "a")
				p.wantIDs(row.typ, fmt.Sprint("p", i), row.other)
			})
		}
	})
}

// TestParametersOfUSCore: most of its search parameters have the type and code
// of R4's and change nothing.
func TestParametersOfUSCore(t *testing.T) {
	path := filepath.Join(fhirtest.SharedDir(t), "data", "ig", "hl7.fhir.us.core-6.1.0", "searchparameter.ndjson")
	p := join(t, interaction.Config{})
	var effective []string
	for line := range strings.Lines(string(must[[]byte](t)(os.ReadFile(path)))) {
		r, err := p.Create(context.Background(), interaction.CreateRequest{Type: "SearchParameter", Body: []byte(line)})
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Issues) > 0 {
			wantStatus(t, p, r.Version.Key.ID, "no-effect")
			continue
		}
		root := must[*fhir.Tree](t)(fhir.Decode(definition.R4(), r.Version.JSON, fhir.Limits{})).Root()
		effective = append(effective, root.Child("base").Text()+"."+root.Child("code").Text())
	}
	slices.Sort(effective)
	want := []string{
		"CareTeam.role", "Condition.asserted-date", "Encounter.discharge-disposition", "Goal.description",
		"Patient.ethnicity", "Patient.gender-identity", "Patient.race",
	}
	if !slices.Equal(effective, want) {
		t.Errorf("effective are %v, want %v", effective, want)
	}
	p.put("Patient", "a", `{"resourceType":"Patient","id":"a","extension":[{"url":"http://hl7.org/fhir/us/core/StructureDefinition/us-core-race",`+
		`"extension":[{"url":"ombCategory","valueCoding":{"code":"2106-3"}}]}]}`)
	p.keep()
	p.opens()
	p.wantIDs("Patient", "race", "2106-3", "a")
}
