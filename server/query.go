package server

import (
	"net/url"
	"slices"
	"strings"

	"caseway/fhir"
)

// query is a request's parameters in the order in which they were sent.
type query []parameter

type parameter struct{ name, value string }

func parseQuery(raw string) (query, error) {
	var q query
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		if err != nil {
			return nil, fhir.NewError(fhir.Invalid, fhir.IssueInvalid, "the query isn't percent-encoded as it should be")
		}
		if value, err = url.QueryUnescape(value); err != nil {
			return nil, badParameter(printable(name), "isn't percent-encoded as it should be")
		}
		q = append(q, parameter{name, value})
	}
	return q, nil
}

// one gives the value of a parameter that may be there once.
func (q query) one(name string) (value string, given bool, err error) {
	for _, p := range q {
		if p.name != name {
			continue
		}
		if given {
			return "", false, badParameter(name, "is given more than once")
		}
		value, given = p.value, true
	}
	return value, given, nil
}

// without renders the parameters but some, for links.
func (q query) without(names ...string) string {
	var b strings.Builder
	for _, p := range q {
		if slices.Contains(names, p.name) {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('&')
		}
		b.WriteString(url.QueryEscape(p.name))
		b.WriteByte('=')
		b.WriteString(url.QueryEscape(p.value))
	}
	return b.String()
}

func badParameter(name, what string) *fhir.Error {
	return fhir.NewError(fhir.Invalid, fhir.IssueInvalid, "parameter "+name+" "+what)
}

// printable keeps of a client's text what is safe to show and short; a name
// that looks like more than a name isn't repeated.
func printable(s string) string {
	if len(s) > 64 {
		s = s[:64]
	}
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' || strings.ContainsRune(`"<>\`, r) {
			return '?'
		}
		return r
	}, s)
}
