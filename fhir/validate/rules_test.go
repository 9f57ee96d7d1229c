package validate_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/fhir/validate"
)

// found lists "rule at expression" of each error, or of each warning.
func found(issues []validate.Issue, severity fhir.Severity) []string {
	var list []string
	for _, i := range issues {
		if i.Severity == severity {
			list = append(list, i.Rule+" at "+i.Expression)
		}
	}
	slices.Sort(list)
	return list
}

// plan makes a CarePlan with further members.
func plan(members string) string {
	if members != "" {
		members = "," + members
	}
	return `{"resourceType":"CarePlan","status":"active","intent":"plan","subject":{"reference":"Patient/1"}` + members + `}`
}

// narrated is a plan with a narrative.
func narrated(content string) string {
	return plan(`"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">` + content + `</div>"}`)
}

func bundle(typ, members, entries string) string {
	return `{"resourceType":"Bundle","type":"` + typ + `"` + members + `,"entry":[` + entries + `]}`
}

// response makes a QuestionnaireResponse with the Questionnaire that it answers.
func response(items string) string {
	return `{"resourceType":"QuestionnaireResponse","status":"completed","questionnaire":"#q","contained":[{"resourceType":"Questionnaire","id":"q","status":"draft","item":[
		{"linkId":"a","type":"string"},{"linkId":"b","type":"choice","answerOption":[{"valueCoding":{"system":"http://s","code":"1"}}]},{"linkId":"c","type":"choice","answerValueSet":"#v"}]},
		{"resourceType":"ValueSet","id":"v","status":"draft","compose":{"include":[{"system":"http://s","concept":[{"code":"2"}]}]}}],"item":[` + items + `]}`
}

