package fhirpath

import (
	"strings"
	"unicode/utf8"
)

var stringFunctions = map[string]signature{
	"indexOf":     {min: 1, max: 1, fn: text(indexOf)},
	"lastIndexOf": {min: 1, max: 1, fn: text(lastIndexOf)},
	"substring":   {min: 1, max: 2, fn: text(substring)},
	"startsWith":  {min: 1, max: 1, fn: textTest(strings.HasPrefix)},
	"endsWith":    {min: 1, max: 1, fn: textTest(strings.HasSuffix)},
	"contains":    {min: 1, max: 1, fn: textTest(strings.Contains)},
	"upper":       {fn: textMap(strings.ToUpper)},
	"lower":       {fn: textMap(strings.ToLower)},
	"trim":        {fn: textMap(strings.TrimSpace)},
	"replace":     {min: 2, max: 2, fn: text(replace)},
	"length":      {fn: text(length)},
	"toChars":     {fn: toChars},
	"split":       {min: 1, max: 1, fn: split},
	"join":        {max: 1, fn: joinTexts},
}

// Positions and lengths count characters, not bytes.

func indexOf(m *machine, c *callExpr, s string) (System, error) {
	part, ok, err := c.textArgument(m, 0)
	if err != nil || !ok {
		return nil, err
	}
	return position(s, strings.Index(s, part)), nil
}

func lastIndexOf(m *machine, c *callExpr, s string) (System, error) {
	part, ok, err := c.textArgument(m, 0)
	if err != nil || !ok {
		return nil, err
	}
	return position(s, strings.LastIndex(s, part)), nil
}

func position(s string, at int) System {
	if at < 0 {
		return Integer(-1)
	}
	return Integer(utf8.RuneCountInString(s[:at]))
}

func substring(m *machine, c *callExpr, s string) (System, error) {
	start, ok, err := c.integerArgument(m, 0)
	if err != nil || !ok {
		return nil, err
	}
	length, limited, err := c.integerArgument(m, 1)
	if err != nil || start < 0 {
		return nil, err
	}
	from := byteOffset(s, start)
	if from >= len(s) {
		return nil, nil
	}
	s = s[from:]
	if limited {
		s = s[:byteOffset(s, max(0, length))]
	}
	return String(s), nil
}

// byteOffset is where the n-th character starts, at most the end.
func byteOffset(s string, n int) int {
	for i := range s {
		if n == 0 {
			return i
		}
		n--
	}
	return len(s)
}

func textTest(test func(s, part string) bool) function {
	return text(func(m *machine, c *callExpr, s string) (System, error) {
		part, ok, err := c.textArgument(m, 0)
		if err != nil || !ok {
			return nil, err
		}
		return Boolean(test(s, part)), nil
	})
}

func textMap(change func(string) string) function {
	return text(func(_ *machine, _ *callExpr, s string) (System, error) {
		return String(change(s)), nil
	})
}

func replace(m *machine, c *callExpr, s string) (System, error) {
	pattern, ok, err := c.textArgument(m, 0)
	if err != nil || !ok {
		return nil, err
	}
	with, ok, err := c.textArgument(m, 1)
	if err != nil || !ok {
		return nil, err
	}
	if (strings.Count(s, pattern)+1)*len(with) > maxText {
		return nil, tooCostly(c.offset)
	}
	return String(strings.ReplaceAll(s, pattern, with)), nil
}

func length(_ *machine, _ *callExpr, s string) (System, error) {
	return Integer(utf8.RuneCountInString(s)), nil
}

func toChars(m *machine, c *callExpr, in, dst Collection) (Collection, error) {
	s, ok, err := c.inputText(in)
	if err != nil || !ok {
		return dst, err
	}
	for _, r := range s {
		dst = append(dst, Of(String(r)))
	}
	return dst, m.spend(len(s), c.offset)
}

// inputText gives the input as a String.
func (c *callExpr) inputText(in Collection) (string, bool, error) {
	v, ok, err := c.one(in)
	if err != nil || !ok {
		return "", false, err
	}
	s, ok := v.System().(String)
	if !ok {
		return "", false, c.wrongType(v)
	}
	return string(s), true, nil
}

func split(m *machine, c *callExpr, in, dst Collection) (Collection, error) {
	s, ok, err := c.inputText(in)
	if err != nil || !ok {
		return dst, err
	}
	separator, ok, err := c.textArgument(m, 0)
	if err != nil || !ok {
		return dst, err
	}
	for part := range strings.SplitSeq(s, separator) {
		dst = append(dst, Of(String(part)))
	}
	return dst, m.spend(len(s), c.offset)
}

// joinTexts is join; without an argument nothing stands between the items.
func joinTexts(m *machine, c *callExpr, in, dst Collection) (Collection, error) {
	separator, _, err := c.textArgument(m, 0)
	if err != nil || len(in) == 0 {
		return dst, err
	}
	var b strings.Builder
	for i, v := range in {
		s, ok := v.System().(String)
		if !ok {
			return dst, c.wrongType(v)
		}
		if i > 0 {
			b.WriteString(separator)
		}
		b.WriteString(string(s))
		if b.Len() > maxText {
			return dst, tooCostly(c.offset)
		}
	}
	return m.add(dst, String(b.String()), c.offset)
}
