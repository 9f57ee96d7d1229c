// Package model says what a search parameter selects, by the specification and
// without an index. Tests hold the index and the stores to it.
package model

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/fhir/fhirpath"
)

// Model says what one parameter of a search selects, by the specification and
// without an index: it evaluates the parameter's expression on the resource as
// a whole and compares what it finds, value by value. It is slow and plain, and
// shares no code with what it is compared to.
//
// It takes values that are well formed. It doesn't know the modifiers :above
// and :below on tokens and references, the prefix ap on dates, value sets
// beyond the definitions' own, nor how words sound.
type Model struct {
	Set  *definition.Set
	Base string // of the server, without a slash at its end
}

// param is one parameter applied to one resource.
type param struct {
	model    Model
	of       *definition.SearchParameter
	modifier string
	resource string // type
	focus    fhir.Node
	elements []fhirpath.Value
}

// Holds reports whether a resource satisfies code:modifier=value. An error is
// the expression's.
func (m Model) Holds(t *fhir.Tree, d *definition.SearchParameter, modifier, value string) (bool, error) {
	p := &param{model: m, of: d, modifier: modifier, resource: t.Type().Name, focus: t.Root()}
	var err error
	if p.elements, err = m.eval(d.Expression, t.Root()); err != nil {
		return false, err
	}
	if modifier == "missing" {
		return p.missing() == (value == "true"), nil
	}
	found := false
	for _, one := range split(value, ',') {
		holds, err := p.any(one)
		if err != nil {
			return false, err
		}
		found = found || holds
	}
	return found != (modifier == "not" || modifier == "not-in"), nil
}

