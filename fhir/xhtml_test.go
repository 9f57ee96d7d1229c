package fhir_test

import (
	"encoding/xml"
	"errors"
	"io"
	"slices"
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

// TestHTMLIsAllowed: txt-1 and txt-2.
func TestHTMLIsAllowed(t *testing.T) {
	for _, row := range []struct {
		name, inner string
		want        bool
	}{
		{"text", "x", true},
		{"an image alone", `<img src="a.png"/>`, true},
		{"nothing", "", false},
		{"white space in elements", "<p> \n </p>", false},
		{"a comment alone", "<!-- x -->", false},
		{"CDATA", "<![CDATA[x]]>", true},
		{"an element of HTML 5", "<section>x</section>", false},
		{"an attribute of HTML 5", `<p hidden="">x</p>`, false},
		{"an attribute that runs", `<p onclick="x">x</p>`, false},
		{"style", `<p style="color:red" class='c'>x</p>`, true},
		{"what CDATA only looks like", `<![CDATA[<section>]]>`, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := fhir.IsHTML([]byte(div(row.inner))); got != row.want {
				t.Errorf("got %v, want %v", got, row.want)
			}
		})
	}
}

// TestXHTMLLinksStandInTags: links are found where a browser would find them.
func TestXHTMLLinksStandInTags(t *testing.T) {
	for _, row := range []struct {
		name, inner string
		want        []string
	}{
		{"none", "x", nil},
		{"both kinds", `<a href="u?a&amp;b">x</a> <img alt='>' src = 'v'/>`, []string{"u?a&amp;b", "v"}},
		{"other attributes", `<a src="u" title="href='v'">x</a>`, nil},
		{"in a comment", `<!-- <a href="u"> -->`, nil},
		{"in CDATA", `<![CDATA[<a href="u">]]>`, nil},
		{"an empty one", `<a href="">x</a>`, []string{""}},
	} {
		t.Run(row.name, func(t *testing.T) {
			text := " \n" + div(row.inner) + "\n"
			var got []string
			for _, at := range fhir.XHTMLLinks([]byte(text)) {
				got = append(got, text[at[0]:at[1]])
			}
			if !slices.Equal(got, row.want) {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}
