package search

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"caseway/fhir"
	"caseway/fhir/definition"
)

// The words of generated resources and queries: few, so that they meet, and
// with all that is special about them.
var (
	stringWords = []string{
		"Smith", "smith", "Smïth-Jones", "Smith Jones", "O'Neil", "oneil", "a,b|c$d\\e", "Ångström", "...", "Jones",
		"  two   spaces ", strings.Repeat("Long ", 20) + "a", strings.Repeat("Long ", 20) + "b",
	}
	codeWords     = []string{"a", "A", "b|c", "final", "text/xml", "x,y"}
	systemWords   = []string{"http://a.org", "http://a.org/b|c", "http://unitsofmeasure.org", ""}
	uriWords      = []string{"http://example.org/fhir/Patient/1", "http://a.org/x", "http://a.org/x/y", "http://a.org", "urn:oid:1.2", "http://a.org/" + strings.Repeat("long/", 30)}
	versionWords  = []string{"", "|1", "|1.0", "|1.1", "|2"}
	idWords       = []string{"1", "2", "x-1"}
	numberWords   = []string{"0", "1", "1.0", "7", "99.5", "100", "100.5", "-3", "-3.25", "0.054", "5.4", "5400", "1e2", "1.2e-3"}
	integerWords  = []string{"0", "1", "7", "100"}
	yearWords     = []string{"2020", "2021", "0001", "9999"}
	dateWords     = []string{"2020", "2020-02", "2020-02-29", "2020-03-01", "2021", "9999-12-31", "0001-01-01"}
	instantWords  = []string{"2020-02-29T23:59:59Z", "2020-03-01T00:00:00Z", "2020-03-01T10:00:00+10:00", "2020-03-01T00:00:00.5Z", "2020-02-29T23:59:59.999Z", "2020-03-01T00:00:00.000Z"}
	unitWords     = []string{"mg", "g", "[degF]", "Cel", "furlongs", "", "1"}
	literalWords  = []string{"Patient/1", "Patient/2", "Group/1", "http://example.org/fhir/Patient/1", "http://other.org/Patient/1", "#c", "urn:uuid:1", "Patient/1/_history/2", "Practitioner/x-1"}
	modifierWords = []string{"", "", "", "missing"}
	prefixWords   = []string{"", "", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb"}
)

func pick(t *rapid.T, words []string) string { return rapid.SampledFrom(words).Draw(t, "word") }

// maybe is true in so many of a hundred cases.
func maybe(t *rapid.T, percent int) bool {
	return rapid.IntRange(1, 100).Draw(t, "chance") <= percent
}

// sower generates resources of a type, mostly of what its parameters look at.
type sower struct{ words map[string]bool }

func newSower(typ string) sower {
	s := sower{words: map[string]bool{}}
	letters := func(r rune) bool { return r < 'A' || r > 'z' || r > 'Z' && r < 'a' }
	for _, d := range definition.R4().SearchParameters(typ) {
		for _, c := range append(d.Component, definition.Component{Expression: d.Expression}) {
			for _, word := range strings.FieldsFunc(c.Expression, letters) {
				s.words[word] = true
			}
		}
	}
	return s
}

func (s sower) resource(t *rapid.T, typ string) *fhir.Tree {
	of := definition.R4().Type(typ)
	object := s.object(t, of, 0)
	object["resourceType"], object["id"] = typ, pick(t, idWords)
	text, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	// What isn't valid for want of an element is searched like the rest.
	tree, err := fhir.Decode(definition.R4(), text, fhir.DefaultLimits)
	if tree == nil || tree.Type() == nil {
		t.Fatal(err)
	}
	return tree
}

const deepest = 6

func (s sower) object(t *rapid.T, of *fhir.Type, depth int) map[string]any {
	object := map[string]any{}
	if depth > deepest {
		return object
	}
	for _, e := range of.Elements {
		if slices.Contains([]string{"id", "extension", "modifierExtension", "contained", "text", "language", "implicitRules"}, e.Name) {
			continue
		}
		if percent := 60; !(of.Kind != fhir.ComplexType && !s.words[e.Name]) && maybe(t, percent) {
			s.element(t, object, e, depth)
		}
	}
	return object
}

func (s sower) element(t *rapid.T, object map[string]any, e *fhir.Element, depth int) {
	ref := rapid.SampledFrom(e.Types).Draw(t, "type")
	name := e.Name
	if e.Choice {
		name += strings.ToUpper(ref.Name[:1]) + ref.Name[1:]
	}
	n := 1
	if e.List {
		n = rapid.IntRange(1, 2).Draw(t, "length")
	}
	var list []any
	for range n {
		if v := s.value(t, e, ref, depth); v != nil {
			list = append(list, v)
		}
	}
	switch {
	case len(list) == 0:
	case e.List:
		object[name] = list
	default:
		object[name] = list[0]
	}
}

func (s sower) value(t *rapid.T, e *fhir.Element, ref fhir.TypeRef, depth int) any {
	if v := primitive(t, e, ref.Name); v != nil {
		return v
	}
	of := ref.Type()
	if of == nil || of.Kind == fhir.PrimitiveType || of.Kind == fhir.ResourceType {
		return nil
	}
	object := s.object(t, of, depth+1)
	switch ref.Name {
	case "Reference":
		object["reference"] = pick(t, literalWords)
		delete(object, "type")
	case "Period":
		start, end := pick(t, append(dateWords, instantWords...)), pick(t, append(dateWords, instantWords...))
		if start > end {
			start, end = end, start
		}
		if maybe(t, 70) {
			object["start"] = start
		}
		if maybe(t, 70) {
			object["end"] = end
		}
		deleteUnless(object, "start", start)
		deleteUnless(object, "end", end)
	case "Quantity", "Age", "Duration", "Count", "Distance":
		object["unit"], object["code"] = pick(t, unitWords), pick(t, unitWords)
		deleteUnless(object, "unit", cmp.Or(object["unit"].(string), "-"))
		deleteUnless(object, "code", cmp.Or(object["code"].(string), "-"))
	}
	if len(object) == 0 {
		return nil
	}
	return object
}

func deleteUnless(object map[string]any, name, value string) {
	if object[name] != value {
		delete(object, name)
	}
}

func primitive(t *rapid.T, e *fhir.Element, typ string) any {
	switch typ {
	case "string", "markdown", "http://hl7.org/fhirpath/System.String":
		return pick(t, stringWords)
	case "code":
		if l, is := e.Required.(fhir.CodeLister); is {
			codes := l.Codes()
			return pick(t, codes[:min(3, len(codes))])
		}
		return pick(t, codeWords)
	case "uri", "url":
		if e.Name == "system" {
			return pick(t, systemWords[:3])
		}
		return pick(t, uriWords)
	case "canonical":
		return pick(t, uriWords) + pick(t, versionWords)
	case "id":
		return pick(t, idWords)
	case "boolean":
		return maybe(t, 50)
	case "decimal":
		return json.Number(pick(t, numberWords))
	case "integer", "positiveInt", "unsignedInt":
		return json.Number(pick(t, integerWords))
	case "date":
		return pick(t, dateWords)
	case "dateTime":
		return pick(t, append(dateWords, instantWords...))
	case "instant":
		return pick(t, instantWords)
	}
	return nil
}

// escape writes a text as part of a search value.
func escape(s string) string {
	return strings.NewReplacer(`\`, `\\`, `,`, `\,`, `|`, `\|`, `$`, `\$`).Replace(s)
}

// query generates a modifier and a value for a parameter.
func query(t *rapid.T, p *Parameter) (modifier, value string) {
	modifier = rapid.SampledFrom(append(slices.Clone(modifierWords), p.Modifiers()...)).Draw(t, "modifier")
	if modifier == "missing" {
		return modifier, pick(t, []string{"true", "false"})
	}
	var values []string
	for range rapid.IntRange(1, 2).Draw(t, "values") {
		values = append(values, one(t, p, modifier))
	}
	return modifier, strings.Join(values, ",")
}

func one(t *rapid.T, p *Parameter, modifier string) string {
	switch p.Type {
	case "string":
		s := pick(t, stringWords)
		return escape(s[:rapid.IntRange(1, len(s)).Draw(t, "length")])
	case "token":
		return token(t, p, modifier)
	case "reference":
		if modifier == "identifier" {
			return token(t, p, "")
		}
		return escape(pick(t, append([]string{"1", "x-1", "Patient/1/_history/3"}, append(literalWords, uriWords...)...)) + pick(t, versionWords))
	case "uri":
		return escape(pick(t, uriWords) + pick(t, []string{"", "", "|1", "/z/y"}))
	case "date":
		return pick(t, prefixWords) + pick(t, slices.Concat(dateWords, instantWords, yearWords, []string{"2020-03-01T00:00"}))
	case "number":
		return pick(t, append(prefixWords, "ap")) + pick(t, numberWords)
	case "quantity":
		value := pick(t, append(prefixWords, "ap")) + pick(t, numberWords)
		if maybe(t, 60) {
			value += "|" + escape(pick(t, systemWords)) + "|" + escape(pick(t, unitWords))
		}
		return value
	case "composite":
		var parts []string
		for _, part := range p.parts {
			parts = append(parts, one(t, part.values, ""))
		}
		return strings.Join(parts, "$")
	}
	panic("no values for " + p.Type)
}

func token(t *rapid.T, p *Parameter, modifier string) string {
	code := pick(t, slices.Concat(codeWords, stringWords, uriWords[:2], []string{"true", "false", "1", "draft", "active", "male"}))
	switch modifier {
	case "text":
		return escape(code)
	case "in", "not-in":
		return pick(t, []string{"http://hl7.org/fhir/ValueSet/administrative-gender", "http://hl7.org/fhir/ValueSet/mimetypes", "http://hl7.org/fhir/ValueSet/publication-status"})
	case "of-type":
		return fmt.Sprintf("%s|%s|%s", escape(pick(t, systemWords)), escape(pick(t, codeWords)), escape(pick(t, stringWords)))
	}
	if sets := p.shape.codeSets; len(sets) > 0 {
		if l, is := sets[0].(fhir.CodeLister); is && maybe(t, 80) {
			code = pick(t, l.Codes())
		}
	}
	switch rapid.IntRange(0, 3).Draw(t, "form") {
	case 0:
		return escape(pick(t, systemWords)) + "|" + escape(code)
	case 1:
		return escape(pick(t, append(systemWords, "http://hl7.org/fhir/publication-status"))) + "|"
	}
	return escape(code)
}
