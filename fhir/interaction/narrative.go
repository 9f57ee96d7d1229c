package interaction

import (
	"html"
	"strings"

	"caseway/fhir"
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
	for _, at := range fhir.XHTMLLinks([]byte(xhtml)) {
		from, to := at[0], at[1]
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