// baseRules are resources with the errors that they have.
var baseRules = []struct {
	name, resource string
	errors         []string
}{
	{"sound", plan(""), nil},
	{"period the wrong way round", plan(`"period":{"start":"2025-02-01","end":"2025-01-01"}`), []string{"per-1 at CarePlan.period"}},
	{"period of one day", plan(`"period":{"start":"2025-02-01","end":"2025-02-01"}`), nil},
	{"period with offsets", plan(`"period":{"start":"2025-02-01T10:00:00+02:00","end":"2025-02-01T09:30:00+00:00"}`), nil},
	{"period with offsets, wrong", plan(`"period":{"start":"2025-02-01T10:00:00-02:00","end":"2025-02-01T09:30:00+00:00"}`), []string{"per-1 at CarePlan.period"}},
	{"detail and reference", plan(`"activity":[{"reference":{"reference":"Task/1"},"detail":{"status":"scheduled"}}]`), []string{"cpl-3 at CarePlan.activity[0]"}},
	{"reference to a type that isn't allowed", plan(`"careTeam":[{"reference":"Patient/1"}]`), []string{"reference-target at CarePlan.careTeam[0]"}},
	{"absolute reference to such a type", plan(`"careTeam":[{"reference":"https://example.org/fhir/Patient/1/_history/2"}]`), []string{"reference-target at CarePlan.careTeam[0]"}},
	{"search for such a type", plan(`"careTeam":[{"reference":"Patient?identifier=a|b"}]`), []string{"reference-target at CarePlan.careTeam[0]"}},
	{"type that isn't allowed, by name", plan(`"careTeam":[{"type":"Patient","display":"x"}]`), []string{"reference-target at CarePlan.careTeam[0]"}},
	{"type that contradicts", plan(`"supportingInfo":[{"type":"Patient","reference":"Observation/1"}]`), []string{"reference-type at CarePlan.supportingInfo[0]"}},
	{"reference with white space", plan(`"careTeam":[{"reference":"CareTeam/1 "}]`), []string{"reference-form at CarePlan.careTeam[0].reference"}},
	{"any target", plan(`"supportingInfo":[{"reference":"Basic/1"},{"reference":"urn:uuid:c757873d-ec9a-4326-a141-556f43239520"}]`), nil},
	{"contained", plan(`"contained":[{"resourceType":"CareTeam","id":"t"}],"careTeam":[{"reference":"#t"}]`), nil},
	{"contained of another type", plan(`"contained":[{"resourceType":"Patient","id":"t"}],"careTeam":[{"reference":"#t"}]`), []string{"reference-target at CarePlan.careTeam[0]"}},
	{"contained that isn't there", plan(`"careTeam":[{"reference":"#t"}]`), []string{"ref-1 at CarePlan.careTeam[0]"}},
	{"contained without use", plan(`"contained":[{"resourceType":"CareTeam","id":"t"}]`), []string{"dom-3 at CarePlan"}},
	{"contained that refers to its container", plan(`"contained":[{"resourceType":"Provenance","id":"p","target":[{"reference":"#"}],"recorded":"2025-01-01T00:00:00Z","agent":[{"who":{"reference":"Patient/1"}}]}]`), nil},
	{"contained without id", plan(`"contained":[{"resourceType":"CareTeam"}]`), []string{"contained-id at CarePlan.contained[0]"}},
	{"contained id twice", plan(`"contained":[{"resourceType":"CareTeam","id":"t"},{"resourceType":"CareTeam","id":"t"}],"careTeam":[{"reference":"#t"}]`), []string{"contained-id at CarePlan.contained[1]"}},
	{
		"contained in contained", plan(`"contained":[{"resourceType":"CareTeam","id":"t","contained":[{"resourceType":"Patient","id":"p"}],"subject":{"reference":"#p"}}],"careTeam":[{"reference":"#t"}]`),
		[]string{"dom-2 at CarePlan", "ref-1 at CarePlan.contained[0].subject"},
	},
	{"contained with version", plan(`"contained":[{"resourceType":"CareTeam","id":"t","meta":{"versionId":"1"}}],"careTeam":[{"reference":"#t"}]`), []string{"dom-4 at CarePlan"}},
	{"contained with label", plan(`"contained":[{"resourceType":"CareTeam","id":"t","meta":{"security":[{"code":"R"}]}}],"careTeam":[{"reference":"#t"}]`), []string{"dom-5 at CarePlan"}},
	{"extension with value and extensions", plan(`"extension":[{"url":"http://x","valueString":"a","extension":[{"url":"b","valueString":"c"}]}]`), []string{"ext-1 at CarePlan.extension[0]"}},
	{"extension with neither", plan(`"extension":[{"url":"http://x"}]`), []string{"ext-1 at CarePlan.extension[0]"}},
	{"extension with a relative URL", plan(`"extension":[{"url":"x","valueString":"a"}]`), []string{"extension-url at CarePlan.extension[0].url"}},
	{"extension with a relative URL within another", plan(`"extension":[{"url":"http://x","extension":[{"url":"y","valueString":"a"}]}]`), nil},
	{"element ids twice", plan(`"category":[{"id":"a","text":"x"},{"id":"a","text":"y"}]`), []string{"element-id at CarePlan.category[1].id"}},
	{"element ids in different resources", plan(`"contained":[{"resourceType":"CareTeam","id":"t","category":[{"id":"a","text":"x"}]}],"careTeam":[{"reference":"#t"}],"category":[{"id":"a","text":"y"}]`), nil},
	{"identifier with a relative system", plan(`"identifier":[{"system":"mine","value":"1"}]`), []string{"system-absolute at CarePlan.identifier[0].system"}},
	{"OID that is none", plan(`"identifier":[{"system":"urn:oid:1.x","value":"1"}]`), []string{"uri-oid at CarePlan.identifier[0].system"}},
	{"UUID that is none", plan(`"instantiatesUri":["urn:uuid:1"]`), []string{"uri-uuid at CarePlan.instantiatesUri[0]"}},
	{"OID without its namespace", plan(`"instantiatesUri":["oid:1.2.3"]`), []string{"uri-scheme at CarePlan.instantiatesUri[0]"}},
	{"code without a system in a quantity", plan(`"activity":[{"detail":{"status":"scheduled","quantity":{"value":1,"code":"mg"}}}]`), []string{"qty-3 at CarePlan.activity[0].detail.quantity"}},
	{"comparator in a simple quantity", plan(`"activity":[{"detail":{"status":"scheduled","quantity":{"value":1,"comparator":"<"}}}]`), []string{"sqty-1 at CarePlan.activity[0].detail.quantity"}},
	{"narrative with a blink", plan(`"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><blink>a</blink></div>"}`), []string{"txt-1 at CarePlan.text.div", "txt-2 at CarePlan.text.div"}},
	{"narrative without content", plan(`"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"> </div>"}`), []string{"txt-1 at CarePlan.text.div", "txt-2 at CarePlan.text.div"}},
	{"narrative with links", narrated(`<a href=\"https://x.example/?q=javascript:\">a</a><a href=\"#x\">b</a><a href=\"Patient/1\">c</a><img src=\"data:image/png;base64,AA==\"/>`), nil},
	{"narrative with a link that runs a script", narrated(`<a href=\"javascript:x()\">a</a>`), []string{"narrative-link at CarePlan.text.div"}},
	{"narrative with such a link in disguise", narrated(`<a href=\" Java&#115;cript&#x3A;x()\">a</a>`), []string{"narrative-link at CarePlan.text.div"}},
	{"narrative with such a link and white space in it", narrated(`<a href=\"java&#10;script:x()\">a</a>`), []string{"narrative-link at CarePlan.text.div"}},
	{"narrative with a page as a link", narrated(`<a href=\"data:text/html,x\">a</a>`), []string{"narrative-link at CarePlan.text.div"}},
	{"narrative with an image that runs a script", narrated(`<img src=\"vbscript:x\"/>`), []string{"narrative-link at CarePlan.text.div"}},
	{"claim of its own type", plan(`"meta":{"profile":["http://hl7.org/fhir/StructureDefinition/CarePlan","http://hl7.org/fhir/StructureDefinition/DomainResource|4.0.1","http://hl7.org/fhir/StructureDefinition/Resource"]}`), nil},
	{"claim of another type", plan(`"meta":{"profile":["http://hl7.org/fhir/StructureDefinition/Patient|4.0.1"]}`), []string{"profile-type at CarePlan.meta.profile[0]"}},
	{"attachment of another size", `{"resourceType":"Patient","photo":[{"contentType":"image/png","data":"aGVsbG8=","size":6}]}`, []string{"attachment-size at Patient.photo[0]"}},
	{"attachment of its size", `{"resourceType":"Patient","photo":[{"contentType":"image/png","data":"aGVsbG8=","size":5,"hash":"qvTGHdzF6KLavt4PO0gs2a6pQ00="}]}`, nil},
	{"attachment without a type", `{"resourceType":"Patient","photo":[{"data":"aGVsbG8="}]}`, []string{"att-1 at Patient.photo[0]"}},
	{"contact without anything", `{"resourceType":"Patient","contact":[{"gender":"male"}]}`, []string{"pat-1 at Patient.contact[0]"}},
	{
		"timing without units", plan(`"activity":[{"detail":{"status":"scheduled","scheduledTiming":{"repeat":{"period":1,"duration":-1}}}}]`),
		[]string{"tim-1 at CarePlan.activity[0].detail.scheduled.repeat", "tim-2 at CarePlan.activity[0].detail.scheduled.repeat", "tim-4 at CarePlan.activity[0].detail.scheduled.repeat"},
	},
	{
		"conditions of a question", `{"resourceType":"Questionnaire","status":"draft","item":[{"linkId":"a","type":"string"},{"linkId":"b","type":"string","enableWhen":[{"question":"a","operator":"=","answerString":"x"},{"question":"a","operator":"=","answerString":"y"}]}]}`,
		[]string{"que-12 at Questionnaire.item[1]"},
	},
	{"document without its parts", bundle("document", "", `{"fullUrl":"http://x/Patient/1","resource":{"resourceType":"Patient","id":"1"}}`), []string{"bdl-10 at Bundle", "bdl-11 at Bundle", "bdl-9 at Bundle"}},
	{"collection without URLs", bundle("collection", "", `{"resource":{"resourceType":"Patient"}}`), []string{"bundle-fullurl at Bundle.entry[0]"}},
	{"relative full URL", bundle("collection", "", `{"fullUrl":"Patient/1","resource":{"resourceType":"Patient"}}`), []string{"bundle-fullurl at Bundle.entry[0].fullUrl"}},
	{"full URL twice", bundle("collection", "", `{"fullUrl":"http://x/Patient/1","resource":{"resourceType":"Patient","id":"1"}},{"fullUrl":"http://x/Patient/1","resource":{"resourceType":"Patient","id":"1"}}`), []string{"bdl-7 at Bundle"}},
	{"transaction without requests", bundle("transaction", "", `{"resource":{"resourceType":"Patient"}}`), []string{"bdl-3 at Bundle"}},
	{"total of a collection", bundle("collection", `,"total":1`, `{"fullUrl":"http://x/Patient/1","resource":{"resourceType":"Patient"}}`), []string{"bdl-1 at Bundle"}},
	{
		"matches without ids", bundle("searchset", "", `{"fullUrl":"http://x/Patient/1","resource":{"resourceType":"Patient"},"search":{"mode":"match"}},{"resource":{"resourceType":"Patient"},"search":{"mode":"outcome"}}`),
		[]string{"bundle-id at Bundle.entry[0].resource", "bundle-outcome at Bundle.entry[1].resource"},
	},
	{"link twice", bundle("searchset", `,"link":[{"relation":"self","url":"http://x"},{"relation":"self","url":"http://x"}]`, `{"fullUrl":"http://x/Patient/1","resource":{"resourceType":"Patient","id":"1"}}`), []string{"bundle-link at Bundle.link[1]"}},
	{"reference within a Bundle to another type", bundle("collection", "", `{"fullUrl":"urn:uuid:c757873d-ec9a-4326-a141-556f43239520","resource":{"resourceType":"Patient"}},{"fullUrl":"http://x/CarePlan/1","resource":`+
		plan(`"careTeam":[{"reference":"urn:uuid:c757873d-ec9a-4326-a141-556f43239520"}]`)+`}`), []string{"reference-target at Bundle.entry[1].resource.careTeam[0]"}},
	{
		"reference to several versions", bundle("document", `,"timestamp":"2025-01-01T00:00:00Z","identifier":{"system":"http://x","value":"1"}`, `{"fullUrl":"http://x/Composition/1","resource":{"resourceType":"Composition","id":"1","status":"final","type":{"text":"x"},"date":"2025","author":[{"reference":"Patient/1"},{"reference":"Patient/1/_history/1"}],"title":"x"}},`+
			`{"fullUrl":"http://x/Patient/1","resource":{"resourceType":"Patient","id":"1","meta":{"versionId":"1"}}},{"fullUrl":"http://x/Patient/1","resource":{"resourceType":"Patient","id":"1","meta":{"versionId":"2"}}}`),
		[]string{"reference-version at Bundle.entry[0].resource.author[0].reference"},
	},
	{"response to a contained Questionnaire", response(`{"linkId":"a","answer":[{"valueString":"x"}]},{"linkId":"b","answer":[{"valueCoding":{"system":"http://s","code":"1"}}]},{"linkId":"c","answer":[{"valueCoding":{"system":"http://s","code":"2"}}]}`), nil},
	{"response to no question", response(`{"linkId":"z","answer":[{"valueString":"x"}]}`), []string{"questionnaire-item at QuestionnaireResponse.item[0].linkId"}},
	{"answer of another type", response(`{"linkId":"a","answer":[{"valueInteger":1}]}`), []string{"questionnaire-answer at QuestionnaireResponse.item[0].answer[0].value"}},
	{"answer twice", response(`{"linkId":"a","answer":[{"valueString":"x"},{"valueString":"y"}]}`), []string{"questionnaire-repeats at QuestionnaireResponse.item[0]"}},
	{
		"answer that isn't an option", response(`{"linkId":"b","answer":[{"valueCoding":{"system":"http://s","code":"2"}}]},{"linkId":"c","answer":[{"valueCoding":{"code":"2"}}]}`),
		[]string{"questionnaire-option at QuestionnaireResponse.item[0].answer[0].value", "questionnaire-option at QuestionnaireResponse.item[1].answer[0].value"},
	},
	{"search in place of a reference", bundle("collection", "", `{"fullUrl":"http://x/CarePlan/1","resource":`+plan(`"careTeam":[{"reference":"CareTeam?identifier=a|b"}]`)+`}`), []string{"reference-form at Bundle.entry[0].resource.careTeam[0].reference"}},
	{"search in a transaction", bundle("transaction", "", `{"request":{"method":"POST","url":"CarePlan"},"resource":`+plan(`"careTeam":[{"reference":"CareTeam?identifier=a|b"}]`)+`}`), nil},
}

