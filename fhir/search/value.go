package search

import (
	"strings"

	"caseway/fhir"
)

// escapable are the characters that mean themselves behind a backslash
// (https://hl7.org/fhir/R4/search.html#escaping).
const escapable = `\,$|`

// splitValue cuts a value at each separator that has no backslash before it.
func splitValue(s string, separator byte) []string {
	if strings.IndexByte(s, separator) < 0 {
		return []string{s}
	}
	var parts []string
	from := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case separator:
			parts = append(parts, s[from:i])
			from = i + 1
		}
	}
	return append(parts, s[from:])
}

// plain undoes the escapes of a value.
func (c *conditioner) plain(s string) (string, error) {
	if strings.IndexByte(s, '\\') < 0 {
		return s, nil
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' {
			i++
			if i == len(s) || strings.IndexByte(escapable, s[i]) < 0 {
				return "", c.invalid(`a backslash stands only before , | $ and \, and is itself written \\`)
			}
		}
		b = append(b, s[i])
	}
	return string(b), nil
}

// plainParts cuts a value and undoes the escapes of each part.
func (c *conditioner) plainParts(s string, separator byte) ([]string, error) {
	parts := splitValue(s, separator)
	for i, part := range parts {
		text, err := c.plain(part)
		if err != nil {
			return nil, err
		}
		parts[i] = text
	}
	return parts, nil
}

// invalid refuses a value; the text says what would be right and never what
// was sent.
func (c *conditioner) invalid(text string) error {
	return fhir.NewError(fhir.Invalid, fhir.IssueValue, "the parameter "+c.name()+": "+text)
}

func (c *conditioner) unsupported(text string) error {
	return fhir.NewError(fhir.Invalid, fhir.IssueNotSupported, "the parameter "+c.name()+": "+text)
}

func (c *conditioner) name() string {
	if c.modifier == "" {
		return c.p.Code
	}
	return c.p.Code + ":" + c.modifier
}
