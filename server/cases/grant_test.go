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
	"caseway/server/cases/problem"
)

// grantTry is a write by which somebody would become something in a case.
type grantTry struct {
	name, as, key, body string // key is a type for a create
	rule                string // that refuses it, "" where it is right, "any" where others may be first
}

// with gives the case's id and the extension by which a resource belongs to it.
func (d *workplace) with(body string) string {
	return strings.NewReplacer(
		"$case", d.id,
		"$belongs", `"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/workflow-episodeOfCare","valueReference":{"reference":"EpisodeOfCare/`+d.id+`"}}]`,
	).Replace(body)
}

const (
	administratorOf = `"role":[{"coding":[{"system":"https://caseway.dev/fhir/CodeSystem/case-role","code":"administrator"}]}]`
	doctorCode      = `"code":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/practitioner-role","code":"doctor"}]}]`
)

// grantTries are ways to a role, each by the facts from which roles follow.
var grantTries = []grantTry{
	{"into the team as administrator", "rehab", "CareTeam", `"status":"active","subject":{"reference":"Patient/p1"},$belongs,"participant":[{` + administratorOf + `,"member":{"reference":"Practitioner/rita"}}]`, "role-may-not-write"},
	{"into the team there is", "rehab", "CareTeam/ward", `"status":"active","subject":{"reference":"Patient/p1"},$belongs,"participant":[{` + administratorOf + `,"member":{"reference":"Organization/rehab"}}]`, "role-may-not-write"},
	{"careManager", "rehab", "EpisodeOfCare/$case", `"status":"active","patient":{"reference":"Patient/p1"},"careManager":{"reference":"Practitioner/rita"}`, "any"},
	{"a task more to who turned one down", "rehab", "Task", `"status":"requested","intent":"order","for":{"reference":"Patient/p1"},"owner":{"reference":"Organization/rehab"},"focus":{"reference":"EpisodeOfCare/$case"},"description":"x"`, "role-not-granted"},
	{"a task more outside of the case", "rehab", "Task", `"status":"requested","intent":"order","for":{"reference":"Patient/p1"},"owner":{"reference":"Organization/rehab"},"description":"x"`, "role-not-granted"},
	{"the task that was turned down", "rehab", "Task/turned-down", `"status":"accepted","intent":"order","for":{"reference":"Patient/p1"},"owner":{"reference":"Organization/rehab"},"focus":{"reference":"EpisodeOfCare/$case"},"description":"x"`, "any"},
	{"a policy in force again", "insurer", "Coverage", `"status":"active","beneficiary":{"reference":"Patient/p1"},"payor":[{"reference":"Organization/insurer"}]`, "role-not-granted"},
	{"the old policy in force", "insurer", "Coverage/old", `"status":"active","beneficiary":{"reference":"Patient/p1"},"payor":[{"reference":"Organization/insurer"}]`, "role-not-granted"},
	{"another's relative", "insurer", "RelatedPerson/r", `"active":true,"patient":{"reference":"Patient/p2"}`, "any"},
	{"a role in the directory", "stranger", "PractitionerRole", `"active":true,"practitioner":{"reference":"Practitioner/stranger"},` + doctorCode, "role-not-granted"},
	{"another's role in the directory", "manager", "PractitionerRole", `"active":true,"practitioner":{"reference":"Practitioner/stranger"},` + doctorCode, "role-not-granted"},
	{"an old role in the directory", "stranger", "PractitionerRole/gone", `"active":true,"practitioner":{"reference":"Practitioner/stranger"},` + doctorCode, "role-not-granted"},
	{"a stranger into the team", "stranger", "CareTeam/ward", `"status":"active","subject":{"reference":"Patient/p1"},$belongs,"participant":[{` + administratorOf + `,"member":{"reference":"Practitioner/stranger"}}]`, "any"},
	{"a stranger as manager", "stranger", "EpisodeOfCare/$case", `"status":"active","patient":{"reference":"Patient/p1"},"careManager":{"reference":"Practitioner/stranger"}`, "any"},
	{"manager of a case from elsewhere", "stranger", "EpisodeOfCare/foreign", `"status":"active","patient":{"reference":"Patient/p1"},"careManager":{"reference":"Practitioner/stranger"}`, "role-not-granted"},
	{"team of a case from elsewhere", "stranger", "CareTeam", `"status":"active","subject":{"reference":"Patient/p1"},"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/workflow-episodeOfCare","valueReference":{"reference":"EpisodeOfCare/foreign"}}],"participant":[{` + administratorOf + `,"member":{"reference":"Practitioner/stranger"}}]`, "role-not-granted"},
	{"an insurer of hers", "patient", "Coverage", `"status":"active","beneficiary":{"reference":"Patient/p1"},"payor":[{"reference":"Organization/rehab"}]`, "role-not-granted"},
	{"a task for an organization", "patient", "Task", `"status":"requested","intent":"order","for":{"reference":"Patient/p1"},"owner":{"reference":"Organization/rehab"},"description":"x"`, "role-not-granted"},
	{"a friend in the team", "patient", "CareTeam/ward", `"status":"active","subject":{"reference":"Patient/p1"},$belongs,"participant":[{` + administratorOf + `,"member":{"reference":"Practitioner/rita"}}]`, "any"},

	{"a copy without the manager, who stays", "stranger", "EpisodeOfCare/$case", `"status":"active","patient":{"reference":"Patient/p1"}`, ""},
	{"the manager fills the team", "manager", "CareTeam/ward", `"status":"active","subject":{"reference":"Patient/p1"},$belongs,"participant":[{` + administratorOf + `,"member":{"reference":"Practitioner/physician"}}]`, ""},
	{"an administrator fills the directory", "boss", "PractitionerRole", `"active":true,"practitioner":{"reference":"Practitioner/physician"},` + doctorCode, ""},
	{"staff keep what gives no role", "stranger", "PractitionerRole", `"active":true,"practitioner":{"reference":"Practitioner/stranger"},"code":[{"text":"porter"}]`, ""},
	{"staff give another's case from elsewhere its manager", "stranger", "EpisodeOfCare/foreign", `"status":"active","patient":{"reference":"Patient/p1"},"careManager":{"reference":"Practitioner/physician"}`, ""},
	{"staff write a policy", "manager", "Coverage", `"status":"active","beneficiary":{"reference":"Patient/p1"},"payor":[{"reference":"Organization/insurer"}]`, ""},
}

