package kit_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"caseway/conformance/kit"
	"caseway/fhir/store/mongo/mongotest"
)

// attack is a request that must be refused, or must show nothing of bob's.
type attack struct {
	name         string
	method, path string   // below the FHIR base
	body         string   // JSON, or what Content-Type in header says
	header       []string // in turn; "Authorization" in it takes the place of the token
	token        string   // whose: ann's where it is ""
	status       string   // those that are right, with spaces between them
	matches      int      // that a searchset must have where the status is 200; -1: not looked at
}

// bobs are the texts by which what is bob's is known. His ids stand in ann's
// resources, too, which refer to theirs.
var bobs = []string{"Quillfeather", "1950-05-05", "MRN-B", "UXVpbGxm", `"id":"bob`, `"id":"of-bob`}

// stage is a server with the world of the attacks.
type stage struct {
	*kit.Process
	client *kit.Client
	tokens map[string]string // by name
}

// TestAttacks sends the attacks to a server with the embedded login, on each store.
func TestAttacks(t *testing.T) {
	for _, s := range []struct {
		name string
		uri  func(*testing.T) string
	}{
		{"sqlite", func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "caseway.db") }},
		{"mongodb", func(t *testing.T) string { return mongotest.Server(t).URI }},
	} {
		t.Run(s.name, func(t *testing.T) {
			st := newStage(t, s.uri(t))
			rows := slices.Concat(st.tokenAttacks(t), headerAttacks(), readAttacks(), searchAttacks(), writeAttacks(), scopeAttacks(),
				st.caseAttacks(t), st.caseScopeAttacks(), operationAttacks(), st.roleAttacks())
			t.Logf("%d attacks", len(rows))
			if len(rows) < 150 {
				t.Errorf("only %d attacks", len(rows))
			}
			before := st.all(t)
			for _, row := range rows {
				t.Run(row.name, func(t *testing.T) { st.try(t, row) })
			}
			if after := st.all(t); before != after {
				t.Errorf("the attacks changed what is bob's:\n%s\n%s", before, after)
			}
			st.controls(t)
			st.loads(t)
			st.witnessed(t)
		})
	}
}

func newStage(t *testing.T, uri string) *stage {
	loadAttackWorld(t, uri)
	p := startAt(t, uri, "--auth", "embedded", "--auth-seed", attackSeed(t))
	ann := newVisitor(t, p.Root).signIn("ann", "launch/patient openid fhirUser offline_access patient/*.cruds")
	st := &stage{Process: p, client: kit.NewClient(p.Base), tokens: map[string]string{
		"": ann.Access, "id_token": ann.ID, "refresh": ann.Refresh,
		"user":      newVisitor(t, p.Root).signIn("ann", "user/*.cruds openid fhirUser").Access,
		"readonly":  newVisitor(t, p.Root).signIn("ann", "launch/patient patient/CarePlan.rs").Access,
		"granular":  newVisitor(t, p.Root).signIn("ann", "launch/patient patient/CarePlan.rs?status=active patient/Task.u?status=requested").Access,
		"caregiver": newVisitor(t, p.Root).signIn("cara", "user/*.cruds openid fhirUser").Access,
		"staff":     newVisitor(t, p.Root).signIn("stan", "user/*.cruds openid fhirUser").Access,
		"root":      newVisitor(t, p.Root).signIn("root", "user/*.cruds openid fhirUser").Access,
		"backend":   service(t, p.Root, p.Root, "backend", "system/*.cruds"),
		"reader":    service(t, p.Root, p.Root, "reader", "system/CarePlan.rs"),
		"stranger":  newVisitor(t, p.Root).signIn("sue", "user/*.cruds openid fhirUser").Access,
		"provider":  newVisitor(t, p.Root).signIn("otto", "user/*.cruds openid fhirUser").Access,
		"foreign":   newVisitor(t, p.Root).signIn("fred", "user/*.cruds openid fhirUser").Access,
		"watcher":   newVisitor(t, p.Root).signIn("stan", "user/*.rs").Access,
		"tasks":     newVisitor(t, p.Root).signIn("stan", "user/*.rs user/Task.cruds").Access,
		"onhold":    newVisitor(t, p.Root).signIn("stan", "user/*.rs user/EpisodeOfCare.cud?status=planned").Access,
		"launched":  newVisitor(t, p.Root).launched("stan", "ann", "launch patient/*.cruds").Access,
	}}
	for name, token := range st.tokens {
		if token == "" {
			t.Fatalf("no token %q", name)
		}
	}
	return st
}

