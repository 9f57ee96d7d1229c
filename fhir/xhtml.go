package fhir

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// isXHTML reports whether b is a narrative that may be stored, see WalkXHTML.
func isXHTML(b []byte) bool { return WalkXHTML(b, XHTMLWalk{}) }

// XHTMLWalk is told what WalkXHTML meets. Each func may be nil; one that returns
// false ends the walk.
type XHTMLWalk struct {
	Element func(name []byte) bool
	// Attribute is told where the value stands in the text: [from, to), without
	// its quotes and as it is written, with references.
	Attribute func(element, name []byte, from, to int) bool
	// Text is told character data and CDATA that isn't white space alone.
	Text func() bool
}

// WalkXHTML goes through a narrative from front to back. It reports whether the
// text is well-formed XML with a single div of the XHTML namespace as its root
// (https://hl7.org/fhir/R4/narrative.html), and no func has returned false.
// Document types, processing instructions and entities that XML itself doesn't
// define are refused, and so are elements and attributes that run or load
// something.
func WalkXHTML(text []byte, walk XHTMLWalk) bool {
	s := xhtmlScan{walk: walk, text: bytes.TrimRightFunc(text, unicode.IsSpace)}
	s.at = len(s.text) - len(bytes.TrimLeftFunc(s.text, unicode.IsSpace))
	return s.run()
}

// xmlSpace is the white space of XML.
const xmlSpace = " \t\r\n"

// xhtmlScan reads markup from front to back and keeps where the names of the
// elements stand that are open. The array spares usual depths an allocation.
type xhtmlScan struct {
	walk  XHTMLWalk
	text  []byte
	at    int
	depth int
	open  [32]stretch
	deep  []stretch // open elements beyond those
}

// stretch is a part of the text.
type stretch struct{ start, end int }

func (s *xhtmlScan) push(name stretch) {
	if s.depth < len(s.open) {
		s.open[s.depth] = name
	} else {
		s.deep = append(s.deep, name)
	}
	s.depth++
}

// pop closes the innermost element and gives its name.
func (s *xhtmlScan) pop() []byte {
	s.depth--
	name := s.open[min(s.depth, len(s.open)-1)]
	if s.depth >= len(s.open) {
		last := len(s.deep) - 1
		name, s.deep = s.deep[last], s.deep[:last]
	}
	return s.text[name.start:name.end]
}

func (s *xhtmlScan) run() bool {
	if !s.tag() {
		return false
	}
	for s.depth > 0 {
		if !s.characters() || !s.markup() {
			return false
		}
	}
	return s.at == len(s.text)
}

// characters skips text up to the next "<" and checks its references.
func (s *xhtmlScan) characters() bool {
	n := bytes.IndexByte(s.text[s.at:], '<')
	if n < 0 {
		return false
	}
	text := s.text[s.at : s.at+n]
	s.at += n
	if !isCharacterData(text) {
		return false
	}
	return s.walk.Text == nil || len(bytes.Trim(text, xmlSpace)) == 0 || s.walk.Text()
}

// markup reads what starts with "<".
func (s *xhtmlScan) markup() bool {
	rest := s.text[s.at:]
	switch {
	case bytes.HasPrefix(rest, []byte("</")):
		return s.endTag()
	case bytes.HasPrefix(rest, []byte("<!--")):
		n := bytes.Index(rest[4:], []byte("--"))
		if n < 0 || !bytes.HasPrefix(rest[4+n:], []byte("-->")) {
			return false
		}
		s.at += 4 + n + 3
		return !hasControl(rest[4 : 4+n])
	case bytes.HasPrefix(rest, []byte("<![CDATA[")):
		n := bytes.Index(rest, []byte("]]>"))
		if n < 0 {
			return false
		}
		s.at += n + 3
		if hasControl(rest[:n]) {
			return false
		}
		const begin = "<![CDATA["
		return s.walk.Text == nil || len(bytes.Trim(rest[len(begin):n], xmlSpace)) == 0 || s.walk.Text()
	}
	return s.tag()
}

// tag reads a start tag or an empty-element tag.
func (s *xhtmlScan) tag() bool {
	if s.at >= len(s.text) || s.text[s.at] != '<' {
		return false
	}
	s.at++
	start := s.at
	name := s.name()
	if len(name) == 0 || forbiddenElement(name) || (s.depth == 0 && string(name) != "div") {
		return false
	}
	if s.walk.Element != nil && !s.walk.Element(name) {
		return false
	}
	from := s.at
	namespace, ok := s.attributes(name)
	if !ok || !s.namesDiffer(from) {
		return false
	}
	if s.depth == 0 && string(namespace) != "http://www.w3.org/1999/xhtml" {
		return false
	}
	if s.take('/') {
		return s.take('>')
	}
	s.push(stretch{start, start + len(name)})
	return s.take('>')
}

func (s *xhtmlScan) endTag() bool {
	s.at += 2
	name := s.name()
	s.skipSpace()
	return bytes.Equal(name, s.pop()) && s.take('>')
}

