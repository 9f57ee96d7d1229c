package server_test

import (
	"encoding/json"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"caseway/fhir"
	"caseway/server"
)

// wrongs are requests that go wrong in each of the ways there are, with what the
// text of an issue must say for whoever sees nothing else.
var wrongs = []struct {
	name, method, path, body string
	headers                  []string
	code, says               string
}{
	// decoding
	{"no JSON", "POST", "Patient", `{"resourceType":"Patient"`, nil, "structure", "JSON"},
	{"no resource", "POST", "Patient", `[]`, nil, "structure", "a resource must be a JSON object, not an array"},
	{"another type", "POST", "Patient", `{"resourceType":"Group","type":"person","actual":true}`, nil, "structure", "Patient"},
	{"a required element", "POST", "CarePlan", `{"resourceType":"CarePlan","status":"draft","subject":{"reference":"Patient/a"}}`, nil, "required", "CarePlan.intent is required, but missing"},
	{
		"a required element deep within", "POST", "CarePlan", `{"resourceType":"CarePlan","status":"draft","intent":"plan","subject":{"reference":"Patient/a"},"activity":[{"detail":{}},{"detail":{"kind":"Task"}}]}`, nil,
		"required", "CarePlan.activity[1].detail.status is required, but missing",
	},
	{"an unknown element", "POST", "Patient", `{"resourceType":"Patient","nmae":[]}`, nil, "structure", "Patient.nmae: Patient has no element of this name; the nearest is name"},
	{"an unknown resource type", "POST", "Patient", `{"resourceType":"Pateint"}`, nil, "structure", "resourceType"},
	{"an array where there is one", "POST", "Patient", `{"resourceType":"Patient","gender":["male"]}`, nil, "structure", "Patient.gender must be a string, not an array"},
	{"one where there is an array", "POST", "Patient", `{"resourceType":"Patient","name":{"family":"x"}}`, nil, "structure", "Patient.name must be an array"},
	{"nothing in an array", "POST", "Patient", `{"resourceType":"Patient","name":[]}`, nil, "structure", "Patient.name: an array must not be empty"},
	{"a string for a boolean", "POST", "Patient", `{"resourceType":"Patient","active":"true"}`, nil, "structure", "Patient.active must be a boolean"},
	{"a date that is none", "POST", "Patient", `{"resourceType":"Patient","birthDate":"1999-13-01"}`, nil, "value", "Patient.birthDate is not a valid date"},
	{"a code that is none", "POST", "Patient", `{"resourceType":"Patient","gender":"x"}`, nil, "code-invalid", "Patient.gender"},
	{"a name twice", "POST", "Patient", `{"resourceType":"Patient","active":true,"active":false}`, nil, "structure", "Patient.active"},
	{"an empty object", "POST", "Patient", `{"resourceType":"Patient","contact":[{}]}`, nil, "structure", "Patient.contact[0]: an object must not be empty"},
	{"an element with an id alone", "POST", "Patient", `{"resourceType":"Patient","contact":[{"id":"x"}]}`, nil, "invariant", "Patient.contact[0] has nothing but an id"},
	{"too many of one", "POST", "Patient", `{"resourceType":"Patient","link":[{"type":"seealso"}]}`, nil, "required", "Patient.link[0].other is required, but missing"},
	{"several values of a choice", "POST", "Patient", `{"resourceType":"Patient","deceasedBoolean":true,"deceasedDateTime":"2024"}`, nil, "structure", "Patient.deceased"},
	{"a body's id", "PUT", "Patient/b", `{"resourceType":"Patient","id":"c"}`, nil, "structure", "Patient.id"},
	{"no id in a body", "PUT", "Patient/b", `{"resourceType":"Patient"}`, nil, "structure", "Patient.id"},
	{"an id that is none", "PUT", "Patient/_b", `{"resourceType":"Patient","id":"_b"}`, nil, "value", "the URL's id"},
	// references
	{"a condition outside of a transaction", "POST", "Observation", `{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Patient?identifier=urn:x|none"}}`, nil, "not-supported", "Observation.subject"},
	{"a reference to nothing", "POST", "", `{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"POST","url":"Observation"},
		"resource":{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Patient?identifier=urn:x|none"}}}]}`, nil, "not-found", "Bundle.entry[0].resource.subject"},
	{"a link to no entry", "POST", "", `{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"POST","url":"Observation"},
		"resource":{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"urn:uuid:4b2c9a2e-8b1c-4d0e-9b8a-2f3d4c5e6f70"}}}]}`, nil, "value", "Bundle.entry[0].resource.subject"},
	// parameters of searches
	{"an unknown parameter", "GET", "Patient?nmae=x", "", nil, "not-supported", "nmae"},
	{"an unknown modifier", "GET", "Patient?name:exactly=x", "", nil, "not-supported", "name:exactly"},
	{"a date in a parameter", "GET", "Patient?birthdate=spring", "", nil, "value", "birthdate"},
	{"an unknown chain", "GET", "Observation?subject:Patient.nmae=x", "", nil, "not-supported", "nmae"},
	{"a sort", "GET", "Patient?_sort=nmae", "", nil, "not-supported", "_sort"},
	{"an include", "GET", "Patient?_include=Patient:nobody", "", nil, "not-supported", "_include"},
	{"a count", "GET", "Patient?_count=many", "", nil, "value", "_count"},
	{"a summary", "GET", "Patient?_summary=short", "", nil, "value", "_summary"},
	{"elements", "GET", "Patient?_elements=nmae", "", nil, "not-supported", "_elements"},
	{"a filter", "GET", "Patient?_filter=name+eq", "", nil, "value", "_filter"},
	{"a cursor", "GET", "Patient?_cursor=AAAA", "", nil, "value", "_cursor"},
	{"percent signs", "GET", "Patient?name=%zz", "", nil, "invalid", "name"},
	{"a compartment", "GET", "Patient/a/Medication", "", nil, "not-supported", "Medication"},
	// parameters of other interactions
	{"a time of history", "GET", "Patient/a/_history?_since=yesterday", "", nil, "invalid", "parameter _since"},
	{"a summary of a read", "GET", "Patient/a?_summary=short", "", nil, "value", "_summary"},
	{"elements of a version", "GET", "Patient/a/_history/1?_elements=nmae", "", nil, "not-supported", "_elements"},
	{"a format", "GET", "Patient/a?_format=xml", "", nil, "not-supported", "JSON"},
	{"indentation", "GET", "Patient/a?_pretty=1", "", nil, "invalid", "parameter _pretty"},
	{"a mode", "GET", "metadata?mode=terminology", "", nil, "not-supported", "parameter mode"},
	// headers
	{"a format by Accept", "GET", "Patient/a", "", []string{"Accept", "application/fhir+xml"}, "not-supported", "JSON"},
	{"a content type", "POST", "Patient", `{"resourceType":"Patient"}`, []string{"Content-Type", "text/plain"}, "not-supported", "Content-Type"},
	{"a tag that is none", "PUT", "Patient/a", `{"resourceType":"Patient","id":"a"}`, []string{"If-Match", "3x"}, "invalid", "If-Match"},
	{"another version's tag", "PUT", "Patient/a", `{"resourceType":"Patient","id":"a"}`, []string{"If-Match", `W/"7"`}, "conflict", "If-Match"},
	{"a header without a meaning", "PUT", "Patient/a", `{"resourceType":"Patient","id":"a"}`, []string{"If-None-Match", `*`}, "not-supported", "If-None-Match"},
	{"no condition", "POST", "Patient", `{"resourceType":"Patient"}`, []string{"If-None-Exist", " "}, "invalid", "If-None-Exist"},
	{"an unknown condition", "POST", "Patient", `{"resourceType":"Patient"}`, []string{"If-None-Exist", "nmae=x"}, "not-supported", "nmae"},
	// what is there
	{"no such resource", "GET", "Patient/none", "", nil, "not-found", "no Patient has this id"},
	{"no such version", "GET", "Patient/a/_history/9", "", nil, "not-found", "version"},
	{"a deleted one", "GET", "Patient/gone", "", nil, "deleted", "the Patient is deleted"},
	{"no such type", "GET", "Pateint/a", "", nil, "not-found", "Patient"},
	{"several for a condition", "PUT", "Patient?active=true", `{"resourceType":"Patient"}`, nil, "multiple-matches", "condition"},
	{"a method", "POST", "Patient/a", `{"resourceType":"Patient","id":"a"}`, nil, "not-supported", "PUT"},
	{"a key used twice", "POST", "Patient", `{"resourceType":"Patient"}`, []string{"Idempotency-Key", "k"}, "duplicate", "idempotency key"},
	{"a Subscription that would be silent", "POST", "Subscription", `{"resourceType":"Subscription","status":"active","reason":"x","criteria":"Task","channel":{"type":"rest-hook"}}`, nil, "not-supported", "Subscription.status can't be active"},
	// Bundles and operations
	{"a Bundle's type", "POST", "", `{"resourceType":"Bundle","type":"collection"}`, nil, "value", "Bundle.type"},
	{"no request", "POST", "", `{"resourceType":"Bundle","type":"transaction","entry":[{"resource":{"resourceType":"Patient"}}]}`, nil, "required", "Bundle.entry[0].request"},
	{"a URL in an entry", "POST", "", `{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"PUT","url":"Patient"},"resource":{"resourceType":"Patient"}}]}`, nil, "not-supported", "Bundle.entry[0].request.url"},
	{"a condition in an entry", "POST", "", `{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"POST","url":"Patient","ifNoneExist":"nmae=x"},"resource":{"resourceType":"Patient"}}]}`, nil, "not-supported", "Bundle.entry[0].request.ifNoneExist"},
	{
		"an element in an entry", "POST", "", `{"resourceType":"Bundle","type":"batch","entry":[{"request":{"method":"POST","url":"CarePlan"},"resource":{"resourceType":"CarePlan","status":"draft","subject":{"display":"x"}}}]}`, nil,
		"required", "Bundle.entry[0].resource.intent is required, but missing",
	},
	{"one resource in two entries", "POST", "", `{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"DELETE","url":"Patient/a"}},{"request":{"method":"DELETE","url":"Patient/a"}}]}`, nil, "invalid", "Bundle.entry[0]"},
	{"an operation's parameter", "POST", "Patient/a/$everything", `{"resourceType":"Parameters","parameter":[{"name":"begin","valueDate":"2024"}]}`, nil, "not-supported", "$everything has no parameter begin"},
	{"an operation's value", "GET", "Patient/a/$everything?start=spring", "", nil, "value", "parameter start"},
	{"an operation's body", "POST", "Patient/a/$everything", `{"resourceType":"Patient"}`, nil, "structure", "Parameters"},
	{"what an operation lacks", "GET", "Observation/$lastn", "", nil, "required", "$lastn needs patient or subject"},
	{"no such operation", "POST", "Patient/a/$match", "", nil, "not-supported", "Patient/[id]/$everything"},
}

