package search

import (
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"

	"caseway/fhir"
)

// Bounds of a request. Values between commas count over all parameters.
const (
	mostParameters = 500
	mostQueryBytes = 1 << 20
)

// Split reads the query of a URL, or the body of a form, into decoded
// parameters in the order in which they stand; a repeated one stays repeated.
// Errors are of type *fhir.Error and tell every broken parameter by name.
func Split(rawQuery string) ([]Pair, error) {
	if len(rawQuery) > mostQueryBytes {
		return nil, fhir.NewError(fhir.TooLarge, fhir.IssueTooLong, "the search parameters are longer than 1 MB")
	}
	if n := strings.Count(rawQuery, "&") + 1; n > mostParameters && countPairs(rawQuery) > mostParameters {
		return nil, fhir.NewError(fhir.Invalid, fhir.IssueTooCostly,
			fmt.Sprintf("the search has more than %d parameters; values of one parameter can stand together, with commas between them", mostParameters))
	}
	var pairs []Pair
	var problems findings
	values := 0
	for text := range strings.SplitSeq(rawQuery, "&") {
		if text == "" {
			continue
		}
		pair, problem := splitPair(text)
		if problem != "" {
			problems.add(pair.Name, fhir.NewError(fhir.Invalid, fhir.IssueInvalid, problem))
			continue
		}
		if !strings.HasPrefix(pair.Name, "_filter") { // where a comma is only a comma
			values += strings.Count(pair.Value, ",") + 1
		}
		pairs = append(pairs, pair)
	}
	if values > mostValues+mostParameters {
		problems.add("", fhir.NewError(fhir.TooCostly, fhir.IssueTooCostly,
			"the search has more than 10,000 values; ask for them in several searches"))
	}
	return pairs, problems.err()
}

func countPairs(rawQuery string) int {
	n := 0
	for text := range strings.SplitSeq(rawQuery, "&") {
		if text != "" {
			n++
		}
	}
	return n
}

// splitPair decodes one parameter; problem is what is wrong with it. The name
// is given in any case, as far as it can be read.
func splitPair(text string) (pair Pair, problem string) {
	rawName, rawValue, _ := strings.Cut(text, "=")
	name, err := url.QueryUnescape(rawName)
	if err != nil {
		return Pair{Name: rawName}, "the name of a parameter has a broken percent escape: % stands before two hexadecimal digits, and is itself written %25"
	}
	pair.Name = name
	if name == "" {
		return pair, "a parameter has no name before its equals sign"
	}
	if pair.Value, err = url.QueryUnescape(rawValue); err != nil {
		return pair, "the value of " + shown(name) + " has a broken percent escape: % stands before two hexadecimal digits, and is itself written %25"
	}
	if !utf8.ValidString(name) || !utf8.ValidString(pair.Value) {
		return pair, "the parameter " + shown(name) + " isn't UTF-8"
	}
	if strings.IndexByte(pair.Value, 0) >= 0 {
		return pair, "the value of " + shown(name) + " has a character NUL, which no FHIR string has"
	}
	return pair, ""
}

// shown makes a parameter's name fit for an answer: the name is the client's
// word, so it may be anything.
func shown(name string) string {
	const longest = 64
	short := name
	if len(short) > longest {
		short = short[:longest]
	}
	short = strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf && (isLetter(byte(r)) || r >= '0' && r <= '9' || strings.ContainsRune("_-.:", r)) {
			return r
		}
		return '?'
	}, short)
	if len(name) > longest {
		short += "…"
	}
	return short
}
