package jsonpatch

import (
	"errors"
	"slices"
	"strconv"
)

const (
	// MaxOperations is how many operations a patch may have.
	MaxOperations = 1000
	// maxCopied bounds what all copy operations of a patch copy together, in
	// values: a few of them can double a document many times.
	maxCopied = 100_000
	// maxShown is how long a path may be to stand in an error's text.
	maxShown = 200
)

// Error says what is wrong with a patch, or which of its operations can't be
// carried out. It never holds values of the document.
type Error struct {
	// Operation is the index of the operation, -1 for the patch itself.
	Operation int
	Name      string // of the operation, such as "replace"; "" where it isn't known
	Path      string // of the operation, as the patch has it
	Member    string // of the operation: op, path, from, value; "" for all of it
	Text      string
	// Malformed says that it is no patch; otherwise it doesn't fit the document.
	Malformed bool
}

// Error implements error.
func (e *Error) Error() string {
	if e.Operation < 0 {
		return "the patch " + e.Text
	}
	text := "operation " + strconv.Itoa(e.Operation) + " of the patch "
	if e.Name != "" && len(e.Path) <= maxShown {
		text += "(" + e.Name + " " + strconv.Quote(e.Path) + ") "
	}
	return text + e.Text
}

// Pointer is the JSON Pointer of what is wrong in the patch.
func (e *Error) Pointer() string {
	switch {
	case e.Operation < 0:
		return ""
	case e.Member == "":
		return "/" + strconv.Itoa(e.Operation)
	}
	return "/" + strconv.Itoa(e.Operation) + "/" + e.Member
}

// Absent gives what stands for a member that a document leaves out because it
// is empty: an empty map[string]any or []any, nil for a member that isn't there
// at all. path leads to it.
type Absent func(path []string) any

// Options are what an owner of documents wants done by a patch. The zero Options
// are RFC 6902 by the letter.
type Options struct {
	Absent Absent // nil: what a document leaves out isn't there
	// Prune takes out the arrays and objects that operations have emptied, for
	// documents that may hold none. A patch that brings in an empty one itself
	// keeps it.
	Prune bool
}

// operation is a line of a patch.
type operation struct {
	op         string
	pointer    string // the path as it was written
	path, from []string
	value      any
}

// Apply applies a JSON Patch. The error is an *Error.
func Apply(doc, patch []byte, options Options) ([]byte, error) {
	root, err := decode(doc)
	if err != nil {
		return nil, err
	}
	operations, err := parse(patch)
	if err != nil {
		return nil, err
	}
	d := document{root: root, absent: options.Absent}
	for i, o := range operations {
		options.Prune = options.Prune && !hasEmpty(o.value)
		if err := d.do(o); err != nil {
			return nil, &Error{Operation: i, Name: o.op, Path: o.pointer, Text: err.Error()}
		}
	}
	if options.Prune {
		d.root = pruned(d.root)
	}
	return encode(d.root)
}

// parse reads a patch. Members that its operations don't define are ignored, as
// RFC 6902 section 4 has it.
func parse(patch []byte) ([]operation, error) {
	v, err := decode(patch)
	if err != nil {
		return nil, err
	}
	list, ok := v.([]any)
	if !ok {
		return nil, &Error{Operation: -1, Malformed: true, Text: "must be an array of operations"}
	}
	if len(list) > MaxOperations {
		return nil, &Error{Operation: -1, Malformed: true, Text: "has more than " + strconv.Itoa(MaxOperations) + " operations"}
	}
	all := make([]operation, len(list))
	for i, item := range list {
		if e := all[i].read(item); e != nil {
			e.Operation, e.Malformed = i, true
			return nil, e
		}
	}
	return all, nil
}

var known = []string{"add", "remove", "replace", "move", "copy", "test"}

func (o *operation) read(item any) *Error {
	members, ok := item.(map[string]any)
	if !ok {
		return &Error{Text: "must be an object"}
	}
	if o.op, _ = members["op"].(string); !slices.Contains(known, o.op) {
		return &Error{Member: "op", Text: "must have op: add, remove, replace, move, copy or test"}
	}
	if o.path, ok = pointer(members, "path"); !ok {
		return &Error{Member: "path", Text: "must have path, a JSON Pointer"}
	}
	o.pointer, _ = members["path"].(string)
	if o.op == "move" || o.op == "copy" {
		if o.from, ok = pointer(members, "from"); !ok {
			return &Error{Member: "from", Text: "must have from, a JSON Pointer"}
		}
	}
	if o.op == "add" || o.op == "replace" || o.op == "test" {
		if o.value, ok = members["value"]; !ok {
			return &Error{Member: "value", Text: "must have a value"}
		}
	}
	return nil
}

func pointer(members map[string]any, name string) ([]string, bool) {
	text, ok := members[name].(string)
	if !ok {
		return nil, false
	}
	return parsePointer(text)
}

// document is what operations are done to.
type document struct {
	root   any
	absent Absent
	copied int
}

var (
	errMissing  = errors.New("leads to nothing")
	errRoot     = errors.New("can't remove the whole document")
	errIndex    = errors.New("has an index that the array doesn't have")
	errInside   = errors.New("can't move a value into itself")
	errDiffers  = errors.New("finds another value than it tests for")
	errTooMuch  = errors.New("copies too much")
	errNoMember = errors.New("leads to something that has no members")
)

func (d *document) do(o operation) error {
	switch o.op {
	case "add":
		v, _ := copied(o.value)
		return d.add(o.path, v)
	case "remove":
		_, err := d.remove(o.path)
		return err
	case "replace":
		if _, err := d.get(o.path); err != nil {
			return err
		}
		v, _ := copied(o.value)
		return d.set(o.path, v)
	case "move":
		return d.move(o.from, o.path)
	case "copy":
		return d.copy(o.from, o.path)
	}
	v, err := d.get(o.path)
	if err == nil && !equal(v, o.value) {
		err = errDiffers
	}
	return err
}

func (d *document) move(from, to []string) error {
	if slices.Equal(from, to) {
		_, err := d.get(from)
		return err
	}
	if len(from) < len(to) && slices.Equal(from, to[:len(from)]) {
		return errInside
	}
	v, err := d.remove(from)
	if err != nil {
		return err
	}
	return d.add(to, v)
}

func (d *document) copy(from, to []string) error {
	v, err := d.get(from)
	if err != nil {
		return err
	}
	v, n := copied(v)
	if d.copied += n; d.copied > maxCopied {
		return errTooMuch
	}
	return d.add(to, v)
}
