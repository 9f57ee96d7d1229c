package definition

import (
	"bytes"
	"encoding/json"
	"iter"
	"strconv"
	"strings"
	"sync"

	"caseway/fhir"
)

// structure is a type's data file, read when the type is first asked for.
type structure struct {
	set  *Set
	kind fhir.TypeKind
	file string

	once   sync.Once
	byName map[string]*fhir.Type // the type, and its elements with children by path
}

// The lines of a type's file: one for the type, then elements, then constraints.
type (
	typeLine struct {
		Name     string
		Base     string
		Abstract bool
	}
	elementLine struct {
		Path      string
		Min       int
		Max       string
		BaseMax   string
		Types     []string
		Content   string
		Attribute bool
		Summary   bool
		Required  string
		Rules     []string
	}
)

func (t *structure) types() map[string]*fhir.Type {
	t.once.Do(func() { t.byName = t.read() })
	return t.byName
}

func (t *structure) read() map[string]*fhir.Type {
	header, elements := t.lines()
	top := &fhir.Type{Name: header.Name, Base: header.Base, Kind: t.kind, Abstract: header.Abstract}
	if t.kind == fhir.PrimitiveType {
		top.Value = fhir.PrimitiveOf(top.Name)
	}
	types := map[string]*fhir.Type{top.Name: top}
	for i := range elements {
		if hasChildren(elements, i) && i > 0 {
			path := elements[i].Path
			types[path] = &fhir.Type{Name: path, Base: elements[i].Types[0], Kind: fhir.ElementType}
		}
	}
	for i := range elements[1:] {
		e := &elements[1+i]
		dot := strings.LastIndexByte(e.Path, '.')
		parent := types[e.Path[:dot]]
		parent.Elements = append(parent.Elements, t.element(e, types))
	}
	for _, typ := range types {
		typ.Seal()
	}
	return types
}

// hasChildren reports whether the element is followed by one of its own.
func hasChildren(elements []elementLine, i int) bool {
	return i+1 < len(elements) && strings.HasPrefix(elements[i+1].Path, elements[i].Path+".")
}

func (t *structure) element(l *elementLine, types map[string]*fhir.Type) *fhir.Element {
	name, choice := strings.CutSuffix(l.Path[strings.LastIndexByte(l.Path, '.')+1:], "[x]")
	e := &fhir.Element{
		Name: name, Path: l.Path, Choice: choice,
		Min: l.Min, Max: bound(l.Max), List: l.isList(),
		Attribute: l.Attribute, Summary: l.Summary,
		ValueSet: l.Required,
	}
	for _, name := range t.typeNames(l, types) {
		e.Types = append(e.Types, fhir.NewTypeRef(name, t.set))
	}
	if l.Required != "" {
		e.Required = t.set.CodeSet(l.Required)
	}
	return e
}

// typeNames are what an element's types are called in the Set. The files name
// Reference and canonical with their targets.
func (t *structure) typeNames(l *elementLine, types map[string]*fhir.Type) []string {
	switch {
	case l.Content != "":
		return []string{l.Content}
	case types[l.Path] != nil:
		return []string{l.Path}
	case t.isResourceID(l.Path):
		return []string{"id"}
	}
	names := make([]string, len(l.Types))
	for i, name := range l.Types {
		names[i], _, _ = strings.Cut(name, "(")
	}
	return names
}

// isResourceID tells Resource.id and its heirs, which the definitions' JSON
// forms call a string and the specification's pages an id.
func (t *structure) isResourceID(path string) bool {
	return t.kind == fhir.ResourceType && strings.HasSuffix(path, ".id") && strings.Count(path, ".") == 1
}

// isList: what a base definition repeats stays a JSON array where a heir
// allows one only.
func (l *elementLine) isList() bool {
	most := l.Max
	if l.BaseMax != "" {
		most = l.BaseMax
	}
	return most != "0" && most != "1"
}

func bound(text string) int {
	if text == "*" {
		return fhir.Many
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		panic(err)
	}
	return n
}

// baseOf is the type that a type specialises. It reads no more than the first
// line of the type's file.
func (s *Set) baseOf(name string) string {
	var header typeLine
	for line := range readLines(s.structures[name].file) {
		decode(line, &header)
		break
	}
	return header.Base
}

// lines reads the file up to the constraints.
func (t *structure) lines() (header typeLine, elements []elementLine) {
	for line := range readLines(t.file) {
		switch {
		case header.Name == "":
			decode(line, &header)
		case isConstraint(line):
			return header, elements
		default:
			elements = append(elements, elementLine{})
			decode(line, &elements[len(elements)-1])
		}
	}
	return header, elements
}

// readLines gives the lines of a data file.
func readLines(file string) iter.Seq[[]byte] {
	text, err := data.ReadFile(file)
	if err != nil {
		panic(err) // the data is part of the program
	}
	return bytes.Lines(text)
}

func decode(line []byte, into any) {
	if err := json.Unmarshal(line, into); err != nil {
		panic(err) // the data is part of the program
	}
}
