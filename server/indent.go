package server

import (
	"bufio"
	"bytes"
)

// indenter writes JSON so that people can read it, two spaces for each level.
// What it is given must be JSON.
type indenter struct {
	to       *bufio.Writer
	depth    int
	inString bool
	escaped  bool // the character before is a backslash within a string
	opened   bool // the character before opens an object or array
}

// Write implements io.Writer.
func (w *indenter) Write(json []byte) (int, error) {
	for _, c := range json {
		if w.inString {
			w.inString = w.escaped || c != '"'
			w.escaped = c == '\\' && !w.escaped
			_ = w.to.WriteByte(c) // the last Flush tells
			continue
		}
		w.outside(c)
	}
	return len(json), w.to.Flush()
}

// outside writes a character that stands outside of strings.
func (w *indenter) outside(c byte) {
	switch c {
	case ' ', '\t', '\n', '\r':
		return
	case '}', ']':
		if w.depth--; !w.opened {
			w.line()
		}
	default:
		if w.opened {
			w.line()
		}
	}
	_ = w.to.WriteByte(c)
	w.opened = c == '{' || c == '['
	switch c {
	case '{', '[':
		w.depth++
	case ',':
		w.line()
	case ':':
		_ = w.to.WriteByte(' ')
	case '"':
		w.inString = true
	}
}

func (w *indenter) line() {
	_ = w.to.WriteByte('\n')
	for range w.depth {
		_, _ = w.to.WriteString("  ")
	}
}

// end ends the text.
func (w *indenter) end() error {
	_ = w.to.WriteByte('\n')
	return w.to.Flush()
}

// indent is JSON as people read it.
func indent(json []byte) []byte {
	var b bytes.Buffer
	w := &indenter{to: bufio.NewWriter(&b)}
	_, _ = w.Write(json) // a bytes.Buffer takes everything
	_ = w.end()
	return b.Bytes()
}
