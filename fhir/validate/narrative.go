package validate

import (
	"bytes"
	"html"
	"strings"

	"caseway/fhir"
)

// checkNarrative refuses links that run something when they are followed or shown:
// narratives have no active content (https://hl7.org/fhir/R4/narrative.html#xhtml),
// and clients put them into pages of theirs.
func checkNarrative(w *walk, n fhir.Node, _ *elementPlan) {
	div := child(n, "div")
	if raw := div.Raw(); !bytes.Contains(raw, []byte("href")) && !bytes.Contains(raw, []byte("src")) &&
		!bytes.Contains(raw, []byte("cite")) && !bytes.Contains(raw, []byte("longdesc")) {
		return
	}
	text := []byte(div.Text())
	w.steps += len(text) / 16
	active := false
	fhir.WalkXHTML(text, fhir.XHTMLWalk{Attribute: func(_, name []byte, from, to int) bool {
		switch string(name) {
		case "href", "src", "cite", "longdesc":
			active = isActive(string(text[from:to]), string(name) == "src")
		}
		return !active
	}})
	if active {
		w.fail(div, fhir.IssueValue, "narrative-link", "has a link that runs something: those with javascript:, vbscript: and data: of pages aren't allowed")
	}
}

// isActive reports whether a link, as it is written in markup, runs something. Images
// run nothing of what they show.
func isActive(link string, image bool) bool {
	link = strings.ToLower(strings.Map(withoutBlank, html.UnescapeString(link)))
	scheme, rest, _ := strings.Cut(link, ":")
	switch scheme {
	case "javascript", "vbscript":
		return true
	case "data":
		media, _, _ := strings.Cut(rest, ",")
		return !image && (strings.Contains(media, "html") || strings.Contains(media, "xml") || strings.Contains(media, "script"))
	}
	return false
}

// withoutBlank drops white space and control characters, which browsers pass over.
func withoutBlank(r rune) rune {
	if r <= ' ' {
		return -1
	}
	return r
}
