package fhir_test

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"caseway/fhir"
)

// TestXHTMLIsXML draws markup from pieces, well-formed and not, and holds what
// the check takes to a whole XML parser.
func TestXHTMLIsXML(t *testing.T) {
	pieces := rapid.SampledFrom([]string{
		"<p>", "</p>", "<b class='x'>", "</b>", "<br/>", "<i a=\"1\" b=\"2\">", "</i>", "text", " ", "&amp;", "&#65;", "&nbsp;", "&#xFFFF;",
		"<!-- c -->", "<!--", "-->", "<![CDATA[ x ]]>", "]]>", "<", ">", "&", "\"", "<p", "/>", "é", "\uffff", "<?x?>", "<!DOCTYPE a>",
	})
	taken := 0
	rapid.Check(t, func(t *rapid.T) {
		text := div(strings.Join(rapid.SliceOfN(pieces, 0, 6).Draw(t, "pieces"), ""))
		if !fhir.PrimitiveOf("xhtml").Check([]byte(text)) {
			return
		}
		taken++
		if err := parseXML(text); err != nil {
			t.Fatalf("taken, but no XML: %q: %v", text, err)
		}
	})
	if taken == 0 {
		t.Error("none of the drawn texts was taken, so nothing was compared")
	}
}

func parseXML(text string) error {
	d := xml.NewDecoder(strings.NewReader(text))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}
