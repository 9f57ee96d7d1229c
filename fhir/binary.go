package fhir

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
)

// Binary makes a Binary resource of native content
// (https://hl7.org/fhir/R4/binary.html). id and securityContext, a reference
// such as "Patient/1", are left out where they are empty, and data where there
// is none.
func Binary(id, contentType, securityContext string, data []byte) []byte {
	b := make([]byte, 0, 256+base64.StdEncoding.EncodedLen(len(data)))
	b = append(b, `{"resourceType":"Binary"`...)
	if id != "" {
		b = append(b, `,"id":`...)
		b = appendString(b, id)
	}
	b = append(b, `,"contentType":`...)
	b = appendString(b, contentType)
	if securityContext != "" {
		b = append(b, `,"securityContext":{"reference":`...)
		b = appendString(b, securityContext)
		b = append(b, '}')
	}
	if len(data) > 0 {
		b = append(b, `,"data":"`...)
		b = base64.StdEncoding.AppendEncode(b, data)
		b = append(b, '"')
	}
	return append(b, '}')
}

// BinaryContent is the native content of a Binary.
type BinaryContent struct {
	ContentType     string
	SecurityContext string // a reference; "" where there is none

	data []byte // base64, as JSON text without quotes
}

// ReadBinary finds the content in the compact JSON of a Binary that has been
// decoded before, as stores keep it. The text is shared, not copied.
func ReadBinary(stored []byte) (BinaryContent, error) {
	var c BinaryContent
	if len(stored) == 0 || stored[0] != '{' {
		return c, errors.New("a Binary's JSON text is no object")
	}
	for m := range members(stored, 0) {
		value := stored[m.value:m.end]
		switch string(m.name) {
		case "contentType":
			c.ContentType = unquote(value)
		case "securityContext":
			c.SecurityContext = referenceIn(stored, m.value)
		case "data":
			c.data = value[1 : len(value)-1]
			if bytes.IndexByte(c.data, '\\') >= 0 { // "\/" and line ends
				c.data = []byte(unquote(value))
			}
		}
	}
	return c, nil
}

func referenceIn(text []byte, at int) string {
	for m := range members(text, at) {
		if string(m.name) == "reference" {
			return unquote(text[m.value:m.end])
		}
	}
	return ""
}

// Reader gives the content's bytes, decoding them as they are read.
func (c *BinaryContent) Reader() io.Reader {
	return base64.NewDecoder(base64.StdEncoding, &withoutSpace{c.data})
}

// Size is how many bytes Reader will give.
func (c *BinaryContent) Size() int64 {
	letters, padding := 0, 0
	for _, b := range c.data {
		switch {
		case b == '=':
			padding++
			letters++
		case !isSpace(b):
			letters++
		}
	}
	return int64(letters/4*3 - padding)
}

// withoutSpace leaves out the white space that base64 may hold; the decoder
// itself knows line ends only.
type withoutSpace struct{ rest []byte }

func (r *withoutSpace) Read(p []byte) (n int, err error) {
	for n < len(p) && len(r.rest) > 0 {
		if c := r.rest[0]; !isSpace(c) {
			p[n] = c
			n++
		}
		r.rest = r.rest[1:]
	}
	if n == 0 && len(r.rest) == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	return n, nil
}
