package fhirpatch

import (
	"strings"

	"caseway/fhir"
)

// value makes what an operation puts in the place of an element, and the name
// that the place has in JSON.
func (a *application) value(o *operation, e *fhir.Element) (name string, made element, err error) {
	return a.read(o, o.parts["value"], e)
}

// read makes an element of a part: of its value, its resource, or where the
// element's type has no name of its own of its parts.
func (a *application) read(o *operation, part fhir.Node, e *fhir.Element) (name string, made element, err error) {
	value, resource := part.Child("value"), part.Child("resource")
	switch {
	case value.Valid():
		if !a.fits(value.Type(), e) {
			return "", made, o.wrongType(part, e, value.Type().Name)
		}
		made, err = valueOf(part, value)
		return propertyOf(e, value.Type().Name), made, err
	case resource.Valid():
		if e.Types[0].Name != "Resource" {
			return "", made, o.wrongType(part, e, "a resource")
		}
		made.value, err = object(resource.Raw())
		return e.Name, made, err
	case part.Child("part").Valid():
		if e.Choice || e.Types[0].Type() == nil || e.Types[0].Type().Kind == fhir.PrimitiveType {
			return "", made, o.wrongType(part, e, "an element with parts")
		}
		made.value, err = a.assemble(o, part, e.Types[0].Type())
		return e.Name, made, err
	}
	return "", made, malformed(part.Path(), "the part has no content: a value, a resource, or parts")
}

// valueOf reads the value of a part as it stands, with its twin.
func valueOf(part, value fhir.Node) (element, error) {
	members, err := object(part.Raw())
	name := property(value)
	return element{members[name], members["_"+name]}, err
}

// assemble makes an object of parts, each of which is a child element.
func (a *application) assemble(o *operation, part fhir.Node, typ *fhir.Type) (map[string]any, error) {
	members := map[string]any{}
	for p := range part.All("part") {
		e := typ.Element(strings.TrimSuffix(p.Child("name").Text(), "[x]"))
		if e == nil {
			return nil, o.fail("%s has no element of a name that a part of the value has", typ.Name)
		}
		name, child, err := a.read(o, p, e)
		if err != nil {
			return nil, err
		}
		_, given := members[name]
		if given && !e.List {
			return nil, o.fail("%s doesn't repeat, but the value has it twice", e.Path)
		}
		if !e.List {
			put(members, name, child.value)
			put(members, "_"+name, child.twin)
			continue
		}
		list, _ := members[name].([]any)
		members[name] = append(list, child.value)
		if twins := padded(members["_"+name], len(list)); child.twin != nil || len(twins) > len(list) {
			put(members, "_"+name, append(twins, child.twin))
		}
	}
	return members, nil
}

// fits reports whether a value's type is right for an element: its own, or one
// that specialises it or that it specialises, as code does string.
func (a *application) fits(value *fhir.Type, e *fhir.Element) bool {
	for _, ref := range e.Types {
		if ref.Name == value.Name {
			return true
		}
		if !e.Choice && (a.is(value, ref.Name) || a.is(ref.Type(), value.Name) || ref.Name == "xhtml" && value.Name == "string") {
			return true
		}
	}
	return false
}

func (a *application) is(t *fhir.Type, name string) bool {
	for t != nil && t.Name != name {
		if t.Base == "" || t.Base == "Element" {
			return false
		}
		t = a.schema.Type(t.Base)
	}
	return t != nil
}

// wrongType says which types are right.
func (o *operation) wrongType(part fhir.Node, e *fhir.Element, given string) *fhir.Error {
	names := make([]string, len(e.Types))
	for i, ref := range e.Types {
		names[i] = ref.Name
	}
	if strings.Contains(e.Types[0].Name, ".") {
		names = []string{"an element of its own, whose children are given as parts"}
	}
	err := o.fail("%s is %s, and not %s", e.Path, strings.Join(names, " or "), given)
	err.Issues[0].Code = fhir.IssueValue
	return err.At(part.Path())
}
