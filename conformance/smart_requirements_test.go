package conformance

import (
	"encoding/csv"
	"go/ast"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"caseway/fhir/fhirtest"
)

// requirement is a row of kit/testdata/smart-requirements.csv: what of SMART App
// Launch which tests hold, or why none does.
type requirement struct {
	tests  []string // "folder.Name"
	reason string
}

// requirements reads the rows by version and id: "2.2.0 14".
func requirements(t *testing.T) map[string]requirement {
	t.Helper()
	all := map[string]requirement{}
	for _, row := range readCSV(t, filepath.Join("kit", "testdata", "smart-requirements.csv")) {
		key := row["version"] + " " + row["id"]
		if _, twice := all[key]; twice {
			t.Errorf("%s is there twice", key)
		}
		all[key] = requirement{tests: strings.Fields(row["tests"]), reason: row["reason"]}
	}
	return all
}

// readCSV reads rows by the names of their columns.
func readCSV(t *testing.T, file string) []map[string]string {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil || len(rows) < 2 {
		t.Fatalf("%s: %d rows, %v", file, len(rows), err)
	}
	var named []map[string]string
	for _, row := range rows[1:] {
		cells := map[string]string{}
		for i, name := range rows[0] {
			cells[strings.TrimPrefix(name, "\ufeff")] = row[i]
		}
		named = append(named, cells)
	}
	return named
}

// TestSMARTRequirementsNameTestsThatExist holds the table to the code.
func TestSMARTRequirementsNameTestsThatExist(t *testing.T) {
	tests := map[string]bool{}
	for _, s := range sources(t) {
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && s.test() && f.Recv == nil && strings.HasPrefix(f.Name.Name, "Test") {
				tests[s.pkg+"."+f.Name.Name] = true
			}
		}
	}
	for key, r := range requirements(t) {
		if (len(r.tests) == 0) == (r.reason == "") {
			t.Errorf("%s has neither tests nor a reason, or both", key)
		}
		for _, name := range r.tests {
			if !tests[name] {
				t.Errorf("%s names %s, which there isn't", key, name)
			}
		}
	}
}

// TestEverySMARTRequirementOfServersIsAccountedFor compares with the list of
// requirements that the SMART App Launch test kit is made from.
func TestEverySMARTRequirementOfServersIsAccountedFor(t *testing.T) {
	file := filepath.Join(fhirtest.SharedDir(t), "data", "requirements", "smart_app_launch_test_kit_requirements.csv")
	known := requirements(t)
	servers := 0
	for _, row := range readCSV(t, file) {
		if !strings.Contains(row["Actors"], "Server") {
			continue
		}
		servers++
		_, version, _ := strings.Cut(row["Req Set"], "_")
		key := version + " " + row["ID"]
		if _, accounted := known[key]; !accounted {
			t.Errorf("%s isn't in the table", key)
		}
		delete(known, key)
	}
	if servers == 0 {
		t.Error("the list has no requirements of servers")
	}
	for key := range known {
		t.Errorf("%s isn't a requirement of servers", key)
	}
}
