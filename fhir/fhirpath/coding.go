package fhirpath

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"html"
	"strings"
)

// codingFunctions are of FHIRPath 2.1, which later FHIR releases use and R4's
// official tests contain.
var codingFunctions = map[string]signature{
	"encode":   {min: 1, max: 1, fn: coding(encoders)},
	"decode":   {min: 1, max: 1, fn: coding(decoders)},
	"escape":   {min: 1, max: 1, fn: coding(escapers)},
	"unescape": {min: 1, max: 1, fn: coding(unescapers)},
}

// coder changes a text; ok is false where it isn't in the code.
type coder func(s string) (changed string, ok bool)

var encoders = map[string]coder{
	"hex":       func(s string) (string, bool) { return hex.EncodeToString([]byte(s)), true },
	"base64":    func(s string) (string, bool) { return base64.StdEncoding.EncodeToString([]byte(s)), true },
	"urlbase64": func(s string) (string, bool) { return base64.URLEncoding.EncodeToString([]byte(s)), true },
}

var decoders = map[string]coder{
	"hex":       decoder(hex.DecodeString),
	"base64":    decoder(base64.StdEncoding.DecodeString),
	"urlbase64": decoder(base64.URLEncoding.DecodeString),
}

func decoder(decode func(string) ([]byte, error)) coder {
	return func(s string) (string, bool) {
		b, err := decode(s)
		return string(b), err == nil
	}
}

var htmlEscapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#39;")

var escapers = map[string]coder{
	"html": func(s string) (string, bool) { return htmlEscapes.Replace(s), true },
	"json": func(s string) (string, bool) {
		var b strings.Builder
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		if e.Encode(s) != nil {
			return "", false
		}
		quoted := strings.TrimSuffix(b.String(), "\n")
		return quoted[1 : len(quoted)-1], true
	},
}

var unescapers = map[string]coder{
	"html": func(s string) (string, bool) { return html.UnescapeString(s), true },
	"json": func(s string) (string, bool) {
		var text string
		if json.Unmarshal([]byte(`"`+s+`"`), &text) != nil {
			return s, true // quotes that weren't escaped: there is nothing to undo
		}
		return text, true
	},
}

func coding(coders map[string]coder) function {
	return text(func(m *machine, c *callExpr, s string) (System, error) {
		name, ok, err := c.textArgument(m, 0)
		if err != nil || !ok {
			return nil, err
		}
		change := coders[name]
		if change == nil {
			return nil, nil
		}
		changed, ok := change(s)
		return orNone(String(changed), ok), nil
	})
}
