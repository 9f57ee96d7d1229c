package cases_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"caseway/auth"
	"caseway/fhir"
	"caseway/fhir/interaction"
	"caseway/fhir/search"
	"caseway/fhir/store/mongo"
	"caseway/fhir/store/mongo/mongotest"
	"caseway/mapping/casemodel"
	"caseway/server/cases"
	"caseway/server/cases/problem"
)

// workplace is a case behind Access, as somebody edits it.
type workplace struct {
	*office
	id string
}

// staffed gives a case of p1's that Practitioner/manager manages, with a goal, a
// problem and a note.
func (o *office) staffed() (d *workplace, manager context.Context) {
	o.t.Helper()
	boss := o.as(auth.Principal{Role: auth.Administrator, Subject: "boss"}, "user/*.cruds")
	for _, id := range []string{"p1", "p2"} {
		o.put(boss, "Patient/"+id, `{"resourceType":"Patient","id":"`+id+`"}`)
	}
	o.put(boss, "Practitioner/manager", `{"resourceType":"Practitioner","id":"manager"}`)
	manager = o.as(staffMember, "user/*.cruds")
	a, err := create(manager, o.service, text(object{"action": "open", "client": "Patient/p1", "argument": object{
		"model": "clinical", "setting": "community", "manager": object{"ref": "Practitioner/manager"},
	}}))
	if err != nil {
		o.t.Fatal(err)
	}
	d = &workplace{o, strings.TrimPrefix(a.Location, "/cases/")}
	for list, part := range map[string]any{
		"goals":    object{"description": object{"text": "to walk"}},
		"problems": object{"code": object{"text": "fracture"}, "categories": problemList},
		"notes":    object{"text": "called"},
	} {
		if _, err := d.edit(manager, cases.Edit{Method: "POST", List: list, Body: []byte(text(part))}); err != nil {
			o.t.Fatal(err)
		}
	}
	return d, manager
}

const here = "http://here.example/fhir"

var (
	staffMember   = auth.Principal{Role: auth.Staff, Subject: "m", FHIRUser: "Practitioner/manager"}
	patientMember = auth.Principal{Role: auth.Patient, Subject: "p1", FHIRUser: "Patient/p1", Patient: "p1"}
	otherPatient  = auth.Principal{Role: auth.Patient, Subject: "p2", FHIRUser: "Patient/p2", Patient: "p2"}
)

// edit sends an edit of the case as whoever is in ctx sees it now.
func (d *workplace) edit(ctx context.Context, e cases.Edit) (cases.Answer[cases.View], error) {
	d.t.Helper()
	e.Case = d.id
	if e.MediaType == "" {
		e.MediaType = asJSON
	}
	if e.IfMatch == nil {
		e.IfMatch = []string{"*"}
	}
	return d.service.Edit(ctx, e)
}

// sees gives the case as somebody sees it.
func (d *workplace) sees(ctx context.Context) (casemodel.Case, string) {
	d.t.Helper()
	a, err := d.service.Read(ctx, d.id, nil)
	if err != nil {
		d.t.Fatal(err)
	}
	return a.Value.Case, a.ETag
}

// onEachOffice runs a test over each store.
func onEachOffice(t *testing.T, run func(t *testing.T, d *workplace, manager context.Context)) {
	t.Run("sqlite", func(t *testing.T) {
		d, manager := newOffice(t).staffed()
		run(t, d, manager)
	})
	t.Run("mongo", func(t *testing.T) {
		s, err := mongo.Open(t.Context(), mongotest.Server(t).URI, mongo.Options{})
		if err != nil {
			t.Fatal(err)
		}
		d, manager := officeOver(t, s).staffed()
		run(t, d, manager)
	})
}

// TestWhatOneDoesNotSeeStays: who sees a part of a case puts back what they see,
// changed, and the rest is as it was.
func TestWhatOneDoesNotSeeStays(t *testing.T) { onEachOffice(t, testWhatOneDoesNotSeeStays) }

func testWhatOneDoesNotSeeStays(t *testing.T, d *workplace, manager context.Context) {
	whole, _ := d.sees(manager)
	app := d.as(patientMember, "patient/EpisodeOfCare.rs patient/Patient.rs patient/Goal.rus")
	mine, etag := d.sees(app)
	if len(mine.Goals) != 1 || len(mine.Tasks)+len(mine.Problems)+len(mine.Notes) > 0 || len(whole.Tasks) == 0 {
		t.Fatalf("the app sees %s of %s", text(mine), text(whole))
	}
	mine.Goals[0].ClientWords = "I want to dance"
	if _, err := d.edit(app, cases.Edit{Method: "PUT", Body: []byte(text(mine)), IfMatch: []string{etag}}); err != nil {
		t.Fatal(err)
	}
	after, _ := d.sees(manager)
	whole.Goals[0].ClientWords = "I want to dance"
	if text(after) != text(whole) {
		t.Errorf("the case is\n%s\nnot\n%s", text(after), text(whole))
	}
	for _, body := range []string{`{"problems":[]}`, `{"tasks":null}`, `{"contacts":[],"notes":[]}`} {
		if _, err := d.edit(app, cases.Edit{Method: "PATCH", MediaType: asMerge, Body: []byte(body)}); err != nil {
			t.Errorf("%s: got %v, want no error", body, err)
		}
	}
	if now, _ := d.sees(manager); text(now) != text(after) {
		t.Errorf("what isn't seen is taken away:\n%s\nnot\n%s", text(now), text(after))
	}
	found, err := d.engine.Search(manager, interaction.SearchRequest{Type: "Provenance", Parameters: []search.Pair{
		{Name: "agent", Value: "Patient/p1"}, {Name: "target", Value: string(whole.Goals[0].ID)},
	}})
	if err != nil || !strings.Contains(string(found), `"code":"client"`) {
		t.Errorf("no Provenance of the patient's: %s, %v", found, err)
	}
}

