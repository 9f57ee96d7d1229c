package fhir_test

import (
	"slices"
	"strings"
	"testing"

	"caseway/fhir"
)

// smallSchema has the types of a map; with it come cardinalities and bindings
// that R4's own definitions hardly use.
type smallSchema map[string]*fhir.Type

func (s smallSchema) Type(name string) *fhir.Type { return s[name] }

// colours is a value set of two codes.
type colours struct{}

func (colours) Contains(system, code string) fhir.Membership {
	switch {
	case system == "http://unknown":
		return fhir.Unknown
	case system != "" && system != "http://colours" || !slices.Contains(colours{}.Codes(), code):
		return fhir.NotMember
	}
	return fhir.Member
}

func (colours) Codes() []string { return []string{"red", "green"} }

func newSmallSchema() smallSchema {
	s := smallSchema{}
	add := func(kind fhir.TypeKind, name string, elements ...*fhir.Element) {
		t := &fhir.Type{Name: name, Kind: kind, Elements: elements}
		if kind == fhir.PrimitiveType {
			t.Value = fhir.PrimitiveOf(name)
		}
		for _, e := range elements {
			e.Types = []fhir.TypeRef{fhir.NewTypeRef(e.Path, s)}
			e.List = e.Max != 1
		}
		t.Seal()
		s[name] = t
	}
	// Path holds the type's name here.
	add(fhir.PrimitiveType, "code")
	add(fhir.PrimitiveType, "string")
	add(fhir.ComplexType, "Element", &fhir.Element{Name: "id", Path: "string", Max: 1, Attribute: true})
	add(fhir.ComplexType, "Coding", &fhir.Element{Name: "system", Path: "string", Max: 1}, &fhir.Element{Name: "code", Path: "code", Max: 1})
	add(fhir.ComplexType, "CodeableConcept", &fhir.Element{Name: "coding", Path: "Coding", Max: fhir.Many}, &fhir.Element{Name: "text", Path: "string", Max: 1})
	add(fhir.ResourceType, "Shape",
		&fhir.Element{Name: "side", Path: "string", Min: 2, Max: 3},
		&fhir.Element{Name: "corner", Path: "string", Min: 2, Max: fhir.Many},
		&fhir.Element{Name: "colour", Path: "code", Max: 1, Required: colours{}, ValueSet: "http://vs"},
		&fhir.Element{Name: "coding", Path: "Coding", Max: 1, Required: colours{}, ValueSet: "http://vs"},
		&fhir.Element{Name: "concept", Path: "CodeableConcept", Max: 1, Required: colours{}, ValueSet: "http://vs"},
		&fhir.Element{Name: "mystery", Path: "Mystery", Max: 1})
	return s
}

func TestDecodeCardinalityAndBinding(t *testing.T) {
	const sides, corners = `"side":["a","b"]`, `"corner":["a","b"]`
	cases := []struct {
		members string
		want    []string
		says    string
	}{
		{sides + `,` + corners, nil, ""},
		{corners, []string{"required Shape.side"}, "required"},
		{`"side":["a"],` + corners, []string{"value Shape.side"}, "has 1 members, but 2 to 3 are allowed"},
		{`"side":["a","b","c","d"],` + corners, []string{"value Shape.side"}, "has 4 members, but 2 to 3 are allowed"},
		{sides + `,"corner":["a"]`, []string{"value Shape.corner"}, "at least 2 are needed"},
		{sides + `,` + corners + `,"colour":"red"`, nil, ""},
		{sides + `,` + corners + `,"colour":"blue"`, []string{"code-invalid Shape.colour"}, "outside the required value set http://vs; allowed are red, green"},
		{sides + `,` + corners + `,"coding":{"system":"http://colours","code":"red"}`, nil, ""},
		{sides + `,` + corners + `,"coding":{"system":"http://other","code":"red"}`, []string{"code-invalid Shape.coding"}, "http://vs"},
		{sides + `,` + corners + `,"coding":{"system":"http://unknown","code":"x"}`, nil, ""},
		{sides + `,` + corners + `,"coding":{"system":"http://colours"}`, nil, ""},
		{sides + `,` + corners + `,"concept":{"text":"reddish"}`, []string{"code-invalid Shape.concept"}, "needs a coding of the required value set http://vs; allowed are red, green"},
		{sides + `,` + corners + `,"concept":{"coding":[{"system":"http://other","code":"x"},{"system":"http://colours","code":"red"}]}`, nil, ""},
		{sides + `,` + corners + `,"concept":{"coding":[{"system":"http://other","code":"x"},{"system":"http://colours","code":"x"}],"text":"red"}`, []string{"code-invalid Shape.concept"}, "http://vs"},
		{sides + `,` + corners + `,"mystery":{}`, []string{"structure Shape.mystery"}, "no definition of the type Mystery"},
	}
	schema := newSmallSchema()
	for _, c := range cases {
		_, err := fhir.Decode(schema, []byte(`{"resourceType":"Shape",`+c.members+`}`), fhir.DefaultLimits)
		_, issues := problems(err)
		if !slices.Equal(issues, c.want) {
			t.Errorf("%s: issues %q, expected %q", c.members, issues, c.want)
		}
		if err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v; expected to say %q", c.members, err, c.says)
		}
	}
}

func TestProperty(t *testing.T) {
	observation := decodeSchema.Type("Observation")
	for name, want := range map[string]struct {
		element, typ string
		twin         bool
	}{
		"status": {"status", "code", false}, "_status": {"status", "code", true}, "valueQuantity": {"value", "Quantity", false}, "_valueString": {"value", "string", true}, "id": {"id", "id", false},
	} {
		t.Run(name, func(t *testing.T) {
			p, ok := observation.Property([]byte(name))
			if !ok || p.Element.Name != want.element || p.Type.Name != want.typ || p.Twin != want.twin {
				t.Errorf("%s is %+v", name, p)
			}
		})
	}
	for _, name := range []string{"", "value", "_id", "_code", "Status", "valuequantity", "resourceType"} {
		t.Run(name, func(t *testing.T) {
			if _, ok := observation.Property([]byte(name)); ok {
				t.Errorf("%q is taken for an element", name)
			}
		})
	}
}

// TestIssueTexts: a text says what would be right, and nothing of what was sent.
func TestIssueTexts(t *testing.T) {
	cases := map[string]string{
		patient + `,"nmae":[]}`:                     "the nearest is name",
		patient + `,"birthdate":"secret"}`:          "the nearest is birthDate",
		patient + `,"_birthdate":{"id":"secret"}}`:  "the nearest is _birthDate",
		patient + `,"multipleBirth":1}`:             "such as multipleBirthBoolean",
		patient + `,"deceasedBolean":true}`:         "the nearest is deceasedBoolean",
		patient + `,"xyz":"secret"}`:                "Patient has no element of this name",
		patient + `,"gender":"secret"}`:             "allowed are male, female, other, unknown",
		patient + `,"birthDate":"secret"}`:          "YYYY-MM-DD",
		patient + `,"active":"secret"}`:             "must be a boolean, not a string",
		patient + `,"name":[{"given":"secret"}]}`:   "must be an array, not a string",
		patient + `,"maritalStatus":["secret"]}`:    "must be an object, not an array",
		patient + `,"secret thing":1}`:              "a name that can't be an element's",
		`{"resourceType":"secret"}`:                 "names no resource type",
		`{"resourceType":"Patient","id":"secret_"}`: "1 to 64 letters",
	}
	for text, says := range cases {
		_, err := decode(text)
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v; expected to say %q", text, err, says)
		}
	}
}
