package fhirpath

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// lexer cuts an expression into tokens.
type lexer struct {
	text string
	at   int
}

func (l *lexer) fail(offset int, text string) error {
	return &SyntaxError{Expression: l.text, Offset: offset, Text: text}
}

// next gives the next token; after the last one it gives endToken for ever.
func (l *lexer) next() (token, error) {
	if err := l.skip(); err != nil {
		return token{}, err
	}
	t := token{offset: l.at, end: l.at}
	if l.at >= len(l.text) {
		return t, nil
	}
	err := l.scan(&t)
	t.end = l.at
	return t, err
}

func (l *lexer) scan(t *token) error {
	var err error
	switch c := l.text[l.at]; {
	case isWordStart(c):
		t.kind, t.text = wordToken, l.word()
	case c >= '0' && c <= '9':
		t.kind, t.text = numberToken, l.number()
	case c == '\'':
		t.kind = stringToken
		t.text, err = l.quoted('\'')
	case c == '`':
		t.kind = quotedToken
		t.text, err = l.quoted('`')
	case c == '@':
		err = l.moment(t)
	case c == '$':
		l.at++
		t.kind, t.text = dollarToken, l.word()
	case c == '%':
		err = l.external(t)
	default:
		t.kind = symbolToken
		t.text, err = l.symbol()
	}
	return err
}

// skip passes over white space and comments.
func (l *lexer) skip() error {
	for l.at < len(l.text) {
		rest := l.text[l.at:]
		switch {
		case strings.IndexByte(" \t\r\n", rest[0]) >= 0:
			l.at++
		case strings.HasPrefix(rest, "\u00a0"):
			l.at += len("\u00a0")
		case strings.HasPrefix(rest, "//"):
			if end := strings.IndexByte(rest, '\n'); end >= 0 {
				l.at += end
				continue
			}
			l.at = len(l.text)
		case strings.HasPrefix(rest, "/*"):
			end := strings.Index(rest[2:], "*/")
			if end < 0 {
				return l.fail(l.at, "the comment has no end: expected */")
			}
			l.at += end + 4
		default:
			return nil
		}
	}
	return nil
}

func isWordStart(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
}

func (l *lexer) word() string {
	start := l.at
	for l.at < len(l.text) && (isWordStart(l.text[l.at]) || isDigits(l.text[l.at:l.at+1])) {
		l.at++
	}
	return l.text[start:l.at]
}

// number takes a fraction only where a digit follows the point: 1.abs() is a call.
func (l *lexer) number() string {
	start := l.at
	l.digits()
	if l.at+1 < len(l.text) && l.text[l.at] == '.' && isDigits(l.text[l.at+1:l.at+2]) {
		l.at++
		l.digits()
	}
	return l.text[start:l.at]
}

func (l *lexer) digits() {
	for l.at < len(l.text) && isDigits(l.text[l.at:l.at+1]) {
		l.at++
	}
}

func (l *lexer) symbol() (string, error) {
	rest := l.text[l.at:]
	for _, two := range [...]string{"<=", ">=", "!=", "!~"} {
		if strings.HasPrefix(rest, two) {
			l.at += 2
			return two, nil
		}
	}
	if strings.IndexByte(".()[]{},+-*/&|=~<>", rest[0]) >= 0 {
		l.at++
		return rest[:1], nil
	}
	r, _ := utf8.DecodeRuneInString(rest)
	return "", l.fail(l.at, "unexpected character "+strconv.QuoteRune(r))
}

// external reads %name, %`name` and %'name'; FHIR's older expressions also
// have the name in double quotes.
func (l *lexer) external(t *token) error {
	l.at++
	t.kind = percentToken
	if l.at < len(l.text) && strings.IndexByte("`'\"", l.text[l.at]) >= 0 {
		var err error
		t.text, err = l.quoted(l.text[l.at])
		return err
	}
	t.text = l.word()
	if t.text == "" {
		return l.fail(t.offset, "expected a name after %")
	}
	return nil
}

// quoted reads up to the closing quote and undoes escapes.
func (l *lexer) quoted(quote byte) (string, error) {
	start := l.at
	l.at++
	from := l.at
	for l.at < len(l.text) && l.text[l.at] != quote && l.text[l.at] != '\\' {
		l.at++
	}
	if l.at < len(l.text) && l.text[l.at] == quote {
		l.at++
		return l.text[from : l.at-1], nil
	}
	b := []byte(l.text[from:l.at])
	for l.at < len(l.text) {
		c := l.text[l.at]
		l.at++
		switch c {
		case quote:
			return string(b), nil
		case '\\':
			var err error
			if b, err = l.escape(b); err != nil {
				return "", err
			}
		default:
			b = append(b, c)
		}
	}
	return "", l.fail(start, "the text has no end: expected "+string(rune(quote)))
}

const (
	escapeLetters = "fnrt'\"`\\/"
	escapeMeaning = "\f\n\r\t'\"`\\/"
)

// escape reads what follows a backslash.
func (l *lexer) escape(b []byte) ([]byte, error) {
	if l.at >= len(l.text) {
		return nil, l.fail(l.at, "expected a character after the backslash")
	}
	if i := strings.IndexByte(escapeLetters, l.text[l.at]); i >= 0 {
		l.at++
		return append(b, escapeMeaning[i]), nil
	}
	r, ok := l.unicode()
	if !ok {
		return nil, l.fail(l.at-1, `unknown escape: \' \" \`+"` \\\\ \\/ \\f \\n \\r \\t and \\uXXXX are known")
	}
	if utf16.IsSurrogate(r) && strings.HasPrefix(l.text[l.at:], `\u`) {
		l.at++
		second, _ := l.unicode()
		r = utf16.DecodeRune(r, second)
	}
	return utf8.AppendRune(b, r), nil
}

func (l *lexer) unicode() (rune, bool) {
	if l.at+5 > len(l.text) || l.text[l.at] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(l.text[l.at+1:l.at+5], 16, 16)
	if err != nil {
		return 0, false
	}
	l.at += 5
	return rune(n), true
}
