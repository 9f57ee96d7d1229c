package operation_test

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"caseway/auth"
	"caseway/auth/access"
	"caseway/auth/scope"
	"caseway/fhir"
	"caseway/fhir/builtin"
	"caseway/fhir/definition"
	"caseway/fhir/interaction"
	"caseway/fhir/search"
	"caseway/fhir/store/sqlite"
	"caseway/fhir/validate"
	"caseway/mapping"
	"caseway/server/cases"
	"caseway/server/cases/membership"
	"caseway/server/cases/rules"
	"caseway/server/operation"
)

// office is the operations behind Access, without HTTP.
type office struct {
	*testing.T
	engine  *interaction.Session
	service *operation.Service
}

func newOffice(t *testing.T) *office {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "caseway.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	r4 := definition.R4()
	o := &office{T: t}
	guard := rules.New(rules.Config{Schema: r4})
	all := operation.Definitions()
	for _, d := range mapping.Conformance() {
		all = append(all, builtin.Resource{Key: d.Key, JSON: d.JSON})
	}
	engine, err := interaction.New(interaction.Config{
		Store: s, Schema: r4, ResourceTypes: r4.ResourceTypes(), Builtin: all, Guards: []interaction.Guard{guard}, Validator: validate.New(r4, validate.Options{}), Compartments: []interaction.Compartment{membership.Compartment()},
	})
	if err != nil {
		t.Fatal(err)
	}
	decides, err := access.New(access.Config{Store: s, Schema: r4, Registry: engine.Registry, Membership: membership.NewGuard(r4)})
	if err != nil {
		t.Fatal(err)
	}
	o.engine = engine.As(decides)
	service := cases.New(cases.Config{Guard: guard, Caller: o.engine, Server: engine.As(nil)})
	o.service = operation.New(operation.Config{Engine: o.engine, Cases: service, Schema: r4})
	return o
}

// as gives a context in which somebody asks.
func (o *office) as(p auth.Principal, scopes string) context.Context {
	o.Helper()
	set, err := scope.Parse(scopes)
	if err != nil {
		o.Fatal(err)
	}
	p.Scopes, p.Issuer, p.Client = set, "https://issuer.example", "app"
	return auth.With(o.Context(), &p)
}

func (o *office) put(ctx context.Context, key, body string) {
	o.Helper()
	k, _ := fhir.ParseKey(key)
	text := `{"resourceType":"` + k.Type + `","id":"` + k.ID + `",` + body + `}`
	if _, err := o.engine.Update(ctx, interaction.UpdateRequest{Key: k, Body: []byte(text)}); err != nil {
		o.Fatalf("%s: %v", key, err)
	}
}

// call calls an operation by POST with parameters, each as its JSON.
func (o *office) call(ctx context.Context, path string, parameters ...string) (string, error) {
	before, name, _ := strings.Cut(path, "/$")
	key, ok := fhir.ParseKey(before)
	if !ok {
		key = fhir.Key{Type: before}
	}
	body, err := o.service.Do(ctx, operation.Request{
		Key: key, Name: name, Body: []byte(`{"resourceType":"Parameters","parameter":[` + strings.Join(parameters, ",") + `]}`), Base: "http://here.example/fhir",
	})
	return string(body), err
}

// refused holds an error to a kind and words.
func (o *office) refused(err error, kind fhir.Kind, words string) {
	o.Helper()
	fe := (*fhir.Error)(nil)
	if !errors.As(err, &fe) || fe.Kind != kind || !strings.Contains(fe.Error(), words) {
		o.Errorf("not refused with %v and %q: %v", kind, words, err)
	}
}

