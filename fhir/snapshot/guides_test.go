package snapshot_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"caseway/fhir/definition"
	"caseway/fhir/fhirtest"
	"caseway/fhir/snapshot"
)

// structures reads the StructureDefinitions of R4's profiles and extensions and
// of the guides.
func structures(t testing.TB) [][]byte {
	t.Helper()
	data := filepath.Join(fhirtest.SharedDir(t), "data")
	var list [][]byte
	for _, pattern := range []string{
		"definitions/*/structuredefinition-profiles.ndjson", "definitions/*/structuredefinition-extensions.ndjson",
		"ig/*/structuredefinition.ndjson",
	} {
		files, _ := filepath.Glob(filepath.Join(data, pattern))
		if len(files) == 0 {
			t.Fatalf("nothing matches %s", pattern)
		}
		for _, file := range files {
			f, err := os.Open(file)
			if err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewScanner(f)
			lines.Buffer(nil, 1<<26)
			for lines.Scan() {
				list = append(list, slices.Clone(lines.Bytes()))
			}
			f.Close()
		}
	}
	return list
}

// withoutSnapshot drops the snapshot; ok is false where there is none, or no
// differential.
func withoutSnapshot(t testing.TB, data []byte) (text []byte, ok bool) {
	t.Helper()
	var members map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil {
		t.Fatal(err)
	}
	ok = members["snapshot"] != nil && members["differential"] != nil
	delete(members, "snapshot")
	text, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	return text, ok
}

// summary is what checking reads of an element.
func summary(e *snapshot.Element) string {
	var b strings.Builder
	if e.Min != nil {
		fmt.Fprintf(&b, "%d", *e.Min)
	}
	fmt.Fprintf(&b, "..%s", e.Max)
	for _, t := range e.Type {
		targets, profiles := slices.Clone(t.TargetProfile), slices.Clone(t.Profile)
		slices.Sort(targets)
		slices.Sort(profiles)
		if slices.Equal(targets, []string{"http://hl7.org/fhir/StructureDefinition/Resource"}) {
			targets = nil
		}
		fmt.Fprintf(&b, " %s%v%v", t.Code, profiles, targets)
	}
	if e.Binding != nil && e.Binding.Strength == "required" {
		url, _, _ := strings.Cut(e.Binding.ValueSet, "|")
		fmt.Fprintf(&b, " in %s", url)
	}
	for _, v := range []*snapshot.Value{e.Fixed, e.Pattern} {
		if v != nil {
			fmt.Fprintf(&b, " %s %s", v.Type, v.JSON)
		}
	}
	return b.String()
}

// TestGeneratedSnapshotsEqualThoseThatGuidesCarry generates each snapshot anew,
// from differentials alone.
func TestGeneratedSnapshotsEqualThoseThatGuidesCarry(t *testing.T) {
	all := structures(t)
	l := snapshot.New(definition.R4())
	for _, data := range all {
		bare, ok := withoutSnapshot(t, data)
		if !ok {
			bare = data
		}
		if err := l.Add(bare); err != nil {
			t.Fatal(err)
		}
	}
	definitions, elements, wrong, absent := 0, 0, 0, 0
	for _, data := range all {
		given, err := snapshot.Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		_, made, err := l.Definition(given.URL + "|" + given.Version)
		if errors.Is(err, snapshot.ErrUnknown) {
			absent++ // derives from a guide that isn't here
			continue
		}
		if err != nil {
			t.Errorf("%s: got %v, want no error", given.URL, err)
			continue
		}
		definitions++
		elements += len(given.Snapshot.Element)
		for _, difference := range compare(given, made) {
			wrong++
			t.Log(difference)
		}
	}
	t.Logf("%d definitions with %d elements; %d differ; %d derive from what isn't here", definitions, elements, wrong, absent)
	if definitions < 500 || wrong > mostDifferent {
		t.Errorf("%d elements of %d definitions differ, more than the %d that are explained", wrong, definitions, mostDifferent)
	}
}

// mostDifferent are the elements that the guides' own snapshots have otherwise:
// choices that a differential names with a type, such as valueQuantity, which
// publishers narrow in some profiles and not in others (narrowed here always);
// slices, which got here what the differential says of all occurrences; types of
// ids, which three definitions leave out; and profiles of CARIN and PDex that were
// published with another version of US Core.
const mostDifferent = 54

// TestEmbeddedExtensionsEqualTheirDefinitions generates the snapshots of R4's own
// extensions from what is embedded of them.
func TestEmbeddedExtensionsEqualTheirDefinitions(t *testing.T) {
	l := snapshot.New(definition.R4())
	extensions := 0
	for _, data := range structures(t) {
		given, err := snapshot.Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		if given.Type != "Extension" || given.Version != definition.Version || !l.Has(given.URL) {
			continue
		}
		extensions++
		def, made, err := l.Definition(given.URL)
		if err != nil {
			t.Errorf("%s: got %v, want no error", given.URL, err)
			continue
		}
		if diff := cmp.Diff(given.Context, def.Context); diff != "" {
			t.Errorf("%s may stand elsewhere (-given +embedded):\n%s", given.URL, diff)
		}
		differences := compare(given, made)
		if len(differences) > 0 && !strings.Contains(given.URL, "-type") { // three leave out what type ids have
			t.Errorf("got differences from the snapshot that is given:\n%s", strings.Join(differences, "\n"))
		}
	}
	if extensions != len(definition.R4().Extensions()) || extensions < 390 {
		t.Errorf("%d extensions were compared, %d are embedded", extensions, len(definition.R4().Extensions()))
	}
}

// compare lists in what a generated snapshot differs from one that was given.
func compare(given *snapshot.Definition, made *snapshot.Node) (differences []string) {
	byID, inner := map[string]*snapshot.Element{}, map[string]bool{}
	for _, e := range made.Flatten() {
		byID[e.ID] = e
		if dot := strings.LastIndexByte(e.ID, '.'); dot >= 0 {
			inner[e.ID[:dot]] = true
		}
	}
	for _, e := range given.Snapshot.Element {
		parent := e.ID[:max(0, strings.LastIndexByte(e.ID, '.'))]
		switch got := byID[e.ID]; {
		case got == nil && byID[parent] != nil && !inner[parent]: // what its type says anyway
		case got == nil:
			differences = append(differences, fmt.Sprintf("%s lacks %s", given.URL, e.ID))
		case summary(got) != summary(e):
			differences = append(differences, fmt.Sprintf("%s, %s:\n  made  %s\n  given %s", given.URL, e.ID, summary(got), summary(e)))
		}
	}
	return differences
}
