package load_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"sort"
	"strings"
	"testing"

	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/fhir/fhirtest"
	"caseway/fhir/interaction"
	"caseway/fhir/store"
	"caseway/fhir/store/mongo"
	"caseway/fhir/store/mongo/mongotest"
	"caseway/fhir/store/sqlite"
	"caseway/server/load"
)

// stores opens an empty store of each kind.
var stores = map[string]func(t *testing.T) store.Store{
	"sqlite": func(t *testing.T) store.Store {
		s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "store.db"), sqlite.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return s
	},
	"mongo": func(t *testing.T) store.Store {
		s, err := mongo.Open(t.Context(), mongotest.Server(t).URI, mongo.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return s
	},
}

func onBoth(t *testing.T, run func(t *testing.T, e *interaction.Session)) {
	for name, open := range stores {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			t.Cleanup(func() { _ = s.Close() })
			r4 := definition.R4()
			e, err := interaction.New(interaction.Config{Store: s, Schema: r4, ResourceTypes: r4.ResourceTypes()})
			if err != nil {
				t.Fatal(err)
			}
			run(t, e.As(nil))
		})
	}
}

// TestPatientsLoad: all synthetic patients go in, nothing is refused, and a
// second run changes nothing.
func TestPatientsLoad(t *testing.T) {
	folder := filepath.Join(fhirtest.SharedDir(t), "data/synthea")
	onBoth(t, func(t *testing.T, e *interaction.Session) {
		const resources = 11229 // in all bundles of the folder
		for i, want := range []int{resources, 0} {
			report, err := load.Run(t.Context(), load.Engine{Session: e}, []string{folder}, load.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if report.Stored() != want || report.Refused() != 0 || report.Already() != resources-want {
				var b strings.Builder
				_ = report.Write(&b)
				t.Fatalf("run %d stored %d of %d:\n%s", i, report.Stored(), want, b.String())
			}
		}
	})
}

// TestReferencePatientsLoad: of the reference patients only the two resources
// that aren't valid R4 are left out.
func TestReferencePatientsLoad(t *testing.T) {
	folder := filepath.Join(fhirtest.SharedDir(t), "data/inferno-reference-data")
	onBoth(t, func(t *testing.T, e *interaction.Session) {
		report, err := load.Run(t.Context(), load.Engine{Session: e}, []string{folder}, load.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		if err := report.Write(&b); err != nil {
			t.Fatal(err)
		}
		if report.Stored() != 977 || report.Refused() != 2 ||
			!strings.Contains(b.String(), "Bundle.entry.resource.content.link") ||
			!strings.Contains(b.String(), "Bundle.entry.resource.effective.stop") {
			t.Error(b.String())
		}
	})
}

// TestExamplesLoadAsTheyAre: of the official examples exactly those are
// refused that break R4 itself, and every other is read back as it was sent.
func TestExamplesLoadAsTheyAre(t *testing.T) {
	folder := filepath.Join(fhirtest.SharedDir(t), "data/examples/r4")
	files, err := filepath.Glob(filepath.Join(folder, "*/*.json"))
	if err != nil || len(files) != 731 {
		t.Fatalf("%d examples: %v", len(files), err)
	}
	onBoth(t, func(t *testing.T, e *interaction.Session) {
		report, err := load.Run(t.Context(), load.Engine{Session: e}, files, load.Options{AsIs: true})
		if err != nil {
			t.Fatal(err)
		}
		if report.Stored() != 728 || report.Refused() != 3 {
			var b strings.Builder
			_ = report.Write(&b)
			t.Fatal(b.String())
		}
		for _, f := range files {
			sent := readJSON(t, f)
			key := fhir.Key{Type: sent["resourceType"].(string), ID: sent["id"].(string)}
			switch filepath.Base(f) {
			case "Questionnaire-qs1.json", "ImplementationGuide-fhir.json":
				continue // refused: required elements are missing
			case "Subscription-example.json":
				continue // refused: it asks for notifications
			}
			v, err := e.Read(t.Context(), key)
			if err != nil {
				t.Errorf("%s: got %v, want no error", key, err)
				continue
			}
			same(t, key.String(), sent, parse(t, v.JSON), nil)
		}
	})
}

// TestPatientsComeOutAsTheyWentIn carries out every bundle of patients and
// reads back every resource: equal but for id, version and rewritten links.
func TestPatientsComeOutAsTheyWentIn(t *testing.T) {
	folder := filepath.Join(fhirtest.SharedDir(t), "data/synthea")
	files, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatal("no patients", err)
	}
	sort.Strings(files) // hospitals and practitioners come first
	onBoth(t, func(t *testing.T, e *interaction.Session) {
		for _, f := range files {
			carryOut(t, e, f)
		}
	})
}

func carryOut(t *testing.T, e *interaction.Session, file string) {
	t.Helper()
	body, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := e.Bundle(t.Context(), interaction.BundleRequest{Body: body, Base: "http://localhost/fhir"})
	if err != nil {
		t.Fatalf("%s: got %v, want no error", file, err)
	}
	sent, got := readJSON(t, file)["entry"].([]any), parse(t, answer)["entry"].([]any)
	links := map[string]string{}
	for i := range sent {
		location := got[i].(map[string]any)["response"].(map[string]any)["location"].(string)
		key := keyIn(t, location)
		links[sent[i].(map[string]any)["fullUrl"].(string)] = key.String()
	}
	for i := range sent {
		one := sent[i].(map[string]any)
		key, _ := fhir.ParseKey(links[one["fullUrl"].(string)])
		v, err := e.Read(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		same(t, fmt.Sprintf("%s entry %d", filepath.Base(file), i), one["resource"].(map[string]any), parse(t, v.JSON), linked(t, e, links))
	}
}

// keyIn reads the key from a location, relative or absolute.
func keyIn(t *testing.T, location string) fhir.Key {
	t.Helper()
	parts := strings.Split(location, "/")
	for i, p := range parts {
		if p == "_history" && i >= 2 {
			return fhir.Key{Type: parts[i-2], ID: parts[i-1]}
		}
	}
	t.Fatalf("no version in location %q", location)
	return fhir.Key{}
}

// linked tells whether a string that changed is a link that was rewritten to
// what it named: an entry of the bundle, or the one resource with an identifier.
func linked(t *testing.T, e *interaction.Session, links map[string]string) func(sent, got string) bool {
	return func(sent, got string) bool {
		if to, found := links[sent]; found {
			return got == to
		}
		typ, criteria, conditional := strings.Cut(sent, "?identifier=")
		key, isKey := fhir.ParseKey(got)
		if !conditional || !isKey || key.Type != typ {
			return false
		}
		_, value, _ := strings.Cut(criteria, "|")
		v, err := e.Read(context.Background(), key)
		if err != nil {
			t.Error(err)
			return false
		}
		return strings.Contains(string(v.JSON), `"value":"`+value+`"`)
	}
}

// same compares what was sent with what was read, but for what the server sets.
func same(t *testing.T, what string, sent, got map[string]any, relinked func(sent, got string) bool) {
	t.Helper()
	for _, m := range []map[string]any{sent, got} {
		delete(m, "id")
		meta, _ := m["meta"].(map[string]any)
		delete(meta, "versionId")
		delete(meta, "lastUpdated")
		deleteCaseTag(meta)
		if len(meta) == 0 {
			delete(m, "meta")
		}
	}
	differ(t, what, sent, got, relinked)
}

// deleteCaseTag: what names an episode gets the tag of its case.
func deleteCaseTag(meta map[string]any) {
	tags, _ := meta["tag"].([]any)
	tags = slices.DeleteFunc(tags, func(tag any) bool {
		return tag.(map[string]any)["system"] == fhir.CanonicalBase+"/CodeSystem/case"
	})
	if len(tags) == 0 {
		delete(meta, "tag")
		return
	}
	meta["tag"] = tags
}

func differ(t *testing.T, path string, sent, got any, relinked func(sent, got string) bool) {
	t.Helper()
	switch s := sent.(type) {
	case map[string]any:
		g, _ := got.(map[string]any)
		if len(s) != len(g) {
			t.Errorf("%s: %d members became %d", path, len(s), len(g))
		}
		for name, value := range s {
			differ(t, path+"."+name, value, g[name], relinked)
		}
	case []any:
		g, _ := got.([]any)
		if len(s) != len(g) {
			t.Errorf("%s: %d items became %d", path, len(s), len(g))
			return
		}
		for i := range s {
			differ(t, fmt.Sprintf("%s[%d]", path, i), s[i], g[i], relinked)
		}
	case string:
		if g, _ := got.(string); g != s && (relinked == nil || !relinked(s, g)) {
			t.Errorf("%s was changed", path)
		}
	default:
		if !reflect.DeepEqual(sent, got) {
			t.Errorf("%s was changed: %v became %v", path, sent, got)
		}
	}
}

func readJSON(t *testing.T, file string) map[string]any {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, text)
}

// parse keeps numbers digit for digit.
func parse(t *testing.T, text []byte) map[string]any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.UseNumber()
	var m map[string]any
	if err := d.Decode(&m); err != nil {
		t.Fatal(err)
	}
	return m
}
