package login

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"caseway/auth/scope"
)

func scopes(t *testing.T, text string) scope.Set {
	t.Helper()
	s, err := scope.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestWhatIsTickedIsKeptAndNothingElse(t *testing.T) {
	for _, c := range []struct{ asked, ticked, kept string }{
		{"launch/patient openid patient/CarePlan.rs patient/Task.rus", "patient/CarePlan.rs", "launch/patient patient/CarePlan.rs"},
		{"launch/patient openid patient/CarePlan.rs", "openid,patient/CarePlan.rs", "openid launch/patient patient/CarePlan.rs"},
		{"openid fhirUser patient/CarePlan.rs", "openid fhirUser", "openid fhirUser"},
		{"launch/patient patient/CarePlan.rs", "", ""},
		{"launch/patient patient/CarePlan.rs", "launch/patient", ""},
		{"patient/CarePlan.rs", "patient/CarePlan.cruds", ""},
		{"patient/CarePlan.rs", "patient/*.rs,user/*.cruds,offline_access", ""},
		{"patient/Observation.rs?category=a patient/Task.r", "patient/Observation.rs", ""},
		{"patient/Observation.rs?category=a patient/Task.r", "patient/Observation.rs?category=a", "patient/Observation.rs?category=a"},
	} {
		t.Run(c.asked, func(t *testing.T) {
			if got := kept(scopes(t, c.asked), strings.Split(c.ticked, ",")).String(); got != c.kept {
				t.Errorf("of %q with %q ticked: %q, want %q", c.asked, c.ticked, got, c.kept)
			}
		})
	}
}

func TestChoicesShowEachScopeOnce(t *testing.T) {
	asked := scopes(t, "launch/patient openid fhirUser profile offline_access patient/CarePlan.rs patient/Task.rus patient/Observation.rs?category=laboratory")
	choices, given := choicesOf(asked, true)
	values := map[string]bool{}
	words := map[string]bool{}
	for _, c := range choices {
		if words[c.Words] {
			t.Errorf("%q stands there twice", c.Words)
		}
		words[c.Words] = true
		for v := range strings.FieldsSeq(c.Value) {
			values[v] = true
		}
	}
	for _, name := range asked.Strings() {
		if name != "launch/patient" && !values[name] {
			t.Errorf("%s isn't shown", name)
		}
	}
	if values["launch/patient"] || len(given) != 1 {
		t.Errorf("given %q", given)
	}
	if !words["See your care plans"] || !words["See and change your tasks"] {
		t.Errorf("words %v", words)
	}
}

func TestPolicyNamesWhereAFormLeads(t *testing.T) {
	for uri, want := range map[string]string{
		"https://app.example/callback?x=1": "https://app.example",
		"http://127.0.0.1:8080/app/":       "http://127.0.0.1:8080",
		"http://[::1]:3000/":               "http:",
		"com.example.app:/callback":        "com.example.app:",
		"https://app.example;script-src/":  "https:",
		"https://app.example;script-src *": "",
		"https://a b/":                     "",
		"/relative":                        "",
		"":                                 "",
	} {
		t.Run(uri, func(t *testing.T) {
			if got := sourceOf(uri); got != want {
				t.Errorf("%q: %q, want %q", uri, got, want)
			}
		})
	}
	h := http.Header{}
	guard(h, []string{"https://one.example/a", "two:/b"})
	if p := h.Get("Content-Security-Policy"); !strings.HasSuffix(p, "form-action 'self' https://one.example two:") || strings.Contains(p, "unsafe") {
		t.Errorf("policy %q", p)
	}
}

func TestSearchTakesWordsLiterally(t *testing.T) {
	q := patientQuery{Name: ` Ann|x, O\B `, BirthDate: "1980-04", Identifier: " http://sys|1,2 "}
	var got []string
	for _, p := range q.parameters(21) {
		got = append(got, p.Name+"="+p.Value)
	}
	want := `name=Ann\|x\, name=O\\B birthdate=1980-04 identifier=http://sys|1\,2 _sort=family _count=21`
	if s := strings.Join(got, " "); s != want {
		t.Errorf("%s\nwant %s", s, want)
	}
}

func TestSearchNeedsSomething(t *testing.T) {
	for _, c := range []struct {
		q     patientQuery
		field string
	}{
		{patientQuery{}, "name"},
		{patientQuery{Name: "  "}, "name"},
		{patientQuery{BirthDate: "1.4.1980"}, "birthdate"},
		{patientQuery{BirthDate: "ge1980"}, "birthdate"},
		{patientQuery{BirthDate: "1980"}, ""},
		{patientQuery{Identifier: "1"}, ""},
	} {
		t.Run(c.field, func(t *testing.T) {
			faults := c.q.faults()
			if c.field == "" && faults != nil || c.field != "" && (len(faults) != 1 || faults[0].Field != c.field) {
				t.Errorf("%+v: %v, want %q", c.q, faults, c.field)
			}
		})
	}
}

func TestWaitsAreRoundedUp(t *testing.T) {
	for wait, want := range map[time.Duration]string{
		0: "1 second", 900 * time.Millisecond: "1 second", 1100 * time.Millisecond: "2 seconds",
		time.Minute: "60 seconds", 61 * time.Second: "2 minutes", 15 * time.Minute: "15 minutes",
	} {
		if got := inWords(wait); got != want {
			t.Errorf("%v: %q, want %q", wait, got, want)
		}
	}
}

func TestPatientsAreNamedFromWhatThereIs(t *testing.T) {
	for _, c := range []struct{ json, name string }{
		{`{"name": [{"given": ["Ann", "M"], "family": "Example"}]}`, "Ann M Example"},
		{`{"name": [{"use": "nickname", "text": "Annie"}, {"use": "official", "family": "Example"}]}`, "Example"},
		{`{"name": [{"family": "First"}, {"use": "old", "family": "Second"}]}`, "First"},
		{`{"name": [{"period": {"start": "2020"}}]}`, "A patient without a name"},
		{`{}`, "A patient without a name"},
	} {
		t.Run(c.name, func(t *testing.T) {
			one, err := readPatient([]byte(c.json))
			if err != nil || one.Name != c.name {
				t.Errorf("%s: %q, %v, want %q", c.json, one.Name, err, c.name)
			}
		})
	}
}

func TestCookiesAreSecureButOnLoopback(t *testing.T) {
	for root, name := range map[string]string{
		"https://care.example":  "__Host-caseway-visit",
		"https://127.0.0.1":     "__Host-caseway-visit",
		"http://care.example":   "__Host-caseway-visit",
		"http://127.0.0.1:8080": "caseway-visit",
		"http://[::1]:8080":     "caseway-visit",
		"http://localhost":      "caseway-visit",
	} {
		t.Run(root, func(t *testing.T) {
			u, err := url.Parse(root)
			if err != nil {
				t.Fatal(err)
			}
			w := httptest.NewRecorder()
			(&Pages{Root: u}).visit(w, httptest.NewRequest(http.MethodGet, "/auth/signin", nil))
			c := w.Result().Cookies()[0]
			if c.Name != name || c.Secure != strings.HasPrefix(name, "__Host-") || !c.HttpOnly || c.Path != "/" || c.Domain != "" {
				t.Errorf("%s: got %s, want the cookie for this host alone", root, c)
			}
		})
	}
}
