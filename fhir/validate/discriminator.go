package validate

import (
	"strings"

	"caseway/fhir"
	"caseway/fhir/snapshot"
)

// discriminator is a criterion of a slicing with its path read.
type discriminator struct {
	kind  string // "value", "pattern", "type", "profile", "exists"
	steps []step
}

// step is one part of a discriminator's path.
type step struct {
	kind stepKind
	name string // of a child, a type or an extension's URL
}

type stepKind uint8

const (
	stepChild stepKind = iota
	stepExtension
	stepOfType
	stepResolve
)

// discriminatorOf reads the restricted FHIRPath of discriminators
// (https://hl7.org/fhir/R4/profiling.html#discriminator).
func discriminatorOf(d snapshot.Discriminator) discriminator {
	result := discriminator{kind: d.Type}
	for rest := d.Path; rest != ""; {
		var part string
		part, rest = cutPart(rest)
		name, argument, call := strings.Cut(part, "(")
		argument = strings.Trim(strings.TrimSuffix(argument, ")"), `'"`)
		switch {
		case part == "$this" || part == "":
		case call && name == "extension":
			result.steps = append(result.steps, step{stepExtension, argument})
		case call && name == "ofType":
			result.steps = append(result.steps, step{stepOfType, argument})
		case call && name == "resolve":
			result.steps = append(result.steps, step{kind: stepResolve})
		default:
			result.steps = append(result.steps, step{stepChild, strings.TrimSuffix(name, "[x]")})
		}
	}
	return result
}

// resolves reports whether the path ends at what a reference leads to.
func (d *discriminator) resolves() bool {
	return len(d.steps) > 0 && d.steps[len(d.steps)-1].kind == stepResolve
}

// cutPart cuts a path at its first dot outside parentheses.
func cutPart(path string) (part, rest string) {
	depth := 0
	for i := range len(path) {
		switch path[i] {
		case '(':
			depth++
		case ')':
			depth--
		case '.':
			if depth == 0 {
				return path[:i], path[i+1:]
			}
		}
	}
	return path, ""
}

// follow gives what a path leads to from elements.
func (w *walk) follow(from []fhir.Node, steps []step) []fhir.Node {
	for _, s := range steps {
		var next []fhir.Node
		for _, n := range from {
			next = w.follow1(next, n, s)
		}
		from = next
	}
	return from
}

func (w *walk) follow1(dst []fhir.Node, n fhir.Node, s step) []fhir.Node {
	switch s.kind {
	case stepOfType:
		if n.Type().Name == s.name {
			dst = append(dst, n)
		}
	case stepResolve:
		if target := w.target(child(n, "reference").Text(), n); target.Valid() {
			dst = append(dst, target)
		}
	case stepExtension:
		for c := n.First(); c.Valid(); c = c.Next() {
			if c.Name() == "extension" && child(c, "url").Text() == s.name {
				dst = append(dst, c)
			}
		}
	default:
		for c := n.First(); c.Valid(); c = c.Next() {
			if c.Name() == s.name {
				dst = append(dst, c)
			}
		}
	}
	return dst
}

// descend gives what a profile says of what a path leads to.
func (v *Validator) descend(from []*shape, steps []step) []*shape {
	for _, s := range steps {
		var next []*shape
		for _, f := range from {
			next = v.descend1(next, f, s)
		}
		from = next
	}
	return from
}

func (v *Validator) descend1(dst []*shape, s *shape, to step) []*shape {
	switch to.kind {
	case stepOfType:
		return append(dst, s)
	case stepResolve:
		if len(dst) == 0 {
			dst = append(dst, s) // for its targets
		}
		return append(dst, v.rootsOf(s, true)...)
	}
	found := v.childrenOf(s, to)
	for _, root := range v.rootsOf(s, false) {
		if len(found) == 0 {
			found = v.childrenOf(root, to)
		}
	}
	return append(dst, found...)
}

// rootsOf are the profiles that a shape's types name: of the element, or of what
// it refers to.
func (v *Validator) rootsOf(s *shape, targets bool) []*shape {
	var roots []*shape
	for _, t := range s.types {
		urls := t.profiles
		if targets {
			urls = t.targets
		}
		for _, url := range urls {
			if p, err := v.profileOf(url); p != nil && err == nil {
				roots = append(roots, p.root)
			}
		}
	}
	return roots
}

func (v *Validator) childrenOf(s *shape, to step) []*shape {
	var found []*shape
	for _, c := range s.children {
		switch {
		case to.kind == stepChild && c.name == to.name:
			found = append(found, c)
			found = append(found, c.slices...)
		case to.kind == stepExtension && c.name == "extension":
			for _, slice := range c.slices {
				if slice.extends(to.name) {
					found = append(found, slice)
				}
			}
		}
	}
	return found
}

// extends reports whether a slice is for the extension with a URL.
func (s *shape) extends(url string) bool {
	for _, t := range s.types {
		for _, p := range t.profiles {
			if p == url || strings.HasPrefix(p, url+"|") {
				return true
			}
		}
	}
	return false
}
