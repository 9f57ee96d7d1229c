package operation_test

import (
	"net/http"
	"strings"
	"testing"

	"caseway/auth"
	"caseway/fhir"
	"caseway/server/operation"
)

// observed stores two observations of p1 and one of p2.
func (a *api) observed() {
	a.Helper()
	for id, of := range map[string]string{"o1": "p1", "o2": "p1", "o3": "p2"} {
		a.put("Observation/"+id, `{"resourceType":"Observation","id":"`+id+`","status":"final","effectiveDateTime":"2024-01-0`+id[1:]+`",
			"category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs"}]}],
			"code":{"coding":[{"system":"http://loinc.org","code":"8867-4"}]},"subject":{"reference":"Patient/`+of+`"}}`)
	}
	a.put("EpisodeOfCare/e1", `{"resourceType":"EpisodeOfCare","id":"e1","status":"active","patient":{"reference":"Patient/p1"}}`)
}

// reading are calls of operations that change nothing, in both forms, with how
// many resources each finds.
var reading = []struct {
	name, path, query, body string
	found                   int
}{
	{"everything of a patient", "Patient/p1/$everything", "", "", 4},
	{"some types", "Patient/p1/$everything", "_type=Observation,Encounter", `{"name":"_type","valueCode":"Observation"},{"name":"_type","valueString":"Encounter"}`, 2},
	{"since a date", "Patient/p1/$everything", "_type=Observation&start=2024-01-02", `{"name":"_type","valueCode":"Observation"},{"name":"start","valueDate":"2024-01-02"}`, 1},
	{"a page", "Patient/p1/$everything", "_count=1", `{"name":"_count","valueInteger":1}`, 1},
	{"everything of a case", "EpisodeOfCare/e1/$everything", "_type=EpisodeOfCare", `{"name":"_type","valueCode":"EpisodeOfCare"}`, 1},
	{"the latest", "Observation/$lastn", "patient=Patient/p1&category=vital-signs", `{"name":"patient","valueReference":{"reference":"Patient/p1"}},{"name":"category","valueCode":"vital-signs"}`, 1},
	{"the latest two", "Observation/$lastn", "subject=Patient/p1&max=2&code=http://loinc.org|8867-4", `{"name":"subject","valueString":"Patient/p1"},{"name":"max","valuePositiveInt":2},
		{"name":"code","valueCoding":{"system":"http://loinc.org","code":"8867-4"}}`, 2},
	{"by a concept and a chain", "Observation/$lastn", "patient._id=p1&code=http://loinc.org|8867-4,http://loinc.org|1", `{"name":"patient._id","valueId":"p1"},
		{"name":"code","valueCodeableConcept":{"coding":[{"system":"http://loinc.org","code":"8867-4"},{"system":"http://loinc.org","code":"1"}]}}`, 1},
	{"how far indexing is", "$reindex-status", "", "", -1},
}

// TestReadingOperationsAreCalledInEachWay: by GET, by POST with and without a
// body, and both inside a batch and a transaction, with the same answer.
func TestReadingOperationsAreCalledInEachWay(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		a.T = t
		a.observed()
		for _, row := range reading {
			t.Run(row.name, func(t *testing.T) {
				a.T = t
				parameters := `{"resourceType":"Parameters"}`
				if row.body != "" {
					parameters = `{"resourceType":"Parameters","parameter":[` + row.body + `]}`
				}
				asked := row.path
				if row.query != "" {
					asked += "?" + row.query
				}
				answers := map[string]object{
					"GET":                 a.get(asked),
					"POST":                a.ok(a.do("POST", row.path, parameters)),
					"POST with URL alone": a.ok(a.do("POST", asked, "")),
				}
				for _, kind := range []string{"batch", "transaction"} {
					b := a.ok(a.do("POST", "", `{"resourceType":"Bundle","type":"`+kind+`","entry":[
						{"request":{"method":"GET","url":"`+asked+`"}},
						{"request":{"method":"POST","url":"`+row.path+`"},"resource":`+parameters+`}]}`))
					for i, e := range b["entry"].([]any) {
						answers[kind+[]string{" GET", " POST"}[i]], _ = e.(object)["resource"].(object)
					}
				}
				for way, answer := range answers {
					found, _ := answer["entry"].([]any)
					if row.found >= 0 && len(found) != row.found || answer["resourceType"] == "OperationOutcome" || answer == nil {
						t.Errorf("%s: got %s, want %d entries", way, encoded(t, answer), row.found)
					}
				}
			})
		}
	})
}

// TestTheNextPageOfAPostIsAGet: links of an answer to POST are of GET.
func TestTheNextPageOfAPostIsAGet(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		a.T = t
		a.observed()
		page := a.ok(a.post("Patient/p1/$everything", `{"name":"_count","valueInteger":3}`))
		next := ""
		for _, l := range page["link"].([]any) {
			if link := l.(object); link["relation"] == "next" {
				next = strings.TrimPrefix(link["url"].(string), a.url+"/fhir/")
			}
		}
		if rest := a.entries(next); len(rest) != 1 {
			t.Errorf("got %d resources by %q, want 1", len(rest), next)
		}
	})
}

