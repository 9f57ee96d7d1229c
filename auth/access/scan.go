package access

import (
	"bytes"
	"regexp"
	"strings"
	"sync"

	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/fhir/search"
)

// scan tells from a resource's JSON in whose compartment it is, in the plain
// case that nearly all are: one patient is named in all of it, by the element
// at its root that says whose it is; or none is named. sure is false otherwise:
// then the resource has to be decoded.
func (a *Access) scan(r *search.Registry, key fhir.Key, text []byte) (ids []string, sure bool) {
	rule := types()[key.Type]
	if rule.patients != "compartment" || bytes.Contains(text, []byte(`\/`)) || bytes.Contains(text, []byte(`\u`)) {
		return nil, false
	}
	id, count := a.onlyPatient(text)
	switch count {
	case 0:
		return nil, true
	case 1:
	default:
		return nil, false
	}
	whose := rule.whose
	if whose == "all" {
		whose = definition.R4().Compartment("Patient").Params(key.Type)[0]
	}
	p := r.Parameter(key.Type, whose)
	if p == nil {
		return nil, false
	}
	element := rootElement(p)
	if element == "" || !a.refersTo(member(text, element), id) {
		return nil, false
	}
	return []string{id}, true
}

const patientPrefix = "Patient/"

// onlyPatient gives the patient of this server whom the text names, and how many
// it does, 2 standing for all that can't be told without decoding.
func (a *Access) onlyPatient(text []byte) (id string, count int) {
	rest := text
	for {
		i := bytes.Index(rest, []byte(patientPrefix))
		if i < 0 {
			return id, count
		}
		before := rest[:i]
		rest = rest[i+len(patientPrefix):]
		if !a.begins(before) {
			continue
		}
		end := 0
		for end < len(rest) && isIDByte(rest[end]) {
			end++
		}
		if end == len(rest) || rest[end] != '"' || !fhir.IsID(string(rest[:end])) {
			return "", 2
		}
		if count == 1 && id != string(rest[:end]) {
			return "", 2
		}
		id, count = string(rest[:end]), 1
	}
}

// begins reports whether a reference to this server can begin where a text
// ends: with its quotation mark, or with that and our base URL.
func (a *Access) begins(before []byte) bool {
	if a.base != "" {
		before = bytes.TrimSuffix(before, []byte(a.base+"/"))
	}
	return len(before) > 0 && before[len(before)-1] == '"'
}

func isIDByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.'
}

// refersTo reports whether an object is a Reference to a patient.
func (a *Access) refersTo(object []byte, id string) bool {
	value := member(object, "reference")
	if len(value) < 2 || value[0] != '"' {
		return false
	}
	text := string(value[1 : len(value)-1])
	if a.base != "" {
		text = strings.TrimPrefix(text, a.base+"/")
	}
	return text == patientPrefix+id
}

var rootElements sync.Map // of *search.Parameter: string

var rootExpression = regexp.MustCompile(`^([A-Z][A-Za-z]+)\.([a-z][A-Za-z]*)(\.where\(resolve\(\) is Patient\))?$`)

// rootElement is the element at the root of a resource that a parameter leads
// to, "" where it isn't one alone.
func rootElement(p *search.Parameter) string {
	if known, ok := rootElements.Load(p); ok {
		return known.(string)
	}
	element := ""
	for part := range strings.SplitSeq(p.Definition.Expression, "|") {
		m := rootExpression.FindStringSubmatch(strings.TrimSpace(part))
		if m != nil && m[1] == p.Resource {
			element = m[2]
		}
	}
	rootElements.Store(p, element)
	return element
}

// member is the value of an object's member in well-formed JSON; nil where
// there is none, or where the text is no object.
func member(object []byte, name string) []byte {
	i := space(object, 0)
	if i >= len(object) || object[i] != '{' {
		return nil
	}
	for i = space(object, i+1); i < len(object) && object[i] == '"'; {
		nameEnd := past(object, i)
		value := space(object, space(object, nameEnd)+1) // behind the colon
		end := past(object, value)
		if string(object[i+1:nameEnd-1]) == name {
			return object[value:end]
		}
		if i = space(object, end); i < len(object) && object[i] == ',' {
			i = space(object, i+1)
		}
	}
	return nil
}

// space gives the place of the first byte from i on that isn't white space.
func space(text []byte, i int) int {
	for i < len(text) && (text[i] == ' ' || text[i] == '\n' || text[i] == '\t' || text[i] == '\r') {
		i++
	}
	return i
}

// past gives the place behind the value that begins at i.
func past(text []byte, i int) int {
	depth := 0
	for i < len(text) {
		switch text[i] {
		case '"':
			i = pastString(text, i)
			if depth == 0 {
				return i
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth < 0 {
				return i
			}
			if depth == 0 {
				return i + 1
			}
		case ',', ' ', '\n':
			if depth == 0 {
				return i
			}
		}
		i++
	}
	return len(text)
}

func pastString(text []byte, i int) int {
	for from := i + 1; from < len(text); {
		end := bytes.IndexByte(text[from:], '"')
		if end < 0 {
			break
		}
		end += from
		escapes := 0
		for end-escapes > i+1 && text[end-escapes-1] == '\\' {
			escapes++
		}
		if escapes%2 == 0 {
			return end + 1
		}
		from = end + 1
	}
	return len(text)
}