func TestBaseRules(t *testing.T) {
	v := validate.New(definition.R4(), validate.Options{})
	for _, c := range baseRules {
		t.Run(c.name, func(t *testing.T) {
			_, issues := v.Text(context.Background(), []byte(c.resource), fhir.Limits{}, validate.Request{})
			if diff := cmp.Diff(c.errors, found(issues, fhir.SeverityError)); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
		})
	}
}

// What decoding refuses is listed before what the rules say.
func TestTextListsWhatDecodingFinds(t *testing.T) {
	v := validate.New(definition.R4(), validate.Options{})
	tree, issues := v.Text(context.Background(), []byte(plan(`"period":{"start":"2025-02-01","end":"2025-01-01"},"titel":"x"`)), fhir.Limits{}, validate.Request{})
	if tree == nil || len(issues) != 2 || issues[0].Code != fhir.IssueStructure || issues[1].Rule != "per-1" {
		t.Errorf("the issues are %+v, want the unknown element and per-1", issues)
	}
	if tree, issues = v.Text(context.Background(), []byte("{"), fhir.Limits{}, validate.Request{}); tree != nil || len(issues) != 1 {
		t.Errorf("what isn't JSON gives %v and %+v", tree, issues)
	}
}

func TestAdviceIsAskedFor(t *testing.T) {
	v := validate.New(definition.R4(), validate.Options{Advice: true})
	_, issues := v.Text(context.Background(), []byte(plan("")), fhir.Limits{}, validate.Request{})
	if diff := cmp.Diff([]string{"dom-6 at CarePlan"}, found(issues, fhir.SeverityWarning)); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
}

