package definition

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"caseway/fhir"
	"caseway/fhir/fhirtest"
)

// reader walks a resource along the definitions and counts what it finds.
type reader struct {
	t     *testing.T
	file  string
	codes int // required bindings met
}

// Whatever the official examples contain is defined, and their required codes
// are in their value sets. Where a validator finds fault with an example, it
// is for rules beyond these.
func TestOfficialExamplesReadAlongTheDefinitions(t *testing.T) {
	dir := filepath.Join(fhirtest.SharedDir(t), "data", "examples", "r4")
	index, err := os.Open(filepath.Join(dir, "index.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	defer index.Close()
	files, codes := 0, 0
	for dec := json.NewDecoder(bufio.NewReader(index)); dec.More(); {
		var entry struct{ File string }
		if err := dec.Decode(&entry); err != nil {
			t.Fatal(err)
		}
		r := &reader{t: t, file: entry.File}
		r.resource(readObject(t, filepath.Join(dir, entry.File)))
		files++
		codes += r.codes
	}
	if files < 700 || codes < 5000 {
		t.Errorf("%d examples with %d required codes: too few", files, codes)
	}
}

func readObject(t *testing.T, path string) map[string]any {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var object map[string]any
	if err := json.Unmarshal(text, &object); err != nil {
		t.Fatal(err)
	}
	return object
}

func (r *reader) resource(object map[string]any) {
	name, _ := object["resourceType"].(string)
	typ := R4().Type(name)
	if typ == nil || typ.Kind != fhir.ResourceType {
		r.t.Errorf("%s: no resource type %q", r.file, name)
		return
	}
	delete(object, "resourceType")
	r.object(typ, object)
}

func (r *reader) object(typ *fhir.Type, object map[string]any) {
	for name, v := range object {
		p, ok := typ.Property([]byte(name))
		if !ok {
			r.t.Errorf("%s: %s has no %s", r.file, typ.Name, name)
			continue
		}
		list, isList := v.([]any)
		if isList != p.Element.List {
			r.t.Errorf("%s: %s is a list: %v", r.file, p.Element.Path, isList)
		}
		if !isList {
			list = []any{v}
		}
		for _, v := range list {
			r.value(p, v)
		}
	}
}

func (r *reader) value(p fhir.Property, v any) {
	if p.Element.Required != nil && !p.Twin {
		r.required(p.Element, v)
	}
	object, isObject := v.(map[string]any)
	typ := p.Type.Type()
	switch {
	case v == nil: // the place of a primitive without a value, or without a twin
	case isObject != (p.Twin || typ.Kind != fhir.PrimitiveType):
		r.t.Errorf("%s: %s is an object: %v", r.file, p.Element.Path, isObject)
	case p.Type.Name == "Resource":
		r.resource(object)
	case isObject:
		r.object(typ, object)
	}
}

// required checks a code or, of a CodeableConcept, that one coding is in the set.
func (r *reader) required(e *fhir.Element, v any) {
	r.codes++
	object, isConcept := v.(map[string]any)
	if !isConcept {
		if code := fmt.Sprint(v); e.Required.Contains("", code) != fhir.Member {
			r.t.Errorf("%s: %s: %q isn't in %s", r.file, e.Path, code, e.ValueSet)
		}
		return
	}
	codings, _ := object["coding"].([]any)
	for _, c := range codings {
		coding, _ := c.(map[string]any)
		system, _ := coding["system"].(string)
		code, _ := coding["code"].(string)
		if e.Required.Contains(system, code) != fhir.NotMember {
			return
		}
	}
	if len(codings) > 0 {
		r.t.Errorf("%s: %s: no coding is in %s", r.file, e.Path, e.ValueSet)
	}
}