// eval finds all elements that an expression leads to. A union in FHIRPath would
// leave one out that equals another one; yet 5.4 g is written otherwise than
// 5400 mg, and either is to be found as it is written. So each side of a union
// counts by itself.
func (m Model) eval(expression string, focus fhir.Node) ([]fhirpath.Value, error) {
	// R4 writes the name of FHIRPath's own type where it means FHIR's.
	expression = strings.ReplaceAll(expression, "as(DateTime)", "as(dateTime)")
	var all []fhirpath.Value
	for _, side := range sides(expression) {
		e, err := fhirpath.Compile(side, fhirpath.Lenient())
		if err != nil {
			return nil, err
		}
		found, err := e.Eval(&fhirpath.Context{Schema: m.Set}, fhirpath.OfNode(focus))
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

// sides splits an expression where it is a union as a whole.
func sides(expression string) []string {
	var all []string
	from, depth := 0, 0
	for i, c := range expression {
		switch c {
		case '(', '[':
			depth++
		case ')', ']':
			depth--
		case '|':
			if depth == 0 {
				all = append(all, expression[from:i])
				from = i + 1
			}
		}
	}
	return append(all, expression[from:])
}

// missing: an element that only has extensions has no value.
func (p *param) missing() bool {
	return !slices.ContainsFunc(p.elements, func(v fhirpath.Value) bool {
		n, isNode := v.Node()
		return !isNode || n.HasValue()
	})
}

func (p *param) any(value string) (bool, error) {
	for _, v := range p.elements {
		n, isNode := v.Node()
		if isNode && !n.HasValue() {
			continue
		}
		holds, err := p.one(v, n, isNode, value)
		if holds || err != nil {
			return holds, err
		}
	}
	return false, nil
}

func (p *param) one(v fhirpath.Value, n fhir.Node, isNode bool, value string) (bool, error) {
	if !isNode {
		return v.String() == plain(value), nil
	}
	switch p.of.Type {
	case "token":
		return p.token(n, value), nil
	case "string":
		return p.text(n, value), nil
	case "reference":
		return p.reference(n, value), nil
	case "uri":
		return p.uri(n, value), nil
	case "date":
		return p.date(n, value), nil
	case "number":
		return p.number(n, value), nil
	case "quantity":
		return p.quantity(n, value), nil
	case "composite":
		return p.composite(n, value)
	}
	return false, fmt.Errorf("a parameter of type %s", p.of.Type)
}

// composite wants all components of one element.
func (p *param) composite(n fhir.Node, value string) (bool, error) {
	values := split(value, '$')
	for i, c := range p.of.Component {
		inner := &param{model: p.model, of: p.model.Set.SearchParameter(c.Definition), resource: p.resource, focus: n}
		var err error
		if inner.elements, err = p.model.eval(c.Expression, n); err != nil {
			return false, err
		}
		if holds, err := inner.any(values[i]); !holds || err != nil {
			return false, err
		}
	}
	return true, nil
}

// split cuts at separators without a backslash before them, and leaves the
// escapes in.
func split(s string, separator rune) []string {
	parts := []string{""}
	escaped := false
	for _, r := range s {
		if r == separator && !escaped {
			parts = append(parts, "")
			continue
		}
		escaped = r == '\\' && !escaped
		parts[len(parts)-1] += string(r)
	}
	return parts
}

func plain(s string) string {
	var b strings.Builder
	escaped := false
	for _, r := range s {
		if escaped = r == '\\' && !escaped; !escaped {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// times are a range of time; the zero time is an end that is open.
type times struct {
	from, to time.Time
	point    bool
	whole    bool // written with a fraction of zeros
}

func timesOf(text string) times {
	if strings.Contains(text, "T") && !strings.ContainsAny(text[strings.Index(text, "T"):], "Z+-") {
		text += "Z"
	}
	from, to, ok := fhir.TimeRange(text)
	if !ok {
		panic("model: not a date: " + text)
	}
	return times{from: from, to: to, whole: zeros.MatchString(text)}
}

var zeros = regexp.MustCompile(`\.0+(Z|[+-]|$)`)

// date compares by https://hl7.org/fhir/R4/search.html#prefix.
func (p *param) date(n fhir.Node, value string) bool {
	var have times
	switch n.Type().Name {
	case "date", "dateTime":
		have = timesOf(n.Text())
	case "instant":
		have = timesOf(n.Text())
		have.to, have.point = have.from, true
	case "Period":
		have = periodOf(n)
	case "Timing":
		var known bool
		if have, known = timingOf(n); !known {
			return false
		}
	default:
		return false
	}
	prefix, text := prefixOf(value)
	return have.compare(prefix, timesOf(text))
}

func periodOf(n fhir.Node) (t times) {
	if s := n.Child("start"); s.HasValue() {
		t.from = timesOf(s.Text()).from
	}
	if e := n.Child("end"); e.HasValue() {
		t.to = timesOf(e.Text()).to
	}
	return t
}

func timingOf(n fhir.Node) (all times, known bool) {
	var list []times
	for e := range n.All("event") {
		if e.HasValue() {
			list = append(list, timesOf(e.Text()))
		}
	}
	if b := n.Child("repeat").Child("bounds"); b.Valid() && b.Type().Name == "Period" {
		list = append(list, periodOf(b))
	}
	for i, t := range list {
		if i == 0 {
			all = t
			continue
		}
		if t.from.IsZero() || !all.from.IsZero() && t.from.Before(all.from) {
			all.from = t.from
		}
		if t.to.IsZero() || !all.to.IsZero() && t.to.After(all.to) {
			all.to = t.to
		}
	}
	return all, len(list) > 0
}

func (t times) startsBefore(at time.Time) bool { return t.from.IsZero() || t.from.Before(at) }

// endsBy: all of it is before a time.
func (t times) endsBy(at time.Time) bool {
	if t.point {
		return t.from.Before(at)
	}
	return !t.to.IsZero() && !t.to.After(at)
}

func (t times) compare(prefix string, want times) bool {
	if want.whole && t.from.Equal(want.from) && t.to.Equal(want.from.Add(time.Second)) {
		t.to = want.to // the same instant, written without its zeros
	}
	contained := !t.startsBefore(want.from) && t.endsBy(want.to)
	switch prefix {
	case "eq":
		return contained
	case "ne":
		return !contained
	case "gt":
		return !t.endsBy(want.to)
	case "ge":
		return !t.endsBy(want.from)
	case "lt":
		return t.startsBefore(want.from)
	case "le":
		return t.startsBefore(want.to)
	case "sa":
		return !t.startsBefore(want.to)
	case "eb":
		return t.endsBy(want.from)
	}
	panic("model: prefix " + prefix)
}

func prefixOf(value string) (prefix, rest string) {
	for _, p := range []string{"eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"} {
		if strings.HasPrefix(value, p) {
			return p, value[2:]
		}
	}
	return "eq", value
}
