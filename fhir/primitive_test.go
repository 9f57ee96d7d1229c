package fhir_test

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"caseway/fhir"
	"caseway/fhir/fhirtest"
)

// primitiveNames are R4's 20 primitive types and xhtml.
var primitiveNames = []string{
	"base64Binary", "boolean", "canonical", "code", "date", "dateTime", "decimal", "id", "instant", "integer",
	"markdown", "oid", "positiveInt", "string", "time", "unsignedInt", "uri", "url", "uuid", "xhtml",
}

func TestPrimitiveOf(t *testing.T) {
	for _, name := range primitiveNames {
		p := fhir.PrimitiveOf(name)
		if p == nil || p.Name != name || p.Check == nil || p.Form == "" || !strings.ContainsRune(`"0t`, rune(p.JSON)) {
			t.Errorf("%s has no whole rule: %+v", name, p)
		}
	}
	for _, name := range []string{"", "String", "Quantity", "integer64"} {
		t.Run(name, func(t *testing.T) {
			if fhir.PrimitiveOf(name) != nil {
				t.Errorf("%q is no primitive type of R4", name)
			}
		})
	}
}

var primitiveCases = map[string]struct{ right, wrong []string }{
	"boolean":     {[]string{"true", "false"}, []string{"True", "0", ""}},
	"integer":     {[]string{"0", "-0", "2147483647", "-2147483648"}, []string{"2147483648", "-2147483649", "01", "+1", "1.0", "1e3", "-", "", "99999999999999999999"}},
	"unsignedInt": {[]string{"0", "2147483647"}, []string{"-1", "-0", "2147483648", "00", ""}},
	"positiveInt": {[]string{"1", "2147483647"}, []string{"0", "-1", "2147483648", "01", ""}},
	"decimal":     {[]string{"0", "-0.0", "1.0", "1e2", "1E+2", "1.50e-3", strings.Repeat("9", 30)}, []string{"", "-", ".5", "1.", "01", "1e", "1e+", "NaN", "+1", "1,5"}},
	"string":      {[]string{"a", " ", "a\tb\r\nc", "é", strings.Repeat("é", 1<<20)}, []string{"", "a\x00", "\x1b", strings.Repeat("a", 1<<20+1)}},
	"markdown":    {[]string{"# A\n\n* b"}, []string{"", "\x07"}},
	"code":        {[]string{"a", "a b", "a b c", "ü"}, []string{"", " a", "a ", "a  b", "a\tb", "a\nb", " "}},
	"id":          {[]string{"a", "A-1.b", strings.Repeat("x", 64)}, []string{"", "a_b", "a/b", "é", strings.Repeat("x", 65)}},
	"uri":         {[]string{"http://a", "urn:a:b", "é", "a#b"}, []string{"", " ", "a b", "a\n", "a\x00"}},
	"url":         {[]string{"https://a/b?c=d"}, []string{"", "a b"}},
	"canonical":   {[]string{"http://a|1.0#x"}, []string{"", "a\tb"}},
	"oid":         {[]string{"urn:oid:1.2", "urn:oid:2.16.840.1.113883", "urn:oid:0.0"}, []string{"", "urn:oid:1", "urn:oid:3.1", "urn:oid:1.02", "urn:oid:1.", "urn:oid:1..2", "1.2.3", "urn:oid:12.3", "urn:oid:"}},
	"uuid": {
		[]string{"urn:uuid:c757873d-ec9a-4326-a141-556f43239520"},
		[]string{"", "urn:uuid:C757873D-EC9A-4326-A141-556F43239520", "c757873d-ec9a-4326-a141-556f43239520", "urn:uuid:c757873d-ec9a-4326-a141-556f4323952", "urn:uuid:c757873dxec9a-4326-a141-556f43239520"},
	},
	"base64Binary": {[]string{"AAAA", "AA==", "AAA=", "AA AA\r\n", "+/+/"}, []string{"", " ", "AAA", "A===", "====", "AA=A", "AA==AAAA", "AA-_", "%%%2@()()"}},
	"date": {
		[]string{"2024", "2024-02", "2024-02-29", "2000-02-29", "0001-01-01", "9999-12-31"},
		[]string{"", "0000", "24", "2024-2", "2024-00", "2024-13", "2024-02-30", "2023-02-29", "1900-02-29", "2024-04-31", "2024-01-00", "2024-01-01T00:00:00Z", "2024/01/01", "20240101", "2024-01-"},
	},
	"dateTime": {
		[]string{"2024", "2024-02", "2024-02-29", "2024-01-01T00:00:00Z", "2024-01-01T23:59:60.123456789+14:00", "2024-01-01T00:00:00-13:59"},
		[]string{"", "2024-02-30T00:00:00Z", "2024-01-01T00:00:00", "2024-01-01T24:00:00Z", "2024-01-01T00:00Z", "2024-01-01T00:00:00.Z", "2024-01-01T00:00:00+14:01", "2024-01-01T00:00:00+15:00", "2024-01-01T", "2024-01-01t00:00:00z", "2024-01-01 00:00:00Z", "2024-01T00:00:00Z"},
	},
	"instant": {[]string{"2024-02-29T12:00:00Z", "2024-02-29T12:00:00.000+01:00"}, []string{"", "2024", "2024-02-29", "2024-02-29T12:00:00", "2023-02-29T12:00:00Z"}},
	"time":    {[]string{"00:00:00", "23:59:60", "12:30:00.5"}, []string{"", "24:00:00", "12:30", "12:60:00", "12:30:61", "12:30:00Z", "12:30:00.", "1:30:00"}},
	"xhtml": {
		[]string{
			div(""), div("a &amp; b &#233; &#xE9; <br/> <b title='x &lt; y'>c</b><!-- d -->"), "\n" + div("<p>a</p>") + " ",
			`<div xmlns='http://www.w3.org/1999/xhtml' lang="de" xml:lang="de"/>`, div("<![CDATA[<]]>"), div(strings.Repeat("<i>", 200) + strings.Repeat("</i>", 200)),
		},
		[]string{
			"", "text", "<div>a</div>", `<p xmlns="http://www.w3.org/1999/xhtml">a</p>`, `<div xmlns="http://example.org">a</div>`,
			div("<p>"), div("</p>"), div("<p></q>"), div("&nbsp;"), div("&"), div("&#0;"), div("&#;"), div("&#xG;"), div("&#55296;"), div("a < b"), div("]]>"),
			div("") + div(""), div("") + "x", "x" + div(""), div("<script>x</script>"), div(`<p onclick="x">y</p>`), div("<iframe/>"), div("<form/>"),
			`<!DOCTYPE div [<!ENTITY x SYSTEM "file:///etc/passwd">]>` + div("&x;"), `<?xml version="1.0"?>` + div(""), div("<?php x ?>"),
			div(`<p class="a" class="b"/>`), div(`<p class=a/>`), div(`<p class="a"id="b"/>`), div(`<p class/>`), div(`<p title="a<b"/>`), div("<!-- a -- b -->"), div("<!-- a --->"), div("<"), div("<p"), div("\x00"), div("\uffff"),
		},
	},
}

