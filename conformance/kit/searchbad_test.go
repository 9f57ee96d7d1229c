package kit_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"caseway/conformance/kit"
)

// badSearch is a search that is more than an honest client asks, and what it
// must get: an answer or a clear refusal.
type badSearch struct {
	name  string
	query string // of the URL, with the type
	form  bool   // by POST _search
	want  []int  // statuses
	// keys are what an answer must find; nil: not looked at.
	keys []string
}

var (
	answered = []int{200}
	refused  = []int{400, 403} // 403: too costly
	either   = []int{200, 400, 403, 413, 414, 422, 431}
)

// largest is the length of a value that makes a form of almost 1 MB, which is
// the most that a search may have.
const largest = 1<<20 - 1000

// values makes n values by a pattern, between commas.
func values(pattern string, n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, pattern, i)
	}
	return b.String()
}

func badSearches() []badSearch {
	has := strings.Repeat("_has:Task:patient:focus:Patient.", 10)
	return []badSearch{
		{name: "10,000 values", query: "Patient?_tag=" + values("x%d", 10_000) + ",zzz", form: true, want: either},
		{name: "10,000 values in the URL", query: "Patient?identifier=" + values("x%d", 10_000), want: either},
		{name: "10,000 ids", query: "Patient?_id=" + values("x%d", 10_000) + ",known", form: true, want: either, keys: []string{"Patient/known"}},
		{name: "10,000 families", query: "Patient?family:contains=" + values("x%d", 10_000), form: true, want: either},
		{name: "10,000 dates", query: "Patient?birthdate=" + values("lt20%02d", 80) + strings.Repeat(",ne2020", 9900), form: true, want: either},
		{name: "10,000 in a chain", query: "Task?patient.identifier=" + values("x%d", 10_000), form: true, want: either},
		{name: "500 parameters", query: "Patient?" + strings.Repeat("family=a&", 500), want: either},
		{name: "500 parameters that differ", query: "Patient?" + strings.ReplaceAll(values("family=x%d", 500), ",", "&"), form: true, want: either},
		{name: "500 negations", query: "Patient?" + strings.ReplaceAll(values("identifier:not=x%d", 500), ",", "&"), form: true, want: either},
		{name: "500 chains", query: "Task?" + strings.ReplaceAll(values("patient.identifier=x%d", 500), ",", "&"), form: true, want: either},
		{name: "500 includes", query: "Patient?" + strings.Repeat("_include=*&", 500), want: either},
		{name: "100 KB in the URL", query: "Patient?family=" + strings.Repeat("x", 100<<10), want: []int{200, 400}},
		{name: "1 MB in the URL", query: "Patient?family=" + strings.Repeat("x", 1<<20), want: []int{414}},
		{name: "2 MB in the URL", query: "Patient?family=" + strings.Repeat("x", 2<<20), want: []int{431}},
		{name: "more than 1 MB in a form", query: "Patient?family=" + strings.Repeat("x", 1<<20), form: true, want: []int{413}},
		{name: "1 MB of commas", query: "Patient?family=" + strings.Repeat(",", largest), form: true, want: either},
		{name: "1 MB of bars", query: "Patient?identifier=" + strings.Repeat("|", largest), form: true, want: refused},
		{name: "1 MB of backslashes", query: "Patient?family=" + strings.Repeat(`\`, largest), form: true, want: either},
		{name: "1 MB of dots", query: "Task?patient" + strings.Repeat(".", largest) + "=x", form: true, want: refused},
		{name: "1 MB of _sort", query: "Patient?_sort=" + strings.Repeat("family,", largest/7), form: true, want: either},
		{name: "1 MB of _elements", query: "Patient?_elements=" + strings.Repeat("name,", largest/5), form: true, want: either},
		{name: "1 MB of a filter", query: "Patient?_filter=" + strings.Repeat("(", largest), form: true, want: refused},
		{name: "a filter of 10,000 terms", query: "Patient?_filter=" + url.QueryEscape("family eq a"+strings.Repeat(" or family eq a", 10_000)), form: true, want: either},
		{name: "a filter of 10,000 nots", query: "Patient?_filter=" + url.QueryEscape(strings.Repeat("not (", 10_000)+"family eq a"+strings.Repeat(")", 10_000)), form: true, want: refused},

		{name: "a regular expression", query: "Patient?family=" + url.QueryEscape(".*"), want: refused},
		{name: "a regular expression, exact", query: "Patient?family:exact=" + url.QueryEscape("^S.*$"), want: answered, keys: []string{}},
		{name: "a regular expression that backtracks", query: "Patient?family:contains=" + url.QueryEscape("(a+)+$"), want: answered},
		{name: "wildcards", query: "Patient?family=" + url.QueryEscape("S%th_*?[]"), want: answered, keys: []string{}},
		{name: "quotes", query: "Patient?family=" + url.QueryEscape(`' OR 1=1 --"`), want: answered, keys: []string{}},
		{name: "an operator", query: "Patient?family=" + url.QueryEscape(`{"$gt":""}`), want: either, keys: []string{}},
		{name: "NUL", query: "Patient?family=a%00b", want: either},
		{name: "bad UTF-8", query: "Patient?family=%ff%fe", want: refused},
		{name: "bad percent", query: "Patient?family=%zz", want: refused},

		{name: "case folded", query: "Patient?family=" + url.QueryEscape("straße"), want: answered, keys: []string{"Patient/unicode"}},
		{name: "case folded to two letters", query: "Patient?family=STRASSE", want: answered},
		{name: "a combining mark", query: "Patient?given=" + url.QueryEscape("A\u030angstro\u0308m"), want: answered, keys: []string{"Patient/unicode"}},
		{name: "without marks", query: "Patient?given=angstrom", want: answered, keys: []string{"Patient/unicode"}},
		{name: "right to left", query: "Patient?given=" + url.QueryEscape("שלום"), want: answered, keys: []string{"Patient/unicode"}},
		{name: "ten thousand combining marks", query: "Patient?given=a" + url.QueryEscape(strings.Repeat("\u0301", 10_000)), form: true, want: either},

		{name: "an escaped comma", query: `Patient?identifier=a\,b`, want: answered, keys: []string{"Patient/unicode"}},
		{name: "an escaped comma, percent-encoded", query: "Patient?identifier=a%5C%2Cb", want: answered, keys: []string{"Patient/unicode"}},
		{name: "a comma, percent-encoded", query: "Patient?identifier=a%2Cb", want: answered, keys: []string{}},
		{name: "a bar, percent-encoded", query: "Patient?identifier=http://a.example%7Cp%5C%7Cq", want: answered, keys: []string{"Patient/unicode"}},
		{name: "an ampersand, percent-encoded", query: "Patient?family=a%26active=true", want: answered, keys: []string{}},
		{name: "a name, percent-encoded", query: "Patient?f%61mily=" + url.QueryEscape("straße"), want: answered, keys: []string{"Patient/unicode"}},

		{name: "30 February", query: "Patient?birthdate=2024-02-30", want: refused},
		{name: "month 13", query: "Patient?birthdate=2024-13", want: refused},
		{name: "year 0000", query: "Patient?birthdate=0000", want: refused},
		{name: "year 9999", query: "Patient?birthdate=lt9999", want: answered, keys: []string{"Patient/known"}},
		{name: "the end of time", query: "Patient?birthdate=9999-12-31T23:59:60Z", want: either},
		{name: "year 10000", query: "Patient?birthdate=10000", want: refused},
		{name: "hour 25", query: "Patient?birthdate=2024-01-01T25:00:00Z", want: refused},
		{name: "a zone of 99 hours", query: "Patient?birthdate=2024-01-01T00:00:00%2B99:00", want: refused},
		{name: "about the year 1", query: "Patient?birthdate=ap0001", want: answered},
		{name: "about the year 9999", query: "Patient?birthdate=ap9999", want: answered},
		{name: "_lastUpdated in year 0001", query: "Patient?_lastUpdated=gt0001", want: answered},
		{name: "_lastUpdated after all", query: "Patient?_lastUpdated=gt9999-12-31", want: answered, keys: []string{}},

		{name: "400 digits", query: "Observation?value-quantity=" + strings.Repeat("9", 400), want: either},
		{name: "400 decimals", query: "Observation?value-quantity=0." + strings.Repeat("9", 400), want: either},
		{name: "an exponent of 999999999", query: "Observation?value-quantity=1e999999999", want: either},
		{name: "an exponent of -999999999", query: "Observation?value-quantity=1e-999999999", want: either},
		{name: "an exponent of 30 digits", query: "Observation?value-quantity=1e" + strings.Repeat("9", 30), want: either},
		{name: "an exponent with a unit", query: "Observation?value-quantity=1e99999999|http://unitsofmeasure.org|mg", want: either},
		{name: "a probability of NaN", query: "RiskAssessment?probability=NaN", want: refused},
		{name: "a unit 10,000 deep", query: "Observation?value-quantity=1||" + strings.Repeat("(", 10_000), form: true, want: either},
		{name: "a unit to the power of 99999", query: "Observation?value-quantity=1|http://unitsofmeasure.org|m99999", want: either},

		{name: "_count=-1", query: "Patient?_count=-1", want: refused},
		{name: "_count=1000000", query: "Patient?_count=1000000", want: answered},
		{name: "_count of 30 digits", query: "Patient?_count=" + strings.Repeat("9", 30), want: either},
		{name: "_count twice", query: "Patient?_count=1&_count=2", want: either},
		{name: "_count=x", query: "Patient?_count=x", want: refused},

		{name: "a chain through a type that isn't", query: "Task?subject:Pateint.name=x", want: refused},
		{name: "a chain through a type that isn't a target", query: "Task?patient:Organization.name=x", want: refused},
		{name: "a chain through a parameter that isn't", query: "Task?patient.nmae=x", want: refused},
		{name: "a chain through a string", query: "Patient?family.name=x", want: refused},
		{name: "a chain of 1000", query: "Task?" + strings.Repeat("part-of.", 1000) + "status=x", form: true, want: either},
		{name: "_has ten deep", query: "Patient?" + has + "family=x", want: either},
		{name: "_has ten deep of tasks", query: "Task?" + strings.Repeat("_has:Task:part-of:", 10) + "status=requested", want: either},
		{name: "_has 1000 deep", query: "Task?" + strings.Repeat("_has:Task:part-of:", 1000) + "status=requested", form: true, want: refused},
		{name: "_has of nothing", query: "Patient?_has=x", want: refused},
		{name: "_has without an end", query: "Patient?_has:Task:patient=x", want: refused},
		{name: "an include cycle", query: "Task?_id=loop1&_include:iterate=Task:part-of", want: answered, keys: []string{"Task/loop1"}},
		{name: "an include cycle both ways", query: "Task?_include:iterate=*&_revinclude:iterate=*", want: either},
		{name: "an include of nothing", query: "Task?_include=Task:nothing", want: refused},
		{name: "an include of another type", query: "Task?_include=Patient:organization", want: either},

		{name: "an empty name", query: "Patient?=x", want: refused},
		{name: "an empty value", query: "Patient?family=", want: either},
		{name: "a modifier too many", query: "Patient?family:exact:exact=x", want: refused},
		{name: "a modifier of another type", query: "Patient?birthdate:exact=2020", want: refused},
		{name: "a misspelt parameter", query: "Patient?famly=x", want: refused},
		{name: "a prefix that isn't", query: "Patient?birthdate=zz2020", want: refused},
		{name: "an empty cursor", query: "Patient?_cursor=", want: refused},
		{name: "a cursor of nonsense", query: "Patient?_cursor=AAAA", want: refused},
		{name: "a long cursor", query: "Patient?_cursor=" + strings.Repeat("A", 100_000), form: true, want: refused},
	}
}

// searchLimit is how long any of these may take, on a slow machine too. An
// honest search takes a thousandth of it.
const searchLimit = 20 * time.Second

// TestBadSearches: whatever is asked, there is an answer or a clear refusal,
// and the server goes on with bounded memory.
func TestBadSearches(t *testing.T) {
	onBothStores(t, func(t *testing.T, store string) {
		p := start(t, kit.Launch{Store: store})
		c := kit.NewClient(p.Base)
		c.HTTP.Timeout = searchLimit
		known(t, c)
		for key, body := range map[string]string{
			"Patient/known": `{"resourceType":"Patient","id":"known","birthDate":"1970-01-01","name":[{"family":"Smith"}]}`,
			"Patient/unicode": `{"resourceType":"Patient","id":"unicode","identifier":[{"value":"a,b"},{"system":"http://a.example","value":"p|q"}],` +
				`"name":[{"family":"Straße","given":["Ångström","שלום"]}]}`,
			"Task/loop1": `{"resourceType":"Task","id":"loop1","status":"requested","intent":"order","partOf":[{"reference":"Task/loop2"}]}`,
			"Task/loop2": `{"resourceType":"Task","id":"loop2","status":"requested","intent":"order","partOf":[{"reference":"Task/loop1"}]}`,
		} {
			t.Run(key, func(t *testing.T) {
				if answer, err := c.Do(t.Context(), http.MethodPut, key, []byte(body)); err != nil || !answer.Acknowledged() {
					t.Fatalf("PUT %s: status %d, %v: %s", key, answer.Status, err, answer.Body)
				}
			})
		}
		for _, row := range badSearches() {
			t.Run(row.name, func(t *testing.T) {
				row.ask(t, c)
				stillAnswers(t, c)
			})
		}
		if peak, err := kit.PeakResident(p.PID); err != nil || peak > maxResident {
			t.Errorf("the server needed %d MB, %v", peak>>20, err)
		} else {
			t.Logf("peak resident memory %d MB", peak>>20)
		}
	})
}

func (b badSearch) ask(t *testing.T, c *kit.Client) {
	t.Helper()
	method, path, body, header := http.MethodGet, b.query, []byte(nil), []string(nil)
	if b.form {
		typ, query, _ := strings.Cut(b.query, "?")
		method, path, body, header = http.MethodPost, typ+"/_search", []byte(query), formHeader
	}
	answer, err := c.Do(t.Context(), method, path, body, header...)
	if err != nil {
		t.Fatal(err)
	}
	ok := false
	for _, status := range b.want {
		ok = ok || status == answer.Status
	}
	switch {
	case !ok:
		t.Fatalf("status %d, want one of %v: %.300s", answer.Status, b.want, answer.Body)
	case answer.Status == http.StatusRequestHeaderFieldsTooLarge: // before the server sees it
		return
	case answer.Status != http.StatusOK:
		checkOutcome(t, answer, "")
		return
	}
	var s searchset
	if err := json.Unmarshal(answer.Body, &s); err != nil {
		t.Fatal(err)
	}
	if keys := s.keys("match"); b.keys != nil && (len(b.keys) == 0) != (len(keys) == 0) || len(b.keys) > 0 && !strings.Contains(" "+strings.Join(keys, " ")+" ", " "+b.keys[0]+" ") {
		t.Errorf("found %v, want %v", keys, b.keys)
	}
}