// attributes reads all attributes of an element's tag and gives the value of xmlns.
func (s *xhtmlScan) attributes(element []byte) (namespace []byte, ok bool) {
	for {
		spaces := s.skipSpace()
		if s.at >= len(s.text) || s.text[s.at] == '>' || s.text[s.at] == '/' {
			return namespace, true
		}
		name, value, ok := s.attribute()
		if !ok || spaces == 0 || runsSomething(name) {
			return nil, false
		}
		if to := s.at - 1; s.walk.Attribute != nil && !s.walk.Attribute(element, name, to-len(value), to) {
			return nil, false
		}
		if string(name) == "xmlns" {
			namespace = value
		}
	}
}

func (s *xhtmlScan) attribute() (name, value []byte, ok bool) {
	name = s.name()
	s.skipSpace()
	if len(name) == 0 || !s.take('=') {
		return nil, nil, false
	}
	s.skipSpace()
	if s.at >= len(s.text) || (s.text[s.at] != '"' && s.text[s.at] != '\'') {
		return nil, nil, false
	}
	n := bytes.IndexByte(s.text[s.at+1:], s.text[s.at])
	if n < 0 {
		return nil, nil, false
	}
	value = s.text[s.at+1 : s.at+1+n]
	s.at += n + 2
	return name, value, bytes.IndexByte(value, '<') < 0 && isCharacterData(value)
}

// maxAttributes bounds the pairwise comparison of an element's attribute names.
const maxAttributes = 64

// namesDiffer reads the attributes again, from where they start, and reports
// whether each name stands there once. They were well-formed the first time.
func (s *xhtmlScan) namesDiffer(from int) bool {
	end := s.at
	defer func() { s.at = end }()
	var seen [maxAttributes][]byte
	count := 0
	for s.at = from; ; count++ {
		s.skipSpace()
		if s.at >= end {
			return true
		}
		if count == maxAttributes {
			return false
		}
		seen[count], _, _ = s.attribute()
		for _, other := range seen[:count] {
			if bytes.Equal(other, seen[count]) {
				return false
			}
		}
	}
}

func (s *xhtmlScan) name() []byte {
	start := s.at
	for s.at < len(s.text) && isNameByte(s.text[s.at], s.at > start) {
		s.at++
	}
	return s.text[start:s.at]
}

// isNameByte is XML's rule of names, but for which characters beyond ASCII
// are letters.
func isNameByte(c byte, inside bool) bool {
	if isLetter(c) || c == '_' || c == ':' || c >= utf8.RuneSelf {
		return true
	}
	return inside && (isDigit(c) || c == '-' || c == '.')
}

func (s *xhtmlScan) skipSpace() (count int) {
	for s.at < len(s.text) && isSpace(s.text[s.at]) {
		s.at++
		count++
	}
	return count
}

func (s *xhtmlScan) take(c byte) bool {
	if s.at >= len(s.text) || s.text[s.at] != c {
		return false
	}
	s.at++
	return true
}

// isCharacterData checks text or an attribute's value: no control characters,
// no "]]>", and only references that XML itself defines.
func isCharacterData(b []byte) bool {
	if hasControl(b) || bytes.Contains(b, []byte("]]>")) {
		return false
	}
	for {
		n := bytes.IndexByte(b, '&')
		if n < 0 {
			return true
		}
		b = b[n+1:]
		end := bytes.IndexByte(b[:min(len(b), 10)], ';')
		if end < 0 || !isReference(b[:end]) {
			return false
		}
		b = b[end+1:]
	}
}

func isReference(name []byte) bool {
	switch string(name) {
	case "amp", "lt", "gt", "quot", "apos":
		return true
	}
	if len(name) < 2 || name[0] != '#' {
		return false
	}
	digits, base := name[1:], rune(10)
	if digits[0] == 'x' {
		digits, base = digits[1:], 16
	}
	r := rune(0)
	for _, c := range digits {
		switch lower := c | 0x20; {
		case isDigit(c):
			r = r*base + rune(c-'0')
		case base == 16 && lower >= 'a' && lower <= 'f':
			r = r*base + rune(lower-'a'+10)
		default:
			return false
		}
	}
	return len(digits) > 0 && isXMLCharacter(r)
}

// isXMLCharacter is XML's rule of what a document may hold at all.
func isXMLCharacter(r rune) bool {
	return r >= ' ' && r < 0xD800 || r > 0xDFFF && r < 0xFFFE || r >= 0x10000 && r <= utf8.MaxRune ||
		r == '\t' || r == '\n' || r == '\r'
}

// hasControl reports whether b, which is UTF-8, has a character that XML
// forbids: control characters, U+FFFE and U+FFFF.
func hasControl(b []byte) bool {
	for i, c := range b {
		if c < ' ' && !isSpace(c) {
			return true
		}
		if c == 0xEF && i+2 < len(b) && b[i+1] == 0xBF && b[i+2] >= 0xBE {
			return true
		}
	}
	return false
}
