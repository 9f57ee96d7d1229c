package fhirpatch

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"caseway/fhir"
)

// needs are the parts that an operation has beside its type and path.
var needs = map[string][]string{
	"add":     {"name", "value"},
	"insert":  {"index", "value"},
	"delete":  nil,
	"replace": {"value"},
	"move":    {"source", "destination"},
}

// operation is one parameter of a patch.
type operation struct {
	at    string // of the parameter, such as "Parameters.parameter[2]"
	index int
	kind  string // add, insert, delete, replace or move
	parts map[string]fhir.Node
}

// read reads the parameters of a patch.
func read(patch *fhir.Tree) ([]operation, error) {
	var all []operation
	for p := range patch.Root().All("parameter") {
		o := operation{at: p.Path(), index: p.Index(), parts: map[string]fhir.Node{}}
		if name := p.Child("name").Text(); name != "operation" {
			return nil, malformed(p.Path()+".name", "a parameter of a FHIRPath Patch has the name operation")
		}
		if err := o.read(p); err != nil {
			return nil, err
		}
		all = append(all, o)
	}
	if len(all) > MaxOperations {
		return nil, malformed("Parameters.parameter", "the patch has more than "+strconv.Itoa(MaxOperations)+" operations")
	}
	return all, nil
}

func (o *operation) read(p fhir.Node) error {
	for part := range p.All("part") {
		name := part.Child("name").Text()
		if o.parts[name].Valid() {
			return malformed(part.Path(), "the operation has this part twice")
		}
		o.parts[name] = part
	}
	o.kind = o.parts["type"].Child("value").Text()
	wanted, known := needs[o.kind]
	if !known {
		return malformed(o.at, "an operation of a FHIRPath Patch has a part type with add, insert, delete, replace or move as its value")
	}
	wanted = append([]string{"path"}, wanted...)
	for name, part := range o.parts {
		if name != "type" && !slices.Contains(wanted, name) {
			return malformed(part.Path(), "a part of this name has no meaning with "+o.kind+", which takes "+strings.Join(wanted, ", "))
		}
	}
	for _, name := range wanted {
		if err := o.check(name); err != nil {
			return err
		}
	}
	return nil
}

// check holds a part against what it must be.
func (o *operation) check(name string) error {
	part := o.parts[name]
	if !part.Valid() {
		return malformed(o.at, "the operation "+o.kind+" needs a part with the name "+name)
	}
	switch value := part.Child("value"); name {
	case "value":
		return nil
	case "path", "name":
		if !value.HasValue() || value.Raw()[0] != '"' {
			return malformed(part.Path(), "the part "+name+" must have a valueString")
		}
	default:
		if n, err := strconv.Atoi(value.Text()); err != nil || n < 0 {
			return malformed(part.Path(), "the part "+name+" must have a valueInteger from 0")
		}
	}
	return nil
}

func (o *operation) text(name string) string { return o.parts[name].Child("value").Text() }

func (o *operation) number(name string) int {
	n, _ := strconv.Atoi(o.text(name)) // as check saw
	return n
}

// malformed is for what is no FHIRPath Patch.
func malformed(at, text string) *fhir.Error {
	return fhir.NewError(fhir.Invalid, fhir.IssueInvalid, text).At(at)
}

// fail is for an operation that doesn't fit the resource.
func (o *operation) fail(format string, args ...any) *fhir.Error {
	text := fmt.Sprintf("operation %d of the patch (%s): ", o.index, o.kind) + fmt.Sprintf(format, args...)
	return fhir.NewError(fhir.Unprocessable, fhir.IssueInvalid, text).At(o.at)
}