func TestOperationsSeeWhatTheirCallerSees(t *testing.T) {
	o := newOffice(t)
	boss := o.as(auth.Principal{Role: auth.Administrator, Subject: "boss"}, "user/*.cruds")
	for _, id := range []string{"p1", "p2"} {
		o.put(boss, "Patient/"+id, `"active":true`)
		for _, plan := range []string{"a", "b"} {
			o.put(boss, "Goal/"+id+plan, `"lifecycleStatus":"active","description":{"text":"secret of `+id+`"},"subject":{"reference":"Patient/`+id+`"}`)
			o.put(boss, "CarePlan/"+id+plan, `"status":"active","intent":"plan","title":"secret of `+id+`","subject":{"reference":"Patient/`+id+`"},"goal":[{"reference":"Goal/`+id+plan+`"}]`)
		}
		o.put(boss, "Provenance/"+id, `"target":[{"reference":"CarePlan/`+id+`b"}],"recorded":"2026-11-02T10:00:00Z","agent":[{"who":{"display":"secret"}}]`)
		o.put(boss, "ServiceRequest/"+id, `"status":"active","intent":"order","subject":{"reference":"Patient/`+id+`"}`)
	}
	o.put(boss, "CarePlan/crafty", `"status":"active","intent":"plan","subject":{"reference":"Patient/p1"},"goal":[{"reference":"Goal/p2a"},{"reference":"Goal/p1a"}]`)
	other := func(id string) string { return `{"name":"other","valueReference":{"reference":"CarePlan/` + id + `"}}` }
	const merge, store = `{"name":"merge","valueBoolean":true}`, `{"name":"store","valueBoolean":true}`
	patient := auth.Principal{Role: auth.Patient, Subject: "p1", FHIRUser: "Patient/p1", Patient: "p1"}
	mine := o.as(patient, "patient/*.cruds")

	text, err := o.call(mine, "CarePlan/p1a/$reconcile", other("p1b"), merge)
	if err != nil || !strings.Contains(text, `"name":"by","valueCode":"text"`) {
		t.Errorf("the patient's own: %s %v", text, err)
	}
	text, err = o.call(boss, "CarePlan/p1a/$reconcile", other("p1b"))
	if err != nil || !strings.Contains(text, `Provenance/p1`) {
		t.Errorf("no Provenance: %s %v", text, err)
	}
	_, hidden := o.call(mine, "CarePlan/p1a/$reconcile", other("p2a"), merge)
	o.refused(hidden, fhir.Unprocessable, "names nothing that is there")
	_, none := o.call(mine, "CarePlan/p1a/$reconcile", other("none"), merge)
	if none.Error() != hidden.Error() {
		t.Errorf("what is hidden isn't like what isn't there: %v, %v", hidden, none)
	}
	_, err = o.call(mine, "CarePlan/p2a/$reconcile", other("p1a"))
	o.refused(err, fhir.NotFound, "")
	// The crafty plan names a goal that the patient can't see.
	text, err = o.call(mine, "CarePlan/crafty/$reconcile", other("p1b"), merge)
	if err != nil || strings.Contains(text, "secret of p2") || !strings.Contains(text, "secret of p1") {
		t.Errorf("%s %v", text, err)
	}
	text, err = o.call(mine, "CarePlan/p1a/$reconcile", `{"name":"otherPlan","resource":{"resourceType":"CarePlan","status":"active","intent":"plan",
		"subject":{"reference":"Patient/p1"},"goal":[{"reference":"Goal/p2a"}]}}`)
	if err != nil || strings.Contains(text, "secret of p2") {
		t.Errorf("%s %v", text, err)
	}

	plansOnly := o.as(patient, "patient/CarePlan.rs")
	text, err = o.call(plansOnly, "CarePlan/p1a/$reconcile", other("p1b"), merge)
	if err != nil || strings.Contains(text, `"name":"by"`) || strings.Contains(text, "Provenance") || !strings.Contains(text, `"only-here"`) {
		t.Errorf("without goals: %s %v", text, err)
	}
	_, err = o.call(plansOnly, "CarePlan/p1a/$reconcile", other("p1b"), store)
	o.refused(err, fhir.Forbidden, "create")
	_, err = o.call(o.as(patient, "patient/Goal.rs"), "CarePlan/p1a/$reconcile", other("p1b"))
	o.refused(err, fhir.Forbidden, "$reconcile")
	_, err = o.call(o.as(auth.Principal{Role: auth.Staff, Subject: "s"}, "user/Patient.rs user/ServiceRequest.rs"), "EpisodeOfCare/$open", subject, clinical, hospital)
	o.refused(err, fhir.Forbidden, "$open")
	_, err = o.call(mine, "PlanDefinition/clinical/$apply", `{"name":"subject","valueString":"Patient/p2"}`)
	o.refused(err, fhir.Unprocessable, "subject names nothing")
	staff := auth.Principal{Role: auth.Staff, Subject: "s", FHIRUser: "Practitioner/s"}
	_, err = o.call(o.as(staff, "user/Patient.rs user/PlanDefinition.rs user/CarePlan.rs"), "PlanDefinition/clinical/$apply", subject, store)
	o.refused(err, fhir.Forbidden, "create")
}

// TestProvenanceOfOperationsNamesWhoIsLoggedIn, although the caller may not
// write Provenance.
func TestProvenanceOfOperationsNamesWhoIsLoggedIn(t *testing.T) {
	o := newOffice(t)
	boss := o.as(auth.Principal{Role: auth.Administrator, Subject: "boss"}, "user/*.cruds")
	o.put(boss, "Patient/p1", `"active":true`)
	o.put(boss, "Practitioner/s", `"active":true`)
	for _, id := range []string{"a", "b"} {
		o.put(boss, "CarePlan/"+id, `"status":"active","intent":"plan","subject":{"reference":"Patient/p1"}`)
	}
	staff := o.as(auth.Principal{Role: auth.Staff, Subject: "s", FHIRUser: "Practitioner/s"}, "user/CarePlan.cruds user/Patient.rs user/PlanDefinition.rs user/*.c")
	if _, err := o.call(staff, "CarePlan/a/$reconcile", `{"name":"other","valueReference":{"reference":"CarePlan/b"}}`, `{"name":"store","valueBoolean":true}`); err != nil {
		t.Fatal(err)
	}
	if _, err := o.call(staff, "PlanDefinition/clinical/$apply", subject, `{"name":"store","valueBoolean":true}`); err != nil {
		t.Fatal(err)
	}
	page, err := o.engine.Search(boss, interaction.SearchRequest{Type: "Provenance", Parameters: []search.Pair{{Name: "agent", Value: "Practitioner/s"}}})
	var b struct {
		Entry []struct{ Resource json.RawMessage }
	}
	if err != nil || json.Unmarshal(page, &b) != nil || len(b.Entry) != 2 {
		t.Fatalf("%s %v", page, err)
	}
	for i, activity := range []string{"reconcile", "apply"} {
		t.Run(activity, func(t *testing.T) {
			if text := string(b.Entry[i].Resource); !strings.Contains(text, `"code":"`+activity+`"`) || !strings.Contains(text, `"value":"app"`) {
				t.Error(text)
			}
		})
	}
}
