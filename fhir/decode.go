package fhir

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// Decode reads a resource strictly: JSON with unique names, elements that
// schema knows, values that match their types
// (https://hl7.org/fhir/R4/json.html). data isn't kept.
//
// The error is an *Error that lists all problems, up to limits.Issues, each
// with its expression. Kind is Structure where at least one of them makes the
// text unreadable as R4 JSON, those issues having code structure, and
// Unprocessable where the text reads but breaks a rule. With it comes the tree
// of what could be read, nil only where the text is no JSON at all.
func Decode(schema Schema, data []byte, limits Limits) (*Tree, error) {
	limits = limits.orDefault()
	if len(data) > limits.Bytes {
		return &Tree{}, NewError(TooLarge, IssueTooLong,
			fmt.Sprintf("the body has more than the %d bytes that this server accepts", limits.Bytes))
	}
	text, err := compact(data, limits)
	if err != nil {
		return nil, err
	}
	d := decoders.Get().(*decoder)
	defer d.release()
	d.schema, d.limits, d.json = schema, limits, text
	return d.run()
}

// DecodeStored reads a resource that a store holds or that the server itself has
// made. It may be longer than what a client may send, and break rules that are
// newer than it is: then the tree has what could be read. Only a text that names
// no type of resource that schema knows is an error. It is no *Error: no client
// can mend what is stored.
func DecodeStored(schema Schema, data []byte) (*Tree, error) {
	tree, err := Decode(schema, data, Limits{Bytes: len(data)})
	if tree == nil || tree.Type() == nil {
		return nil, fmt.Errorf("a stored resource doesn't decode: %v", err)
	}
	return tree, nil
}

var compactOptions = []jsontext.Options{
	jsontext.PreserveRawStrings(true),
	jsontext.AllowDuplicateNames(true), // found later, where the path is known
}

// compact copies data without insignificant white space. After it the text is
// known to be JSON, which lets the decoder read it without looking twice.
// A byte order mark, which some systems put before any text, isn't kept.
func compact(data []byte, limits Limits) ([]byte, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	text, err := jsontext.AppendFormat(nil, data, compactOptions...)
	if err != nil {
		return nil, syntaxError(data, err, limits)
	}
	return text, nil
}

// syntaxError says where the text stops being JSON.
func syntaxError(data []byte, err error, limits Limits) error {
	at := 0
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) {
		at, err = min(int(syntax.ByteOffset), len(data)), syntax.Err
	}
	if depthOf(data[:at]) > limits.Depth {
		return NewError(Structure, IssueStructure, tooDeep(limits.Depth))
	}
	line := 1 + bytes.Count(data[:at], []byte{'\n'})
	start := 1 + bytes.LastIndexByte(data[:at], '\n')
	column := 1 + utf8.RuneCount(data[start:at])
	reason, _, _ := strings.Cut(err.Error(), "`") // quotes what was sent
	return NewError(Structure, IssueStructure,
		fmt.Sprintf("not JSON at line %d, column %d: %s", line, column, strings.TrimSpace(reason)))
}

func tooDeep(limit int) string {
	return fmt.Sprintf("objects and arrays are nested more than %d levels deep", limit)
}

// decoder makes one tree. It reads compact JSON that is known to be valid.
type decoder struct {
	schema  Schema
	element *Type // Element: what the object of a "_" twin may hold
	limits  Limits
	json    []byte
	at      int // next byte to read
	depth   int
	nodes   []node
	seen    []uint64 // marks of the objects that are open, the innermost last
	holes   int      // primitives made without a value, not yet looked at again
	scratch []byte   // for unescaping
	codes   map[string]string
	header  headers
	report
}

var decoders = sync.Pool{New: func() any { return &decoder{codes: map[string]string{}} }}

const (
	keptNodes = 1 << 13 // a decoder with room for more isn't kept for the next text
	keptCodes = 1 << 12
)

func (d *decoder) release() {
	if cap(d.nodes) > keptNodes || cap(d.scratch) > 1<<16 || cap(d.seen) > 1<<12 || len(d.codes) > keptCodes {
		return
	}
	clear(d.nodes)
	*d = decoder{nodes: d.nodes[:0], seen: d.seen[:0], scratch: d.scratch[:0], codes: d.codes}
	decoders.Put(d)
}

func (d *decoder) run() (*Tree, error) {
	d.element = d.schema.Type("Element")
	if len(d.json) > 1<<17 { // big enough for the nodes' growing to cost more than a count
		d.nodes = slices.Grow(d.nodes, countValues(d.json))
	}
	if d.json[0] != '{' {
		d.fail("", "a resource must be a JSON object, not "+describe(d.json[0]))
	} else if t, problem := d.resourceType(); t == nil {
		d.fail("", problem)
	} else {
		d.nodes = append(d.nodes, node{typ: t, parent: -1, first: -1, last: -1, next: -1, index: -1})
		d.object(0, t)
	}
	return d.tree(), d.asError()
}

// tree takes the nodes over, or copies them where the decoder is kept.
func (d *decoder) tree() *Tree {
	t := &Tree{JSON: d.json, nodes: d.nodes, unlisted: d.unlisted}
	if cap(d.nodes) <= keptNodes {
		t.nodes = slices.Clone(d.nodes)
	}
	return t
}

// add makes a node as the last child of parent.
func (d *decoder) add(parent int32, e *Element, t *Type, index int) int32 {
	at := int32(len(d.nodes))
	d.nodes = append(d.nodes, node{elem: e, typ: t, parent: parent, first: -1, last: -1, next: -1, index: int32(index)})
	p := &d.nodes[parent]
	if p.first < 0 {
		p.first = at
	} else {
		d.nodes[p.last].next = at
	}
	p.last = at
	return at
}
