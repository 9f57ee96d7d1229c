package cases

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxFaults bounds how many faults of one body are told.
const maxFaults = 20

// field is a member of an object as a Go type has it.
type field struct {
	name     string
	index    []int
	typ      reflect.Type
	optional bool // left out where it is empty
}

// fieldsOf lists the members of a struct in their order.
func fieldsOf(t reflect.Type) []field {
	var all []field
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" || !f.IsExported() {
			continue
		}
		if name == "" {
			name = f.Name
		}
		all = append(all, field{name, f.Index, f.Type, strings.Contains(options, "omit")})
	}
	return all
}

// readStrictly reads a body into a pointer. Members that the type doesn't have,
// values of other kinds and codes that aren't listed are refused, each with its
// place.
func readStrictly(body []byte, into any) error {
	faults := checkBody(body, reflect.TypeOf(into).Elem(), "")
	if len(faults) > 0 {
		return badRequest("", faults...)
	}
	if err := json.Unmarshal(body, into); err != nil {
		return badRequest("a value doesn't fit its element")
	}
	return nil
}

func checkBody(body []byte, t reflect.Type, at string) []Fault {
	if !utf8.Valid(body) {
		return []Fault{{Pointer: at, Detail: "the body isn't UTF-8"}}
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	c := checking{decoder: d}
	if err := c.value(t, at, 0); err != nil {
		return append(c.faults, Fault{Pointer: at, Detail: "the body isn't one JSON value"})
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		c.add(at, "there is more than one JSON value")
	}
	return c.faults
}

// checking walks a JSON text along a Go type.
type checking struct {
	decoder *json.Decoder
	faults  []Fault
}

func (c *checking) add(at, detail string) {
	if len(c.faults) < maxFaults {
		c.faults = append(c.faults, Fault{Pointer: at, Detail: detail})
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
	fields := fieldsOf(t)
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
			if f.name == name {
				typ, known = f.typ, true
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
func meant(name string, fields []field) string {
	names := make([]string, len(fields))
	for i, f := range fields {
		if names[i] = f.name; strings.EqualFold(f.name, name) {
			return "; " + f.name + " is"
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
	if f := forms[t]; f != nil && v != "" && !f.valid(v) {
		c.add(at, f.text)
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
