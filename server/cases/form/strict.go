package form

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"caseway/server/cases/problem"
)

// maxFaults bounds how many faults of one body are told.
const maxFaults = 20

// Field is a member of an object as a Go type has it.
type Field struct {
	Name     string
	Index    []int
	Type     reflect.Type
	Optional bool // left out where it is empty
}

// Fields lists the members of a struct in their order.
func Fields(t reflect.Type) []Field {
	var all []Field
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" || !f.IsExported() {
			continue
		}
		if name == "" {
			name = f.Name
		}
		all = append(all, Field{name, f.Index, f.Type, strings.Contains(options, "omit")})
	}
	return all
}

// Read reads a body into a pointer. Members that the type doesn't have,
// values of other kinds and codes that aren't listed are refused, each with its
// place.
func Read(body []byte, into any) error {
	faults := Check(body, reflect.TypeOf(into).Elem(), "")
	if len(faults) > 0 {
		return problem.BadRequest("", faults...)
	}
	if err := json.Unmarshal(body, into); err != nil {
		return problem.BadRequest("a value doesn't fit its element")
	}
	return nil
}

// Check says what is wrong with a body as a value of a type. Pointers begin with at.
func Check(body []byte, t reflect.Type, at string) []problem.Fault {
	if !utf8.Valid(body) {
		return []problem.Fault{{Pointer: at, Detail: "the body isn't UTF-8"}}
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	c := checking{decoder: d}
	if err := c.value(t, at, 0); err != nil {
		return append(c.faults, problem.Fault{Pointer: at, Detail: "the body isn't one JSON value"})
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		c.add(at, "there is more than one JSON value")
	}
	return c.faults
}

// checking walks a JSON text along a Go type.
type checking struct {
	decoder *json.Decoder
	faults  []problem.Fault
}

func (c *checking) add(at, detail string) {
	if len(c.faults) < maxFaults {
		c.faults = append(c.faults, problem.Fault{Pointer: at, Detail: detail})
	}
}

// maxNesting is how deep a body may nest.
const maxNesting = 64

var errNesting = errors.New("the body nests too deep")

// value checks the next value. Its error is one of the JSON text.
func (c *checking) value(t reflect.Type, at string, depth int) error {
	if depth > maxNesting {
		return errNesting
	}
	if t == reflect.TypeFor[json.RawMessage]() {
		var any json.RawMessage
		return c.decoder.Decode(&any)
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	token, err := c.decoder.Token()
	if err != nil {
		return err
	}
	switch v := token.(type) {
	case json.Delim:
		return c.nested(v, t, at, depth)
	case string:
		c.text(v, t, at)
	case json.Number:
		c.number(v, t, at)
	case bool:
		if t.Kind() != reflect.Bool {
			c.add(at, "must be "+kindName(t))
		}
	default:
		c.add(at, "must be "+kindName(t)+", not null; leave out what there isn't")
	}
	return nil
}

func (c *checking) nested(open json.Delim, t reflect.Type, at string, depth int) error {
	switch {
	case open == '{' && t.Kind() == reflect.Struct:
		return c.object(t, at, depth)
	case open == '[' && t.Kind() == reflect.Slice:
		for i := 0; c.decoder.More(); i++ {
			if err := c.value(t.Elem(), at+"/"+strconv.Itoa(i), depth+1); err != nil {
				return err
			}
		}
		_, err := c.decoder.Token()
		return err
	}
	c.add(at, "must be "+kindName(t))
	return c.skip()
}

// skip passes over the rest of what was opened.
func (c *checking) skip() error {
	for open := 1; open > 0; {
		token, err := c.decoder.Token()
		if err != nil {
			return err
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			open++
		case json.Delim('}'), json.Delim(']'):
			open--
		}
	}
	return nil
}

func (c *checking) object(t reflect.Type, at string, depth int) error {
	fields := Fields(t)
	seen := map[string]bool{}
	for c.decoder.More() {
		token, err := c.decoder.Token()
		if err != nil {
			return err
		}
		name, _ := token.(string)
		below := at + "/" + escaped(name)
		if seen[name] {
			c.add(below, "is there twice")
		}
		seen[name] = true
		typ := reflect.TypeFor[json.RawMessage]()
		known := false
		for _, f := range fields {
			if f.Name == name {
				typ, known = f.Type, true
			}
		}
		if !known {
			c.add(below, "isn't known here"+meant(name, fields))
		}
		if err := c.value(typ, below, depth+1); err != nil {
			return err
		}
	}
	_, err := c.decoder.Token()
	return err
}

// meant suggests the member whose name differs in case only, else it says which
// there are.
func meant(name string, fields []Field) string {
	names := make([]string, len(fields))
	for i, f := range fields {
		if names[i] = f.Name; strings.EqualFold(f.Name, name) {
			return "; " + f.Name + " is"
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "; known are " + strings.Join(names, ", ")
}

// escaped writes a member's name for a JSON Pointer (RFC 6901 section 3).
func escaped(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}

func (c *checking) text(v string, t reflect.Type, at string) {
	if t.Kind() != reflect.String {
		c.add(at, "must be "+kindName(t))
		return
	}
	if f := Of(t); f != nil && v != "" && !f.Valid(v) {
		c.add(at, f.Text)
	}
}

func (c *checking) number(v json.Number, t reflect.Type, at string) {
	switch t.Kind() {
	case reflect.Int, reflect.Int64:
		if _, err := strconv.ParseInt(v.String(), 10, t.Bits()); err != nil {
			c.add(at, "must be a whole number that isn't too large, without exponent")
		}
	default:
		c.add(at, "must be "+kindName(t))
	}
}

func kindName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Struct:
		return "an object"
	case reflect.Slice:
		return "an array"
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64:
		return "a whole number"
	}
	return "a string"
}
