package operation

import (
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"

	"caseway/fhir"
	"caseway/fhir/search"
)

// arguments are what a call gives, by parameter: the JSON of each value.
type arguments map[string][]json.RawMessage

// readArguments reads what a call gives and holds it to the definition.
func (s *Service) readArguments(d *definition, r Request) (arguments, error) {
	given, wrong := fromQuery(d, r.Query)
	tree, err := s.parameterTree(r.Body)
	if err != nil {
		return nil, err
	}
	wrong = append(wrong, given.fromBody(d, tree)...)
	for _, p := range d.in() {
		n := len(given[p.Name])
		if n < p.Min {
			wrong = append(wrong, issue(fhir.IssueRequired, "parameter "+p.Name+" is missing"))
		}
		if p.Max == "1" && n > 1 {
			wrong = append(wrong, twice(p.Name))
		}
	}
	if len(wrong) > 0 {
		return nil, &fhir.Error{Kind: fhir.Invalid, Issues: wrong}
	}
	return given, nil
}

func twice(name string) fhir.Issue {
	return issue(fhir.IssueInvalid, "parameter "+printable(name)+" is given more than once")
}

func isFormat(name string) bool { return name == "_format" || name == "_pretty" }

func issue(code, text string) fhir.Issue {
	return fhir.Issue{Severity: fhir.SeverityError, Code: code, Text: text}
}

// unknown names a parameter that the operation doesn't have, and those that it
// has.
func (d *definition) unknown(name string) fhir.Issue {
	names := make([]string, 0, len(d.Parameter))
	for _, p := range d.in() {
		names = append(names, p.Name)
	}
	has := strings.Join(names, ", ")
	if has == "" {
		has = "none"
	}
	return issue(fhir.IssueNotSupported, fmt.Sprintf("$%s has no parameter %s; it has %s", d.Code, printable(name), has))
}

// printable keeps of a client's text what is safe to show and short.
func printable(name string) string {
	if len(name) > 64 {
		name = name[:64]
	}
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' || strings.ContainsRune(`"<>\`, r) {
			return '?'
		}
		return r
	}, name)
}

// fromQuery reads parameters of the URL, which are primitives and references
// (https://hl7.org/fhir/R4/operations.html#request).
func fromQuery(d *definition, pairs []search.Pair) (arguments, []fhir.Issue) {
	given := arguments{}
	var wrong []fhir.Issue
	for _, pair := range pairs {
		p := d.parameter(pair.Name)
		switch {
		case isFormat(pair.Name):
		case p == nil:
			wrong = append(wrong, d.unknown(pair.Name))
		case p.Type == "CodeableConcept" || p.Type == "CarePlan":
			wrong = append(wrong, issue(fhir.IssueNotSupported, "parameter "+p.Name+" is given by POST, in a Parameters resource"))
		case p.Type == "boolean" && pair.Value != "true" && pair.Value != "false":
			wrong = append(wrong, issue(fhir.IssueValue, "parameter "+p.Name+" is true or false"))
		case pair.Value == "":
			wrong = append(wrong, issue(fhir.IssueValue, "parameter "+p.Name+" is empty"))
		default:
			given[p.Name] = append(given[p.Name], queryValue(p.Type, pair.Value))
		}
	}
	return given, wrong
}

func queryValue(typ, text string) json.RawMessage {
	switch typ {
	case "boolean":
		return json.RawMessage(text)
	case "Reference":
		return encoded(object{"reference": text})
	}
	return encoded(text)
}

// parameterTree reads a Parameters resource; nil for an empty body, which is
// one without parameters.
func (s *Service) parameterTree(body []byte) (*fhir.Tree, error) {
	if len(body) == 0 {
		return nil, nil
	}
	tree, err := fhir.Decode(s.schema, body, fhir.Limits{Bytes: len(body)})
	if err != nil {
		return nil, err
	}
	if tree.Type().Name != "Parameters" {
		return nil, fhir.NewError(fhir.Invalid, fhir.IssueStructure, "the body of an operation is a Parameters resource")
	}
	return tree, nil
}

// parametersOf are the members of a tree that may be nil.
func parametersOf(tree *fhir.Tree) iter.Seq[fhir.Node] {
	if tree == nil {
		return func(func(fhir.Node) bool) {}
	}
	return tree.Root().All("parameter")
}

// fromBody takes what a Parameters resource gives.
func (a arguments) fromBody(d *definition, tree *fhir.Tree) (wrong []fhir.Issue) {
	for n := range parametersOf(tree) {
		name := n.Child("name").Text()
		p := d.parameter(name)
		if p == nil {
			wrong = append(wrong, d.unknown(name))
			continue
		}
		v := n.Child("value")
		if r := n.Child("resource"); r.Valid() {
			p, v = d.whole(p, r), r
		}
		if !v.Valid() || !fits(p.Type, v) {
			wrong = append(wrong, issue(fhir.IssueValue, "parameter "+p.Name+" needs a value of type "+p.Type))
			continue
		}
		a[p.Name] = append(a[p.Name], slices.Clone(v.Raw()))
	}
	return wrong
}

// whole is the parameter that takes a resource itself where another one, for
// which it was given, takes a reference to it.
func (d *definition) whole(p *parameter, resource fhir.Node) *parameter {
	in := d.in()
	i := slices.IndexFunc(in, func(q parameter) bool { return q.Type == resource.Type().Name })
	if i < 0 || p.Type != "Reference" {
		return p
	}
	return &in[i]
}

// fits reports whether a value has the type of its parameter. What is a string
// for the standard's sake but names a resource can be a Reference too.
func fits(typ string, v fhir.Node) bool {
	is := v.Type().Name
	switch typ {
	case is:
		return true
	case "string":
		return is == "Reference" || is == "uri" || is == "canonical" || is == "code"
	case "code":
		return is == "string"
	case "canonical":
		return is == "uri" || is == "url" || is == "string"
	}
	return false
}

// text is a primitive's value, "" for none given.
func (a arguments) text(name string) string {
	if len(a[name]) == 0 {
		return ""
	}
	return textOf(a[name][0])
}

// textOf is a string, or what a Reference points to.
func textOf(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	var ref struct {
		Reference string `json:"reference"`
	}
	_ = json.Unmarshal(raw, &ref) // decoded before; anything else has none
	return ref.Reference
}

// is gives a boolean, false where it isn't given.
func (a arguments) is(name string) bool { return len(a[name]) > 0 && string(a[name][0]) == "true" }

type object = map[string]any

// encoded is JSON of our own values, which always marshal.
func encoded(v any) json.RawMessage {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return text
}