// TestNobodyGivesHimselfARole tries the facts from which roles follow, by those
// who would gain by them, and on the authority by which they come about.
func TestNobodyGivesHimselfARole(t *testing.T) { onEachOffice(t, testNobodyGivesHimselfARole) }

func testNobodyGivesHimselfARole(t *testing.T, d *workplace, manager context.Context) {
	who := d.takePart(manager)
	for _, row := range grantTries {
		t.Run(row.name, func(t *testing.T) {
			checkRefused(t, d.write(who[row.as], d.with(row.key), d.with(row.body)), row.rule)
			if row.rule == "" {
				return
			}
			key, ok := fhir.ParseKey(d.with(row.key))
			entry := `"method":"POST","url":"` + row.key + `"`
			if ok {
				entry = `"method":"PUT","url":"` + key.String() + `"`
			}
			_, err := d.engine.Bundle(who[row.as], interaction.BundleRequest{Base: here, Body: []byte(
				`{"resourceType":"Bundle","type":"transaction","entry":[{"resource":` + resource(d.with(row.key), d.with(row.body)) + `,"request":{` + entry + `}}]}`,
			)})
			checkRefused(t, err, row.rule)
		})
	}
	for _, name := range []string{"rehab", "insurer", "stranger", "patient"} {
		_, err := act(who[name], d.service, d.id, "cancel", `{"reason":"x"}`)
		if err == nil {
			t.Errorf("%s cancels the case", name)
		}
	}
}

// takePart gives who takes part in a case: its manager, an organization that
// turned its task down, an insurer whose policy has ended, staff who are nothing to
// it, the patient.
func (d *workplace) takePart(manager context.Context) map[string]context.Context {
	d.t.Helper()
	boss := d.as(auth.Principal{Role: auth.Administrator, Subject: "boss"}, "user/*.cruds")
	for _, key := range []string{"Practitioner/rita", "Practitioner/stranger", "Practitioner/physician", "Organization/rehab", "Organization/insurer"} {
		d.put(boss, key, resource(key, `"active":true,"identifier":[{"value":"1"}]`))
	}
	for _, r := range [][2]string{
		{"CareTeam/ward", `"status":"active","subject":{"reference":"Patient/p1"},$belongs`},
		{"Task/turned-down", `"status":"rejected","intent":"order","for":{"reference":"Patient/p1"},"owner":{"reference":"Organization/rehab"},"focus":{"reference":"EpisodeOfCare/$case"},"description":"x"`},
		{"Coverage/old", `"status":"cancelled","beneficiary":{"reference":"Patient/p1"},"payor":[{"reference":"Organization/insurer"}]`},
		{"RelatedPerson/r", `"active":true,"patient":{"reference":"Patient/p1"}`},
		{"PractitionerRole/gone", `"active":false,"practitioner":{"reference":"Practitioner/stranger"},` + doctorCode},
		{"EpisodeOfCare/foreign", `"status":"active","patient":{"reference":"Patient/p1"},"careManager":{"reference":"Practitioner/manager"}`},
	} {
		d.put(boss, r[0], resource(r[0], d.with(r[1])))
	}
	return map[string]context.Context{
		"boss": boss, "manager": manager,
		"rehab":    d.as(auth.Principal{Role: auth.Staff, Subject: "r", FHIRUser: "Practitioner/rita", Organization: "rehab"}, "user/*.cruds"),
		"insurer":  d.as(auth.Principal{Role: auth.Staff, Subject: "i", Organization: "insurer"}, "user/*.cruds"),
		"stranger": d.as(auth.Principal{Role: auth.Staff, Subject: "s", FHIRUser: "Practitioner/stranger"}, "user/*.cruds"),
		"patient":  d.as(patientMember, "patient/*.cruds"),
	}
}

// resource writes a resource for a key, or for a type.
func resource(key, body string) string {
	typ, id, has := strings.Cut(key, "/")
	if has {
		body = `"id":"` + id + `",` + body
	}
	return `{"resourceType":"` + typ + `",` + body + `}`
}

// write creates or updates a resource.
func (d *workplace) write(ctx context.Context, key, body string) error {
	if k, ok := fhir.ParseKey(key); ok {
		_, err := d.engine.Update(ctx, interaction.UpdateRequest{Key: k, Body: []byte(resource(key, body))})
		return err
	}
	_, err := d.engine.Create(ctx, interaction.CreateRequest{Type: key, Body: []byte(resource(key, body))})
	return err
}

// checkRefused holds an error to a rule: "" for none, "any" for whichever, Access
// included.
func checkRefused(t *testing.T, err error, rule string) {
	t.Helper()
	fe := (*fhir.Error)(nil)
	switch {
	case rule == "":
		if err != nil {
			t.Errorf("refused: %v, want it done", err)
		}
	case err == nil:
		t.Errorf("done, want it refused by %s", rule)
	case !errors.As(err, &fe):
		t.Errorf("refused with %v, want a FHIR error", err)
	case rule != "any" && problem.Of(err, http.StatusUnprocessableEntity).Rule != rule:
		t.Errorf("refused with %v, want %s", err, rule)
	}
}
