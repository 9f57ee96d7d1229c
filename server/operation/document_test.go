package operation

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var updateDocuments = flag.Bool("update", false, "write the documents that are made of definitions")

const documents = "../../docs/fhir/operations/"

// TestDocuments: each operation has a page that says what its definition does.
func TestDocuments(t *testing.T) {
	pages := map[string]string{"index": operationsPage()}
	for _, d := range definitions() {
		pages[d.ID] = operationPage(t, d)
	}
	if *updateDocuments {
		for name, text := range pages {
			if err := os.WriteFile(documents+name+".md", []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, want := range pages {
		t.Run(name, func(t *testing.T) {
			if got, err := os.ReadFile(documents + name + ".md"); err != nil || string(got) != want {
				t.Errorf("%s.md isn't what the definition says, error %v; go test ./server/operation -run TestDocuments -update writes it", name, err)
			}
		})
	}
	files, err := filepath.Glob(documents + "*.md")
	if err != nil || len(files) != len(pages) {
		t.Errorf("got %d pages, error %v; want one for each of %d operations and the list", len(files), err, len(pages)-1)
	}
}

// shown is what a page shows of a definition.
type shown struct {
	Title, Description, Code string
	Resource                 []string
	System, Type, Instance   bool
	AffectsState             bool `json:"affectsState"`
	Parameter                []struct {
		Name, Use, Max, Documentation, Type string
		Min                                 int
	}
}

func (s *shown) urls() (all []string) {
	code := "$" + s.Code
	if s.System {
		all = append(all, code)
	}
	for _, typ := range s.Resource {
		if typ == AnyType {
			typ = "[type]"
		}
		if s.Type {
			all = append(all, typ+"/"+code)
		}
		if s.Instance {
			all = append(all, typ+"/[id]/"+code)
		}
	}
	return all
}

func (s *shown) methods() string {
	if s.AffectsState {
		return "POST"
	}
	return "GET, POST"
}

func operationsPage() string {
	var b strings.Builder
	b.WriteString("# Operations\n\nEvery operation is called by POST with Parameters; one that changes nothing by GET too, with its parameters in the URL. " +
		"Both work inside batches, those that change nothing inside transactions. An argument that isn't in the definition is refused by name.\n\n" +
		"| operation | methods | does |\n| --- | --- | --- |\n")
	all := slices.Clone(definitions())
	slices.SortFunc(all, func(a, b definition) int { return strings.Compare(a.ID, b.ID) })
	for _, d := range all {
		var s shown
		_ = json.Unmarshal(d.text, &s) // it is embedded, and read at the start
		first, _, _ := strings.Cut(s.Description, ". ")
		fmt.Fprintf(&b, "| [%s](%s.md) | %s | %s |\n", "`"+strings.Join(s.urls(), "`, `")+"`", d.ID, s.methods(), strings.TrimSuffix(first, ".")+".")
	}
	return b.String()
}

func operationPage(t *testing.T, d definition) string {
	t.Helper()
	var s shown
	if err := json.Unmarshal(d.text, &s); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# $%s: %s\n\n%s\n\nBy %s on `%s`. Its OperationDefinition is `OperationDefinition/%s`.\n",
		s.Code, strings.TrimSuffix(s.Title, "."), s.Description, s.methods(), strings.Join(s.urls(), "`, `"), d.ID)
	b.WriteString("\n| parameter | | how often | type | says |\n| --- | --- | --- | --- | --- |\n")
	for _, p := range s.Parameter {
		fmt.Fprintf(&b, "| `%s` | %s | %d..%s | %s | %s |\n", p.Name, p.Use, p.Min, p.Max, p.Type, strings.ReplaceAll(p.Documentation, "|", `\|`))
	}
	return b.String()
}