// TestWhatOneDoesNotSeeIsNotThere: it can't be named, and its rules give nothing
// of it away.
func TestWhatOneDoesNotSeeIsNotThere(t *testing.T) { onEachOffice(t, testWhatOneDoesNotSeeIsNotThere) }

func testWhatOneDoesNotSeeIsNotThere(t *testing.T, d *workplace, manager context.Context) {
	whole, _ := d.sees(manager)
	app := d.as(patientMember, "patient/EpisodeOfCare.cruds patient/Patient.rs patient/Goal.cruds")
	hidden, none := string(whole.Problems[0].ID), "Condition/none"
	for _, id := range []string{hidden, none} {
		_, local, _ := strings.Cut(id, "/")
		_, err := d.edit(app, cases.Edit{Method: "DELETE", List: "problems", Type: "Condition", ID: local, Query: because})
		refusedWith(t, err, fhir.Internal, http.StatusNotFound, "")
		_, err = d.service.ReadPart(app, d.id, "problems", casemodel.Ref(id), nil)
		refusedWith(t, err, fhir.Internal, http.StatusNotFound, "")
		_, err = d.edit(app, cases.Edit{Method: "PATCH", MediaType: asMerge, Body: []byte(`{"problems":[{"id":"` + id + `"}]}`)})
		refusedWith(t, err, fhir.Internal, http.StatusUnprocessableEntity, "")
		if p := (*problem.Problem)(nil); !errors.As(err, &p) || p.Pointer != "/problems/0/id" {
			t.Errorf("got %v, want it refused at /problems/0/id", err)
		}
	}
	stranger := d.as(otherPatient, "patient/*.cruds")
	_, err := d.edit(stranger, cases.Edit{Method: "PATCH", MediaType: asMerge, Body: []byte(`{}`)})
	refusedWith(t, err, fhir.NotFound, http.StatusNotFound, "")
}

var because = []search.Pair{{Name: "reason", Value: "a mistake"}}

// TestEditsNeedScopes of the resources that they write, and roles that are one's.
func TestEditsNeedScopes(t *testing.T) { onEachOffice(t, testEditsNeedScopes) }

func testEditsNeedScopes(t *testing.T, d *workplace, manager context.Context) {
	whole, _ := d.sees(manager)
	_, goal, _ := strings.Cut(string(whole.Goals[0].ID), "/")
	change := cases.Edit{Method: "PATCH", MediaType: asMerge, List: "goals", Type: "Goal", ID: goal, Body: []byte(`{"clientWords":"x"}`)}
	add := cases.Edit{Method: "POST", List: "goals", Body: []byte(`{"description":{"text":"x"}}`)}
	remove := cases.Edit{Method: "DELETE", List: "goals", Type: "Goal", ID: goal, Query: because}
	episode := cases.Edit{Method: "PATCH", MediaType: asMerge, Body: []byte(`{"accounts":["Account/a"]}`)}
	for scopes, may := range map[string][4]bool{
		"user/*.rs":                               {},
		"user/*.rs user/Goal.u":                   {true, false, true, false},
		"user/*.rs user/Goal.c":                   {false, true, false, false},
		"user/*.rs user/EpisodeOfCare.u":          {false, false, false, true},
		"user/*.rs user/Goal.cu user/Condition.u": {true, true, true, false},
	} {
		ctx := d.as(staffMember, scopes)
		for i, e := range []cases.Edit{change, add, remove, episode} {
			if e.Method == "PATCH" { // another value each time
				e.Body = []byte(strings.ReplaceAll(string(e.Body), `"x"`, `"`+scopes+`"`))
				e.Body = []byte(strings.ReplaceAll(string(e.Body), "Account/a", "Account/a"+strings.Map(letters, scopes)))
			}
			if e.Method == "DELETE" && may[i] {
				continue // below
			}
			_, err := d.edit(ctx, e)
			if may[i] && err != nil {
				t.Errorf("%s: %d: %v", scopes, i, err)
			}
			if !may[i] {
				refusedWith(t, err, fhir.Forbidden, http.StatusForbidden, "")
			}
		}
	}
	if _, err := d.edit(d.as(staffMember, "user/*.rs user/Goal.u"), remove); err != nil {
		t.Error(err)
	}
	e := change
	e.Query = []search.Pair{{Name: "role", Value: "physician"}}
	_, err := d.edit(manager, e)
	refusedWith(t, err, fhir.Internal, http.StatusForbidden, "role-not-allowed")
	e.Query = []search.Pair{{Name: "by", Value: "Practitioner/other"}}
	_, err = d.edit(manager, e)
	refusedWith(t, err, fhir.Internal, http.StatusBadRequest, "")
}

func letters(r rune) rune {
	if r >= 'a' && r <= 'z' {
		return r
	}
	return -1
}