func div(inner string) string {
	return `<div xmlns="http://www.w3.org/1999/xhtml">` + inner + `</div>`
}

func TestPrimitiveValues(t *testing.T) {
	for _, name := range primitiveNames {
		check := fhir.PrimitiveOf(name).Check
		for _, text := range primitiveCases[name].right {
			if !check([]byte(text)) {
				t.Errorf("%s refuses %.80q", name, text)
			}
		}
		for _, text := range primitiveCases[name].wrong {
			if check([]byte(text)) {
				t.Errorf("%s takes %.80q", name, text)
			}
		}
		if len(primitiveCases[name].right) == 0 {
			t.Errorf("%s has no cases", name)
		}
	}
}

// meanings say what a right value must be beyond its regex.
var meanings = map[string]func(string) bool{
	"string": printable, "markdown": printable, "uri": printable, "url": printable, "canonical": printable,
	"code":        func(s string) bool { return !strings.ContainsAny(s, "\t\r\n\f") && printable(s) },
	"integer":     func(s string) bool { _, err := strconv.ParseInt(s, 10, 32); return err == nil },
	"unsignedInt": func(s string) bool { _, err := strconv.ParseInt(s, 10, 32); return err == nil },
	"positiveInt": func(s string) bool { _, err := strconv.ParseInt(s, 10, 32); return err == nil },
	"base64Binary": func(s string) bool {
		_, err := base64.StdEncoding.DecodeString(withoutSpace(s))
		return err == nil
	},
	"date": dayExists, "dateTime": dayExists, "instant": dayExists,
}

