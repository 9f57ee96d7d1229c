package fhirpatch

import (
	"context"
	"errors"
	"strings"

	"caseway/fhir"
	"caseway/fhir/fhirpath"
)

const (
	// MaxOperations is how many operations a patch may have.
	MaxOperations = 1000
	// maxDecoded bounds the bytes that all operations of a patch together
	// decode, which is what a patch of a large resource costs.
	maxDecoded = 64 << 20
	// leastSteps are those of FHIRPath that each operation has; one that is
	// alone has all that an expression may take.
	leastSteps = 10_000
)

// Apply carries out a patch, a Parameters resource, on a resource, and gives
// the JSON of what comes out. It isn't checked: an operation may leave behind
// what the next one completes.
//
// The error is a *fhir.Error: of kind Invalid for what is no FHIRPath Patch,
// Unprocessable for an operation that doesn't fit the resource, with the
// operation's place in the Parameters as its expression, and TooCostly for one
// that takes too much; or ctx.Err().
func Apply(ctx context.Context, schema fhir.Schema, resource, patch *fhir.Tree) ([]byte, error) {
	operations, err := read(patch)
	if err != nil {
		return nil, err
	}
	a := application{schema: schema, tree: resource, steps: max(fhirpath.DefaultSteps/max(len(operations), 1), leastSteps)}
	if a.doc.root, err = object(resource.JSON); err != nil {
		return nil, err
	}
	for i := range operations {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := a.do(&operations[i], i > 0); err != nil {
			return nil, err
		}
	}
	return a.doc.text()
}

// application is a patch on its way.
type application struct {
	schema  fhir.Schema
	tree    *fhir.Tree // the document before the operation
	doc     document
	steps   int // of FHIRPath for each operation
	decoded int // bytes
}

// do carries out an operation. changed tells that there was one before.
func (a *application) do(o *operation, changed bool) error {
	if changed {
		if err := a.decode(o); err != nil {
			return err
		}
	}
	if o.kind == "insert" || o.kind == "move" {
		return a.reorder(o)
	}
	found, err := a.find(o, o.text("path"))
	if err != nil {
		return err
	}
	switch {
	case len(found) > 1:
		return o.fail("the path leads to %d elements, where it must lead to one", len(found))
	case len(found) == 0 && o.kind == "delete":
		return nil
	case len(found) == 0:
		return o.fail("the path leads to nothing in the resource")
	case o.kind == "add":
		return a.add(o, found[0])
	case !found[0].Parent().Valid():
		return o.fail("the path leads to the resource itself, which is no element of it")
	case o.kind == "delete":
		a.doc.delete(found[0])
		return nil
	}
	return a.replace(o, found[0])
}

// decode makes a tree of what operations have changed. What it lacks or has
// too much at this moment doesn't matter yet.
func (a *application) decode(o *operation) error {
	text, err := a.doc.text()
	if err != nil {
		return err
	}
	if a.decoded += len(text); a.decoded > maxDecoded {
		return tooCostly(o)
	}
	tree, err := fhir.Decode(a.schema, text, fhir.Limits{Bytes: len(text)})
	if tree == nil || tree.Type() == nil {
		return err
	}
	a.tree = tree
	return nil
}

// find evaluates a path. Its elements are of the resource itself.
func (a *application) find(o *operation, path string) ([]fhir.Node, error) {
	// Elements of contained resources aren't known beforehand.
	expr, wrong := fhirpath.Compile(path, fhirpath.For(a.schema, a.tree.Type().Name))
	if wrong != nil {
		var err error
		if expr, err = fhirpath.Compile(path); err != nil {
			return nil, badPath(o, err)
		}
	}
	items, err := expr.Eval(&fhirpath.Context{Schema: a.schema, Steps: a.steps}, fhirpath.OfNode(a.tree.Root()))
	switch {
	case errors.Is(err, fhirpath.ErrTooCostly):
		return nil, tooCostly(o)
	case err != nil:
		return nil, badPath(o, err)
	case wrong != nil && len(items) == 0:
		return nil, badPath(o, wrong)
	}
	nodes := make([]fhir.Node, len(items))
	for i, item := range items {
		n, ok := item.Node()
		if !ok || n.Root() != a.tree.Root() {
			return nil, o.fail("the path leads to a value that is no element of the resource")
		}
		nodes[i] = n
	}
	return nodes, nil
}

