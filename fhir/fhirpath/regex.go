package fhirpath

import (
	"regexp"
	"regexp/syntax"
	"strings"
)

var regexFunctions = map[string]signature{
	"matches":        {min: 1, max: 1, fn: text(matches)},
	"matchesFull":    {min: 1, max: 1, fn: text(matches)},
	"replaceMatches": {min: 2, max: 2, fn: text(replaceMatches)},
}

// pattern is a regular expression. Go's take time in proportion to text and
// program, whatever the pattern, and know neither look-around nor
// back-references.
type pattern struct {
	*regexp.Regexp
	size int // instructions of its program
}

const maxPattern = 10_000

// compilePattern reads a pattern as FHIRPath wants it: the dot also matches
// line breaks. matchesFull anchors it at both ends.
func compilePattern(name, text string, offset int) (*pattern, error) {
	if len(text) > maxPattern {
		return nil, tooCostly(offset)
	}
	if name == "matchesFull" {
		text = `\A(?:` + text + `)\z`
	}
	text = "(?s)" + text
	r, err := regexp.Compile(text)
	if err != nil {
		return nil, failed(offset, "%s: not a regular expression that is supported here", name)
	}
	return &pattern{r, programSize(text)}, nil
}

func programSize(text string) int {
	parsed, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return len(text)
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return len(text)
	}
	return len(program.Inst)
}

// spendMatch pays for running p over a text before it is done.
func (c *callExpr) spendMatch(m *machine, p *pattern, s string) error {
	return m.spend(1+len(s)*p.size/instructionsPerStep, c.offset)
}

// instructionsPerStep is how many instructions of a pattern's program, each
// for one character, make a step.
const instructionsPerStep = 16

// pattern gives the first argument as a pattern, compiled beforehand if it is
// a literal.
func (c *callExpr) pattern(m *machine) (*pattern, bool, error) {
	if c.regex != nil {
		return c.regex, true, nil
	}
	s, ok, err := c.textArgument(m, 0)
	if err != nil || !ok {
		return nil, false, err
	}
	if err := m.spend(100+len(s), c.offset); err != nil {
		return nil, false, err
	}
	p, err := compilePattern(c.name, s, c.offset)
	return p, err == nil, err
}

func matches(m *machine, c *callExpr, s string) (System, error) {
	p, ok, err := c.pattern(m)
	if err != nil || !ok {
		return nil, err
	}
	if err := c.spendMatch(m, p, s); err != nil {
		return nil, err
	}
	return Boolean(p.MatchString(s)), nil
}

// replaceMatches leaves the text alone where the pattern is empty.
func replaceMatches(m *machine, c *callExpr, s string) (System, error) {
	p, ok, err := c.pattern(m)
	if err != nil || !ok {
		return nil, err
	}
	with, ok, err := c.textArgument(m, 1)
	if err != nil || !ok {
		return nil, err
	}
	if p.String() == "(?s)" {
		return String(s), nil
	}
	if err := c.spendMatch(m, p, s); err != nil {
		return nil, err
	}
	template := groups(with)
	var b []byte
	last := 0
	for _, match := range p.FindAllStringSubmatchIndex(s, -1) {
		b = append(b, s[last:match[0]]...)
		b = p.ExpandString(b, template, s, match)
		last = match[1]
		if len(b) > maxText {
			return nil, tooCostly(c.offset)
		}
	}
	return String(append(b, s[last:]...)), nil
}

// groups puts group numbers in braces, since Go takes $1x for a group of that
// name, and undoes \$ .
func groups(template string) string {
	var b strings.Builder
	for i := 0; i < len(template); i++ {
		c := template[i]
		if c == '\\' && i+1 < len(template) {
			i++
			if template[i] == '$' {
				b.WriteByte('$')
			}
			b.WriteByte(template[i])
			continue
		}
		b.WriteByte(c)
		end := i + 1
		for end < len(template) && template[end] >= '0' && template[end] <= '9' {
			end++
		}
		if c == '$' && end > i+1 {
			b.WriteString("{" + template[i+1:end] + "}")
			i = end - 1
		}
	}
	return b.String()
}
