package fhirpath_test

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/fhir/fhirpath"
	"caseway/fhir/fhirtest"
)

// officialCase is a line of the official suite.
type officialCase struct {
	Group      string
	Name       string
	Input      string `json:"inputfile"`
	Expression string
	Predicate  string
	Ordered    string
	Invalid    string `json:"expression@invalid"`
	Output     []struct{ Type, Value string }
}

// exception is a case whose expected result isn't ours, with the reason.
type exception struct{ Name, Expression, Reason string }

func readLines[T any](t *testing.T, path string) (list []T) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var v T
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		list = append(list, v)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}

func readTree(t testing.TB, path string) *fhir.Tree {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	tree, err := fhir.Decode(definition.R4(), data, fhir.DefaultLimits)
	if tree == nil {
		t.Fatalf("%s: got error %v, want a resource", path, err)
	}
	return tree
}

var suiteTime = time.Date(2026, 3, 4, 5, 6, 7, 8e6, time.FixedZone("", 3600))

// TestOfficialSuite runs FHIR's own tests of FHIRPath for R4. What differs is
// listed in testdata with its reason, at most 3 in 100.
func TestOfficialSuite(t *testing.T) {
	dir := filepath.Join(fhirtest.SharedDir(t), "data/testcases/fhirpath")
	cases := readLines[officialCase](t, filepath.Join(dir, "tests-fhir-r4.ndjson"))
	exceptions := map[[2]string]string{}
	for _, x := range readLines[exception](t, "testdata/official-exceptions.ndjson") {
		exceptions[[2]string{x.Name, x.Expression}] = x.Reason
	}
	if len(exceptions)*100 > len(cases)*3 {
		t.Errorf("%d exceptions for %d cases are more than 3 in 100", len(exceptions), len(cases))
	}
	read := sync.OnceValue(func() map[string]*fhir.Tree { return map[string]*fhir.Tree{} })
	for _, c := range cases {
		var focus []fhirpath.Value
		focusType := ""
		if c.Input != "" {
			path := filepath.Join(dir, "inputs", strings.TrimSuffix(strings.TrimSuffix(c.Input, ".xml"), ".json")+".json")
			if read()[path] == nil {
				read()[path] = readTree(t, path)
			}
			focus = append(focus, fhirpath.OfNode(read()[path].Root()))
			focusType = read()[path].Type().Name
		}
		problem := runOfficial(c, focusType, focus)
		key := [2]string{c.Name, c.Expression}
		reason, listed := exceptions[key]
		delete(exceptions, key)
		switch {
		case problem == "" && listed:
			t.Errorf("%s passes and is listed as an exception", c.Name)
		case problem != "" && !listed:
			t.Errorf("%s: %s: %s", c.Name, c.Expression, problem)
		case listed && reason == "":
			t.Errorf("%s is an exception without a reason", c.Name)
		}
	}
	for key := range exceptions {
		t.Errorf("exception %s is no case of the suite", key[0])
	}
}

// runOfficial gives "" or what is wrong. Every case is compiled for its
// input's type, as the suite's strict mode asks.
func runOfficial(c officialCase, focusType string, focus []fhirpath.Value) string {
	var options []fhirpath.Option
	if focusType != "" {
		options = append(options, fhirpath.For(definition.R4(), focusType))
	}
	e, err := fhirpath.Compile(c.Expression, options...)
	var got fhirpath.Collection
	if err == nil {
		ctx := &fhirpath.Context{Schema: definition.R4(), Now: suiteTime}
		got, err = e.Eval(ctx, focus...)
	}
	if c.Invalid != "" {
		if err == nil {
			return "no error, but " + show(got)
		}
		return ""
	}
	if err != nil {
		return err.Error()
	}
	if c.Predicate == "true" {
		got = fhirpath.Collection{fhirpath.Of(fhirpath.Boolean(len(got) > 0))}
	}
	if len(got) != len(c.Output) {
		return "got " + show(got)
	}
	for i, want := range c.Output {
		if !is(got[i], want.Type, want.Value) {
			return "wanted " + want.Type + " " + want.Value + ", got " + show(got)
		}
	}
	return ""
}

// is compares an item with the type and text that the suite gives.
func is(v fhirpath.Value, wantType, wantText string) bool {
	text := strings.TrimPrefix(strings.TrimPrefix(wantText, "@"), "T")
	if v.String() != text {
		return false
	}
	name := ""
	if n, ok := v.Node(); ok {
		name = n.Type().Name
	} else {
		name = v.System().TypeName()
	}
	return wantType == "" || strings.EqualFold(name, wantType)
}

func show(c fhirpath.Collection) string {
	var parts []string
	for _, v := range c {
		name := "?"
		if n, ok := v.Node(); ok {
			name = n.Type().Name
		} else if v.System() != nil {
			name = v.System().TypeName()
		}
		parts = append(parts, name+" "+v.String())
	}
	return "[" + strings.Join(parts, ", ") + "]"
}
