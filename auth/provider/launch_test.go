package provider_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"caseway/auth/provider"
)

// launch makes a launch by the portal and gives its answer.
func (h *house) launch(body string, headers ...string) answer {
	h.t.Helper()
	if len(headers) == 0 {
		headers = []string{"Authorization", basic("portal", secret)}
	}
	req, err := http.NewRequestWithContext(h.t.Context(), http.MethodPost, h.url+"/auth/launch", strings.NewReader(body))
	must(h.t, err)
	req.Header.Set("Content-Type", "application/json")
	return h.do(with(req, headers))
}

// launched gives a request for authorization that names a launch.
func (h *house) launched(a answer, scopes string) url.Values {
	h.t.Helper()
	if a.status != http.StatusCreated || a.is("launch") == "" {
		h.t.Fatalf("launch: %d %s", a.status, a.text)
	}
	return changed(h.request("app", appURI, scopes), "launch", a.is("launch"))
}

const inContext = `{"patient":"a","encounter":"e","fhirContext":[{"reference":"CarePlan/1"},{"reference":"EpisodeOfCare/2","role":"launch"},` +
	`{"identifier":{"system":"urn:x","value":"7"},"type":"Task"},{"reference":"Patient/b","role":"https://example.org/mother"}],` +
	`"intent":"reconcile","need_patient_banner":false,"smart_style_url":"https://ehr.example.org/style.json","tenant":"7"}`

func TestEHRLaunchCarriesItsContext(t *testing.T) {
	h := newHouse(t)
	form := h.launched(h.launch(inContext), "launch launch/patient launch/encounter openid fhirUser patient/*.rs offline_access")
	id := h.pending(form)
	w, err := h.p.Pending(t.Context(), id)
	must(t, err)
	if w.NeedsPatient || w.NeedsEncounter || w.Launch == nil || w.Launch.Patient != "a" {
		t.Errorf("pending %+v", w)
	}
	a := h.ok(h.post("/auth/token", exchange("app", appURI, h.code(form, h.signIn("sam"), all("b")))))
	var want map[string]any
	must(t, json.Unmarshal([]byte(inContext), &want))
	introspected := h.post("/auth/introspect", url.Values{"token": {a.is("access_token")}}, "Authorization", basic("portal", secret))
	refreshed := h.ok(h.post("/auth/token", refresh("app", a.is("refresh_token"))))
	for name, got := range map[string]answer{"token": a, "introspection": introspected, "refresh": refreshed} {
		t.Run(name, func(t *testing.T) {
			for member, value := range want {
				if text(got.json[member]) != text(value) {
					t.Errorf("%s: %s is %s, want %s", name, member, text(got.json[member]), text(value))
				}
			}
		})
	}
	if who := h.verify(a); who.Patient != "a" || who.Encounter != "e" || !who.Scopes.Has("launch/encounter") {
		t.Errorf("principal %+v", who)
	}
	if !h.told(provider.EventLaunch, true, "") {
		t.Error("the launch wasn't audited")
	}
}

func text(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(data)
}

func TestALaunchHappensOnce(t *testing.T) {
	h := newHouse(t)
	s := h.signIn("sam")
	form := h.launched(h.launch(`{"patient":"a"}`), "launch patient/*.rs")
	first, second := h.pending(form), h.pending(form) // the page was loaded twice
	if _, err := h.p.Complete(t.Context(), first, s, all("")); err != nil {
		t.Fatal(err)
	}
	if _, err := h.p.Complete(t.Context(), second, s, all("")); err != provider.ErrNoPending {
		t.Errorf("the second time: %v", err)
	}
	a := h.get("/auth/authorize?" + form.Encode())
	if !strings.Contains(a.header.Get("Location"), "error=invalid_request") {
		t.Errorf("asked again: %s", a.header.Get("Location"))
	}
}

