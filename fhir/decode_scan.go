package fhir

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
)

// str reads the string at d.at and gives its text, unescaped. The text is
// valid until the next call.
func (d *decoder) str() []byte {
	start := d.at
	end, escaped := stringEnd(d.json, start)
	d.at = end
	if !escaped {
		return d.json[start+1 : end-1]
	}
	d.scratch, _ = jsontext.AppendUnquote(d.scratch[:0], d.json[start:end])
	return d.scratch
}

// shortString is up to where a string is read byte by byte, which for names
// and codes is faster than a search.
const shortString = 24

// stringEnd finds the end of the string that starts at b[at].
func stringEnd(b []byte, at int) (end int, escaped bool) {
	for i, c := range b[at+1 : min(at+1+shortString, len(b))] {
		if c == '"' {
			return at + i + 2, false
		}
		if c == '\\' {
			break
		}
	}
	return longStringEnd(b, at+1)
}

func longStringEnd(b []byte, i int) (end int, escaped bool) {
	for {
		n := bytes.IndexByte(b[i:], '"')
		if !escaped {
			escaped = bytes.IndexByte(b[i:i+n], '\\') >= 0
		}
		i += n + 1
		if !escaped || !escapedAt(b, i-1) {
			return i, escaped
		}
	}
}

// escapedAt reports whether an odd number of backslashes stands before b[at].
func escapedAt(b []byte, at int) bool {
	n := 0
	for b[at-1-n] == '\\' {
		n++
	}
	return n%2 == 1
}

// skip passes over the value at d.at, however deep it is.
func (d *decoder) skip() { d.at = valueEnd(d.json, d.at) }

// valueEnd finds the end of the value that starts at b[at] in compact JSON.
func valueEnd(b []byte, at int) int {
	depth := 0
	for {
		switch b[at] {
		case '"':
			at, _ = stringEnd(b, at)
		case '{', '[':
			depth++
			at++
		case '}', ']':
			depth--
			at++
		case ',', ':':
			at++
		default:
			at = scalarEnd(b, at)
		}
		if depth == 0 {
			return at
		}
	}
}

// scalarEnd finds the end of a number, a boolean or null.
func scalarEnd(b []byte, at int) int {
	for at < len(b) && b[at] != ',' && b[at] != '}' && b[at] != ']' {
		at++
	}
	return at
}

// countValues counts the values in compact JSON, arrays not among them.
func countValues(b []byte) int {
	count := 1
	for at := 0; at < len(b); {
		switch b[at] {
		case '"':
			at, _ = stringEnd(b, at)
			continue
		case '{', ',':
			count++
		}
		at++
	}
	return count
}

// depthOf is the greatest nesting in what may be the front part of a text.
func depthOf(b []byte) int {
	depth, greatest, quoted := 0, 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
			greatest = max(greatest, depth)
		case c == '}' || c == ']':
			depth--
		}
	}
	return greatest
}

// headers remembers where resourceType stands in objects that don't begin
// with it, so that resources inside resources are searched through once and
// not once for each level.
type headers struct {
	upTo  int         // objects that start before it have been searched
	found map[int]int // start of an object → start of its resourceType's value
	open  []int       // starts of the objects and arrays that are open
}

const resourceTypeName = `"resourceType":`

// resourceTypeAt finds the value of resourceType in the object at start; -1
// where there is none.
func (d *decoder) resourceTypeAt(start int) int {
	if bytes.HasPrefix(d.json[start+1:], []byte(resourceTypeName)) {
		return start + 1 + len(resourceTypeName)
	}
	h := &d.header
	if start >= h.upTo {
		h.search(d.json, start)
	}
	if at, ok := h.found[start]; ok {
		return at
	}
	return -1
}

// search goes through the object at start and notes the resourceType of it
// and of all objects inside.
func (h *headers) search(b []byte, start int) {
	if h.found == nil {
		h.found = map[int]int{}
	}
	h.open = h.open[:0]
	for at := start; ; {
		switch b[at] {
		case '"':
			end, escaped := stringEnd(b, at)
			if b[end] == ':' {
				h.note(b[at:end], escaped, end+1)
			}
			at = end
		case '{', '[':
			h.open = append(h.open, at)
			at++
		case '}', ']':
			h.open = h.open[:len(h.open)-1]
			at++
			if len(h.open) == 0 {
				h.upTo = at
				return
			}
		default:
			at++
		}
	}
}

func (h *headers) note(name []byte, escaped bool, value int) {
	if escaped {
		name = []byte(`"` + unquote(name) + `"`)
	}
	if string(name) != `"resourceType"` {
		return
	}
	object := h.open[len(h.open)-1]
	if _, twice := h.found[object]; !twice {
		h.found[object] = value
	}
}

// resourceType finds the definition of the resource whose object is at d.at;
// problem says why there is none.
func (d *decoder) resourceType() (t *Type, problem string) {
	at := d.resourceTypeAt(d.at)
	if at < 0 {
		return nil, "resourceType is missing: it names the resource's type"
	}
	if d.json[at] != '"' {
		return nil, "resourceType must be a string, not " + describe(d.json[at])
	}
	end, _ := stringEnd(d.json, at)
	if end-at <= 64 {
		t = d.schema.Type(unquote(d.json[at:end]))
	}
	if t == nil || t.Kind != ResourceType || t.Abstract {
		return nil, "resourceType names no resource type of FHIR R4"
	}
	return t, ""
}
