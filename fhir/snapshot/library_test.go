package snapshot_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"caseway/fhir/definition"
	"caseway/fhir/snapshot"
)

// define makes a StructureDefinition of Observation with a differential.
func define(name, base, elements string) []byte {
	return fmt.Appendf(nil, `{"resourceType":"StructureDefinition","url":"http://x/%s","version":"1.0.0","type":"Observation","kind":"resource",
		"derivation":"constraint","baseDefinition":%q,"differential":{"element":[%s]}}`, name, base, elements)
}

const observation = "http://hl7.org/fhir/StructureDefinition/Observation"

func libraryOf(t testing.TB, definitions ...[]byte) *snapshot.Library {
	t.Helper()
	l := snapshot.New(definition.R4())
	for _, d := range definitions {
		if err := l.Add(d); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

func TestGenerate(t *testing.T) {
	for _, c := range []struct{ name, elements, id, want string }{
		{"cardinality", `{"id":"Observation.subject","path":"Observation.subject","min":1}`, "Observation.subject", "1..1 Reference"},
		{"type", `{"id":"Observation.value[x]","path":"Observation.value[x]","type":[{"code":"Quantity"}]}`, "Observation.value[x]", "0..1 Quantity"},
		{"choice by name", `{"id":"Observation.valueQuantity","path":"Observation.valueQuantity","min":1}`, "Observation.value[x]:valueQuantity", "1..1 Quantity"},
		{"choice by name narrows", `{"id":"Observation.valueQuantity","path":"Observation.valueQuantity"}`, "Observation.value[x]", "0..1 Quantity"},
		{"into a type", `{"id":"Observation.code.coding.system","path":"Observation.code.coding.system","min":1}`, "Observation.code.coding.system", "1..1 uri"},
		{
			"slice", `{"id":"Observation.component","path":"Observation.component","slicing":{"discriminator":[{"type":"pattern","path":"code"}],"rules":"open"}},
			{"id":"Observation.component:a","path":"Observation.component","sliceName":"a","max":"1"},
			{"id":"Observation.component:a.code","path":"Observation.component.code","patternCodeableConcept":{"text":"a"}}`,
			"Observation.component:a.code", `1..1 CodeableConcept CodeableConcept {"text":"a"}`,
		},
		{"slice is optional", `{"path":"Observation.category","min":1},{"path":"Observation.category","sliceName":"a"}`, "Observation.category:a", "0..* CodeableConcept"},
		{"by paths alone", `{"path":"Observation.component","sliceName":"a"},{"path":"Observation.component.code","min":1,"max":"1"}`, "Observation.component:a.code", "1..1"},
		{"content of another element", `{"id":"Observation.component.referenceRange.low","path":"Observation.component.referenceRange.low","min":1}`, "Observation.component.referenceRange.low", "1..1 Quantity"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, root, err := libraryOf(t, define("p", observation, c.elements)).Definition("http://x/p|1.0.0")
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range root.Flatten() {
				if e.ID == c.id {
					if got := strings.NewReplacer("[]", "", "  ", " ").Replace(summary(e)); !strings.HasPrefix(got, c.want) {
						t.Errorf("%s is %q, want %q", c.id, got, c.want)
					}
					return
				}
			}
			t.Errorf("the snapshot has no %s", c.id)
		})
	}
}

// A profile of a profile begins with what that one says.
func TestProfilesDeriveFromProfiles(t *testing.T) {
	l := libraryOf(t, define("b", "http://x/a", `{"id":"Observation.status","path":"Observation.status","fixedCode":"final"}`),
		define("a", observation, `{"id":"Observation.subject","path":"Observation.subject","min":1}`))
	_, root, err := l.Definition("http://x/b")
	if err != nil {
		t.Fatal(err)
	}
	if min := *root.Child("subject").Min; min != 1 || root.Child("status").Fixed == nil {
		t.Errorf("subject has min %d and status is fixed to %v; want both profiles to hold", min, root.Child("status").Fixed)
	}
	if _, original, _ := l.Definition(observation); *original.Child("subject").Min != 0 {
		t.Error("generating changed the base definition")
	}
}

func TestWrongDefinitions(t *testing.T) {
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"unknown element", define("p", observation, `{"id":"Observation.nothing","path":"Observation.nothing"}`), "nothing isn't an element"},
		{"unknown base", define("p", "http://x/absent", ""), "no such definition"},
		{"derives from itself", define("p", "http://x/p", ""), "derives from itself"},
		{"too deep", define("p", observation, `{"id":"Observation`+strings.Repeat(".extension", 40)+`","path":"x"}`), "too deep"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := libraryOf(t, c.data).Definition("http://x/p")
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("the error is %v, want %q", err, c.want)
			}
		})
	}
	if _, _, err := libraryOf(t).Definition("http://x/none"); !errors.Is(err, snapshot.ErrUnknown) {
		t.Errorf("an unknown URL gives %v, want ErrUnknown", err)
	}
}

// Of several versions the latest is meant where none is named.
func TestVersionsStandSideBySide(t *testing.T) {
	later := []byte(strings.Replace(string(define("p", observation, "")), "1.0.0", "1.10.0", 1))
	earlier := []byte(strings.Replace(string(define("p", observation, "")), "1.0.0", "1.9.0", 1))
	l := libraryOf(t, earlier, later, define("p", observation, ""))
	for canonical, want := range map[string]string{"http://x/p": "1.10.0", "http://x/p|1.0.0": "1.0.0", "http://x/p|1.9": "1.9.0"} {
		def, _, err := l.Definition(canonical)
		if err != nil || def.Version != want {
			t.Errorf("%s gives version %s and %v, want %s", canonical, def.Version, err, want)
		}
	}
}

// FuzzGenerate: whatever a definition says, generating ends within its bounds.
func FuzzGenerate(f *testing.F) {
	f.Add(define("p", observation, `{"id":"Observation.component:a.code","path":"Observation.component.code","min":1}`))
	f.Add(define("p", observation, `{"id":"Observation.value[x]:valueQuantity.code","path":"x","max":"0"}`))
	f.Add(define("p", "http://x/p", `{"path":"Observation.subject.identifier.assigner.identifier.assigner"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		l := snapshot.New(definition.R4())
		before := l.URLs()
		if l.Add(data) != nil {
			return
		}
		for _, url := range l.URLs() {
			if slices.Contains(before, url) {
				continue
			}
			if _, root, err := l.Definition(url); err == nil && len(root.Flatten()) > 60_000 {
				t.Errorf("%d elements", len(root.Flatten()))
			}
		}
	})
}
