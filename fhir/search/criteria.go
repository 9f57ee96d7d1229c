package search

import (
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"caseway/fhir"
)

// Criteria are the conditions of a conditional reference or interaction:
// "Patient?identifier=http://example.org|1"
// (https://hl7.org/fhir/R4/http.html#ccreate).
type Criteria struct {
	Type string
	// IDs, when not nil, are the only logical ids that match: the parameter _id.
	IDs []string
	// All are the clauses of identifier, joined by AND. Empty only where there
	// are IDs.
	All []Clause
}

// works is what criteria may say so far; refusals end with it.
const works = "what works is identifier=system|value, identifier=|value, identifier=value, and _id=id"

// ParseCriteria reads the query part of criteria, percent-encoded or not.
// What it can't do is refused with kind Invalid and a text that names the
// parameter and never a value.
func ParseCriteria(typ, query string) (Criteria, error) {
	c := Criteria{Type: typ}
	for pair := range strings.SplitSeq(query, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		if err := c.add(name, value); err != nil {
			return Criteria{}, err
		}
	}
	if c.IDs == nil && len(c.All) == 0 {
		return Criteria{}, invalid(fhir.IssueInvalid, "the criteria name no parameter; "+works)
	}
	return c, nil
}

func (c *Criteria) add(name, value string) error {
	name, err := url.QueryUnescape(name)
	if err != nil {
		return invalid(fhir.IssueInvalid, "a parameter name has a broken percent escape")
	}
	value, err = url.QueryUnescape(value)
	if err != nil {
		return invalid(fhir.IssueInvalid, "the value of "+printable(name)+" has a broken percent escape")
	}
	switch {
	case name == "_id":
		return c.addIDs(value)
	case name == "identifier" && HasIdentifier(c.Type):
		return c.addIdentifier(value)
	case name == "identifier":
		return invalid(fhir.IssueNotSupported, c.Type+" has no search parameter identifier; what works is _id=id")
	}
	return invalid(fhir.IssueNotSupported, "the parameter "+printable(name)+" isn't supported in criteria; "+works)
}

func (c *Criteria) addIDs(value string) error {
	ids := splitUnescaped(value, ',')
	for i, id := range ids {
		ids[i] = unescape(id)
		if !fhir.IsID(ids[i]) {
			return invalid(fhir.IssueInvalid, "the value of _id isn't a logical id (1 to 64 of A-Z, a-z, 0-9, - and .)")
		}
	}
	if c.IDs != nil {
		ids = slices.DeleteFunc(ids, func(id string) bool { return !slices.Contains(c.IDs, id) })
	}
	slices.Sort(ids)
	c.IDs = slices.Compact(ids)
	return nil
}

func (c *Criteria) addIdentifier(value string) error {
	var any []Term
	for token := range slices.Values(splitUnescaped(value, ',')) {
		t, err := c.token(token)
		if err != nil {
			return err
		}
		any = append(any, t)
	}
	slices.Sort(any)
	c.All = append(c.All, Clause{Any: slices.Compact(any)})
	return nil
}

// token reads "system|value", "|value" or "value"
// (https://hl7.org/fhir/R4/search.html#token).
func (c *Criteria) token(s string) (Term, error) {
	parts := splitUnescaped(s, '|')
	for i, p := range parts {
		parts[i] = unescape(p)
	}
	if parts[len(parts)-1] == "" {
		if len(parts) == 2 && parts[0] != "" {
			return "", invalid(fhir.IssueNotSupported, "identifier=system| without a value isn't supported in criteria; "+works)
		}
		return "", invalid(fhir.IssueInvalid, "the parameter identifier has no value; "+works)
	}
	switch len(parts) {
	case 1:
		return valueTerm(c.Type, parts[0]), nil
	case 2:
		return systemTerm(c.Type, parts[0], parts[1]), nil
	}
	return "", invalid(fhir.IssueInvalid, `the parameter identifier has more than one bar; write \| for a bar that is part of a system or value`)
}

// Query asks for up to limit resources that satisfy the clauses; IDs are left
// for the caller to apply. It is only for criteria that have clauses.
func (c Criteria) Query(limit int) Query {
	return Query{Type: c.Type, All: c.All, Limit: limit}
}

// Key is the same for criteria that ask for the same.
func (c Criteria) Key() string {
	clauses := make([]string, len(c.All))
	for i, cl := range c.All {
		for _, t := range cl.Any {
			clauses[i] += string(t) + "\x00"
		}
	}
	slices.Sort(clauses)
	key := c.Type + "?" + strings.Join(slices.Compact(clauses), "\x01")
	if c.IDs != nil {
		key += "\x02" + strings.Join(c.IDs, ",")
	}
	return key
}

// Match reports whether a resource with this id and these terms, as Terms
// gives them, satisfies the criteria.
func (c Criteria) Match(id string, terms []Term) bool {
	if c.IDs != nil && !slices.Contains(c.IDs, id) {
		return false
	}
	for _, cl := range c.All {
		if !slices.ContainsFunc(cl.Any, func(t Term) bool {
			_, found := slices.BinarySearch(terms, t)
			return found
		}) {
			return false
		}
	}
	return true
}

// splitUnescaped cuts s at each sep that has no backslash before it.
func splitUnescaped(s string, sep byte) []string {
	var parts []string
	from := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case sep:
			parts = append(parts, s[from:i])
			from = i + 1
		}
	}
	return append(parts, s[from:])
}

// unescape undoes the escapes of search values: \, \| \$ \\
// (https://hl7.org/fhir/R4/search.html#escaping).
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	return valueEscapes.Replace(s)
}

var valueEscapes = strings.NewReplacer(`\\`, `\`, `\,`, `,`, `\|`, `|`, `\$`, `$`)

// printable makes a parameter name fit to be shown: a name is the client's
// word, so it may be anything.
func printable(name string) string {
	const longest = 64
	if len(name) > longest {
		name = name[:longest]
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == utf8.RuneError {
			return '?'
		}
		return r
	}, name)
}

func invalid(code, text string) error { return fhir.NewError(fhir.Invalid, code, text) }
