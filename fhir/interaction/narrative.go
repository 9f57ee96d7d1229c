package interaction

import (
	"html"
	"strings"
)

// narrative changes the links in a narrative's XHTML, href of <a> and src of
// <img>, and leaves every other byte as it is. changed is false where no link
// leads to an entry.
func (t *targets) narrative(en *entry, xhtml string) (text string, changed bool) {
	if len(t.byURL) == 0 {
		return xhtml, false
	}
	var b strings.Builder
	done := 0
	for from, to := range linkAttributes(xhtml) {
		l, ok := t.lookup(en, html.UnescapeString(xhtml[from:to]))
		if !ok {
			continue
		}
		b.WriteString(xhtml[done:from])
		b.WriteString(html.EscapeString(l.text()))
		done = to
	}
	if done == 0 {
		return xhtml, false
	}
	b.WriteString(xhtml[done:])
	return b.String(), true
}

// linkAttributes gives where the values of href in <a> and of src in <img>
// begin and end. Decoding has checked that the text is well-formed.
func linkAttributes(xhtml string) func(yield func(from, to int) bool) {
	return func(yield func(from, to int) bool) {
		for at := 0; at < len(xhtml); {
			open := strings.IndexByte(xhtml[at:], '<')
			if open < 0 {
				return
			}
			at += open
			if strings.HasPrefix(xhtml[at:], "<!--") {
				at = behind(xhtml, at, "-->")
				continue
			}
			at++
			name := xmlName(xhtml[at:])
			at += len(name)
			end, more := tagAttributes(xhtml, at, linkAttribute(name), yield)
			if !more {
				return
			}
			at = end
		}
	}
}

// linkAttribute is the attribute of an element that holds a link; "" for none.
func linkAttribute(element string) string {
	switch element {
	case "a":
		return "href"
	case "img":
		return "src"
	}
	return ""
}

// tagAttributes goes through a tag's attributes from at to behind its ">".
func tagAttributes(xhtml string, at int, wanted string, yield func(from, to int) bool) (end int, more bool) {
	for at < len(xhtml) && xhtml[at] != '>' {
		name := xmlName(xhtml[at:])
		if name == "" {
			at++
			continue
		}
		at += len(name)
		quote := strings.IndexAny(xhtml[at:], `"'>`)
		if quote < 0 || xhtml[at+quote] == '>' {
			continue
		}
		from := at + quote + 1
		length := strings.IndexByte(xhtml[from:], xhtml[from-1])
		if length < 0 {
			return len(xhtml), true
		}
		if name == wanted && !yield(from, from+length) {
			return 0, false
		}
		at = from + length + 1
	}
	return at + 1, true
}

func xmlName(s string) string {
	return s[:len(s)-len(strings.TrimLeftFunc(s, isXMLNameRune))]
}

func isXMLNameRune(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' ||
		r == '-' || r == '_' || r == ':' || r == '.' || r > 0x7f
}

// behind is the index behind the next mark, or the end.
func behind(s string, at int, mark string) int {
	i := strings.Index(s[at:], mark)
	if i < 0 {
		return len(s)
	}
	return at + i + len(mark)
}
