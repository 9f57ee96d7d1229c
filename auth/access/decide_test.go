package access_test

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"caseway/auth"
	"caseway/auth/access"
	"caseway/auth/scope"
	"caseway/fhir/definition"
	"caseway/fhir/store"
)

// people are those who ask in testdata/decisions.txt, with their scopes.
func people(t *testing.T) map[string]*auth.Principal {
	alice := func(role auth.Role, scopes string) *auth.Principal {
		return &auth.Principal{Role: role, FHIRUser: "Patient/a", Patient: "a", Scopes: scopesOf(t, scopes)}
	}
	bound := func(org, scopes string) *auth.Principal {
		return &auth.Principal{Organization: org, Scopes: scopesOf(t, scopes)}
	}
	all := map[string]*auth.Principal{
		"nobody":        nil,
		"alice":         alice(auth.Patient, "patient/*.cruds"),
		"alice-plan":    alice(auth.Patient, "patient/CarePlan.rs"),
		"alice-final":   alice(auth.Patient, "patient/Observation.rs?status=final"),
		"alice-read":    alice(auth.Patient, "patient/Observation.r"),
		"alice-search":  alice(auth.Patient, "patient/Observation.s"),
		"alice-create":  alice(auth.Patient, "patient/Observation.c"),
		"alice-change":  alice(auth.Patient, "patient/Observation.u"),
		"alice-amend":   alice(auth.Patient, "patient/Observation.us"),
		"alice-odd":     alice(auth.Patient, "patient/Observation.rs?colour=red"),
		"alice-chained": alice(auth.Patient, "patient/Patient.r"),
		"alice-user":    alice(auth.Patient, "user/*.rs"),
		"alice-system":  alice(auth.Patient, "system/*.rs"),
		"alice-swapped": {Role: auth.Patient, FHIRUser: "Patient/a", Patient: "b", Scopes: scopesOf(t, "patient/*.rs")},
		"alice-nowhere": {Role: auth.Patient, FHIRUser: "Patient/a", Scopes: scopesOf(t, "patient/*.rs")},
		"carer":         {Role: auth.Caregiver, FHIRUser: "RelatedPerson/rb", Charges: []string{"b"}, Scopes: scopesOf(t, "user/*.rs")},
		"carer-writes":  {Role: auth.Caregiver, FHIRUser: "RelatedPerson/rb", Charges: []string{"b"}, Scopes: scopesOf(t, "user/*.cruds")},
		"carer-swapped": {Role: auth.Caregiver, Patient: "a", Charges: []string{"b"}, Scopes: scopesOf(t, "patient/*.rs")},
		"staff":         {Role: auth.Staff, Scopes: scopesOf(t, "user/*.cruds")},
		"staff-task":    {Role: auth.Staff, Scopes: scopesOf(t, "user/Task.cud?status=requested user/Task.rs")},
		"admin":         {Role: auth.Administrator, Scopes: scopesOf(t, "user/*.cruds")},
		"admin-payer":   {Role: auth.Administrator, Organization: "payer", Scopes: scopesOf(t, "user/*.cruds")},
		"admin-app":     {Role: auth.Administrator, Organization: "payer", Patient: "b", Scopes: scopesOf(t, "patient/*.rs")},
		"payer-app-a":   {Organization: "payer", Patient: "a", Scopes: scopesOf(t, "patient/*.rs")},
		"payer-app-b":   {Organization: "payer", Patient: "b", Scopes: scopesOf(t, "patient/*.rs")},
		"payer":         bound("payer", "system/*.cruds"),
		"clinic":        bound("clinic", "system/*.cruds"),
		"other":         bound("other", "system/*.cruds"),
		"helper":        bound("helper", "system/*.cruds"),
		"system":        bound("", "system/*.rs"),
	}
	return all
}

