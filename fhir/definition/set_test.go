package definition

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"caseway/fhir"
)

func TestTypes(t *testing.T) {
	counts := map[fhir.TypeKind]int{}
	for _, name := range R4().TypeNames() {
		counts[R4().Type(name).Kind]++
	}
	want := map[fhir.TypeKind]int{fhir.PrimitiveType: 20, fhir.ComplexType: 41, fhir.ResourceType: 148}
	for kind, n := range want {
		if counts[kind] != n {
			t.Errorf("%d types of kind %d, want %d", counts[kind], kind, n)
		}
	}
	for _, name := range []string{"", "Nothing", "patient", "Patient.nothing", "Patient.name", "Request", ".", "Patient."} {
		t.Run(name, func(t *testing.T) {
			if R4().Type(name) != nil {
				t.Errorf("Type(%q) isn't nil", name)
			}
		})
	}
}

func TestResourceTypes(t *testing.T) {
	types := R4().ResourceTypes()
	if len(types) != 145 || !slices.IsSorted(types) {
		t.Errorf("%d resource types, sorted %v; want 145, sorted", len(types), slices.IsSorted(types))
	}
	for name, want := range map[string]bool{
		"Patient": true, "Binary": true, "Bundle": true,
		"Parameters": false, "Resource": false, "DomainResource": false, "HumanName": false, "date": false, "": false,
	} {
		t.Run(name, func(t *testing.T) {
			if got := R4().IsResourceType(name); got != want {
				t.Errorf("IsResourceType(%q) = %v", name, got)
			}
		})
	}
}

func TestAskingForATypeReadsNoOther(t *testing.T) {
	s := newSet()
	s.Type("Patient")
	s.SearchParameters("Patient")
	for name, other := range s.structures {
		if (other.byName != nil) != (name == "Patient") {
			t.Errorf("%s: read is %v", name, other.byName != nil)
		}
	}
}

func TestTypesAreReadOnce(t *testing.T) {
	s := newSet()
	var wg sync.WaitGroup
	got := make([]*fhir.Type, 32)
	for i := range got {
		wg.Go(func() { got[i] = s.Type("CarePlan.activity.detail") })
	}
	wg.Wait()
	for _, typ := range got {
		if typ == nil || typ != got[0] {
			t.Fatal("several goroutines got different types")
		}
	}
}

func TestEveryTypeThatAnElementNamesIsThere(t *testing.T) {
	seen := map[*fhir.Type]bool{}
	var walk func(*fhir.Type)
	walk = func(typ *fhir.Type) {
		if seen[typ] {
			return
		}
		seen[typ] = true
		for _, e := range typ.Elements {
			if len(e.Types) == 0 {
				t.Errorf("%s has no type", e.Path)
			}
			for _, ref := range e.Types {
				found := ref.Type()
				if found == nil || found.Name != ref.Name {
					t.Fatalf("%s: type %s isn't there", e.Path, ref.Name)
				}
				walk(found)
			}
		}
	}
	for _, name := range R4().TypeNames() {
		typ := R4().Type(name)
		walk(typ)
		if typ.Base != "" && R4().Type(typ.Base) == nil {
			t.Errorf("%s: base %s isn't there", name, typ.Base)
		}
	}
	if want := 209 + 473; len(seen) != want {
		t.Errorf("%d types and elements with children, want %d", len(seen), want)
	}
}

func TestElementsOfSpecialForm(t *testing.T) {
	for _, c := range []struct {
		typ, element string
		types        string
		attribute    bool
	}{
		{"Patient", "id", "id", true},
		{"Parameters", "id", "id", true},
		{"Patient.contact", "id", "string", true},
		{"HumanName", "id", "string", true},
		{"date", "id", "string", true},
		{"xhtml", "id", "string", true},
		{"Extension", "url", "uri", true},
		{"date", "extension", "Extension", false},
		{"Narrative", "div", "xhtml", false},
		{"Patient", "contained", "Resource", false},
		{"Bundle.entry", "resource", "Resource", false},
		{"Bundle.entry", "link", "Bundle.link", false},
		{"Parameters.parameter", "resource", "Resource", false},
		{"Parameters.parameter", "part", "Parameters.parameter", false},
		{"CarePlan.activity", "detail", "CarePlan.activity.detail", false},
		{"CarePlan.activity.detail", "quantity", "Quantity", false},
		{"CarePlan.activity.detail", "product", "CodeableConcept Reference", false},
		{"Timing", "repeat", "Timing.repeat", false},
		{"Contract.term", "group", "Contract.term", false},
		{"Questionnaire.item", "item", "Questionnaire.item", false},
		{"ValueSet.compose", "exclude", "ValueSet.compose.include", false},
	} {
		t.Run(c.typ, func(t *testing.T) {
			e := R4().Type(c.typ).Element(c.element)
			var names []string
			for _, ref := range e.Types {
				names = append(names, ref.Name)
			}
			if got := strings.Join(names, " "); got != c.types || e.Attribute != c.attribute {
				t.Errorf("%s: types %q, attribute %v", e.Path, got, e.Attribute)
			}
		})
	}
	if n := len(R4().Type("Extension").Element("value").Types); n != 50 {
		t.Errorf("Extension.value has %d types, want 50", n)
	}
}

func TestPrimitivesHaveTheDefinitionsRegex(t *testing.T) {
	for _, name := range R4().TypeNames() {
		typ := R4().Type(name)
		if (typ.Value != nil) != (typ.Kind == fhir.PrimitiveType) {
			t.Errorf("%s: kind %d, Value %v", name, typ.Kind, typ.Value)
			continue
		}
		if typ.Value == nil {
			continue
		}
		var first struct{ Regex string }
		for line := range readLines(R4().structures[name].file) {
			decode(line, &first)
			break
		}
		if typ.Value.Regex != first.Regex {
			t.Errorf("%s: regex %q, defined as %q", name, typ.Value.Regex, first.Regex)
		}
	}
}

func BenchmarkFirstUse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		newSet().Type("Patient")
	}
}

func BenchmarkAllTypes(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		s := newSet()
		for _, name := range s.TypeNames() {
			s.Type(name)
		}
	}
}