// TestIssuesAreUnderstoodAlone: many clients show diagnostics and nothing else.
func TestIssuesAreUnderstoodAlone(t *testing.T) {
	h := listen(t, server.Config{})
	for _, id := range []string{"a", "b2", "gone"} {
		t.Run(id, func(t *testing.T) {
			do(t, "PUT", h.URL+"/fhir/Patient/"+id, `{"resourceType":"Patient","id":"`+id+`","active":true}`)
		})
	}
	do(t, "DELETE", h.URL+"/fhir/Patient/gone", "")
	do(t, "POST", h.URL+"/fhir/Patient", `{"resourceType":"Patient"}`, "Idempotency-Key", "k")
	met := map[string]bool{}
	for _, row := range wrongs {
		t.Run(row.name, func(t *testing.T) {
			issues := issuesOf(t, h, row.method, row.path, row.body, row.headers)
			said := slices.ContainsFunc(issues, func(is told) bool { return is.Code == row.code && strings.Contains(is.Diagnostics, row.says) })
			if !said {
				t.Errorf("got %+v, want one of code %s that says %q", issues, row.code, row.says)
			}
			for _, is := range issues {
				met[is.Code] = true
				if len(is.Expression) > 0 && !strings.Contains(is.Diagnostics, is.Expression[0]) {
					t.Errorf("got %q, want it to name %s", is.Diagnostics, is.Expression[0])
				}
			}
		})
	}
	for _, code := range []string{
		fhir.IssueStructure, fhir.IssueRequired, fhir.IssueValue, fhir.IssueInvariant, fhir.IssueInvalid, fhir.IssueNotSupported, fhir.IssueDuplicate,
		fhir.IssueMultipleMatches, fhir.IssueNotFound, fhir.IssueDeleted, fhir.IssueCodeInvalid, fhir.IssueConflict,
	} {
		t.Run(code, func(t *testing.T) {
			if !met[code] {
				t.Errorf("no request met an issue of code %s", code)
			}
		})
	}
}

// told is an issue as a client reads it.
type told struct {
	Code, Diagnostics string
	Expression        []string
}

// issuesOf are those of an answer, and of the first entry of one that is a Bundle.
func issuesOf(t *testing.T, h *httptest.Server, method, path, body string, headers []string) []told {
	t.Helper()
	status, _, text := do(t, method, strings.TrimSuffix(h.URL+"/fhir/"+path, "/"), body, headers...)
	type outcome struct{ Issue []told }
	var answer struct {
		outcome
		Entry []struct{ Response struct{ Outcome outcome } }
	}
	if err := json.Unmarshal([]byte(text), &answer); err != nil {
		t.Fatalf("got %d %s: %v", status, text, err)
	}
	for _, e := range answer.Entry {
		answer.Issue = append(answer.Issue, e.Response.Outcome.Issue...)
	}
	return answer.Issue
}