func scopesOf(t testing.TB, text string) scope.Set {
	t.Helper()
	set, err := scope.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// twoPatients is the world of testdata/decisions.txt.
func twoPatients() world {
	w := world{
		{typ: "Patient", id: "a"},
		{typ: "Patient", id: "b", other: "Patient/a"},
		{typ: "Practitioner", id: "dr"},
		{typ: "Organization", id: "payer"},
		{typ: "Organization", id: "clinic"},
		{typ: "Organization", id: "other"},
		{typ: "Task", id: "a-task", subject: "Patient/a", owner: "Organization/clinic", focus: "CarePlan/a-plan", status: "requested"},
		{typ: "Task", id: "b-task", subject: "Patient/b", owner: "Organization/other", focus: "CarePlan/a-plan", status: "requested"},
		{typ: "Task", id: "done", status: "completed"},
		{typ: "Organization", id: "helper"},
		{typ: "Task", id: "b-help", subject: "Patient/b", owner: "Organization/helper", status: "requested"},
		{typ: "Observation", id: "a-pre", subject: "Patient/a", status: "preliminary"},
		{typ: "Observation", id: "ab-obs", subject: "Patient/a", other: "Patient/b", status: "final"},
		{typ: "Appointment", id: "ab-appt", subject: "Patient/a", other: "Patient/b", status: "booked"},
		{typ: "CareTeam", id: "ba-team", subject: "Patient/b", other: "Patient/a", status: "active"},
		{typ: "Coverage", id: "a-cov", subject: "Patient/a", payor: "Organization/payer", status: "active"},
		{typ: "Coverage", id: "ba-cov", subject: "Patient/b", other: "Patient/a", payor: "Organization/other", status: "active"},
		{typ: "Coverage", id: "b-no", subject: "Patient/b", payor: "Organization/payer", status: "entered-in-error"},
		{typ: "Binary", id: "loose"},
		{typ: "Binary", id: "ctx-a", context: "Patient/a"},
		{typ: "Binary", id: "ctx-b", context: "Patient/b"},
		{typ: "Binary", id: "ctx-dr", context: "Practitioner/dr"},
		{typ: "RelatedPerson", id: "rb", subject: "Patient/b"},
		{typ: "Device", id: "n-dev"},
		{typ: "Group", id: "g", other: "Patient/a"},
		{typ: "List", id: "l", subject: "Patient/a", status: "current"},
		{typ: "Basic", id: "basic", subject: "Patient/a"},
		{typ: "Contract", id: "a-deal", subject: "Patient/a", party: "Organization/clinic", episode: "EpisodeOfCare/a-ep"},
		{typ: "Invoice", id: "a-bill", subject: "Patient/a", party: "Organization/clinic", recipient: "Patient/a", status: "issued"},
		{typ: "Invoice", id: "a-share", subject: "Patient/a", party: "Organization/clinic", recipient: "Organization/payer", status: "issued"},
		{typ: "Invoice", id: "a-pump", subject: "Patient/a", party: "Organization/clinic", recipient: "Organization/other", status: "issued"},
		{typ: "Invoice", id: "a-mother", subject: "Patient/a", party: "Organization/clinic", recipient: "RelatedPerson/rb", status: "issued"},
		{typ: "Invoice", id: "a-open", subject: "Patient/a", party: "Organization/clinic", status: "draft"},
		{typ: "Person", id: "p", other: "Patient/a"},
	}
	for _, p := range []string{"a", "b"} {
		w = append(w, world{
			{typ: "CarePlan", id: p + "-plan", subject: "Patient/" + p, status: "active"},
			{typ: "CareTeam", id: p + "-team", subject: "Patient/" + p, status: "active"},
			{typ: "Observation", id: p + "-obs", subject: "Patient/" + p, status: "final"},
			{typ: "Observation", id: p + "-gone", subject: "Patient/" + p, status: "final"},
			{typ: "EpisodeOfCare", id: p + "-ep", subject: "Patient/" + p, status: "active"},
			{typ: "Device", id: p + "-dev", subject: "Patient/" + p},
			{typ: "Binary", id: p + "-bin"},
			{typ: "DocumentReference", id: p + "-doc", subject: "Patient/" + p, binary: "Binary/" + p + "-bin", status: "current"},
		}...)
	}
	for _, x := range w {
		x.secret = x.id + "-secret"
	}
	return w
}

const auditEvent = `{"resourceType":"AuditEvent","id":"audit","type":{"code":"x"},"recorded":"2026-01-01T00:00:00Z",` +
	`"agent":[{"requestor":true,"who":{"reference":"Patient/a"}}],"source":{"observer":{"display":"x"}}}`

// TestDecisions runs testdata/decisions.txt.
func TestDecisions(t *testing.T) {
	for name, open := range map[string]func(testing.TB) store.Store{"sqlite": openSQLite, "mongo": openMongo} {
		t.Run(name, func(t *testing.T) { runDecisions(t, serve(t, open(t))) })
	}
}

func runDecisions(t *testing.T, x *server) {
	text, err := os.ReadFile("testdata/decisions.txt")
	if err != nil {
		t.Fatal(err)
	}
	setUp := []request{
		{"PUT Communication/message", `{"resourceType":"Communication","id":"message","status":"completed","sender":{"reference":"Patient/a"},"recipient":[{"reference":"Patient/b"}]}`},
		{"PUT Communication/mine", `{"resourceType":"Communication","id":"mine","status":"completed","subject":{"reference":"Patient/a"}}`},
		{"POST /", bundle(twoPatients())},
		{"PUT AuditEvent/audit", auditEvent},
		{line: "DELETE Observation/a-gone"},
		{line: "DELETE Observation/b-gone"},
	}
	for _, r := range setUp {
		if answer := r.do(t.Context(), x.open); strings.HasPrefix(answer, "error") {
			t.Fatal(answer)
		}
	}
	who := people(t)
	for n, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.SplitN(line, " | ", 4)
		p, known := who[fields[0]]
		if !known || len(fields) < 3 {
			t.Fatalf("line %d: %s", n+1, line)
		}
		r := request{line: fields[1]}
		if len(fields) == 4 {
			r.body = fields[3]
		}
		ctx := context.Background()
		if p != nil {
			ctx = as(p)
		}
		checkAnswer(t, fmt.Sprintf("line %d: %s %s", n+1, fields[0], fields[1]), r.do(ctx, x.guarded), fields[2])
	}
}