// loadAttackWorld fills a store with ann's and bob's resources.
func loadAttackWorld(t *testing.T, uri string) {
	t.Helper()
	for i, world := range attackWorld() {
		file := filepath.Join(t.TempDir(), "world"+strconv.Itoa(i)+".json")
		if err := os.WriteFile(file, []byte(world), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.CommandContext(t.Context(), binary(t), "load", "--store", uri, file).CombinedOutput(); err != nil {
			t.Fatalf("load: %v\n%s", err, out)
		}
	}
}

func (st *stage) try(t *testing.T, a attack) {
	t.Helper()
	header := a.header
	if !slices.Contains(header, "Authorization") {
		header = append([]string{"Authorization", "Bearer " + st.tokens[a.token]}, header...)
	}
	var body []byte
	if a.body != "" {
		body = []byte(a.body)
	}
	answer, err := st.client.Do(t.Context(), a.method, a.path, body, header...)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(strings.Fields(a.status), strconv.Itoa(answer.Status)) {
		t.Errorf("%s %s: %d, want %s: %.400s", a.method, a.path, answer.Status, a.status, answer.Body)
	}
	shown := string(answer.Body) + fmt.Sprint(answer.Header)
	for _, mark := range bobs {
		if !strings.Contains(a.path+a.body, mark) && strings.Contains(shown, mark) {
			t.Errorf("%s %s shows %q: %.600s", a.method, a.path, mark, shown)
		}
	}
	if answer.Status == http.StatusOK && a.matches >= 0 {
		checkMatches(t, a, answer.Body)
	}
}

// checkMatches compares how many matches a searchset has and tells of.
func checkMatches(t *testing.T, a attack, body []byte) {
	t.Helper()
	var bundle struct {
		Total *int
		Entry []struct{ Search struct{ Mode string } }
	}
	if err := json.Unmarshal(body, &bundle); err != nil {
		t.Fatalf("%s: got %v, want no error", a.path, err)
	}
	matches := 0
	for _, e := range bundle.Entry {
		if e.Search.Mode == "match" {
			matches++
		}
	}
	counted := strings.Contains(a.path+a.body, "_summary=count") || strings.Contains(a.path, "_count=0")
	if !counted && matches != a.matches || bundle.Total != nil && *bundle.Total != a.matches {
		t.Errorf("%s: %d matches, total %v, want %d: %.400s", a.path, matches, bundle.Total, a.matches, body)
	}
}

// all is the history of everything that is bob's, as an administrator's tool
// sees it.
func (st *stage) all(t *testing.T) string {
	t.Helper()
	var text strings.Builder
	for _, key := range bobsKeys {
		answer, err := st.client.Do(t.Context(), http.MethodGet, key+"/_history", nil, "Authorization", "Bearer "+st.tokens["backend"])
		if err != nil {
			t.Fatal(err)
		}
		text.WriteString(key + " " + strconv.Itoa(answer.Status) + " " + strconv.Itoa(strings.Count(string(answer.Body), `"versionId"`)) + "\n")
	}
	return text.String()
}

// controls are requests like the attacks that must succeed: the attacks aren't
// refused for another reason.
func (st *stage) controls(t *testing.T) {
	t.Helper()
	for _, a := range []attack{
		{method: "GET", path: "Patient/ann", status: "200"},
		{method: "GET", path: "CarePlan/ann-plan/_history", status: "200"},
		{method: "GET", path: "CarePlan?patient=Patient/ann", status: "200"},
		{method: "GET", path: "Practitioner/dr", status: "200"},
		{method: "GET", path: "Patient/ann/$everything", status: "200"},
		{method: "GET", path: "Binary/ann-scan", status: "200"},
		{token: "caregiver", method: "GET", path: "Patient/ann", status: "200"},
		{token: "staff", method: "GET", path: "Patient/bob", status: "200"},
		{token: "root", method: "GET", path: "AuditEvent", status: "200"},
		{token: "backend", method: "GET", path: "Patient/bob", status: "200"},
		{token: "reader", method: "GET", path: "CarePlan/bob-plan", status: "200"},
		{token: "granular", method: "GET", path: "CarePlan/ann-plan", status: "200"},
		{method: "GET", path: st.Root + "/cases/ann-case", status: "200"},
		{method: "GET", path: st.Root + "/cases?client=Patient/ann", status: "200"},
		{method: "GET", path: "PlanDefinition/clinical/$apply?subject=Patient/ann", status: "200"},
		{token: "launched", method: "GET", path: st.Root + "/cases/ann-case", status: "200"},
		{token: "tasks", method: "POST", path: st.Root + "/cases/ann-case/actions/work", body: `{"argument":{"text":"call"}}`, status: "200"},
		{token: "staff", method: "POST", path: st.Root + "/cases/ann-case/actions/hold", body: `{"reason":"on holiday"}`, status: "200"},
		{token: "watcher", method: "GET", path: st.Root + "/cases/bob-case", status: "200"},
		{
			method: "PUT", path: "CarePlan/ann-plan", status: "200",
			body: `{"resourceType":"CarePlan","id":"ann-plan","status":"active","intent":"plan","subject":{"reference":"Patient/ann"}}`,
		},
	} {
		var body []byte
		if a.body != "" {
			body = []byte(a.body)
		}
		header := []string{"Authorization", "Bearer " + st.tokens[a.token]}
		if strings.Contains(a.path, "/cases/") {
			header = append(header, plainJSON...)
		}
		answer, err := st.client.Do(t.Context(), a.method, a.path, body, header...)
		if err != nil || strconv.Itoa(answer.Status) != a.status {
			t.Errorf("%s %s with token %q: %d, %v, want %s: %.400s", a.method, a.path, a.token, answer.Status, err, a.status, answer.Body)
		}
	}
}

// witnessed finds AuditEvents of the sign-ins, tokens, attacks and writes.
func (st *stage) witnessed(t *testing.T) {
	t.Helper()
	const dicom, own = "http://dicom.nema.org/resources/ontology/DCM", "https://caseway.dev/fhir/CodeSystem/audit-event"
	for _, query := range []string{
		"subtype=" + dicom + "|110122&agent:identifier=ann", "subtype=" + own + "|token&agent:identifier=app",
		"subtype=" + own + "|token&agent:identifier=backend", "outcome=4&entity=Patient/bob&agent:identifier=ann",
		"outcome=4&entity=CarePlan/bob-plan", "action=U&outcome=0&entity=CarePlan/ann-plan", "outcome=4&agent:identifier=cara",
	} {
		eventually(t, query, func() bool {
			answer, err := st.client.Do(t.Context(), http.MethodGet, "AuditEvent?_summary=count&"+query, nil, "Authorization", "Bearer "+st.tokens["root"])
			return err == nil && answer.Status == http.StatusOK && !strings.Contains(string(answer.Body), `"total":0`)
		})
	}
	answer, err := st.client.Do(t.Context(), http.MethodGet, "AuditEvent?_count=1000", nil, "Authorization", "Bearer "+st.tokens["root"])
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"Quillfeather", "quill", "1950-05-05", password, "eyJ"} {
		if strings.Contains(string(answer.Body), secret) {
			t.Errorf("the AuditEvents hold %q", secret)
		}
	}
}

// loads brings a file to a server with a login, which takes a token.
func (st *stage) loads(t *testing.T) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "organization.json")
	if err := os.WriteFile(file, []byte(`{"resourceType":"Organization","id":"loaded","name":"Loaded"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for token, ok := range map[string]bool{"": false, st.tokens["reader"]: false, st.tokens["backend"]: true} {
		load := exec.CommandContext(t.Context(), binary(t), "load", "--to", st.Base, file)
		load.Env = append(os.Environ(), "CASEWAY_TOKEN="+token)
		if out, err := load.CombinedOutput(); (err == nil) != ok {
			t.Errorf("load: %v, want success %v\n%s", err, ok, out)
		} else if token != "" && strings.Contains(string(out), token) {
			t.Error("load shows the token")
		}
	}
}
