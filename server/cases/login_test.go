package cases_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"path/filepath"
	"testing"

	"caseway/auth"
	"caseway/auth/access"
	"caseway/auth/scope"
	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/fhir/interaction"
	"caseway/fhir/search"
	"caseway/fhir/store"
	"caseway/fhir/store/sqlite"
	"caseway/fhir/validate"
	"caseway/mapping/casemodel"
	"caseway/server/cases"
	"caseway/server/cases/file"
	"caseway/server/cases/membership"
	"caseway/server/cases/problem"
	"caseway/server/cases/rules"
)

// office is the case API behind Access, without HTTP.
type office struct {
	t       *testing.T
	engine  *interaction.Session
	service *cases.Service
	files   *file.Service
}

func newOffice(t *testing.T) *office {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "caseway.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return officeOver(t, s)
}

// officeOver is an office over a store, which it closes.
func officeOver(t *testing.T, s store.Store) *office {
	t.Helper()
	t.Cleanup(func() { _ = s.Close() })
	r4 := definition.R4()
	o := &office{t: t}
	guard := rules.New(rules.Config{Schema: r4})
	engine, err := interaction.New(interaction.Config{
		Store: s, Schema: r4, ResourceTypes: r4.ResourceTypes(), Guards: []interaction.Guard{guard}, Validator: validate.New(r4, validate.Options{}), Compartments: []interaction.Compartment{membership.Compartment()},
	})
	if err != nil {
		t.Fatal(err)
	}
	decides, err := access.New(access.Config{Store: s, Schema: r4, Registry: engine.Registry, Membership: membership.NewGuard(r4)})
	if err != nil {
		t.Fatal(err)
	}
	o.engine = engine.As(decides)
	c := cases.Config{Guard: guard, Caller: o.engine, Server: engine.As(nil)}
	o.service, o.files = cases.New(c), file.New(c)
	return o
}

// as gives a context in which somebody asks.
func (o *office) as(p auth.Principal, scopes string) context.Context {
	o.t.Helper()
	set, err := scope.Parse(scopes)
	if err != nil {
		o.t.Fatal(err)
	}
	p.Scopes, p.Issuer, p.Client = set, "https://issuer.example", "app"
	return auth.With(o.t.Context(), &p)
}

func (o *office) put(ctx context.Context, key, body string) {
	o.t.Helper()
	k, _ := fhir.ParseKey(key)
	if _, err := o.engine.Update(ctx, interaction.UpdateRequest{Key: k, Body: []byte(body)}); err != nil {
		o.t.Fatalf("%s: got %v, want no error", key, err)
	}
}

// refusedWith holds an error to a problem or FHIR error of a status.
func refusedWith(t *testing.T, err error, kind fhir.Kind, status int, rule string) {
	t.Helper()
	if fe := (*fhir.Error)(nil); errors.As(err, &fe) && fe.Kind == kind && rule == "" {
		return
	}
	if err == nil {
		t.Fatal("isn't refused")
	}
	if p := problem.Of(err, http.StatusTeapot); p.Status != status || p.Rule != rule {
		t.Fatalf("refused with %d %s, not %d %s: %v", p.Status, p.Rule, status, rule, err)
	}
}

// TestWhoMayDoWhat: roles follow from who is logged in, and Access holds.
func TestWhoMayDoWhat(t *testing.T) {
	o := newOffice(t)
	boss := o.as(auth.Principal{Role: auth.Administrator, Subject: "boss"}, "user/*.cruds")
	for _, id := range []string{"p1", "p2"} {
		o.put(boss, "Patient/"+id, `{"resourceType":"Patient","id":"`+id+`"}`)
	}
	for _, id := range []string{"manager", "physician"} {
		o.put(boss, "Practitioner/"+id, `{"resourceType":"Practitioner","id":"`+id+`"}`)
	}
	o.put(boss, "PractitionerRole/r", `{"resourceType":"PractitionerRole","id":"r","practitioner":{"reference":"Practitioner/physician"},
		"code":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/practitioner-role","code":"doctor"}]}]}`)
	staff := auth.Principal{Role: auth.Staff, Subject: "m", FHIRUser: "Practitioner/manager"}
	manager := o.as(staff, "user/*.cruds")
	opening := text(object{"action": "open", "client": "Patient/p1", "argument": object{
		"model": "clinical", "setting": "acute-hospital", "manager": object{"ref": "Practitioner/manager"},
	}})
	a, err := create(manager, o.service, opening)
	if err != nil {
		t.Fatal(err)
	}
	id := a.Location[len("/cases/"):]
	doctor := o.as(auth.Principal{Role: auth.Staff, Subject: "d", FHIRUser: "Practitioner/physician"}, "user/*.cruds")
	patient := o.as(auth.Principal{Role: auth.Patient, Subject: "p1", FHIRUser: "Patient/p1", Patient: "p1"}, "patient/*.cruds")
	stranger := o.as(auth.Principal{Role: auth.Patient, Subject: "p2", FHIRUser: "Patient/p2", Patient: "p2"}, "patient/*.cruds")
	reader := o.as(staff, "user/*.rs")
	act := func(ctx context.Context, name string, body object) error {
		_, err := act(ctx, o.service, id, name, text(body))
		return err
	}
	hold := object{"reason": "on holiday"}

	for name, ctx := range map[string]context.Context{"manager": manager, "reader": reader, "doctor": doctor, "patient": patient} {
		t.Run(name, func(t *testing.T) {
			got, err := o.service.Read(ctx, id, nil)
			v := got.Value
			if err != nil || v.Case.Phase != casemodel.PhaseOpened || v.Case.Client.ID != "Patient/p1" {
				t.Errorf("%s sees %+v: %v", name, v.Case, err)
			}
			short, err := o.service.Overview(ctx, id, nil)
			seen := short.Value
			if err != nil || text(seen.Actions) != text(v.Actions) || short.ETag != got.ETag {
				t.Errorf("%s may in short %+v, and %+v: %v", name, seen.Actions, v.Actions, err)
			}
		})
	}
	_, err = o.service.Read(stranger, id, nil)
	refusedWith(t, err, fhir.NotFound, http.StatusNotFound, "")
	_, err = o.service.Overview(stranger, id, nil)
	refusedWith(t, err, fhir.NotFound, http.StatusNotFound, "")
	_, err = o.service.ReadParts(stranger, id, "tasks", nil, nil)
	refusedWith(t, err, fhir.NotFound, http.StatusNotFound, "")
	refusedWith(t, act(stranger, "hold", hold), fhir.NotFound, http.StatusNotFound, "")
	refusedWith(t, act(patient, "hold", hold), fhir.Internal, http.StatusUnprocessableEntity, "role-not-allowed")
	refusedWith(t, act(doctor, "hold", hold), fhir.Internal, http.StatusUnprocessableEntity, "role-not-allowed")
	refusedWith(t, act(manager, "hold", object{"reason": "x", "role": "physician"}), fhir.Internal, http.StatusForbidden, "role-not-allowed")
	refusedWith(t, act(manager, "hold", object{"reason": "x", "role": "system"}), fhir.Internal, http.StatusForbidden, "role-not-allowed")
	refusedWith(t, act(manager, "hold", object{"reason": "x", "by": object{"ref": "Practitioner/physician"}}), fhir.Internal, http.StatusBadRequest, "")
	refusedWith(t, act(reader, "hold", hold), fhir.Forbidden, http.StatusForbidden, "")
	if err := act(manager, "hold", hold); err != nil {
		t.Fatal(err)
	}
	found, err := o.engine.Search(boss, interaction.SearchRequest{Type: "Provenance", Parameters: []search.Pair{{Name: "agent", Value: "Practitioner/manager"}}})
	var b struct{ Entry []json.RawMessage }
	if err != nil || json.Unmarshal(found, &b) != nil || len(b.Entry) != 2 {
		t.Errorf("%d Provenances of the manager's: %v", len(b.Entry), err)
	}
	if page, err := o.service.List(stranger, nil); err != nil || text(page) != `{"cases":[]}` {
		t.Errorf("a stranger lists %s, error %v, want nothing", text(page), err)
	}
}