// What isn't known is said, R4's own profiles among it; what names another type
// than the resource's is wrong.
func TestProfilesThatArentThere(t *testing.T) {
	v := validate.New(definition.R4(), validate.Options{})
	for _, c := range []struct {
		name, claimed, asked string
		errors, warnings     []string
	}{
		{"a profile of R4", "http://hl7.org/fhir/StructureDefinition/vitalsigns", "", nil, []string{"profile-unknown at CarePlan.meta.profile[0]"}},
		{"a type of R5", "http://hl7.org/fhir/StructureDefinition/CarePlan|5.0.0", "", nil, []string{"profile-unknown at CarePlan.meta.profile[0]"}},
		{"a profile of others", "http://x.example/p", "", nil, []string{"profile-unknown at CarePlan.meta.profile[0]"}},
		{"its own type is asked for", "", "http://hl7.org/fhir/StructureDefinition/CarePlan", nil, nil},
		{"another type is asked for", "", "http://hl7.org/fhir/StructureDefinition/Patient", []string{"profile-type at CarePlan"}, nil},
		{"a data type is asked for", "", "http://hl7.org/fhir/StructureDefinition/HumanName", []string{"profile-type at CarePlan"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, members := validate.Request{}, ""
			if c.asked != "" {
				r.Profiles = []string{c.asked}
			}
			if c.claimed != "" {
				members = `"meta":{"profile":["` + c.claimed + `"]}`
			}
			_, issues := v.Text(context.Background(), []byte(plan(members)), fhir.Limits{}, r)
			if diff := cmp.Diff(c.errors, found(issues, fhir.SeverityError)); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.warnings, found(issues, fhir.SeverityWarning)); diff != "" {
				t.Errorf("warnings (-want +got):\n%s", diff)
			}
		})
	}
}

