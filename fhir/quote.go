package fhir

import "github.com/go-json-experiment/json/jsontext"

// appendString appends text as a JSON string; bytes that aren't UTF-8 become
// U+FFFD.
func appendString[T string | []byte](dst []byte, text T) []byte {
	dst, _ = jsontext.AppendQuote(dst, text) // its error tells of bad UTF-8, which it has replaced
	return dst
}