// TestRolesHoldOverFHIR: a patient can't approve by FHIR what is a physician's.
func TestRolesHoldOverFHIR(t *testing.T) {
	o := newOffice(t)
	boss := o.as(auth.Principal{Role: auth.Administrator, Subject: "boss"}, "user/*.cruds")
	o.put(boss, "Patient/p1", `{"resourceType":"Patient","id":"p1"}`)
	o.put(boss, "Practitioner/manager", `{"resourceType":"Practitioner","id":"manager"}`)
	manager := o.as(auth.Principal{Role: auth.Staff, Subject: "m", FHIRUser: "Practitioner/manager"}, "user/*.cruds")
	a, err := create(manager, o.service, text(object{"action": "open", "client": "Patient/p1", "argument": object{
		"model": "clinical", "setting": "acute-hospital", "manager": object{"ref": "Practitioner/manager"},
	}}))
	if err != nil {
		t.Fatal(err)
	}
	key := fhir.Key{Type: "EpisodeOfCare", ID: a.Location[len("/cases/"):]}
	v, err := o.engine.Read(boss, key)
	if err != nil {
		t.Fatal(err)
	}
	var r object
	if err := json.Unmarshal(v.JSON, &r); err != nil {
		t.Fatal(err)
	}
	r["status"] = "onhold"
	patient := o.as(auth.Principal{Role: auth.Patient, Subject: "p1", FHIRUser: "Patient/p1", Patient: "p1"}, "patient/*.cruds")
	_, err = o.engine.Update(patient, interaction.UpdateRequest{Key: key, Body: []byte(text(r))})
	fe := (*fhir.Error)(nil)
	if !errors.As(err, &fe) || fe.Kind != fhir.Unprocessable || fe.Issues[0].Code != fhir.IssueBusinessRule {
		t.Fatalf("the patient holds the case over FHIR: %v", err)
	}
}

// TestWhoMayNotSeeMakesNoCase: what would be stored could not be shown.
func TestWhoMayNotSeeMakesNoCase(t *testing.T) {
	o := newOffice(t)
	boss := o.as(auth.Principal{Role: auth.Administrator, Subject: "boss"}, "user/*.cruds")
	o.put(boss, "Patient/p1", `{"resourceType":"Patient","id":"p1"}`)
	o.put(boss, "Practitioner/manager", `{"resourceType":"Practitioner","id":"manager"}`)
	writer := o.as(auth.Principal{Role: auth.Staff, Subject: "m", FHIRUser: "Practitioner/manager"},
		"user/*.cu user/Patient.cruds user/Practitioner.cruds user/CareTeam.cruds user/Task.cruds")
	opening := text(object{"action": "open", "client": "Patient/p1", "argument": object{
		"model": "clinical", "setting": "acute-hospital", "manager": object{"ref": "Practitioner/manager"},
	}})
	_, err := create(writer, o.service, opening)
	refusedWith(t, err, fhir.Forbidden, http.StatusForbidden, "")
	found, err := o.engine.Search(boss, interaction.SearchRequest{Type: "EpisodeOfCare"})
	if err != nil || bytes.Contains(found, []byte(`"fullUrl"`)) {
		t.Fatalf("a case is there all the same: %v %s", err, found)
	}
}
