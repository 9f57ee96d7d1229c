package fhir

import (
	"bytes"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// appendPath appends where the element stands. A choice shows as its name
// without the type; only elements that may repeat have an index.
func (n Node) appendPath(dst []byte) []byte {
	d := n.node()
	if d.parent < 0 {
		return append(dst, d.typ.Name...)
	}
	dst = Node{n.tree, d.parent}.appendPath(dst)
	dst = append(dst, '.')
	dst = append(dst, d.elem.Name...)
	if d.index >= 0 {
		dst = append(dst, '[')
		dst = strconv.AppendInt(dst, int64(d.index), 10)
		dst = append(dst, ']')
	}
	return dst
}

// unquote gives the text of a JSON string that has been checked before.
func unquote(raw []byte) string {
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw[1 : len(raw)-1])
	}
	text, _ := jsontext.AppendUnquote(nil, raw)
	return string(text)
}
