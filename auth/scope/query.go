package scope

import (
	"net/url"
	"slices"
	"strings"
)

// ofAnyResource are the parameters with an underscore that look at a resource
// alone; the others say how results are shown, or look elsewhere.
var ofAnyResource = []string{"_id", "_tag", "_security", "_profile", "_source"}

// normalQuery brings the search parameters of a granular scope to one form:
// decoded, values that are joined by OR in order, parameters in order, each
// once, and encoded again as far as a scope needs it.
func normalQuery(query string) (normal, why string) {
	var pairs []string
	for text := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(text, "=")
		name, errName := url.QueryUnescape(name)
		value, errValue := url.QueryUnescape(value)
		if errName != nil || errValue != nil {
			return "", "the search parameters aren't percent-encoded as in a URL"
		}
		if why := checkParameter(name, value); why != "" {
			return "", why
		}
		values := alternatives(value)
		slices.Sort(values)
		pairs = append(pairs, encode(name)+"="+encode(strings.Join(slices.Compact(values), ",")))
	}
	slices.Sort(pairs)
	return strings.Join(slices.Compact(pairs), "&"), ""
}

func checkParameter(name, value string) (why string) {
	code, _, _ := strings.Cut(name, ":")
	switch {
	case code == "" || value == "":
		return "behind the question mark come search parameters with a value each"
	case code[0] == '_' && !slices.Contains(ofAnyResource, code), strings.Contains(name, "."):
		return "only search parameters that look at the resource alone can narrow a scope"
	case slices.ContainsFunc([]byte(name), func(c byte) bool { return c <= ' ' || c > '~' }):
		return "the name of a search parameter has a character that none can have"
	case slices.ContainsFunc(alternatives(value), func(v string) bool { return v == "" }):
		return "a search parameter has an empty value between its commas"
	}
	return ""
}

// alternatives splits a value at its commas, but for those behind a backslash
// (https://hl7.org/fhir/R4/search.html#escaping).
func alternatives(value string) []string {
	var all []string
	begin := 0
	for i := 0; i < len(value); i++ {
		switch value[i] {
		case '\\':
			i++
		case ',':
			all = append(all, value[begin:i])
			begin = i + 1
		}
	}
	return append(all, value[begin:])
}

// encode leaves alone what a scope may hold (RFC 6749, section 3.3) and what
// doesn't separate parameters.
func encode(s string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if c > ' ' && c <= '~' && !strings.ContainsRune(`"\%&=+#?`, rune(c)) {
			b.WriteByte(c)
			continue
		}
		const hex = "0123456789ABCDEF"
		b.WriteByte('%')
		b.WriteByte(hex[c>>4])
		b.WriteByte(hex[c&15])
	}
	return b.String()
}

// Pairs gives the search parameters of a query in normal form, decoded, as
// name and value.
func Pairs(query string) [][2]string {
	if query == "" {
		return nil
	}
	var all [][2]string
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		name, _ = url.QueryUnescape(name)
		value, _ = url.QueryUnescape(value)
		all = append(all, [2]string{name, value})
	}
	return all
}

// both is the query that holds where two in normal form hold.
func both(a, b string) string {
	switch {
	case a == "" || a == b:
		return b
	case b == "":
		return a
	}
	pairs := append(strings.Split(a, "&"), strings.Split(b, "&")...)
	slices.Sort(pairs)
	return strings.Join(slices.Compact(pairs), "&")
}

// wider reports whether a query, in normal form, holds wherever another does:
// it asks for nothing that the other doesn't ask for.
func wider(a, b string) bool {
	if a == "" || a == b {
		return true
	}
	asked := strings.Split(b, "&")
	for pair := range strings.SplitSeq(a, "&") {
		if !slices.Contains(asked, pair) {
			return false
		}
	}
	return true
}