// refusedCalls are calls with wrong arguments, each refused with words that name
// what is wrong.
var refusedCalls = []struct {
	name, path string
	parameters []string
	status     int
	words      string
}{
	{"an unknown name", "Patient/p1/$everything", []string{`{"name":"_typ","valueCode":"Observation"}`}, 400, "$everything has no parameter _typ; it has start, end, _since, _type, _count"},
	{"a value that is no date", "Patient/p1/$everything", []string{`{"name":"start","valueString":"spring"}`}, 400, "start"},
	{"a value of another kind", "Patient/p1/$everything", []string{`{"name":"start","valuePeriod":{"start":"2024"}}`}, 400, "parameter start needs a value"},
	{"no value", "Patient/p1/$everything", []string{`{"name":"_count"}`}, 400, "parameter _count needs a value"},
	{"given twice", "Patient/p1/$everything", []string{`{"name":"start","valueDate":"2024"}`, `{"name":"start","valueDate":"2025"}`}, 400, "parameter start is given more than once"},
	{"an unknown search parameter", "Observation/$lastn", []string{`{"name":"patient","valueString":"Patient/p1"}`, `{"name":"category","valueCode":"x"}`, `{"name":"colour","valueCode":"red"}`}, 400, "colour"},
	{"nothing where much is needed", "Observation/$lastn", nil, 400, "patient or subject"},
	{"any at all", "$reindex-status", []string{`{"name":"fast","valueBoolean":true}`}, 400, "$reindex-status has no parameter fast; it has none"},
	{"any at all of what writes", "$reindex", []string{`{"name":"fast","valueBoolean":true}`}, 400, "$reindex has no parameter fast; it has none"},
	{"an unknown name of a case", "EpisodeOfCare/e1/$close", []string{`{"name":"because","valueString":"x"}`}, 400, "$close has no parameter because; it has reason"},
	{"of nobody in particular", "Patient/$everything", nil, 403, "Patient/[id]/$everything"},
	{"of who isn't there", "Patient/nobody/$everything", nil, 404, "not-found"},
}

func TestWrongArgumentsAreRefusedByName(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		a.T = t
		a.observed()
		for _, row := range refusedCalls {
			t.Run(row.name, func(t *testing.T) {
				a.T = t
				status, text := a.post(row.path, row.parameters...)
				a.refused(row.status, row.words, status, text)
				batch := encoded(t, a.ok(a.do("POST", "", `{"resourceType":"Bundle","type":"batch","entry":[{"request":{"method":"POST","url":"`+row.path+`"},
					"resource":{"resourceType":"Parameters","parameter":[`+strings.Join(row.parameters, ",")+`]}}]}`)))
				if row.parameters != nil && !strings.Contains(batch, row.words) {
					t.Errorf("got %s in a batch, want %q", batch, row.words)
				}
			})
		}
		a.T = t
		status, text := a.do("POST", "Patient/p1/$everything", `{"resourceType":"Patient"}`)
		a.refused(400, "Parameters", status, text)
		status, text = a.do("GET", "Patient/p1/$everything?_typ=Observation", "")
		a.refused(400, "$everything has no parameter _typ", status, text)
	})
}

// TestAnOperationThatIsNotThere is refused with those that are.
func TestAnOperationThatIsNotThere(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		a.T = t
		for _, path := range []string{"$closed", "Patient/$open", "Patient/p1/$close", "Task/p1/$everything", "EpisodeOfCare/p1/$open", "Observation/o/$lastn"} {
			status, text := a.do("POST", path, "")
			for _, words := range []string{"Patient/[id]/$everything", "EpisodeOfCare/$open", "CarePlan/[id]/$reconcile", "$reindex-status"} {
				a.refused(404, words, status, text)
			}
		}
	})
}

// TestWhatChangesSomethingIsNoPartOfATransaction, nor called by GET.
func TestWhatChangesSomethingIsNoPartOfATransaction(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		a.T = t
		a.observed()
		for _, path := range []string{"EpisodeOfCare/$open", "EpisodeOfCare/e1/$close", "EpisodeOfCare/e1/$update-care-teams", "$reindex"} {
			status, text := a.do("GET", path, "")
			a.refused(http.StatusMethodNotAllowed, "", status, text)
			status, text = a.do("POST", "", `{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"POST","url":"`+path+`"}}]}`)
			a.refused(400, "can't be part of a transaction", status, text)
		}
		a.twoPlans()
		before := len(a.entries("CarePlan"))
		status, text := a.do("POST", "", `{"resourceType":"Bundle","type":"transaction","entry":[
			{"request":{"method":"POST","url":"CarePlan/here/$reconcile"},"resource":{"resourceType":"Parameters","parameter":[`+otherPlan+`,{"name":"store","valueBoolean":true}]}}]}`)
		a.refused(http.StatusBadRequest, "GET gives a preview", status, text)
		if n := len(a.entries("CarePlan")); n != before {
			t.Errorf("got %d plans, want the %d that were there", n, before)
		}
	})
}

// TestEveryOperationHasItsPermissions: whoever may everything may call each.
func TestEveryOperationHasItsPermissions(t *testing.T) {
	o := newOffice(t)
	boss := o.as(auth.Principal{Role: auth.Administrator, Subject: "boss"}, "user/*.cruds")
	all := o.service.List()
	if len(all) < 10 {
		t.Fatalf("got %d operations, want more", len(all))
	}
	for _, l := range all {
		key := fhir.Key{Type: l.Type}
		if l.Instance {
			key.ID = "x"
		}
		_, err := o.service.Do(boss, operation.Request{Key: key, Name: l.Name})
		if err != nil && strings.Contains(err.Error(), "scope") {
			t.Errorf("%s: got %v, want it allowed", l, err)
		}
	}
}