func printable(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && !strings.ContainsRune("\t\r\n", r) })
}

func dayExists(s string) bool {
	if len(s) < len(time.DateOnly) {
		return true
	}
	_, err := time.Parse(time.DateOnly, s[:len(time.DateOnly)])
	return err == nil
}

func withoutSpace(s string) string {
	return strings.NewReplacer(" ", "", "\t", "", "\n", "", "\r", "").Replace(s)
}

// TestPrimitiveRegex holds each hand-written check to the regex and the
// meaning: values made from the regex, and the same with a character changed,
// lost or put in.
func TestPrimitiveRegex(t *testing.T) {
	for _, name := range primitiveNames {
		p := fhir.PrimitiveOf(name)
		if p.Regex == "" {
			continue
		}
		t.Run(name, rapid.MakeCheck(func(t *rapid.T) {
			text := nearMatch(t, p.Regex)
			matched := text
			if name == "base64Binary" { // white space is free, the regex wants it between groups
				matched = withoutSpace(text)
			}
			want := regexp.MustCompile(`^(?:` + p.Regex + `)$`).MatchString(matched)
			if means := meanings[name]; means != nil {
				want = want && means(text)
			}
			if got := p.Check([]byte(text)); got != want {
				t.Fatalf("%s: check of %q says %v, regex and meaning say %v", name, text, got, want)
			}
		}))
	}
}

func nearMatch(t *rapid.T, regex string) string {
	text := []rune(rapid.StringMatching(regex).Draw(t, "match"))
	odd := rapid.SampledFrom([]rune("0123456789abf-+:.TZ= \t\n\x00é/"))
	at := rapid.IntRange(0, len(text)).Draw(t, "at")
	switch change := rapid.IntRange(0, 3).Draw(t, "change"); {
	case change == 1:
		text = append(text[:at:at], append([]rune{odd.Draw(t, "new")}, text[at:]...)...)
	case change == 2 && at < len(text):
		text[at] = odd.Draw(t, "other")
	case change == 3 && at < len(text):
		text = append(text[:at:at], text[at+1:]...)
	}
	return string(text)
}

// TestPrimitiveDefinitions compares the regexes with those of the published
// definitions.
func TestPrimitiveDefinitions(t *testing.T) {
	published := publishedRegexes(t)
	for _, name := range primitiveNames {
		want, found := published[name]
		if !found {
			t.Errorf("%s isn't among the published definitions", name)
		} else if got := fhir.PrimitiveOf(name).Regex; got != want {
			t.Errorf("%s has the regex %s, published is %s", name, got, want)
		}
	}
}

func publishedRegexes(t *testing.T) map[string]string {
	file, err := os.Open(filepath.Join(fhirtest.SharedDir(t), "data/definitions/hl7.fhir.r4.core-4.0.1/structuredefinition-base.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	found := map[string]string{}
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var d struct {
			Kind, Name string
			Snapshot   struct {
				Element []struct {
					Path string
					Type []struct {
						Extension []struct{ URL, ValueString string }
					}
				}
			}
		}
		if err := json.Unmarshal(lines.Bytes(), &d); err != nil {
			t.Fatal(err)
		}
		if d.Kind != "primitive-type" {
			continue
		}
		found[d.Name] = ""
		for _, e := range d.Snapshot.Element {
			for _, typ := range e.Type {
				for _, x := range typ.Extension {
					if e.Path == d.Name+".value" && strings.HasSuffix(x.URL, "/regex") {
						found[d.Name] = x.ValueString
					}
				}
			}
		}
	}
	return found
}

func TestPrimitiveChecksDontAllocate(t *testing.T) {
	for _, name := range primitiveNames {
		check := fhir.PrimitiveOf(name).Check
		for _, text := range append(primitiveCases[name].right[:1:1], primitiveCases[name].wrong[1]) {
			b := []byte(text)
			if n := testing.AllocsPerRun(10, func() { check(b) }); n > 0 {
				t.Errorf("%s allocates %v times for %.40q", name, n, text)
			}
		}
	}
}
