package cases_test

import (
	"context"
	"errors"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"caseway/auth"
	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/fhir/interaction"
	"caseway/fhir/store"
	"caseway/fhir/store/mongo"
	"caseway/fhir/store/mongo/mongotest"
	"caseway/fhir/store/sqlite"
	"caseway/server/cases"
	"caseway/server/cases/membership"
	"caseway/server/cases/problem"
	"caseway/server/cases/rules"
)

// people are who logs in: what they are to a case follows from the case, and
// from the directory for the doctor.
var people = map[string]auth.Principal{
	"client":    {Role: auth.Patient, Subject: "p1", FHIRUser: "Patient/p1", Patient: "p1"},
	"manager":   {Role: auth.Staff, Subject: "m", FHIRUser: "Practitioner/manager"},
	"physician": {Role: auth.Staff, Subject: "p", FHIRUser: "Practitioner/physician"},
	"doctor":    {Role: auth.Staff, Subject: "d", FHIRUser: "Practitioner/doctor"},
	"stranger":  {Role: auth.Staff, Subject: "s", FHIRUser: "Practitioner/stranger"},
	"insurer":   {Role: auth.Staff, Subject: "i", Organization: "insurer"},
	"rehab":     {Role: auth.Staff, Subject: "r", Organization: "rehab"},
}

// TestStepsOfOthers: whose step it isn't is refused by the rule that says so,
// whichever door they come by, and leaves the store as it was. What they may see is
// not asked here.
func TestStepsOfOthers(t *testing.T) {
	rows := illegalSteps(t, "testdata/illegal-role")
	t.Run("sqlite", func(t *testing.T) {
		s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "caseway.db"), sqlite.Options{})
		if err != nil {
			t.Fatal(err)
		}
		tryAsOthers(t, s, rows)
	})
	t.Run("mongo", func(t *testing.T) {
		s, err := mongo.Open(t.Context(), mongotest.Server(t).URI, mongo.Options{})
		if err != nil {
			t.Fatal(err)
		}
		tryAsOthers(t, s, rows)
	})
}

func tryAsOthers(t *testing.T, s store.Store, rows []illegal) {
	scenes := newStage(serve(t, s))
	for _, id := range []string{"doctor", "stranger"} {
		scenes.put("Practitioner/"+id, `{"resourceType":"Practitioner","id":"`+id+`"}`)
	}
	scenes.put("PractitionerRole/doctor", `{"resourceType":"PractitionerRole","id":"doctor","practitioner":{"reference":"Practitioner/doctor"},
		"code":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/practitioner-role","code":"doctor"}]}]}`)
	desk := newDesk(t, s)
	for i, row := range rows {
		if testing.Short() && i%8 > 0 {
			continue
		}
		k := scenes.scene(row.Scene)
		t.Run(row.Step, func(t *testing.T) {
			try := illegalTry{course: k.on(t)}
			newest := try.newest()
			desk.tries(t, &try, row)
			if now := try.newest(); now != newest {
				t.Errorf("what was refused left %s as the newest version, not %s", now, newest)
			}
		})
	}
}

// desk is a server with a login over the store of another one.
type desk struct {
	engine  *interaction.Session
	service *cases.Service
}

func newDesk(t *testing.T, s store.Store) *desk {
	t.Helper()
	r4 := definition.R4()
	guard := rules.New(rules.Config{Schema: r4})
	engine, err := interaction.New(interaction.Config{
		Store: s, Schema: r4, ResourceTypes: r4.ResourceTypes(), Guards: []interaction.Guard{guard}, Compartments: []interaction.Compartment{membership.Compartment()},
	})
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{engine: engine.As(nil)}
	d.service = cases.New(cases.Config{Guard: guard, Caller: d.engine, Server: d.engine})
	return d
}

// tries takes a step as whom a row names, by both doors.
func (d *desk) tries(t *testing.T, k *illegalTry, row illegal) {
	t.Helper()
	who, known := people[row.As]
	if !known {
		t.Fatalf("nobody is %q", row.As)
	}
	ctx := auth.With(t.Context(), &who)
	body := object{"reason": row.API.Reason}
	if row.API.Argument != nil {
		body["argument"] = k.fill(row.API.Argument)
	}
	_, err := act(ctx, d.service, k.c.ID, row.API.Action, text(body))
	if p := problem.Of(err, http.StatusTeapot); err == nil || p.Status != http.StatusUnprocessableEntity ||
		!slices.ContainsFunc(p.Errors, func(f problem.Fault) bool { return f.Rule == row.Rule }) {
		t.Errorf("case API: not refused by %s: %v %+v", row.Rule, err, p)
	}
	r, _, _ := k.write(row.FHIR[0])
	err = d.send(ctx, r)
	fe := (*fhir.Error)(nil)
	if !errors.As(err, &fe) || fe.Kind != fhir.Unprocessable || !slices.ContainsFunc(fe.Issues, func(i fhir.Issue) bool {
		return i.Code == fhir.IssueBusinessRule && strings.HasPrefix(i.Text, row.Rule+": ")
	}) {
		t.Errorf("FHIR: not refused by %s: %v", row.Rule, err)
	}
}

// send makes a create or an update.
func (d *desk) send(ctx context.Context, r request) error {
	body := []byte(text(r.body))
	path := strings.TrimPrefix(r.path, "/fhir/")
	if key, ok := fhir.ParseKey(path); ok {
		_, err := d.engine.Update(ctx, interaction.UpdateRequest{Key: key, Body: body})
		return err
	}
	_, err := d.engine.Create(ctx, interaction.CreateRequest{Type: path, Body: body})
	return err
}
