package cases_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"caseway/mapping/casemodel"

	"github.com/goccy/go-yaml"
)

// illegal is a row of testdata/illegal: a step that a rule stands against, as the
// case API takes it and as a FHIR client writes it. In all strings a word behind
// a $ names a part of the scene's case ("$services.0.offers.0"), see words.
type illegal struct {
	Step  string `yaml:"step"`
	Scene string `yaml:"scene"` // where it is tried, see scenes
	Rule  string `yaml:"rule"`  // that refuses it
	API   deed   `yaml:"api"`
	FHIR  []move `yaml:"fhir"` // several are one transaction
	// Only is why the step has one door; such a row proves that door alone.
	Only string `yaml:"only"`
	// As is who tries, where there is a login.
	As string `yaml:"as"`
}

// deed is an action of the case API.
type deed struct {
	Action   string         `yaml:"action"`
	Role     casemodel.Role `yaml:"role"` // the case manager's if empty
	By       string         `yaml:"by"`   // a reference; empty for the role's usual one
	Reason   string         `yaml:"reason"`
	Argument any            `yaml:"argument"`
}

// move is a write of a FHIR client: of a new resource, of a stored one with
// changes laid over it (see lay), or its deletion.
type move struct {
	Post   object `yaml:"post"`
	Put    string `yaml:"put"`
	With   object `yaml:"with"`
	Delete string `yaml:"delete"`
}

// illegalSteps reads all rows of a folder.
func illegalSteps(t testing.TB, folder string) (all []illegal) {
	t.Helper()
	files, err := filepath.Glob(folder + "/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var rows []illegal
		if err := yaml.UnmarshalWithOptions(body, &rows, yaml.Strict()); err != nil {
			t.Fatalf("%s: got %v, want no error", file, err)
		}
		all = append(all, rows...)
	}
	return all
}

// TestIllegalSteps: each is refused with its rule, whichever door it comes by,
// and leaves the store as it was.
func TestIllegalSteps(t *testing.T) {
	rows := illegalSteps(t, "testdata/illegal")
	onEachStore(t, func(t *testing.T, a *api) {
		s := newStage(a)
		patches := strings.Contains(a.do("GET", "/fhir/metadata", "").body, `{"code":"patch"}`)
		for i, row := range rows {
			if testing.Short() && i%8 > 0 {
				continue // the race detector looks at a part of them
			}
			k := s.scene(row.Scene)
			t.Run(row.Step, func(t *testing.T) { (&illegalTry{k.on(t), patches}).tries(row) })
		}
	})
}

// TestIllegalStepsAreEnough: at least a hundred have both doors, and each is told
// once.
func TestIllegalStepsAreEnough(t *testing.T) {
	both := 0
	seen := map[string]bool{}
	for _, row := range illegalSteps(t, "testdata/illegal") {
		if seen[row.Step] {
			t.Errorf("%q is there twice", row.Step)
		}
		seen[row.Step] = true
		api, fhir := row.API.Action != "", len(row.FHIR) > 0
		switch {
		case api && fhir && row.Only == "":
			both++
		case api == fhir || row.Only == "":
			t.Errorf("%q has one door and says not why, or says so and has not", row.Step)
		}
		if !slices.ContainsFunc(casemodel.Rules(), func(r casemodel.Rule) bool { return r.Name == row.Rule }) {
			t.Errorf("%q: there is no rule %q", row.Step, row.Rule)
		}
	}
	if both < 100 {
		t.Errorf("%d illegal steps through both doors, not 100", both)
	}
}

// illegalTry is a case that an illegal step is tried on.
type illegalTry struct {
	*course
	patches bool // the server claims to take a patch
}

// tries takes a step by every door that it has.
func (k *illegalTry) tries(row illegal) {
	k.t.Helper()
	newest := k.newest()
	if row.API.Action != "" {
		k.triesAction(row)
	}
	for door, request := range k.doors(row.FHIR) {
		k.triesWrite(row.Rule, door, request)
	}
	if now := k.newest(); now != newest {
		k.t.Errorf("what was refused left %s as the newest version, not %s", now, newest)
	}
}

// newest names the version that was stored last.
func (k *course) newest() string {
	k.t.Helper()
	var b struct {
		Entry []struct {
			FullURL  string
			Response struct{ Etag, LastModified string }
		}
	}
	got := k.do("GET", "/fhir/_history?_count=1", "")
	if err := json.Unmarshal([]byte(got.body), &b); err != nil || got.status != http.StatusOK || len(b.Entry) != 1 {
		k.t.Fatalf("the history: %d %s", got.status, got.body)
	}
	return fmt.Sprint(b.Entry[0])
}

func (k *course) triesAction(row illegal) {
	k.t.Helper()
	d := row.API
	if d.Role == "" {
		d.Role = cm
	}
	if d.By == "" {
		d.By = string(usual[d.Role].Ref)
	}
	var argument any
	if d.Argument != nil {
		argument = k.fill(d.Argument)
	}
	got := k.post(d.Action, d.Role, casemodel.Party{Ref: casemodel.Ref(k.fill(d.By).(string))}, argument, d.Reason)
	p := k.problem(got, http.StatusUnprocessableEntity)
	for _, e := range p.Errors {
		if e.Rule == row.Rule && e.Detail != "" {
			return
		}
	}
	k.t.Errorf("case API: not refused by %s: %s", row.Rule, got.body)
}

var usual = map[casemodel.Role]casemodel.Party{
	casemodel.RoleCaseManager: manager, casemodel.RolePhysician: physician, casemodel.RoleProvider: agency,
	casemodel.RolePayer: insurer, casemodel.RoleClient: client, casemodel.RoleAdministrator: manager,
}

// outcome is an OperationOutcome.
type outcome struct {
	Issue []struct {
		Code, Diagnostics string
		Expression        []string
	}
}

func (k *course) triesWrite(rule, door string, r request) {
	k.t.Helper()
	body := ""
	if r.body != nil {
		body = text(r.body)
	}
	got := k.do(r.method, r.path, body, r.headers...)
	var o outcome
	if err := json.Unmarshal([]byte(got.body), &o); err != nil {
		k.t.Fatalf("%s: %d %s", door, got.status, got.body)
	}
	for _, issue := range o.Issue {
		if invariant := invariants[rule]; invariant != "" && strings.HasSuffix(issue.Diagnostics, "("+invariant+")") && got.status == http.StatusUnprocessableEntity {
			return
		}
		if strings.Contains(" "+issue.Diagnostics, " "+rule+": ") && issue.Code == "business-rule" && len(issue.Expression) > 0 && got.status == http.StatusUnprocessableEntity {
			return
		}
	}
	k.t.Errorf("%s: %d, not refused by %s: %.800s", door, got.status, rule, got.body)
}

// invariants are those of R4 that say what a rule says, and are held first.
var invariants = map[string]string{"appointment-needs-start": "app-3"}
