package openapi

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"caseway/mapping/casemodel"
	"caseway/server/cases"
)

var updateDocuments = flag.Bool("update", false, "write the documents that are made of tables")

// TestDocuments: the pages of actions and rules are what the tables say.
func TestDocuments(t *testing.T) {
	for name, want := range map[string]string{"actions": actionsPage(), "rules": rulesPage()} {
		t.Run(name, func(t *testing.T) {
			file := "../../../docs/cases/" + name + ".md"
			if *updateDocuments {
				if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			got, err := os.ReadFile(file)
			if err != nil || string(got) != want {
				t.Errorf("%s isn't what the tables say, error %v; go test ./server/cases/openapi -run TestDocuments -update writes it", file, err)
			}
		})
	}
}

func actionsPage() string {
	var b strings.Builder
	b.WriteString("# Actions\n\nEach is `POST /cases/[id]/actions/[name]`; `refer` and `open` begin a case by `POST /cases`. " +
		"`/cases/openapi.json` has the argument of each. A reason is `reason` in the body.\n\n| action | does |\n| --- | --- |\n")
	for _, a := range cases.ActionDefinitions {
		fmt.Fprintf(&b, "| [`%s`](#%s) | %s |\n", a.Name, a.Name, a.Text)
	}
	for _, a := range cases.ActionDefinitions {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n%s\n", a.Name, a.Text, strings.TrimSpace(actionText(a.Name)))
	}
	return b.String()
}

func rulesPage() string {
	var b strings.Builder
	b.WriteString("# Rules\n\nWhat stands against a step is named by its rule, over the case API and over FHIR alike (422, `business-rule`). " +
		"The names stay; the texts say what is missing.\n\n| rule | says |\n| --- | --- |\n")
	for _, r := range casemodel.Rules() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", r.Name, strings.ReplaceAll(r.Text, "|", `\|`))
	}
	return b.String()
}
