package fhirpath

import (
	"bytes"
	"strings"

	"caseway/fhir"
)

// What HTML a narrative may use: chapters 7 to 11 and 15 of HTML 4.0, links,
// images and styles (https://hl7.org/fhir/R4/narrative.html#xhtml).
var (
	htmlElements = words(`a abbr acronym address area b bdo big blockquote br caption cite code col colgroup dd
		del dfn div dl dt em h1 h2 h3 h4 h5 h6 hr i img ins kbd li map ol p pre q samp small span strong sub
		sup table tbody td tfoot th thead tr tt u ul var`)
	htmlAttributes = words(`abbr accesskey align alt axis bgcolor border cellpadding cellspacing char charoff
		charset cite class color colspan compact coords datetime dir frame headers height href hreflang hspace id ismap
		lang longdesc name nohref nowrap rel rev rowspan rules scope shape size space span src start style summary
		tabindex target title type usemap valign value vspace width xml:lang xml:space xmlns`)
)

func words(list string) map[string]bool {
	set := map[string]bool{}
	for word := range strings.FieldsSeq(list) {
		set[word] = true
	}
	return set
}

// htmlChecks reports whether a narrative is well-formed, has only what is
// allowed, and has some content.
func htmlChecks(m *machine, c *callExpr, in, dst Collection) (Collection, error) {
	v, ok, err := c.one(in)
	if err != nil || !ok {
		return dst, err
	}
	text := []byte(v.String())
	m.steps -= len(text) / 16
	ok = fhir.PrimitiveOf("xhtml").Check(text) && (&htmlScan{rest: text}).run()
	return truthOf(ok).append(dst), nil
}

// htmlScan looks at names in markup that is known to be well-formed.
type htmlScan struct {
	rest    []byte
	content bool
}

func (s *htmlScan) run() bool {
	for {
		open := bytes.IndexByte(s.rest, '<')
		if open < 0 {
			return s.content
		}
		s.content = s.content || len(bytes.TrimSpace(s.rest[:open])) > 0
		s.rest = s.rest[open+1:]
		if !s.tag() {
			return false
		}
	}
}

func (s *htmlScan) tag() bool {
	if bytes.HasPrefix(s.rest, []byte("!--")) {
		return s.skipTo("-->")
	}
	if bytes.HasPrefix(s.rest, []byte("![CDATA[")) {
		s.content = true
		return s.skipTo("]]>")
	}
	if s.rest[0] == '/' {
		return s.skipTo(">")
	}
	name := s.name()
	if name == "img" {
		s.content = true
	}
	return htmlElements[name] && s.attributes()
}

func (s *htmlScan) skipTo(end string) bool {
	i := bytes.Index(s.rest, []byte(end))
	if i < 0 {
		return false
	}
	s.rest = s.rest[i+len(end):]
	return true
}

// name reads up to what ends a name.
func (s *htmlScan) name() string {
	end := bytes.IndexAny(s.rest, " \t\r\n=/>")
	if end < 0 {
		end = len(s.rest)
	}
	name := string(s.rest[:end])
	s.rest = s.rest[end:]
	return name
}

func (s *htmlScan) attributes() bool {
	for {
		s.rest = bytes.TrimLeft(s.rest, " \t\r\n/")
		if len(s.rest) == 0 {
			return false
		}
		if s.rest[0] == '>' {
			s.rest = s.rest[1:]
			return true
		}
		if !htmlAttributes[s.name()] {
			return false
		}
		s.rest = bytes.TrimLeft(s.rest, " \t\r\n=")
		if len(s.rest) == 0 {
			return false
		}
		quote := s.rest[:1]
		s.rest = s.rest[1:]
		if !s.skipTo(string(quote)) {
			return false
		}
	}
}