func TestWhoseALaunchIs(t *testing.T) {
	h := newHouse(t)
	refusedApp := func(name string, form url.Values) {
		if a := h.get("/auth/authorize?" + form.Encode()); !strings.Contains(a.header.Get("Location"), "error=invalid_request") {
			t.Errorf("%s: got %s, want error=invalid_request", name, a.header.Get("Location"))
		}
	}
	other := h.launch(`{"patient":"a","client_id":"other"}`)
	refusedApp("of another app", h.launched(other, "launch patient/*.rs"))
	late := h.launch(`{"patient":"a"}`)
	h.clock.move(11 * time.Minute)
	refusedApp("expired", h.launched(late, "launch patient/*.rs"))

	portal := h.launch(`{"patient":"Patient/a","client_id":"portal"}`)
	if want := "https://portal.example.org/launch?x=1&iss=" + url.QueryEscape(h.url+"/fhir") + "&launch=" + portal.is("launch"); portal.is("launch_url") != want {
		t.Errorf("launch_url %q, want %q", portal.is("launch_url"), want)
	}
	for name, c := range map[string]struct {
		body, user string
		want       error
	}{
		"another user":             {`{"patient":"a","user":"alice"}`, "sam", provider.ErrPatient},
		"a patient, of another":    {`{"patient":"b"}`, "alice", provider.ErrPatient},
		"a caregiver, of another":  {`{"patient":"c"}`, "carl", provider.ErrPatient},
		"of no patient that is":    {`{"patient":"nobody"}`, "sam", provider.ErrPatient},
		"the user, in upper case":  {`{"patient":"a","user":"Alice"}`, "alice", nil},
		"without a patient, staff": {`{"intent":"x"}`, "sam", provider.ErrNeedsPatient},
	} {
		t.Run(name, func(t *testing.T) {
			id := h.pending(h.launched(h.launch(c.body), "launch patient/*.rs"))
			if _, err := h.p.Complete(t.Context(), id, h.signIn(c.user), all("")); err != c.want {
				t.Errorf("%s: %v, want %v", name, err, c.want)
			}
		})
	}
}

func TestLaunchesAreRefused(t *testing.T) {
	h := newHouse(t)
	for name, body := range map[string]string{
		"no JSON": "patient=a", "nothing": "", "an array": "[]", "two objects": "{}{}", "unknown member": `{"pateint":"a"}`,
		"patient as object": `{"patient":{}}`, "patient no id": `{"patient":"a/b"}`, "encounter no id": `{"encounter":"?"}`,
		"context no array": `{"fhirContext":{}}`, "context of text": `{"fhirContext":["CarePlan/1"]}`,
		"context of nothing": `{"fhirContext":[{}]}`, "absolute reference": `{"fhirContext":[{"reference":"https://x/CarePlan/1"}]}`,
		"empty role": `{"fhirContext":[{"reference":"CarePlan/1","role":""}]}`, "Patient in context": `{"fhirContext":[{"reference":"Patient/a"}]}`,
		"Encounter in context": `{"fhirContext":[{"reference":"Encounter/a","role":"launch"}]}`, "identifier as text": `{"fhirContext":[{"identifier":"7"}]}`,
		"style relative": `{"smart_style_url":"style.json"}`, "banner as text": `{"need_patient_banner":"yes"}`,
		"unknown app": `{"client_id":"nobody"}`, "too long": `{"intent":"` + strings.Repeat("x", 70<<10) + `"}`,
	} {
		t.Run(name, func(t *testing.T) { (&house{t: t}).refused(h.launch(body), "invalid_request") })
	}
	if a := h.get("/auth/launch", "Authorization", basic("portal", secret)); a.status != http.StatusMethodNotAllowed {
		t.Errorf("by GET: %d", a.status)
	}
}

func TestStandaloneEncounter(t *testing.T) {
	h := newHouse(t)
	form, s := h.request("app", appURI, "launch/patient launch/encounter patient/*.rs"), h.signIn("carl")
	d := all("a")
	d.Encounter = "e"
	a := h.ok(h.post("/auth/token", exchange("app", appURI, h.code(form, s, d))))
	if a.is("encounter") != "e" || !strings.Contains(a.is("scope"), "launch/encounter") {
		t.Errorf("answer %s", a.text)
	}
	d.Patient = "b"
	if _, err := h.p.Complete(t.Context(), h.pending(form), s, d); err == nil {
		t.Error("another patient's encounter was taken")
	}
	d.Encounter = ""
	a = h.ok(h.post("/auth/token", exchange("app", appURI, h.code(form, s, d))))
	if strings.Contains(a.text, "encounter") {
		t.Errorf("without an encounter: %s", a.text)
	}
}
