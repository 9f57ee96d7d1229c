package jsonpatch

import (
	"bytes"
	"encoding/json"
	"maps"
	"math/big"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// decode reads a JSON text as maps, slices, strings, json.Numbers, bools and nil.
func decode(text []byte) (any, error) {
	if !jsontext.Value(text).IsValid() {
		return nil, &Error{Operation: -1, Malformed: true, Text: "must be one JSON value in UTF-8 whose objects have no name twice"}
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, &Error{Operation: -1, Malformed: true, Text: "can't be read as JSON"}
	}
	return v, nil
}

func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// equal compares as the operation test does (RFC 6902 section 4.6).
func equal(a, b any) bool {
	switch x := a.(type) {
	case map[string]any:
		y, ok := b.(map[string]any)
		return ok && maps.EqualFunc(x, y, equal)
	case []any:
		y, ok := b.([]any)
		return ok && slices.EqualFunc(x, y, equal)
	case json.Number:
		y, ok := b.(json.Number)
		return ok && (x == y || sameNumber(x, y))
	}
	return a == b
}

// maxDigits is how long a number may be to be compared by value.
const maxDigits = 40

// sameNumber compares numbers that are written differently. Long ones and those
// with an exponent, which can be huge, are compared as they are written.
func sameNumber(x, y json.Number) bool {
	if len(x) > maxDigits || len(y) > maxDigits || bytes.ContainsAny([]byte(x+y), "eE") {
		return false
	}
	p, ok := new(big.Rat).SetString(x.String())
	q, also := new(big.Rat).SetString(y.String())
	return ok && also && p.Cmp(q) == 0
}

// copied copies a value, and counts what it is made of.
func copied(v any) (any, int) {
	n := 1
	switch x := v.(type) {
	case map[string]any:
		all := make(map[string]any, len(x))
		for name, child := range x {
			c, more := copied(child)
			all[name], n = c, n+more
		}
		return all, n
	case []any:
		all := make([]any, len(x))
		for i, child := range x {
			c, more := copied(child)
			all[i], n = c, n+more
		}
		return all, n
	}
	return v, n
}

// hasEmpty reports whether there is an empty array or object in a value.
func hasEmpty(v any) bool {
	switch x := v.(type) {
	case map[string]any:
		for _, child := range x {
			if hasEmpty(child) {
				return true
			}
		}
		return len(x) == 0
	case []any:
		return len(x) == 0 || slices.ContainsFunc(x, hasEmpty)
	}
	return false
}

// pruned takes empty arrays and objects out of a value, and what is left empty
// by that.
func pruned(v any) any {
	switch x := v.(type) {
	case map[string]any:
		for name, child := range x {
			if x[name] = pruned(child); isEmpty(x[name]) {
				delete(x, name)
			}
		}
	case []any:
		for i := range x {
			x[i] = pruned(x[i])
		}
		return slices.DeleteFunc(x, isEmpty)
	}
	return v
}

func isEmpty(v any) bool {
	switch x := v.(type) {
	case map[string]any:
		return len(x) == 0
	case []any:
		return len(x) == 0
	}
	return false
}