func badPath(o *operation, err error) *fhir.Error {
	at := o.parts["path"].Path()
	return fhir.NewError(fhir.Invalid, fhir.IssueInvalid, "the path isn't FHIRPath that can be evaluated on the resource: "+err.Error()).At(at)
}

func tooCostly(o *operation) *fhir.Error {
	return fhir.NewError(fhir.TooCostly, fhir.IssueTooCostly, "the patch costs too much; use fewer operations and simpler paths").At(o.at)
}

// add appends to a list, or gives an element that isn't there yet.
func (a *application) add(o *operation, parent fhir.Node) error {
	element, err := a.element(o, parent, o.text("name"))
	if err != nil {
		return err
	}
	name, e, err := a.value(o, element)
	if err != nil {
		return err
	}
	if element.List {
		a.doc.insert(parent, name, count(parent, element.Name), e)
		return nil
	}
	if parent.Child(element.Name).Valid() {
		return o.fail("%s is there already and doesn't repeat; replace changes it", element.Path)
	}
	a.doc.set(parent, name, -1, e)
	return nil
}

func (a *application) replace(o *operation, n fhir.Node) error {
	name, e, err := a.value(o, n.Element())
	if err != nil {
		return err
	}
	if old := property(n); old != name { // a choice of another type
		members := a.doc.members(n.Parent())
		delete(members, old)
		delete(members, "_"+old)
	}
	a.doc.set(n.Parent(), name, n.Index(), e)
	return nil
}

// reorder inserts into a list or moves within one.
func (a *application) reorder(o *operation) error {
	parent, element, err := a.list(o)
	if err != nil {
		return err
	}
	n := count(parent, element.Name)
	if o.kind == "move" {
		from, to := o.number("source"), o.number("destination")
		if from >= n || to >= n {
			return o.fail("source and destination must be below %d, which is how many elements the list has", n)
		}
		a.doc.move(parent, element.Name, n, from, to)
		return nil
	}
	name, e, err := a.value(o, element)
	if err != nil {
		return err
	}
	if o.number("index") > n {
		return o.fail("the index must not be above %d, which is how many elements the list has", n)
	}
	a.doc.insert(parent, name, o.number("index"), e)
	return nil
}

// list finds the list that a path leads to: by its elements, or where it has
// none by the element that would hold it.
func (a *application) list(o *operation) (parent fhir.Node, e *fhir.Element, err error) {
	path := o.text("path")
	found, err := a.find(o, path)
	if err != nil {
		return parent, nil, err
	}
	if len(found) > 0 {
		parent, e = found[0].Parent(), found[0].Element()
	} else if holder, name, ok := cutMember(path); ok {
		if found, err = a.find(o, holder); err != nil {
			return parent, nil, err
		}
		if len(found) == 1 {
			parent = found[0]
			e, err = a.element(o, parent, name)
			found = nil
		}
	}
	switch {
	case err != nil:
		return parent, nil, err
	case e == nil:
		return parent, nil, o.fail("the path leads to nothing in the resource")
	case !e.List:
		return parent, nil, o.fail("%s doesn't repeat, so that it is no list", e.Path)
	case len(found) != count(parent, e.Name):
		return parent, nil, o.fail("the path must lead to all elements of a list")
	}
	for _, n := range found {
		if n.Parent() != parent || n.Element() != e {
			return parent, nil, o.fail("the path leads to elements of several lists")
		}
	}
	return parent, e, nil
}

// cutMember parts "Patient.contact[0].telecom" before its last name.
func cutMember(path string) (holder, name string, ok bool) {
	i := strings.LastIndexByte(path, '.')
	if i < 0 {
		return "$this", path, isName(path)
	}
	return path[:i], path[i+1:], isName(path[i+1:])
}

func isName(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

func count(parent fhir.Node, name string) int {
	n := 0
	for range parent.All(name) {
		n++
	}
	return n
}

// element finds the definition of a child element by its name.
func (a *application) element(o *operation, parent fhir.Node, name string) (*fhir.Element, error) {
	typ := parent.Type()
	if typ.Kind == fhir.PrimitiveType {
		typ = a.schema.Type("Element")
	}
	if e := typ.Element(strings.TrimSuffix(name, "[x]")); e != nil {
		return e, nil
	}
	if p, ok := typ.Property([]byte(name)); ok && !p.Twin {
		return p.Element, nil
	}
	return nil, o.fail("%s has no element of the name that the patch gives", typ.Name)
}
