package validate_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/fhir/fhirtest"
	"caseway/fhir/packages"
	"caseway/fhir/validate"
)

// validatorCase is a case of HL7's tests for validators, with the verdict of
// FHIR's own.
type validatorCase struct {
	Name, File, Module string
	Prof               bool
	Profiles           []string
	Supporting         []string
	Valid              bool       `json:"oracle_valid"`
	Errors             [][]string `json:"oracle_errors"`
	TerminologyOnly    bool       `json:"expected_terminology_only"`
}

// failed reports whether the other validator came to no verdict.
func (c *validatorCase) failed() bool {
	return len(c.Errors) > 0 && c.Errors[0][0] == "exception"
}

func readCases(t *testing.T, dir string) []validatorCase {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, "cases.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var list []validatorCase
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var c validatorCase
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		list = append(list, c)
	}
	return list
}

// exceptions are the cases that end otherwise here, with the reason.
func exceptions(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("testdata/cases.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]string{}
	for line := range bytes.Lines(text) {
		var e struct{ Name, Why string }
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatalf("%s: got %v, want no error", line, err)
		}
		byName[e.Name] = e.Why
	}
	return byName
}

// resourceOf reads a file as the resource of a package.
func resourceOf(file string) (r packages.Resource, ok bool) {
	data, err := os.ReadFile(file)
	if err != nil {
		return r, false
	}
	var head struct{ ResourceType, ID, URL, Version string }
	if json.Unmarshal(data, &head) != nil {
		return r, false
	}
	return packages.Resource{Type: head.ResourceType, ID: head.ID, URL: head.URL, Version: head.Version, File: filepath.Base(file), JSON: data}, true
}

func TestValidatorCases(t *testing.T) {
	shared := fhirtest.SharedDir(t)
	dir := filepath.Join(shared, "data/testcases/validator")
	core, err := packages.Open(filepath.Join(shared, "data/definitions/hl7.fhir.r4.core-4.0.1"), packages.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	known := exceptions(t)
	agree, all := 0, 0
	for _, c := range readCases(t, dir) {
		if c.TerminologyOnly || c.failed() {
			continue
		}
		all++
		valid, found := runCase(t, dir, core, &c)
		why, listed := known[c.Name]
		switch {
		case valid == c.Valid && listed:
			t.Errorf("%s agrees, but is listed as an exception: %s", c.Name, why)
		case valid == c.Valid:
			agree++
		case !listed:
			t.Errorf("%s (%s): valid here: %v, there: %v\n  here %v\n  there %.600v", c.Name, c.File, valid, c.Valid, found, c.Errors)
		}
	}
	t.Logf("%d of %d cases agree", agree, all)
	if agree*100 < all*97 {
		t.Errorf("only %d of %d cases agree", agree, all)
	}
}

func runCase(t *testing.T, dir string, core *packages.Package, c *validatorCase) (valid bool, errors []string) {
	t.Helper()
	own := &packages.Package{Name: c.Name}
	var request validate.Request
	names := c.Supporting
	if c.Prof { // the verdict was given with the profiles
		names = append(append([]string{}, c.Profiles...), names...)
	}
	for i, name := range names {
		r, ok := resourceOf(filepath.Join(dir, "files", name))
		if !ok {
			continue
		}
		own.Resources = append(own.Resources, r)
		var d struct{ Type, Derivation string }
		_ = json.Unmarshal(r.JSON, &d)
		if c.Prof && i < len(c.Profiles) && r.Type == "StructureDefinition" && d.Type != "Extension" {
			request.Profiles = append(request.Profiles, r.URL)
		}
	}
	options, err := validate.WithPackages(definition.R4(), packages.Collect([]*packages.Package{core, own}), validate.Options{})
	if err != nil {
		t.Fatalf("%s: got %v, want no error", c.Name, err)
	}
	data, err := os.ReadFile(filepath.Join(dir, "files", c.File))
	if err != nil {
		t.Fatal(err)
	}
	tree, found := validate.New(definition.R4(), options).Text(context.Background(), data, fhir.Limits{}, request)
	valid = tree != nil
	for _, i := range found {
		if i.Severity == fhir.SeverityError {
			valid = false
			errors = append(errors, strings.Join([]string{i.Rule, i.Expression, i.Text}, " "))
		}
	}
	return valid, errors
}