var fullURL = regexp.MustCompile(`"fullUrl":"` + base + `/([^"]+)"`)

// checkAnswer holds an answer to a word of the table.
func checkAnswer(t *testing.T, name, answer, want string) {
	t.Helper()
	status, _, _ := strings.Cut(strings.TrimPrefix(answer, "error "), " ")
	failed := strings.HasPrefix(answer, "error") || strings.HasPrefix(answer, "broken")
	switch {
	case want == "ok" && !failed:
	case len(want) == 3 && failed && status == want:
	case want == "ok" || len(want) == 3 || failed:
		t.Errorf("%s: %s, want %s", name, answer, want)
	default:
		var keys []string
		for _, m := range fullURL.FindAllStringSubmatch(answer, -1) {
			keys = append(keys, m[1])
		}
		slices.Sort(keys)
		if found := strings.Join(keys, " "); found != strings.TrimSuffix(want, "none") {
			t.Errorf("%s finds %q, want %s", name, found, want)
		}
	}
	if failed && regexp.MustCompile(`secret|Patient/|-(obs|plan|task)`).MatchString(answer) {
		t.Errorf("%s: the error tells too much: %s", name, answer)
	}
}

// TestEveryTypeIsDecided: the table of types has each of R4's, once, with words
// that it knows, and parameters that exist.
func TestEveryTypeIsDecided(t *testing.T) {
	text, err := os.ReadFile("data/types.csv")
	if err != nil {
		t.Fatal(err)
	}
	x := serve(t, openSQLite(t))
	var types []string
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n")[1:] {
		f := strings.Split(line, ",")
		if len(f) != 6 {
			t.Fatalf("got %q, want a line of six fields", line)
		}
		types = append(types, f[0])
		in := definition.R4().Compartment("Patient").Includes(f[0])
		words := []string{"compartment", "self", "directory", "binary", "none"}
		rights := []string{"write", "read", "none"}
		if !slices.Contains(words, f[1]) || !slices.Contains(rights, f[4]) || !slices.Contains(rights, f[5]) {
			t.Errorf("%s has a word that means nothing", line)
		}
		if (f[1] == "compartment") && (!in || f[2] == "") {
			t.Errorf("%s isn't in the compartment, or nothing says whose it is", f[0])
		}
		if in && f[1] == "directory" && f[2] == "" {
			t.Errorf("%s may be a patient's and is shown to all", f[0])
		}
		if f[2] != "" && f[2] != "all" && x.open.Registry().Parameter(f[0], f[2]) == nil {
			t.Errorf("%s has no parameter %s", f[0], f[2])
		}
	}
	want := definition.R4().ResourceTypes()
	if !slices.Equal(types, want) {
		t.Errorf("the table has %v, want %v", types, want)
	}
}

// TestScopesThatCanNotBeHeldAreNamed when they are asked for.
func TestScopesThatCanNotBeHeldAreNamed(t *testing.T) {
	x := serve(t, openSQLite(t))
	check := func(text string) error { return access.Check(x.open.Registry(), scopesOf(t, text)) }
	if err := check("patient/Observation.rs?category=lab user/Task.cud?status=requested openid"); err != nil {
		t.Error(err)
	}
	if err := check("patient/Observation.rs?colour=red user/*.rs"); err == nil || !strings.Contains(err.Error(), "colour") {
		t.Errorf("got %v, want an error that names colour", err)
	}
}
