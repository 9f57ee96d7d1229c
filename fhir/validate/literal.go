package validate

import (
	"encoding/json"
	"strings"

	"caseway/fhir"
	"caseway/fhir/fhirpath"
	"caseway/fhir/snapshot"
)

// literal is a fixed or pattern value.
type literal struct {
	text    string // of a primitive
	members []literalMember
}

type literalMember struct {
	name  string // as in JSON: "valueString"
	items []*literal
}

// literalOf reads a value; nil where there is none or it isn't JSON.
func literalOf(v *snapshot.Value) *literal {
	if v == nil {
		return nil
	}
	return readLiteral(v.JSON)
}

func readLiteral(raw json.RawMessage) *literal {
	switch {
	case len(raw) == 0:
		return nil
	case raw[0] == '"':
		l := &literal{}
		_ = json.Unmarshal(raw, &l.text) // it was read before as part of its definition
		return l
	case raw[0] != '{':
		return &literal{text: string(raw)}
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(raw, &members) != nil {
		return nil
	}
	l := &literal{}
	for name, value := range members {
		if strings.HasPrefix(name, "_") {
			continue
		}
		var items []json.RawMessage
		if value[0] != '[' || json.Unmarshal(value, &items) != nil {
			items = []json.RawMessage{value}
		}
		m := literalMember{name: name}
		for _, item := range items {
			m.items = append(m.items, readLiteral(item))
		}
		l.members = append(l.members, m)
	}
	return l
}

// matches reports whether a node has all that the literal has; exact, whether it
// has nothing else either.
func (l *literal) matches(n fhir.Node, exact bool) bool {
	if l.members == nil {
		return n.HasValue() && n.Type().Kind == fhir.PrimitiveType && sameText(n, l.text) && !(exact && n.First().Valid())
	}
	count := 0
	for _, m := range l.members {
		for i, item := range m.items {
			if !l.member(n, m.name, item, i, exact) {
				return false
			}
			count++
		}
	}
	if !exact {
		return true
	}
	for c := n.First(); c.Valid(); c = c.Next() {
		count--
	}
	return count == 0
}

// member finds an item among a node's children; the one at its place where it
// must be exact.
func (l *literal) member(n fhir.Node, name string, item *literal, at int, exact bool) bool {
	for c := n.First(); c.Valid(); c = c.Next() {
		if !isNamed(c, name) || exact && c.Index() >= 0 && c.Index() != at {
			continue
		}
		if item.matches(c, exact) {
			return true
		}
	}
	return false
}

// isNamed compares with a name as JSON has it.
func isNamed(n fhir.Node, name string) bool {
	own := n.Name()
	if !strings.HasPrefix(name, own) {
		return false
	}
	rest := name[len(own):]
	if e := n.Element(); e == nil || !e.Choice {
		return rest == ""
	}
	typ := n.Type().Name
	return len(rest) == len(typ) && strings.EqualFold(rest[:1], typ[:1]) && rest[1:] == typ[1:]
}

// sameText compares texts, and numbers by their value.
func sameText(n fhir.Node, text string) bool {
	own := n.Text()
	if own == text {
		return true
	}
	if n.Type().Name != "decimal" {
		return false
	}
	a, okA := fhirpath.ParseDecimal(own)
	b, okB := fhirpath.ParseDecimal(text)
	return okA && okB && a.String() == b.String()
}