// One check lists a bounded number of issues and counts the others.
func TestIssuesAreBounded(t *testing.T) {
	v := validate.New(definition.R4(), validate.Options{Issues: 5})
	many := strings.TrimSuffix(strings.Repeat(`{"reference":"Patient/1"},`, 50), ",")
	_, issues := v.Text(context.Background(), []byte(plan(`"careTeam":[`+many+`]`)), fhir.Limits{}, validate.Request{})
	if len(issues) != 6 || issues[5].Text != "45 more issues aren't listed" {
		t.Errorf("%d issues, the last %+v", len(issues), issues[len(issues)-1])
	}
}

// A check that costs too much ends, and says so.
func TestWorkIsBounded(t *testing.T) {
	v := validate.New(definition.R4(), validate.Options{Steps: 1000})
	many := strings.TrimSuffix(strings.Repeat(`{"reference":"CareTeam/1"},`, 5000), ",")
	_, issues := v.Text(context.Background(), []byte(plan(`"careTeam":[`+many+`]`)), fhir.Limits{}, validate.Request{})
	if diff := cmp.Diff([]string{"budget at "}, found(issues, fhir.SeverityError)); diff != "" {
		t.Errorf("errors (-want +got):\n%s", diff)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, issues = v.Text(ctx, []byte(plan("")), fhir.Limits{}, validate.Request{}); len(found(issues, fhir.SeverityError)) != 1 {
		t.Errorf("a check that was stopped gives %+v", issues)
	}
}

// Checking takes time in proportion to the text, whatever is in it.
func TestManyContainedResources(t *testing.T) {
	var contained, references strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&contained, `,{"resourceType":"CareTeam","id":"t%d"}`, i)
		fmt.Fprintf(&references, `,{"reference":"#t%d"}`, i)
	}
	v := validate.New(definition.R4(), validate.Options{})
	resource := plan(`"contained":[` + contained.String()[1:] + `],"careTeam":[` + references.String()[1:] + `]`)
	began := time.Now()
	_, issues := v.Text(context.Background(), []byte(resource), fhir.Limits{}, validate.Request{})
	if len(issues) > 0 {
		t.Errorf("the issues are %+v", issues)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("20,000 contained resources took %s", took)
	}
}

// A Validator is used by many at once, types and profiles being read meanwhile.
func TestConcurrentUse(t *testing.T) {
	cases := readProfileCases(t)
	var definitions []json.RawMessage
	for _, c := range cases[:20] {
		definitions = append(definitions, c.Definitions...)
	}
	v := validatorOf(t, definitions)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for _, c := range cases {
				v.Text(context.Background(), c.Resource, fhir.Limits{}, validate.Request{Profiles: c.Profiles, Matching: true})
			}
			for _, c := range baseRules {
				_, issues := v.Text(context.Background(), []byte(c.resource), fhir.Limits{}, validate.Request{})
				if diff := cmp.Diff(c.errors, found(issues, fhir.SeverityError)); diff != "" {
					t.Errorf("%s: errors (-want +got):\n%s", c.name, diff)
				}
			}
		})
	}
	wg.Wait()
}
