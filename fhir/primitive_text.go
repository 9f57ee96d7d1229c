package fhir

import (
	"bytes"
	"unicode/utf8"
)

// maxString is how many characters a string may have
// (https://hl7.org/fhir/R4/datatypes.html#string).
const maxString = 1 << 20

// isString also refuses control characters but tab and line ends, which the
// regex lets through and the specification's text doesn't.
func isString(b []byte) bool {
	if len(b) == 0 || (len(b) > maxString && utf8.RuneCount(b) > maxString) {
		return false
	}
	for _, c := range b {
		if c < ' ' && !isSpace(c) {
			return false
		}
	}
	return true
}

// isCode takes single spaces only, not the tabs and line ends that the regex
// would: "no whitespace other than single spaces in the contents".
func isCode(b []byte) bool {
	if len(b) == 0 || b[len(b)-1] == ' ' {
		return false
	}
	before := byte(' ')
	for _, c := range b {
		if c < ' ' || (c == ' ' && before == ' ') {
			return false
		}
		before = c
	}
	return true
}

// isURI refuses the empty string although the regex doesn't: no value may be
// empty (https://hl7.org/fhir/R4/json.html).
func isURI(b []byte) bool {
	for _, c := range b {
		if c <= ' ' {
			return false
		}
	}
	return len(b) > 0
}

func isOID(b []byte) bool {
	b, ok := bytes.CutPrefix(b, []byte("urn:oid:"))
	if !ok || len(b) == 0 || b[0] < '0' || b[0] > '2' {
		return false
	}
	arcs := 0
	for b = b[1:]; len(b) > 0; arcs++ {
		if b[0] != '.' {
			return false
		}
		n := digitRun(b[1:])
		if n == 0 || (n > 1 && b[1] == '0') {
			return false
		}
		b = b[1+n:]
	}
	return arcs > 0
}

func isUUID(b []byte) bool {
	const form = "urn:uuid:xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"
	if len(b) != len(form) {
		return false
	}
	for i, c := range b {
		if form[i] == 'x' {
			if !isDigit(c) && (c < 'a' || c > 'f') {
				return false
			}
		} else if c != form[i] {
			return false
		}
	}
	return true
}

// isBase64 ignores white space wherever it stands, as decoders do; the regex
// allows it between groups of four only.
func isBase64(b []byte) bool {
	count, padding := 0, 0
	for _, c := range b {
		switch {
		case c == '=':
			padding++
		case base64Letter[c]:
			if padding > 0 {
				return false
			}
		case isSpace(c):
			continue
		default:
			return false
		}
		count++
	}
	return count > 0 && count%4 == 0 && padding <= 2
}

var base64Letter = func() (set [256]bool) {
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") {
		set[c] = true
	}
	return set
}()

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }
