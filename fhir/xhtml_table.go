package fhir

import "strings"

// What HTML a narrative may use by the constraint txt-1: chapters 7 to 11 and 15
// of HTML 4.0, links, images and styles
// (https://hl7.org/fhir/R4/narrative.html#xhtml).
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

// IsHTML reports whether a narrative is well-formed, has only what the constraint
// txt-1 allows, and some content (txt-2): text or an image.
func IsHTML(text []byte) bool {
	content := false
	ok := WalkXHTML(text, XHTMLWalk{
		Element: func(name []byte) bool {
			content = content || string(name) == "img"
			return htmlElements[string(name)]
		},
		Attribute: func(_, name []byte, _, _ int) bool { return htmlAttributes[string(name)] },
		Text:      func() bool { content = true; return true },
	})
	return ok && content
}

// XHTMLLinks gives where the values of href in <a> and of src in <img> stand, in
// order, with their references (&amp;).
func XHTMLLinks(text []byte) (all [][2]int) {
	WalkXHTML(text, XHTMLWalk{Attribute: func(element, name []byte, from, to int) bool {
		if e, n := string(element), string(name); e == "a" && n == "href" || e == "img" && n == "src" {
			all = append(all, [2]int{from, to})
		}
		return true
	}})
	return all
}

// forbiddenElement names what a narrative is refused for: "head, body,
// external stylesheet references, scripts, forms, base/link/xlink, frames,
// iframes, objects".
func forbiddenElement(name []byte) bool {
	switch string(name) {
	case "script", "form", "base", "link", "frame", "frameset", "iframe", "object", "embed", "applet", "head", "body":
		return true
	}
	return false
}

// runsSomething: event attributes start with "on", and no other does.
func runsSomething(name []byte) bool {
	return len(name) > 2 && name[0] == 'o' && name[1] == 'n'
}
