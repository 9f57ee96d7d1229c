package definition

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"caseway/fhir"
	"caseway/fhir/fhirtest"
)

// These tests hold the embedded data to HL7's own package of R4 4.0.1, which
// it wasn't made from.

// The package's StructureDefinition, as far as the server uses it.
type (
	structureDefinition struct {
		Kind, Type, BaseDefinition, Derivation string
		Abstract                               bool
		Snapshot                               struct{ Element []elementDefinition }
	}
	elementDefinition struct {
		Path             string
		Min              int
		Max              string
		Base             struct{ Max string }
		ContentReference string
		Type             []elementType
		IsSummary        bool
		Binding          struct{ Strength, ValueSet string }
		Constraint       []Constraint
	}
	elementType struct {
		Code          string
		TargetProfile []string
		Profile       []string
		Extension     []struct{ URL, ValueURL, ValueString string }
	}
)

// packageLines gives a file of the package, one resource each.
func packageLines[T any](t *testing.T, name string) []T {
	t.Helper()
	f, err := os.Open(filepath.Join(fhirtest.SharedDir(t), "data", "definitions", "hl7.fhir.r4.core-4.0.1", name+".ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var list []T
	for dec := json.NewDecoder(bufio.NewReader(f)); dec.More(); {
		var v T
		if err := dec.Decode(&v); err != nil {
			t.Fatal(err)
		}
		list = append(list, v)
	}
	return list
}

func packageTypes(t *testing.T) []structureDefinition {
	return slices.DeleteFunc(packageLines[structureDefinition](t, "structuredefinition-base"),
		func(s structureDefinition) bool { return s.Kind == "logical" })
}

func TestTypesEqualTheirDefinitions(t *testing.T) {
	all := packageTypes(t)
	var names []string
	for _, s := range all {
		names = append(names, s.Type)
		t.Run(s.Type, func(t *testing.T) {
			if diff := cmp.Diff(definedType(s), describeType(s.Type)); diff != "" {
				t.Errorf("- defined, + embedded:\n%s", diff)
			}
		})
	}
	slices.Sort(names)
	if diff := cmp.Diff(names, R4().TypeNames()); diff != "" {
		t.Errorf("- defined, + embedded:\n%s", diff)
	}
}

// described is what both sides are brought to.
type (
	describedType struct {
		Base     string
		Kind     fhir.TypeKind
		Abstract bool
		Regex    string
		Elements map[string]describedElement // by path
	}
	describedElement struct {
		Min, Max                         int
		List, Choice, Summary, Attribute bool
		Types                            []string
		ValueSet                         string
	}
)

func describeType(name string) describedType {
	typ := R4().Type(name)
	d := describedType{Base: typ.Base, Kind: typ.Kind, Abstract: typ.Abstract, Elements: map[string]describedElement{}}
	if typ.Value != nil {
		d.Regex = typ.Value.Regex
	}
	describeElements(typ, d.Elements)
	return d
}

func describeElements(typ *fhir.Type, into map[string]describedElement) {
	for _, e := range typ.Elements {
		if _, done := into[e.Path]; done {
			continue // by contentReference
		}
		d := describedElement{Min: e.Min, Max: e.Max, List: e.List, Choice: e.Choice, Summary: e.Summary, Attribute: e.Attribute}
		for _, ref := range e.Types {
			d.Types = append(d.Types, ref.Name)
		}
		if e.Required != nil {
			d.ValueSet = e.ValueSet
		}
		into[e.Path] = d
		if e.Types[0].Type().Kind == fhir.ElementType {
			describeElements(e.Types[0].Type(), into)
		}
	}
}

func definedType(s structureDefinition) describedType {
	d := describedType{Base: tail(s.BaseDefinition), Abstract: s.Abstract, Elements: map[string]describedElement{}}
	d.Kind = map[string]fhir.TypeKind{
		"primitive-type": fhir.PrimitiveType, "complex-type": fhir.ComplexType, "resource": fhir.ResourceType,
	}[s.Kind]
	for i, e := range s.Snapshot.Element {
		switch {
		case i == 0:
		case d.Kind == fhir.PrimitiveType && strings.HasSuffix(e.Path, ".value"):
			d.Regex = e.Type[0].extension("regex")
		default:
			parent := i+1 < len(s.Snapshot.Element) && strings.HasPrefix(s.Snapshot.Element[i+1].Path, e.Path+".")
			d.Elements[e.Path] = definedElement(s, e, parent)
		}
	}
	return d
}

func definedElement(s structureDefinition, e elementDefinition, parent bool) describedElement {
	d := describedElement{
		Min: e.Min, Max: map[string]int{"0": 0, "1": 1, "*": fhir.Many}[e.Max],
		List:    e.Base.Max == "*",
		Choice:  strings.HasSuffix(e.Path, "[x]"),
		Summary: e.IsSummary,
	}
	if e.Binding.Strength == "required" {
		d.ValueSet, _, _ = strings.Cut(e.Binding.ValueSet, "|")
	}
	for _, typ := range e.Type {
		d.Attribute = d.Attribute || strings.HasPrefix(typ.Code, "http://hl7.org/fhirpath/System.")
		d.Types = append(d.Types, typ.name())
	}
	switch {
	case e.ContentReference != "":
		d.Types = []string{strings.TrimPrefix(e.ContentReference, "#")}
	case parent:
		d.Types = []string{e.Path}
	case s.Kind == "resource" && e.Path == s.Type+".id":
		d.Types = []string{"id"} // SOURCE.md says why
	}
	return d
}

func (t elementType) name() string {
	if !strings.HasPrefix(t.Code, "http:") {
		return t.Code
	}
	if name := t.extension("structuredefinition-fhir-type"); name != "" {
		return name
	}
	return "string" // xhtml.id: SOURCE.md says why
}

func (t elementType) extension(name string) string {
	for _, e := range t.Extension {
		if tail(e.URL) == name {
			return e.ValueURL + e.ValueString
		}
	}
	return ""
}

func tail(url string) string { return url[strings.LastIndexByte(url, '/')+1:] }

func TestConstraintsEqualTheirDefinitions(t *testing.T) {
	total := 0
	for _, s := range packageTypes(t) {
		var defined []Constraint
		for _, e := range s.Snapshot.Element {
			if s.Kind == "primitive-type" && strings.HasSuffix(e.Path, ".value") && len(e.Constraint) == 0 {
				continue
			}
			for _, c := range e.Constraint {
				c.Path = e.Path
				defined = append(defined, c)
			}
		}
		total += len(defined)
		if diff := cmp.Diff(defined, R4().Constraints(s.Type)); diff != "" {
			t.Errorf("%s: - defined, + embedded:\n%s", s.Type, diff)
		}
	}
	if total < 8000 {
		t.Errorf("only %d constraints compared", total)
	}
	if R4().Constraints("Patient.contact") != nil {
		t.Error("constraints by a path")
	}
}

// Reference and canonical name their targets in the data, Quantity its profile.
func TestReferenceTargetsEqualTheirDefinitions(t *testing.T) {
	for _, s := range packageTypes(t) {
		_, lines := R4().structures[s.Type].lines()
		embedded := map[string][]string{}
		for _, l := range lines {
			for _, name := range l.Types {
				if _, targets, found := strings.Cut(name, "("); found {
					embedded[l.Path] = append(embedded[l.Path], strings.TrimSuffix(targets, ")"))
				}
			}
		}
		defined := map[string][]string{}
		for _, e := range s.Snapshot.Element {
			for _, typ := range e.Type {
				var targets []string
				for _, profile := range append(typ.TargetProfile, typ.Profile...) {
					targets = append(targets, tail(profile))
				}
				if len(targets) > 0 {
					defined[e.Path] = append(defined[e.Path], strings.Join(targets, "|"))
				}
			}
		}
		if diff := cmp.Diff(defined, embedded); diff != "" {
			t.Errorf("%s: - defined, + embedded:\n%s", s.Type, diff)
		}
	}
}
