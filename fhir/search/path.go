package search

import (
	"slices"
	"strings"

	"caseway/fhir"
)

// path is an expression that only walks down: from a type by elements, type
// tests and conditions. Without the first element it gives nothing.
type path struct {
	root   string // the resource type that it begins with; "" where it names none
	steps  []pathStep
	target string // the only type that references may lead to; "" where no condition says so
}

// pathStep is an element, or a type that the elements so far must have.
type pathStep struct{ element, as string }

// first is the first element; "" where the path has none.
func (p path) first() string {
	if len(p.steps) == 0 {
		return ""
	}
	return p.steps[0].element
}

// String writes the path without its root, in one of the two forms of as.
func (p path) String() string {
	var b strings.Builder
	for i, s := range p.steps {
		if i > 0 {
			b.WriteByte('.')
		}
		if s.as != "" {
			b.WriteString("as(" + s.as + ")")
		}
		b.WriteString(s.element)
	}
	return b.String()
}

// parsePath reads an expression as a path; ok is false for anything that
// computes, such as "a.exists() and b".
func parsePath(text string) (p path, ok bool) {
	text = strings.TrimSpace(text)
	var rest string
	if strings.HasPrefix(text, "(") {
		end := closing(text)
		if end < 0 {
			return path{}, false
		}
		if p, ok = parsePath(text[1:end]); !ok {
			return path{}, false
		}
		rest = text[end+1:]
	} else {
		name := text[:wordLength(text)]
		rest = text[len(name):]
		switch {
		case name == "" || strings.HasPrefix(rest, "("):
			return path{}, false
		case name[0] >= 'A' && name[0] <= 'Z':
			p.root = name
		default:
			p.steps = append(p.steps, pathStep{element: name})
		}
	}
	return p, p.read(rest)
}

// read takes in what follows a path's beginning.
func (p *path) read(rest string) bool {
	for rest != "" {
		if typ, found := strings.CutPrefix(rest, " as "); found {
			p.steps = append(p.steps, pathStep{as: typ})
			return wordLength(typ) == len(typ)
		}
		if rest[0] == '[' {
			end := strings.IndexByte(rest, ']')
			if end < 0 || strings.Trim(rest[1:end], "0123456789") != "" {
				return false
			}
			rest = rest[end+1:]
			continue
		}
		if rest[0] != '.' {
			return false
		}
		name := rest[1 : 1+wordLength(rest[1:])]
		rest = rest[1+len(name):]
		if !strings.HasPrefix(rest, "(") {
			p.steps = append(p.steps, pathStep{element: name})
			continue
		}
		end := closing(rest)
		if end < 0 || !p.call(name, rest[1:end]) {
			return false
		}
		rest = rest[end+1:]
	}
	return true
}

// call takes in a function that narrows.
func (p *path) call(name, argument string) bool {
	switch name {
	case "as", "ofType":
		p.steps = append(p.steps, pathStep{as: strings.TrimPrefix(argument, "FHIR.")})
		return true
	case "where", "first":
		if typ, ok := strings.CutPrefix(argument, "resolve() is "); ok && wordLength(typ) == len(typ) {
			p.target = typ
		}
		return true
	}
	return false
}

// wordLength is how many letters and digits s begins with.
func wordLength(s string) int {
	n := 0
	for n < len(s) && (isLetter(s[n]) || s[n] >= '0' && s[n] <= '9') {
		n++
	}
	return n
}

// closing is where the parenthesis that s begins with ends, or -1.
func closing(s string) int {
	depth, quoted := 0, false
	for i := 0; i < len(s); i++ {
		switch {
		case quoted && s[i] == '\\':
			i++
		case s[i] == '\'':
			quoted = !quoted
		case quoted:
		case s[i] == '(':
			depth++
		case s[i] == ')':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// reached is an element that a path leads to, with one of its types.
type reached struct {
	typ     *fhir.Type
	name    string
	element *fhir.Element
}

// shapeOf follows paths through definitions.
func shapeOf(branches []branch, focus *fhir.Type) shape {
	s := shape{known: true}
	for _, b := range branches {
		var ends []reached
		if b.plain {
			ends = b.path.follow(focus)
		}
		if len(ends) == 0 {
			s.known = false
		}
		for _, e := range ends {
			s.types = append(s.types, e.name)
			if e.element != nil && e.element.Required != nil {
				s.codeSets = append(s.codeSets, e.element.Required)
			}
		}
	}
	slices.Sort(s.types)
	s.types = slices.Compact(s.types)
	return s
}

func (p path) follow(focus *fhir.Type) []reached {
	here := []reached{{typ: focus, name: focus.Name}}
	for _, step := range p.steps {
		var next []reached
		for _, h := range here {
			if step.as != "" {
				if h.name == step.as {
					next = append(next, h)
				}
				continue
			}
			next = append(next, h.children(step.element)...)
		}
		here = next
	}
	return here
}

func (r reached) children(name string) []reached {
	if r.typ == nil {
		return nil
	}
	e := r.typ.Element(name)
	if e == nil {
		return nil
	}
	var all []reached
	for _, ref := range e.Types {
		all = append(all, reached{typ: ref.Type(), name: ref.Name, element: e})
	}
	return all
}
